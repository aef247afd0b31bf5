"""reconcile validate."""

import click

from reconciler.cli.options import StackOptions, stack_options
from reconciler.model.errors import ExitCode


@click.command(
    "validate",
    epilog="Example: reconcile validate examples/connection_pool",
    short_help="Check the YAML offline.",
)
@stack_options
def command(
    options: StackOptions,
) -> int:
    """Check the stack at PATH against its kinds. Offline: no network, no token."""
    from reconciler.cli.pipeline import open_project
    from reconciler.cli.terminal import show_diagnostics

    project = open_project(options)
    stack = project.stack
    if stack.warnings:
        show_diagnostics(stack.warnings)
    counts = (_count(len(stack.resources), "resource"), _count(len(stack.data), "data source"))
    click.echo(f"{stack.name}: valid, {', '.join(counts)}")
    return ExitCode.DONE


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
