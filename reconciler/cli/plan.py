"""reconcile plan."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import (
    StackOptions,
    consent_flags,
    parallelism_option,
    scope_flags,
    scope_options,
    stack_options,
)
from reconciler.model.errors import ExitCode
from reconciler.model.plan import Plan

if TYPE_CHECKING:
    from reconciler.plan.scope import Scope


@click.command("plan", epilog="Example: reconcile plan examples/connection_pool --out plan.json")
@stack_options
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the plan file.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.option("--destroy", is_flag=True, help="Plan the deletion of everything recorded.")
@click.option("--verbose", "-v", is_flag=True, help="Show every name of grouped changes.")
@click.option(
    "--detailed-exitcode", is_flag=True, help="Exit 2 when changes are pending, 3 for drift only."
)
@scope_options
@parallelism_option
def command(
    options: StackOptions,
    out: Path | None,
    form: str,
    destroy: bool,
    verbose: bool,
    detailed_exitcode: bool,
    parallelism: int,
    scope: "Scope",
) -> int:
    """Show what apply would do to the stack at PATH, and what people would feel."""
    from reconciler.cli.pipeline import Project, connect, make_plan, open_project

    async def read_and_plan(project: Project) -> Plan:
        async with connect(parallelism) as session:
            state = project.store.read()
            planned = await make_plan(project, state, session, replace(scope, destroy=destroy))
            return planned.plan

    project = open_project(options)
    plan = asyncio.run(read_and_plan(project))
    if out is not None:
        write_plan_file(plan, out)
    command = options.command(
        "destroy" if destroy and out is None else "apply",
        out,
        secret=project.stack.secret_variables,
        flags=[
            *(() if out else scope_flags(scope)),
            *consent_flags(plan.acks, plan.allow_delete),
        ],
    )
    show(plan, form=form, verbose=verbose, command=command, again=options.command("plan"))
    return exit_code(plan, detailed=detailed_exitcode)


def show(
    plan: Plan, *, form: str, verbose: bool = False, command: str, again: str = "reconcile plan"
) -> None:
    """Print the plan to stdout, and what blocks it to stderr as well when stdout is for machines."""
    from reconciler.cli import terminal

    if form == "json":
        from reconciler.render.json import plan_json

        click.echo(plan_json(plan), nl=False)
        return
    from reconciler.render.text import plan_text

    text = plan_text(
        plan,
        width=terminal.width(),
        colour=terminal.has_colour(),
        verbose=verbose,
        command=command,
        again=again,
    )
    click.echo(text, color=True)


def write_plan_file(plan: Plan, out: Path) -> None:
    """Write the plan file, whole or not at all, readable by its owner only."""
    import os

    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.errors import ReconcileError
    from reconciler.model.location import Location
    from reconciler.render.json import plan_json

    temporary = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        with open(temporary, "w", encoding="utf-8", opener=_private) as file:
            file.write(plan_json(plan))
        temporary.replace(out)
    except OSError as error:
        problem = Diagnostic(
            summary="Plan file cannot be written",
            detail=f"{error.strerror}.",
            hint="give --out a file in a folder that exists and can be written",
            location=Location(str(out)),
        )
        raise ReconcileError(problem) from error


def _private(path: str, flags: int) -> int:
    import os

    return os.open(path, flags, 0o600)


def exit_code(plan: Plan, *, detailed: bool) -> ExitCode:
    """Return the plan's exit code: blocked always tells; pending changes only when asked."""
    if plan.is_blocked:
        return ExitCode.BLOCKED
    if not detailed or not plan.has_changes:
        return ExitCode.DONE
    if all(change.is_revert for change in plan.changes if change.steps):
        return ExitCode.DRIFT
    return ExitCode.CHANGES
