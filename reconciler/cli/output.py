"""reconcile output."""

import asyncio
import json

import click

from reconciler.cli.options import StackOptions, stack_options
from reconciler.model.errors import ExitCode


@click.command(
    "output",
    epilog="\b\nExample: reconcile output examples/connection_pool --name uri --show-sensitive",
)
@stack_options
@click.option("--name", help="Print this output's value alone.")
@click.option(
    "--show-sensitive", is_flag=True, help="With --name: print a sensitive value, read this moment."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    options: StackOptions,
    name: str | None,
    show_sensitive: bool,
    as_json: bool,
) -> int:
    """Print the outputs of the stack at PATH, read from the API."""
    if show_sensitive and not name:
        raise click.UsageError("--show-sensitive needs --name: one secret at a time")
    from reconciler.cli.outputs import read_outputs, shown
    from reconciler.cli.pipeline import open_project

    project = open_project(options)
    values = asyncio.run(read_outputs(project, name, secrets=show_sensitive))
    printed = {key: shown(value, reveal=show_sensitive) for key, value in values.items()}
    if name:
        value = printed[name]
        click.echo(json.dumps(value) if as_json or not isinstance(value, str) else value)
    elif as_json:
        click.echo(json.dumps(printed, indent=2, ensure_ascii=False))
    else:
        for key, value in printed.items():
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            click.echo(f"{key} = {text}")
    return ExitCode.DONE
