"""The file system, one call at a time: the only place of this room that touches it.

A test passes another one to cut a run short after any call, or to have a call fail.
"""

import errno
import fcntl
import os
import stat
from pathlib import Path

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
_END = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
_LOCK = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class Disk:
    """Real files. Every method raises OSError as the system does; a handle is a file descriptor."""

    def read(self, path: Path) -> bytes | None:
        """Return all of a file, or None when there is none."""
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None

    def names(self, folder: Path) -> list[str]:
        """Return the sorted names in a folder; none when there is no folder."""
        try:
            return sorted(path.name for path in folder.iterdir())
        except FileNotFoundError:
            return []

    def mode(self, path: Path) -> int | None:
        """Return who may do what with a file, or None when there is none."""
        try:
            return stat.S_IMODE(path.stat().st_mode)
        except FileNotFoundError:
            return None

    def modified_s(self, path: Path) -> float:
        """Return when a file was written, in seconds since 1970."""
        return path.stat().st_mtime

    def make_folder(self, folder: Path) -> bool:
        """Make a folder for its owner only; return whether it was missing."""
        try:
            folder.mkdir(mode=0o700, parents=True)
        except FileExistsError:
            if not folder.is_dir():
                raise
            return False
        return True

    def create(self, path: Path) -> int:
        """Open a new file for appending, for its owner only; it must not be there yet."""
        return os.open(path, _NEW, 0o600)

    def open_end(self, path: Path) -> int:
        """Open a file for appending, making it if need be, for its owner only."""
        return os.open(path, _END, 0o600)

    def append(self, handle: int, data: bytes) -> None:
        """Write all of `data`, in one call to the system: a short write is a full disk."""
        if os.write(handle, data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def sync(self, handle: int) -> None:
        os.fsync(handle)

    def close(self, handle: int) -> None:
        os.close(handle)

    def sync_folder(self, folder: Path) -> None:
        """Make what was created, renamed or removed in a folder last."""
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def link(self, path: Path, to: Path) -> None:
        """Give a file a second name."""
        os.link(path, to)

    def rename(self, path: Path, to: Path) -> None:
        """Put a file in the place of another at one stroke."""
        path.replace(to)

    def remove(self, path: Path) -> None:
        """Remove a file, if it is there."""
        path.unlink(missing_ok=True)

    def open_lock(self, path: Path) -> int:
        """Open the file that a lock is held on, making it if need be."""
        return os.open(path, _LOCK, 0o600)

    def try_lock(self, handle: int) -> bool:
        """Take the lock if it is free; it goes with the handle, so also with the process."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def is_at(self, handle: int, path: Path) -> bool:
        """Tell whether an open file is still the one that `path` names."""
        try:
            return os.path.samestat(os.fstat(handle), path.stat())
        except FileNotFoundError:
            return False

    def overwrite(self, handle: int, data: bytes) -> None:
        """Make `data` all that an open file holds."""
        os.pwrite(handle, data, 0)
        os.ftruncate(handle, len(data))
