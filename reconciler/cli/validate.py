"""reconcile validate."""

import click

from reconciler.cli.options import StackOptions, stack_options
from reconciler.model.errors import ExitCode, ReconcileError


@click.command(
    "validate",
    epilog="Example: reconcile validate examples/connection_pool",
    short_help="Check the YAML offline.",
)
@stack_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "sarif", "github"]),
    default="text",
    show_default=True,
)
def command(options: StackOptions, form: str) -> int:
    """Check the stack at PATH against its kinds. Offline: no network, no token."""
    from reconciler.cli.formats import diagnostics_in
    from reconciler.cli.pipeline import open_project
    from reconciler.cli.terminal import show_diagnostics

    try:
        stack = open_project(options).stack
    except ReconcileError as error:
        if form != "text":
            click.echo(diagnostics_in(form, error.diagnostics), nl=False)
        raise
    if form != "text":
        click.echo(diagnostics_in(form, stack.warnings), nl=False)
        return ExitCode.DONE
    if stack.warnings:
        show_diagnostics(stack.warnings)
    counts = (_count(len(stack.resources), "resource"), _count(len(stack.data), "data source"))
    click.echo(f"{stack.name}: valid, {', '.join(counts)}")
    return ExitCode.DONE


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
