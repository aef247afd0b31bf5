"""reconcile plan."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.formats import Format, format_options, plan_in
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
    from reconciler.cli.pipeline import Project
    from reconciler.plan.scope import Scope


@click.command("plan", epilog="Example: reconcile plan examples/connection_pool --out plan.json")
@stack_options
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the plan file.")
@format_options
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
    form: Format,
    destroy: bool,
    verbose: bool,
    detailed_exitcode: bool,
    parallelism: int,
    scope: "Scope",
) -> int:
    """Show what apply would do to the stack at PATH, and what people would feel."""
    from reconciler.cli.pipeline import open_project

    project = open_project(options)
    plan = read_and_plan(project, replace(scope, destroy=destroy), parallelism)
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
    again = options.command("plan")
    show(plan, form=form, verbose=verbose, command=command, again=again, stack=options.path)
    return exit_code(plan, detailed=detailed_exitcode)


def read_and_plan(project: "Project", scope: "Scope", parallelism: int) -> Plan:
    """Read what is recorded and live, and return the plan."""
    from reconciler.cli.pipeline import connect, make_plan

    async def run() -> Plan:
        async with connect(parallelism) as session:
            planned = await make_plan(project, project.store.read(), session, scope)
            return planned.plan

    return asyncio.run(run())


def show(
    plan: Plan,
    *,
    form: Format,
    verbose: bool = False,
    command: str,
    again: str = "reconcile plan",
    stack: Path | None = None,
) -> None:
    """Print the plan to stdout. stack: where what is declared no longer was, for who shows lines."""
    from reconciler.cli import terminal

    if form.name != "text":
        click.echo(plan_in(form, plan, command=command, again=again, stack=stack), nl=False)
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
