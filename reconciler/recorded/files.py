"""The files of one stack: where they are, and how the state file is read and replaced."""

import contextlib
import re
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.location import Location
from reconciler.model.state import State
from reconciler.recorded import codec, journal
from reconciler.recorded.backups import Backups, write_new
from reconciler.recorded.disk import Disk
from reconciler.recorded.errors import DamagedStateError, StateError
from reconciler.recorded.journal import Journal
from reconciler.recorded.lock import read_info
from reconciler.recorded.trail import LogLine, Trail, encode_line, hash_line, read_trail
from reconciler.recorded.trouble import told

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}(?:@[A-Za-z0-9_][A-Za-z0-9_.-]{0,63})?")
"""A stack, or `<stack>@<environment>`."""


@dataclass(frozen=True, slots=True)
class Files:
    """The names of one stack's files, and what is done with each."""

    disk: Disk
    folder: Path
    stack: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.stack):
            raise StateError(
                Diagnostic(
                    summary="Stack cannot name a file",
                    detail=f"{self.stack!r} is too long or holds what a file's name should not.",
                    hint="name it with letters, digits, '_', '-' and '.', at most 100",
                )
            )

    @property
    def state(self) -> Path:
        return self.folder / f"{self.stack}.yaml"

    @property
    def journal(self) -> Path:
        return self.folder / f"{self.stack}.journal"

    @property
    def lock(self) -> Path:
        return self.folder / f"{self.stack}.lock"

    @property
    def log(self) -> Path:
        return self.folder / f"{self.stack}.log"

    @property
    def backups(self) -> Backups:
        return Backups(self.disk, self.folder / "backups", self.stack)

    def read_journal(self) -> bytes | None:
        """Return what stands in the journal, None when there is none."""
        with told("read", self.journal):
            return self.disk.read(self.journal)

    def decode_journal(self, data: bytes | None) -> Journal | None:
        if not data:
            return None
        try:
            return journal.decode(data, str(self.journal))
        except DamagedStateError as error:
            raise self._with_backup(error) from error

    def read_state(self, left: Journal | None) -> State:
        """Return what the state file holds; an empty state where there never was one.

        left: the journal beside it, which may show that there was one.
        """
        with told("read", self.state):
            data = self.disk.read(self.state)
        if data is None:
            self._refuse_vanished(left)
            return State(stack=self.stack)
        try:
            state = codec.decode(data, str(self.state))
        except DamagedStateError as error:
            raise self._with_backup(error) from error
        self.check_stack(state)
        return state

    def read_state_file(self) -> State | None:
        """Return what the state file itself holds, None when it cannot be read or is not there."""
        with contextlib.suppress(StateError), told("read", self.state):
            state = codec.decode(self.disk.read(self.state) or b"", str(self.state))
            self.check_stack(state)
            return state
        return None

    def check_stack(self, state: State) -> None:
        """Raise DamagedStateError when a state is of another stack."""
        if state.stack != self.stack:
            raise DamagedStateError(self._other_stack(state.stack))

    def check_lineage(self, state: State, backup: State | None) -> None:
        """Raise DamagedStateError when a state is of another history than its backups."""
        if backup is not None and backup.lineage != state.lineage:
            raise DamagedStateError(
                Diagnostic(
                    summary="State is of another history",
                    detail=f"Its lineage is {state.lineage}, that of its backups {backup.lineage}.",
                    hint=f"put lineage {backup.lineage} back, or move the backups away",
                    location=Location(str(self.state)),
                )
            )

    def read_log(self, known: str) -> Trail:
        """Return the log. known: the hash of the last line that was written here, "" for none."""
        with told("read", self.log):
            return read_trail(self.disk.read(self.log) or b"", known)

    def prepare_log(self) -> None:
        """Raise StateError when the log cannot be written; its name lasts when the folder is synced."""
        with told("written", self.log):
            self.disk.close(self.disk.open_end(self.log))

    def append_log(self, line: LogLine, trail: Trail) -> str:
        """Append a line to the log as it was read; return its hash. What was cut before is dropped."""
        data = encode_line(line, trail)
        with told("written", self.log):
            if trail.is_cut:
                temp = self.folder / f"{self.stack}.log.tmp"
                write_new(self.disk, temp, trail.good + data)
                self.disk.rename(temp, self.log)
                self.disk.sync_folder(self.folder)
            else:
                self._append(self.log, data)
                if not trail.hashes:
                    self.disk.sync_folder(self.folder)
        return hash_line(data)

    def _append(self, path: Path, data: bytes) -> None:
        handle = self.disk.open_end(path)
        try:
            self.disk.append(handle, data)
            self.disk.sync(handle)
        finally:
            self.disk.close(handle)

    def _refuse_vanished(self, left: Journal | None) -> None:
        """Raise when there is no state file although something beside it says that there was one."""
        serial = read_info(self.disk, self.lock).get("serial", 0)
        witnesses = {
            str(self.journal): left is not None and left.header.serial > 0,
            str(self.lock): isinstance(serial, int) and serial > 0,
            f"{self.backups.folder}/{self.stack}.*.yaml": bool(self.backups.serials()),
        }
        seen = ", ".join(name for name, speaks in witnesses.items() if speaks)
        if not seen:
            return
        error = DamagedStateError(
            Diagnostic(
                summary="State vanished",
                detail=f"There is no state file, and {seen} shows that there was one.",
                hint="reconcile state restore, or remove those as well to start from nothing",
                location=Location(str(self.state)),
            )
        )
        raise self._with_backup(error)

    def _with_backup(self, error: DamagedStateError) -> DamagedStateError:
        """Return the error with the newest good backup in its hint."""
        newest = self.backups.newest_good()
        if newest is None:
            return error
        backup = self.backups.path(newest.serial)
        return DamagedStateError(
            *(
                replace(diagnostic, hint=f"{diagnostic.hint} (newest good backup: {backup})")
                for diagnostic in error.diagnostics
            )
        )

    def _other_stack(self, name: str) -> Diagnostic:
        return Diagnostic(
            summary="State is of another stack",
            detail=f"It is named after stack {self.stack}, and says that it is of stack {name}.",
            hint=f"rename it back to {name}.yaml",
            location=Location(str(self.state)),
        )

    def replace_state(self, state: State, replaced: int) -> None:
        """Put `state` in the place of the state file, which had the serial `replaced`; 0: there was none.

        Whatever happens on the way, the file is either as it was or as it shall be.
        """
        data = codec.encode(state)
        temp = self.folder / f"{self.stack}.yaml.tmp"
        with told("written", self.state):
            if self.disk.make_folder(self.folder):
                self.disk.sync_folder(self.folder.parent)
            write_new(self.disk, temp, data)
            if replaced:
                self.backups.keep(self.state, replaced)
            self.disk.rename(temp, self.state)
            self.disk.sync_folder(self.folder)
