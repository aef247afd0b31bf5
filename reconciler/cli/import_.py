"""reconcile import."""

import asyncio
from pathlib import Path

import click

from reconciler.cli.options import lock_option, stack_options
from reconciler.model.errors import ExitCode


@click.command(
    "import",
    epilog="Example: reconcile import aiven_connection_pool.main "
    "my-project/example-postgres/example-pool examples/connection_pool",
)
@click.argument("address")
@click.argument("id_", metavar="ID")
@stack_options
@lock_option
def command(
    address: str,
    id_: str,
    path: Path,
    var: dict[str, str],
    var_file: tuple[Path, ...],
    schemas: tuple[Path, ...],
    state_dir: Path | None,
    lock_timeout: float,
) -> int:
    """Record the object ID (such as PROJECT/SERVICE/POOL) as ADDRESS, which PATH must declare.

    Changes nothing at the API. The next plan shows what differs from the declaration, if anything.
    """
    from reconciler.cli.importing import import_object
    from reconciler.cli.pipeline import open_project

    project = open_project(path, var=var, var_file=var_file, schemas=schemas, state_dir=state_dir)
    asyncio.run(import_object(project, address, id_, lock_timeout))
    click.echo(f"{address} is recorded as {id_}. See what differs, if anything: reconcile plan")
    return ExitCode.DONE
