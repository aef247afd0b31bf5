"""The files of one stack: where they are, and how the state file is read and replaced."""

import contextlib
import errno
import re
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.location import Location
from reconciler.model.state import State
from reconciler.recorded import codec, journal
from reconciler.recorded.disk import Disk
from reconciler.recorded.errors import DamagedStateError, StateError
from reconciler.recorded.journal import Journal
from reconciler.recorded.lock import read_info
from reconciler.recorded.trouble import told

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_NO_LINKS = frozenset((errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.EXDEV, errno.ENOSYS))


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
    def backups(self) -> Path:
        return self.folder / "backups"

    def backup(self, serial: int) -> Path:
        return self.backups / f"{self.stack}.{serial}.yaml"

    def backup_serials(self) -> list[int]:
        """Return the serials that are kept, newest first."""
        name = re.compile(re.escape(self.stack) + r"\.([1-9][0-9]{0,17})\.yaml")
        with told("read", self.backups):
            matches = [name.fullmatch(text) for text in self.disk.names(self.backups)]
        return sorted((int(match[1]) for match in matches if match), reverse=True)

    def newest_good_backup(self) -> Path | None:
        """Return the newest backup that can be read."""
        for serial in self.backup_serials():
            path = self.backup(serial)
            with contextlib.suppress(StateError), told("read", path):
                codec.decode(self.disk.read(path) or b"", str(path))
                return path
        return None

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
        if state.stack != self.stack:
            raise DamagedStateError(self._other_stack(state.stack))
        return state

    def _refuse_vanished(self, left: Journal | None) -> None:
        """Raise when there is no state file although something beside it says that there was one."""
        serial = read_info(self.disk, self.lock).get("serial", 0)
        backups = self.backup_serials()
        witnesses = {
            str(self.journal): left is not None and left.header.serial > 0,
            str(self.lock): isinstance(serial, int) and serial > 0,
            f"{self.backups}/{self.stack}.*.yaml": bool(backups),
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
        backup = self.newest_good_backup()
        if backup is None:
            return error
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
            self.disk.make_folder(self.folder)
            self._write_new(temp, data)
            if replaced:
                self._keep(replaced)
            self.disk.rename(temp, self.state)
            self.disk.sync_folder(self.folder)

    def _write_new(self, path: Path, data: bytes) -> None:
        self.disk.remove(path)
        handle = self.disk.create(path)
        try:
            self.disk.append(handle, data)
            self.disk.sync(handle)
        finally:
            self.disk.close(handle)

    def _keep(self, serial: int) -> None:
        """Keep the state file as a backup; one of the same serial is of a history given up since.

        Somebody may have removed the state file under the run; there is nothing to keep then.
        """
        if self.disk.make_folder(self.backups):
            self.disk.sync_folder(self.folder)
        backup = self.backup(serial)
        self.disk.remove(backup)
        try:
            self.disk.link(self.state, backup)
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            self._write_new(backup, self.disk.read(self.state) or b"")
        self.disk.sync_folder(self.backups)
