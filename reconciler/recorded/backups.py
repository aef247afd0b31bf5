"""The states before: which are kept, and which of them can be read."""

import contextlib
import errno
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.model.state import State
from reconciler.recorded import codec
from reconciler.recorded.disk import Disk
from reconciler.recorded.errors import StateError
from reconciler.recorded.trouble import told

KEPT: Final = 10
DAYS: Final = 30
_DAY_S: Final = 24 * 60 * 60.0
_NO_LINKS = frozenset((errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.EXDEV, errno.ENOSYS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A state before. modified_s: when it was written, since 1970. state: None when it cannot be read."""

    path: Path
    serial: int
    modified_s: float
    state: State | None


@dataclass(frozen=True, slots=True)
class Backups:
    """The folder of one stack's backups; other stacks keep theirs in it as well."""

    disk: Disk
    folder: Path
    stack: str

    def path(self, serial: int) -> Path:
        return self.folder / f"{self.stack}.{serial}.yaml"

    def serials(self) -> list[int]:
        """Return the serials that are kept, newest first."""
        name = re.compile(re.escape(self.stack) + r"\.([1-9][0-9]{0,17})\.yaml")
        with told("read", self.folder):
            matches = [name.fullmatch(text) for text in self.disk.names(self.folder)]
        return sorted((int(match[1]) for match in matches if match), reverse=True)

    def read(self, serial: int) -> State | None:
        """Return the state of a backup, None when it is not as it was written."""
        path = self.path(serial)
        with contextlib.suppress(StateError), told("read", path):
            return codec.decode(self.disk.read(path) or b"", str(path))
        return None

    def newest_good(self) -> State | None:
        """Return the newest backup that can be read."""
        return next(filter(None, map(self.read, self.serials())), None)

    def all(self) -> tuple[Backup, ...]:
        """Return what is kept, newest first."""
        return tuple(
            Backup(
                path=self.path(serial),
                serial=serial,
                modified_s=self.disk.modified_s(self.path(serial)),
                state=self.read(serial),
            )
            for serial in self.serials()
        )

    def keep(self, state: Path, serial: int) -> None:
        """Keep the state file as a backup; one of the same serial is of a history given up since.

        Somebody may have removed the state file under the run; there is nothing to keep then.
        """
        if self.disk.make_folder(self.folder):
            self.disk.sync_folder(self.folder.parent)
        backup = self.path(serial)
        self.disk.remove(backup)
        try:
            self.disk.link(state, backup)
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            write_new(self.disk, backup, self.disk.read(state) or b"")
        self.disk.sync_folder(self.folder)

    def set_aside(self, path: Path, data: bytes) -> Path:
        """Keep the bytes of a damaged file, for whoever wants to look at them; return where."""
        to = self.folder / f"{path.name}.damaged"
        with told("written", to):
            if self.disk.make_folder(self.folder):
                self.disk.sync_folder(self.folder.parent)
            write_new(self.disk, to, data)
            self.disk.sync_folder(self.folder)
        return to

    def rotate(self) -> None:
        """Remove what need not be kept. What cannot be removed stays: no run fails over its backups."""
        with contextlib.suppress(OSError, StateError):
            serials = self.serials()
            for serial in surplus(serials, lambda one: self.disk.modified_s(self.path(one))):
                self.disk.remove(self.path(serial))


def surplus(serials: Sequence[int], modified_s: Callable[[int], float]) -> list[int]:
    """Return which of the serials, newest first, need not be kept.

    The newest are kept, and beyond them the newest of each day, for as many days as there were any: not
    counted from today, so that neither a clock that jumps nor a stack at rest costs a backup.
    """
    if len(serials) <= KEPT:
        return []
    newest: dict[int, int] = {}
    for serial in serials:
        newest.setdefault(int(modified_s(serial) // _DAY_S), serial)
    kept = {*serials[:KEPT], *(newest[day] for day in sorted(newest, reverse=True)[:DAYS])}
    return [serial for serial in serials if serial not in kept]


def write_new(disk: Disk, path: Path, data: bytes) -> None:
    """Write a file that lasts, in the place of one that is left over; its name may not last yet."""
    disk.remove(path)
    handle = disk.create(path)
    try:
        disk.append(handle, data)
        disk.sync(handle)
    finally:
        disk.close(handle)
