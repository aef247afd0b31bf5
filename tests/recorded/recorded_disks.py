"""Disks that fail: real files, with a call that raises. Cuts are made on a simulated one: simdisk.py."""

import errno
import os
from pathlib import Path

from reconciler.recorded.disk import Disk


class WatchedDisk(Disk):
    """Calls `before(name, path or handle)` ahead of every call that changes something."""

    def before(self, name: str, what: Path | int) -> None:
        raise NotImplementedError

    def create(self, path: Path) -> int:
        self.before("create", path)
        return super().create(path)

    def open_end(self, path: Path) -> int:
        self.before("open_end", path)
        return super().open_end(path)

    def append(self, handle: int, data: bytes) -> None:
        self.before("append", handle)
        super().append(handle, data)

    def sync(self, handle: int) -> None:
        self.before("sync", handle)
        super().sync(handle)

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
        return super().open_lock(path)

    def overwrite(self, handle: int, data: bytes) -> None:
        self.before("overwrite", handle)
        super().overwrite(handle, data)


class FailingDisk(WatchedDisk):
    """Refuses every call of one name, once `is_failing` is set."""

    def __init__(self, name: str, code: int = errno.ENOSPC, *, is_failing: bool = False) -> None:
        self.name = name
        self.code = code
        self.is_failing = is_failing

    def before(self, name: str, what: Path | int) -> None:
        if self.is_failing and name == self.name:
            raise OSError(self.code, os.strerror(self.code))
