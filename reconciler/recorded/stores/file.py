"""State in files of one folder: `<stack>.yaml`, `.journal`, `.lock` and `backups/`.

How a run survives being cut anywhere: the journal is opened, lasting, before the first call to the API;
each write is announced in it before it is sent and its outcome noted after. Folding writes a whole new
state file beside the old one, syncs it, keeps the old one as a backup, renames, syncs the folder, and only
then removes the journal. What is still unresolved goes into the new state file itself, so there is no
moment at which it stands nowhere. A journal that outlived its folding is known by its serial.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from reconciler.model.state import State
from reconciler.recorded.disk import Disk
from reconciler.recorded.errors import DamagedStateError
from reconciler.recorded.files import Files
from reconciler.recorded.journal import Header, replay
from reconciler.recorded.lock import holder_info, read_info, take_lock
from reconciler.recorded.run import Run
from reconciler.recorded.trouble import told
from reconciler.recorded.writer import Writer

_READS: Final = 3


def _new_lineage() -> str:
    return os.urandom(16).hex()


class FileStore:
    """One stack's state in one folder, which need not exist yet.

    disk: stands for the file system. new_lineage: names a history that begins, in 32 hex digits.
    """

    def __init__(
        self,
        directory: Path,
        stack: str,
        *,
        disk: Disk | None = None,
        new_lineage: Callable[[], str] = _new_lineage,
    ) -> None:
        self._disk = disk or Disk()
        self._files = Files(self._disk, directory, stack)
        self._new_lineage = new_lineage

    def read(self) -> State:
        """Return the state, with what a run that is under way or was cut has recorded so far.

        Takes no lock. The journal is read before the state: should a run fold in between, what it holds
        is in the state already. Should a run begin or end in between as well, the files may not fit
        together as they were read; so what does not fit is read again before it is believed.
        """
        for _ in range(_READS - 1):
            with contextlib.suppress(DamagedStateError):
                return self._put_together(self._files.read_journal())[1]
        return self._put_together(self._files.read_journal())[1]

    def _put_together(self, data: bytes | None) -> tuple[State, State]:
        """Return what the state file holds, and that with the bytes of the journal put in."""
        left = self._files.decode_journal(data)
        saved = self._files.read_state(left)
        if left is None:
            return saved, saved
        return saved, replay(left, saved, str(self._files.journal))

    @contextlib.contextmanager
    def open_run(
        self, verb: str, *, run_id: str, now: datetime, lock_timeout_s: float = 0.0
    ) -> Iterator[Run]:
        """Hold the stack and hand out a run; leaving the context folds it, unless it was abandoned.

        verb: the command, for who meets the lock. now: an aware time, for people only.
        Raises LockedError when another run holds the stack for longer than `lock_timeout_s`, and StateError
        when the state cannot be read or could not be written: nothing has been called by then.
        """
        files = self._files
        with told("written", files.folder):
            if self._disk.make_folder(files.folder):
                self._disk.sync_folder(files.folder.parent)
        lock = take_lock(self._disk, files.lock, files.state, now, lock_timeout_s)
        last = _last_state(read_info(self._disk, files.lock))
        try:
            holder = holder_info(verb, run_id, now)
            lock.write({**holder, **last})
            state = self._fold_leftover(last)
            run = self._start(state, last, run_id=run_id, verb=verb, at=str(holder["since"]))
            try:
                yield run
            finally:
                run.fold()
        finally:
            lock.release(last)

    def _fold_leftover(self, last: dict[str, object]) -> State:
        """Return the state, after folding what a run that was cut has left."""
        data = self._files.read_journal()
        saved, state = self._put_together(data)
        if data is None:
            return saved
        if state is saved:
            self._save(last, saved.serial, None)
            return saved
        folded = replace(state, serial=saved.serial + 1)
        self._save(last, saved.serial, folded)
        return folded

    def _start(
        self, state: State, last: dict[str, object], *, run_id: str, verb: str, at: str
    ) -> Run:
        """Open the journal of a new run."""
        lineage = state.lineage or self._new_lineage()
        header = Header(
            stack=state.stack, lineage=lineage, serial=state.serial, run=run_id, verb=verb, at=at
        )
        with told("written", self._files.journal):
            writer = Writer.open(self._files, header)
        return Run(
            state=state,
            lineage=lineage,
            journal=self._files.journal,
            writer=writer,
            save=partial(self._save, last, state.serial),
        )

    def _save(self, last: dict[str, object], replaced: int, state: State | None) -> None:
        """Write the state, if there is a new one, and only then remove the journal."""
        if state is not None:
            self._files.replace_state(state, replaced)
            last.update(lineage=state.lineage, serial=state.serial)
        with told("written", self._files.journal):
            self._disk.remove(self._files.journal)


def _last_state(info: dict[str, object]) -> dict[str, object]:
    """Return what a lock's file says of the state that was last written under it."""
    return {name: info[name] for name in ("lineage", "serial") if name in info}
