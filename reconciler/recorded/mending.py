"""What people do when a state is not what it should be: seal an edit, go back to a backup, put a file in.

All of it is done under the lock, keeps what it replaces, and leaves a serial above every one that was seen.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.location import Location
from reconciler.model.state import State
from reconciler.recorded import codec, journal
from reconciler.recorded.edited import read_edited
from reconciler.recorded.entries import Ledger
from reconciler.recorded.errors import StateError
from reconciler.recorded.files import Files
from reconciler.recorded.hold import Hold
from reconciler.recorded.journal import Salvage
from reconciler.recorded.trouble import told


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A state file as it was found. before: the newest backup that can be read, None for none.

    is_as_written: nobody edited it, there is nothing to seal.
    """

    state: State
    before: State | None
    is_as_written: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A state that was put back.

    source: the file it came from. before: the state that was replaced, None when it could not be read.
    set_aside: where damaged files went. taken_up, lost: how many records of a journal were put in, and how
    many of them cannot be read.
    """

    state: State
    source: Path
    before: State | None
    set_aside: tuple[Path, ...]
    taken_up: int
    lost: int


class BackupError(StateError):
    """There is no such backup, or none that can be read."""


class RefusedPushError(StateError):
    """This file cannot become the state."""


def read_edit(files: Files) -> Edit:
    """Return the state file as it was found. Raises DamagedStateError with all that is wrong with it."""
    with told("read", files.state):
        data = files.disk.read(files.state)
    if data is None:
        files.read_state(None)
        raise StateError(_nothing(files))
    state = read_edited(data, str(files.state))
    files.check_stack(state)
    before = files.backups.newest_good()
    files.check_lineage(state, before)
    return Edit(state=state, before=before, is_as_written=_is_as_written(data))


def _is_as_written(data: bytes) -> bool:
    try:
        codec.decode(data)
    except StateError:
        return False
    return True


def seal(files: Files, hold: Hold) -> Edit:
    """Take an edited state file for the state; what a run that was cut has left is put in as well."""
    edit = read_edit(files)
    if edit.is_as_written:
        hold.note(edit.state)
        return edit
    left = files.decode_journal(files.read_journal())
    state = edit.state
    if left is not None:
        state = journal.replay(left, state, str(files.journal))
    sealed = replace(state, serial=_above(files, hold, state.serial))
    files.replace_state(sealed, 0)
    hold.note(sealed)
    if left is not None:
        hold.log_cut(left)
    hold.drop_journal()
    return replace(edit, state=sealed)


def restore(files: Files, hold: Hold, serial: int | None) -> Restored:
    """Put a backup in the place of the state: that of `serial`, or else the newest that can be read.

    A state file that can be read itself stands for the newest, when no serial is named. What a journal
    says is put in, as far as it can be read.
    """
    found = files.read_state_file()
    base, source = _base(files, found, serial)
    data = files.read_journal() or b""
    salvage = journal.salvage(data)
    ledger = Ledger(base)
    for entry in salvage.entries:
        ledger.put(entry)
    after = replace(
        ledger.put_into(base), serial=_above(files, hold, max(base.serial, salvage.serial))
    )
    set_aside = _set_aside(files, found, data, salvage)
    files.replace_state(after, found.serial if found else 0)
    hold.note(after)
    hold.drop_journal()
    return Restored(
        state=after,
        source=source,
        before=found,
        set_aside=set_aside,
        taken_up=len(salvage.entries),
        lost=salvage.lost,
    )


def _base(files: Files, found: State | None, serial: int | None) -> tuple[State, Path]:
    if serial is not None:
        backup = files.backups.read(serial)
        if backup is None:
            raise BackupError(_no_backup(files, serial))
        return backup, files.backups.path(serial)
    newest = files.backups.newest_good()
    if found is not None and (newest is None or found.serial >= newest.serial):
        return found, files.state
    if newest is None:
        raise BackupError(_no_backup(files, None))
    return newest, files.backups.path(newest.serial)


def _set_aside(
    files: Files, found: State | None, data: bytes, salvage: Salvage
) -> tuple[Path, ...]:
    """Keep the bytes of what could not be read."""
    kept = []
    if found is None:
        with told("read", files.state):
            damaged = files.disk.read(files.state)
        if damaged:
            kept.append(files.backups.set_aside(files.state, damaged))
    if salvage.lost:
        kept.append(files.backups.set_aside(files.journal, data))
    return tuple(kept)


def push(hold: Hold, state: State) -> State:
    """Put `state`, which was pulled once and maybe edited, in the place of the state; return what it was.

    Raises RefusedPushError when it is of another history or older than what is there.
    """
    files = hold.files
    before = hold.take_up()
    files.check_stack(state)
    if before.lineage and state.lineage != before.lineage:
        raise RefusedPushError(
            _refused(files, f"It is of lineage {state.lineage}, the state of {before.lineage}.")
        )
    if state.serial < before.serial:
        told_of = f"It has serial {state.serial}, and the state has moved on to {before.serial}."
        raise RefusedPushError(_refused(files, told_of))
    if not codec.is_same(before, state):
        hold.save(replace(state, serial=state.serial + 1))
    return before


def _above(files: Files, hold: Hold, serial: int) -> int:
    """Return a serial above every one that was ever seen here."""
    last = hold.last.get("serial", 0)
    known = last if isinstance(last, int) else 0
    return max(serial, known, *files.backups.serials()[:1]) + 1


def _nothing(files: Files) -> Diagnostic:
    return Diagnostic(
        summary="There is no state",
        detail=f"Nothing was ever recorded for stack {files.stack}.",
        location=Location(str(files.state)),
    )


def _no_backup(files: Files, serial: int | None) -> Diagnostic:
    what = "that can be read" if serial is None else f"of serial {serial} that can be read"
    return Diagnostic(
        summary="There is no such backup",
        detail=f"No backup {what} is kept here.",
        hint="reconcile state restore lists what is kept; or take the file from version control, "
        "and objects over with reconcile import",
        location=Location(str(files.backups.folder)),
    )


def _refused(files: Files, detail: str) -> Diagnostic:
    return Diagnostic(
        summary="File cannot become the state",
        detail=detail,
        hint="reconcile state pull, and make the edit in that",
        location=Location(str(files.state)),
    )
