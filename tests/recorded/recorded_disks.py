"""Disks that fail: real files, with a call that is never made or that raises."""

import contextlib
import errno
import os
from pathlib import Path

from reconciler.recorded.disk import Disk


class CutError(BaseException):
    """The process is gone."""


class WatchedDisk(Disk):
    """Calls `before(name, path or handle)` ahead of every call that changes something."""

    def __init__(self) -> None:
        self.handles: set[int] = set()

    def before(self, name: str, what: Path | int) -> None:
        raise NotImplementedError

    def create(self, path: Path) -> int:
        self.before("create", path)
        handle = super().create(path)
        self.handles.add(handle)
        return handle

    def open_end(self, path: Path) -> int:
        self.before("open_end", path)
        handle = super().open_end(path)
        self.handles.add(handle)
        return handle

    def append(self, handle: int, data: bytes) -> None:
        self.before("append", handle)
        super().append(handle, data)

    def sync(self, handle: int) -> None:
        self.before("sync", handle)
        super().sync(handle)

    def close(self, handle: int) -> None:
        self.handles.discard(handle)
        super().close(handle)

    def make_folder(self, folder: Path) -> bool:
        self.before("make_folder", folder)
        return super().make_folder(folder)

    def sync_folder(self, folder: Path) -> None:
        self.before("sync_folder", folder)
        super().sync_folder(folder)

    def link(self, path: Path, to: Path) -> None:
        self.before("link", to)
        super().link(path, to)

    def rename(self, path: Path, to: Path) -> None:
        self.before("rename", to)
        super().rename(path, to)

    def remove(self, path: Path) -> None:
        self.before("remove", path)
        super().remove(path)

    def open_lock(self, path: Path) -> int:
        self.before("open_lock", path)
        handle = super().open_lock(path)
        self.handles.add(handle)
        return handle

    def overwrite(self, handle: int, data: bytes) -> None:
        self.before("overwrite", handle)
        super().overwrite(handle, data)

    def die(self) -> None:
        """Do what the kernel does for a process that is gone: close what it had open."""
        for handle in self.handles:
            with contextlib.suppress(OSError):
                os.close(handle)
        self.handles.clear()


class CutDisk(WatchedDisk):
    """Ends the process, so to speak, instead of the call after `calls` others; then nothing works."""

    def __init__(self, calls: int) -> None:
        super().__init__()
        self.left = calls

    def before(self, name: str, what: Path | int) -> None:
        if self.left <= 0:
            raise CutError
        self.left -= 1


class FailingDisk(WatchedDisk):
    """Refuses every call of one name, once `is_failing` is set."""

    def __init__(self, name: str, code: int = errno.ENOSPC, *, is_failing: bool = False) -> None:
        super().__init__()
        self.name = name
        self.code = code
        self.is_failing = is_failing

    def before(self, name: str, what: Path | int) -> None:
        if self.is_failing and name == self.name:
            raise OSError(self.code, os.strerror(self.code))
