"""Disks on which one step of the protocol is left out or done in the wrong order, one mistake each.

They stand for a store that was written with that mistake: none may pass the test of all cuts.
"""

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from crashes import FOLDER, Watched

from reconciler.recorded.codec import decode, encode

STATE = FOLDER / "example.yaml"
JOURNAL = FOLDER / "example.journal"


class _Unsynced(Watched):
    """Files whose name ends so are not synced."""

    ending: ClassVar[str]

    def sync(self, handle: int) -> None:
        path = self.path_of(self.handles[handle].node)
        if not path.name.endswith(self.ending):
            Watched.sync(self, handle)


class JournalUnsynced(_Unsynced):
    ending = ".journal"


class StateUnsynced(_Unsynced):
    ending = ".yaml.tmp"


class NewJournalUnsynced(_Unsynced):
    ending = ".journal.tmp"


class LogUnsynced(_Unsynced):
    ending = ".log"


class _FolderUnsynced(Watched):
    """The folder is not synced after this file got its name."""

    path: ClassVar[Path]

    def sync_folder(self, folder: Path) -> None:
        if not any(change.get(self.path) for _, change in self.pending):
            Watched.sync_folder(self, folder)


class StateFolderUnsynced(_FolderUnsynced):
    path = STATE


class JournalFolderUnsynced(_FolderUnsynced):
    path = JOURNAL


class JournalGoesFirst(Watched):
    """The journal is removed before the new state is written."""

    def create(self, path: Path) -> int:
        if path.name.endswith(".yaml.tmp"):
            self.remove(JOURNAL)
        return Watched.create(self, path)


class StateWrittenInPlace(Watched):
    """The state file is overwritten instead of being replaced."""

    def rename(self, path: Path, to: Path) -> None:
        if to != STATE or to not in self.names_now:
            Watched.rename(self, path, to)
            return
        node, new = self.names_now[to], self.names_now[path]
        node.data, node.is_rewritten = new.data, True
        self.after("overwrite", to)
        node.synced, node.is_rewritten = node.data, False
        self.remove(path)


class IntentsDropped(Watched):
    """What is unresolved is not carried over into the state."""

    def append(self, handle: int, data: bytes) -> None:
        if self.path_of(self.handles[handle].node).name.endswith(".yaml.tmp"):
            data = encode(replace(decode(data), unresolved={}))
        Watched.append(self, handle, data)


class AnswersBeforeTheDisk(Watched):
    """A record is acknowledged before it is written: the write comes with the next one."""

    def sync(self, handle: int) -> None:
        node = self.handles[handle].node
        synced = node.synced
        Watched.sync(self, handle)
        if self.path_of(node) == JOURNAL and synced:
            node.synced = node.data[: node.data.rstrip(b"\n").rfind(b"\n") + 1]


MUTANTS: tuple[type[Watched], ...] = (
    JournalUnsynced,
    StateUnsynced,
    NewJournalUnsynced,
    LogUnsynced,
    StateFolderUnsynced,
    JournalFolderUnsynced,
    JournalGoesFirst,
    StateWrittenInPlace,
    IntentsDropped,
    AnswersBeforeTheDisk,
)
