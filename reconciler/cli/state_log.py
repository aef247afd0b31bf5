"""reconcile state log."""

from typing import TYPE_CHECKING

import click

from reconciler.cli.state_store import with_store
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ExitCode
from reconciler.model.location import Location

if TYPE_CHECKING:
    from reconciler.recorded.stores.file import FileStore
    from reconciler.recorded.trail import LogLine


@click.command(
    "log", epilog="Example: reconcile state log", short_help="Show and verify the audit trail."
)
@click.option("--json", "as_json", is_flag=True, help="Print the lines as they are.")
@with_store
def log(store: "FileStore", as_json: bool) -> int:
    """Show who did what to this stack, and verify that no line was changed or is missing.

    Exits 1 and names the first line that does not fit.
    """
    from reconciler.cli.terminal import show_diagnostics
    from reconciler.render.lists import columns
    from reconciler.render.safe import json_safe

    trail = store.read_log()
    if as_json:
        for line in trail.good.decode(errors="replace").splitlines():
            click.echo(json_safe(line))
    elif trail.logged:
        heads = ("when", "who", "command", "run", "plan", "serial", "exit", "done")
        click.echo(columns([_row(line) for line in trail.logged], heads))
    if trail.broken is None:
        click.echo(f"{_lines(len(trail.hashes))}; the chain holds", err=True)
        return ExitCode.DONE
    number, trouble = trail.broken
    show_diagnostics([_broken(str(store.files.log), number, trouble)])
    return ExitCode.ERROR


def _row(line: "LogLine") -> tuple[str, ...]:
    outcome = line.outcome
    return (
        line.at.replace("T", " ").removesuffix("Z"),
        line.who,
        line.verb,
        line.run,
        outcome.plan[:8] or "-",
        str(line.serial),
        "cut" if outcome.exit_code is None else str(outcome.exit_code),
        ", ".join(f"{count:,} {name}" for name, count in outcome.counts.items()) or "-",
    )


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count:,} lines"


def _broken(file: str, number: int, trouble: str) -> Diagnostic:
    return Diagnostic(
        summary="Log is not as it was written",
        detail=f"Line {number:,} {trouble}.",
        hint="compare it with a copy kept elsewhere; new lines are added behind it all the same",
        location=Location(file, number),
    )
