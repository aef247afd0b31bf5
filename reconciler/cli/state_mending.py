"""reconcile state seal, restore, pull and push."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import lock_option
from reconciler.cli.state_store import this_run, with_store
from reconciler.model.errors import ExitCode, ReconcileError
from reconciler.model.state import State

if TYPE_CHECKING:
    from reconciler.recorded.mending import Edit, Restored
    from reconciler.recorded.stores.file import FileStore


@click.command(
    "seal", epilog="Example: reconcile state seal", short_help="Check and accept a hand edit."
)
@click.option("--check", is_flag=True, help="Only check the edit and show what it changes.")
@with_store
@lock_option
def seal(store: "FileStore", lock_timeout: float, check: bool) -> int:
    """Check a state file that was edited by hand, show what it changes, and accept it.

    What it changes is told against the newest backup.
    """
    edit = store.read_edit() if check else store.seal(**this_run(lock_timeout))
    if edit.is_as_written:
        click.echo("Nothing to seal: the state is as it was written.")
        return ExitCode.DONE
    _show_changes(edit.before, edit.state, "the newest backup")
    click.echo(_sealed(edit, is_check=check))
    return ExitCode.DONE


def _sealed(edit: "Edit", *, is_check: bool) -> str:
    count = len(edit.state.resources)
    if is_check:
        return f"The edit holds: {count:,} recorded. Accept it: reconcile state seal"
    return f"Sealed as serial {edit.state.serial}: {count:,} recorded."


@click.command(
    "restore",
    epilog="Example: reconcile state restore --serial 12",
    short_help="List the backups, or go back to one.",
)
@click.option("--serial", type=click.IntRange(1), help="Which backup; see the list.")
@with_store
@lock_option
def restore(store: "FileStore", lock_timeout: float, serial: int | None) -> int:
    """Go back to the backup of a serial. What a run that was cut has recorded is put in.

    Without --serial: the newest that can be read, if the state cannot be read; else list them.
    """
    if serial is None and _is_readable(store):
        return _list_backups(store)
    restored = store.restore(serial, **this_run(lock_timeout))
    _show_changes(restored.before, restored.state, "what was there")
    for line in _told(restored):
        click.echo(line)
    return ExitCode.DONE


def _is_readable(store: "FileStore") -> bool:
    try:
        store.read()
    except ReconcileError:
        return False
    return True


def _list_backups(store: "FileStore") -> int:
    from reconciler.render.lists import columns

    rows = [
        (
            str(backup.serial),
            _when(backup.modified_s),
            f"{len(backup.state.resources):,}" if backup.state else "cannot be read",
        )
        for backup in store.list_backups()
    ]
    if not rows:
        click.echo("The state can be read, and there is no backup yet.", err=True)
        return ExitCode.DONE
    click.echo(columns(rows, ("serial", "written", "recorded")))
    click.echo(
        "The state can be read; nothing was changed. Go back: reconcile state restore --serial N",
        err=True,
    )
    return ExitCode.DONE


def _when(modified_s: float) -> str:
    return datetime.fromtimestamp(modified_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _told(restored: "Restored") -> list[str]:
    told = [f"Restored from {restored.source} as serial {restored.state.serial}."]
    if restored.taken_up:
        told.append(f"Put in: {restored.taken_up:,} records of the journal of a run that was cut.")
    if restored.lost:
        told.append(
            f"{restored.lost:,} records of that journal cannot be read: an object they were about "
            "may exist unrecorded. The next plan refuses it and names the import."
        )
    told += [f"Kept for a look: {path}" for path in restored.set_aside]
    return [*told, "See what differs from what is live: reconcile plan"]


@click.command("pull", epilog="Example: reconcile state pull > state.yaml")
@with_store
def pull(store: "FileStore") -> int:
    """Print the state as a file, with what a run that was cut has recorded."""
    from reconciler.recorded.codec import encode

    state = store.read()
    if not state.lineage:
        click.echo("There is no state yet.", err=True)
        return ExitCode.ERROR
    click.echo(encode(state).decode(), nl=False)
    return ExitCode.DONE


@click.command(
    "push",
    epilog="Example: reconcile state push state.yaml",
    short_help="Take a file for the state.",
)
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@with_store
@lock_option
def push(store: "FileStore", lock_timeout: float, file: Path) -> int:
    """Take FILE (- is stdin), pulled before and perhaps edited, for the state.

    It must be of the same lineage, and not older than the state.
    """
    name = str(file)
    before = store.push(_bytes(file), name, **this_run(lock_timeout))
    after = store.read()
    _show_changes(before, after, "what was there")
    click.echo(f"The state is serial {after.serial} now: {len(after.resources):,} recorded.")
    return ExitCode.DONE


def _bytes(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise click.UsageError(f"{file}: {error.strerror}") from error


def _show_changes(before: State | None, after: State, against: str) -> None:
    from reconciler.cli.state_changes import change_lines

    if before is None:
        click.echo(f"There is nothing to compare it with: {against} cannot be read, or never was.")
        return
    lines = change_lines(before, after)
    click.echo(f"Against {against} (serial {before.serial}):" if lines else f"As {against}.")
    for line in lines:
        click.echo(f"  {line}")
