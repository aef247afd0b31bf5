"""reconcile import."""

import asyncio

import click

from reconciler.cli.options import StackOptions, lock_option, stack_options
from reconciler.model.errors import ExitCode


@click.command(
    "import",
    epilog="\b\nExample: reconcile import aiven_connection_pool.main \\\n  "
    "my-project/example-postgres/example-pool examples/connection_pool",
)
@click.argument("address")
@click.argument("id_", metavar="ID")
@stack_options
@lock_option
def command(
    options: StackOptions,
    address: str,
    id_: str,
    lock_timeout: float,
) -> int:
    """Record the object ID (such as PROJECT/SERVICE/POOL) as ADDRESS, which PATH must declare.

    Changes nothing at the API. The next plan shows what differs from the declaration, if anything.
    """
    from reconciler.cli.importing import import_object
    from reconciler.cli.pipeline import open_project

    project = open_project(options)
    asyncio.run(import_object(project, address, id_, lock_timeout))
    click.echo(f"{address} is recorded as {id_}. See what differs, if anything:")
    click.echo(f"  {options.command('plan', secret=project.stack.secret_variables)}")
    return ExitCode.DONE
