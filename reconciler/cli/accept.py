"""reconcile accept."""

import asyncio

import click

from reconciler.cli.options import StackOptions, lock_option, stack_options
from reconciler.model.errors import ExitCode


@click.command(
    "accept",
    epilog="Example: reconcile accept aiven_connection_pool.main.pool_size examples/connection_pool",
)
@click.argument("attribute", metavar="ADDRESS.ATTRIBUTE")
@stack_options
@lock_option
def command(options: StackOptions, attribute: str, lock_timeout: float) -> int:
    """Write the live value of a drifted attribute into its YAML line, and record it.

    Changes nothing at the API. Comments stay, and the next plan has nothing to say of the attribute.
    """
    from reconciler.cli.accepting import accept

    for line in asyncio.run(accept(options, attribute, lock_timeout)):
        click.echo(line)
    return ExitCode.DONE
