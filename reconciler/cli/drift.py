"""reconcile drift."""

import asyncio
import shlex
from collections.abc import Collection

import click

from reconciler.cli.options import StackOptions, parallelism_option, stack_options
from reconciler.model.drift import DriftReport, Standing
from reconciler.model.errors import ExitCode


@click.command("drift", epilog="Example: reconcile drift examples/connection_pool")
@stack_options
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@parallelism_option
def command(options: StackOptions, form: str, parallelism: int) -> int:
    """Show what somebody else changed since the last apply of the stack at PATH.

    Exits 3 when anything drifted, 4 when something could not be read, else 0.
    """
    from reconciler.cli.pipeline import Project, connect, make_plan, open_project
    from reconciler.plan.drift import report_drift

    async def read(project: Project) -> DriftReport:
        state = project.store.read()
        async with connect(parallelism) as session:
            planned = await make_plan(project, state, session)
        return report_drift(project.stack, state, planned.live, project.catalogue, planned.plan)

    project = open_project(options)
    report = asyncio.run(read(project))
    if form == "json":
        from reconciler.render.drift_json import drift_json

        click.echo(drift_json(report), nl=False)
    else:
        _show(report, options, project.stack.secret_variables)
    if report.standing(Standing.UNKNOWN):
        return ExitCode.BLOCKED
    return ExitCode.DRIFT if report.has_drift else ExitCode.DONE


def _show(report: DriftReport, options: StackOptions, secret: Collection[str]) -> None:
    from reconciler.cli import terminal
    from reconciler.render.drift import drift_text

    def keep(attribute: str) -> str:
        typed = options.command("accept", secret=secret)
        return typed.replace("accept", f"accept {shlex.quote(attribute)}", 1)

    text = drift_text(
        report,
        width=terminal.width(),
        colour=terminal.has_colour(),
        revert=options.command("apply", secret=secret),
        keep=keep,
        forget=options.command("refresh", secret=secret),
    )
    click.echo(text, color=True)
