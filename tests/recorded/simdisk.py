"""A disk that is not there: it records every call, and knows every content it may have after a power cut.

What a cut leaves, as POSIX allows it and no kinder: data lasts when its file was synced, a name when its
folder was. Of what was not, any part may be there, file by file and name by name: nothing of it, its
beginning, zeros in its place, or all. A rename is one change. The lock and the page cache go with the power.
"""

import errno
import itertools
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from reconciler.recorded.disk import Disk

Content: TypeAlias = Mapping[Path, bytes | None]
"""What is on a disk, by path: the bytes of a file, None for a folder."""

ROOT = Path("/")


class CutError(BaseException):
    """The power is gone."""


@dataclass(slots=True, eq=False)
class Node:
    """A file, or a folder. synced: what would be left of it. is_rewritten: not only appended to since."""

    is_folder: bool = False
    data: bytes = b""
    synced: bytes = b""
    is_rewritten: bool = False
    mode: int = 0o600

    def leftovers(self) -> tuple[bytes | None, ...]:
        """Return what a cut may leave in it."""
        if self.is_folder:
            return (None,)
        if self.data == self.synced:
            return (self.data,)
        if self.is_rewritten:
            return (self.synced, b"", self.data)
        fresh = self.data[len(self.synced) :]
        half = len(fresh) // 2
        parts = (b"", fresh[:half], b"\0" * half + fresh[half:], b"\0" * len(fresh), fresh)
        return tuple(dict.fromkeys(self.synced + part for part in parts))


Rename: TypeAlias = dict[Path, Node | None]
"""One change of names: what each stands for from then on."""


@dataclass(slots=True)
class Handle:
    node: Node
    holds_lock: bool = False


@dataclass(slots=True)
class SimDisk(Disk):
    """The calls made so far are in `calls`, as `<name> <file>`."""

    names_now: dict[Path, Node] = field(default_factory=dict)
    names_synced: dict[Path, Node] = field(default_factory=dict)
    pending: list[tuple[Path, Rename]] = field(default_factory=list)
    handles: dict[int, Handle] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(3))
    calls: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, content: Content) -> "SimDisk":
        """Return a disk that was switched on with `content`."""
        disk = cls()
        for path, data in content.items():
            bytes_ = data or b""
            node = Node(is_folder=data is None, data=bytes_, synced=bytes_)
            disk.names_now[path] = disk.names_synced[path] = node
        return disk

    def content(self) -> dict[Path, bytes | None]:
        """Return what a process sees."""
        return {
            path: None if node.is_folder else node.data for path, node in self.names_now.items()
        }

    def leftovers(self) -> Iterator[dict[Path, bytes | None]]:
        """Yield every content that a cut may leave now."""
        seen = set()
        for kept in itertools.product((False, True), repeat=len(self.pending)):
            names = dict(self.names_synced)
            for is_kept, (_, change) in zip(kept, self.pending, strict=True):
                if is_kept:
                    _put(names, change)
            names = {path: node for path, node in names.items() if _is_reachable(path, names)}
            key = frozenset((path, id(node)) for path, node in names.items())
            if key not in seen:
                seen.add(key)
                yield from _fillings(names)

    # --- what a test may override

    def before(self, name: str, path: Path) -> None:
        """Be told of a call that changes something, ahead of it."""

    def after(self, name: str, path: Path) -> None:
        """Be told of it when it is done."""

    # --- the calls

    def _call(self, name: str, path: Path) -> None:
        self.calls.append(f"{name} {path.name}")
        self.before(name, path)

    def read(self, path: Path) -> bytes | None:
        node = self.names_now.get(path)
        if node is not None and node.is_folder:
            raise _error(errno.EISDIR)
        return None if node is None else node.data

    def names(self, folder: Path) -> list[str]:
        return sorted(path.name for path in self.names_now if path.parent == folder)

    def mode(self, path: Path) -> int | None:
        node = self.names_now.get(path)
        return None if node is None else node.mode

    def modified_s(self, path: Path) -> float:
        return 0.0

    def make_folder(self, folder: Path) -> bool:
        if folder == ROOT or folder in self.names_now:
            return False
        self.make_folder(folder.parent)
        self._call("make_folder", folder)
        self._change(folder.parent, {folder: Node(is_folder=True, mode=0o700)})
        self.after("make_folder", folder)
        return True

    def create(self, path: Path) -> int:
        if path in self.names_now:
            raise _error(errno.EEXIST)
        return self._open("create", path)

    def open_end(self, path: Path) -> int:
        return self._open("open_end", path)

    def open_lock(self, path: Path) -> int:
        return self._open("open_lock", path)

    def _open(self, name: str, path: Path) -> int:
        self._call(name, path)
        if path.parent not in self.names_now:
            raise _error(errno.ENOENT)
        if path not in self.names_now:
            self._change(path.parent, {path: Node()})
        number = next(self.numbers)
        self.handles[number] = Handle(self.names_now[path])
        self.after(name, path)
        return number

    def append(self, handle: int, data: bytes) -> None:
        node = self.handles[handle].node
        path = self.path_of(node)
        self._call("append", path)
        node.data += data
        self.after("append", path)

    def sync(self, handle: int) -> None:
        node = self.handles[handle].node
        path = self.path_of(node)
        self._call("sync", path)
        node.synced, node.is_rewritten = node.data, False
        self.after("sync", path)

    def close(self, handle: int) -> None:
        del self.handles[handle]

    def sync_folder(self, folder: Path) -> None:
        self._call("sync_folder", folder)
        if folder != ROOT and folder not in self.names_now:
            raise _error(errno.ENOENT)
        for where, change in self.pending:
            if where == folder:
                _put(self.names_synced, change)
        self.pending = [one for one in self.pending if one[0] != folder]
        self.after("sync_folder", folder)

    def link(self, path: Path, to: Path) -> None:
        self._call("link", to)
        if path not in self.names_now:
            raise _error(errno.ENOENT)
        self._change(to.parent, {to: self.names_now[path]})
        self.after("link", to)

    def rename(self, path: Path, to: Path) -> None:
        self._call("rename", to)
        self._change(to.parent, {path: None, to: self.names_now[path]})
        self.after("rename", to)

    def remove(self, path: Path) -> None:
        self._call("remove", path)
        if path in self.names_now:
            self._change(path.parent, {path: None})
        self.after("remove", path)

    def try_lock(self, handle: int) -> bool:
        mine = self.handles[handle]
        if any(other.node is mine.node and other.holds_lock for other in self.handles.values()):
            return False
        mine.holds_lock = True
        return True

    def is_at(self, handle: int, path: Path) -> bool:
        return self.names_now.get(path) is self.handles[handle].node

    def overwrite(self, handle: int, data: bytes) -> None:
        node = self.handles[handle].node
        path = self.path_of(node)
        self._call("overwrite", path)
        node.data, node.is_rewritten = data, True
        self.after("overwrite", path)

    # --- inside

    def path_of(self, node: Node) -> Path:
        """Return a name of a file, `gone` when it has none any more."""
        return next((path for path, one in self.names_now.items() if one is node), Path("gone"))

    def _change(self, folder: Path, change: Rename) -> None:
        self.pending.append((folder, change))
        _put(self.names_now, change)


def _error(code: int) -> OSError:
    return OSError(code, os.strerror(code))


def _put(names: dict[Path, Node], change: Rename) -> None:
    for path, node in change.items():
        if node is None:
            names.pop(path, None)
        else:
            names[path] = node


def _is_reachable(path: Path, names: Mapping[Path, Node]) -> bool:
    return all(parent in names for parent in path.parents if parent != ROOT)


def _fillings(names: Mapping[Path, Node]) -> Iterator[dict[Path, bytes | None]]:
    """Yield the contents that files under these names may have; a file of two names has one content."""
    nodes = list(dict.fromkeys(names.values()))
    for chosen in itertools.product(*(node.leftovers() for node in nodes)):
        data = dict(zip(nodes, chosen, strict=True))
        yield {path: data[node] for path, node in names.items()}
