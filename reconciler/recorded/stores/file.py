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
from datetime import datetime
from pathlib import Path
from typing import Final

from reconciler.model.state import State
from reconciler.recorded import mending
from reconciler.recorded.backups import Backup
from reconciler.recorded.disk import Disk
from reconciler.recorded.edited import read_edited
from reconciler.recorded.errors import DamagedStateError
from reconciler.recorded.files import Files
from reconciler.recorded.hold import Hold, hold_stack, read_whole
from reconciler.recorded.lock import read_info
from reconciler.recorded.mending import Edit, Restored
from reconciler.recorded.run import Run
from reconciler.recorded.trail import Outcome, Trail
from reconciler.recorded.trouble import told
from reconciler.recorded.writer import FULL

_READS: Final = 3


def _new_lineage() -> str:
    return os.urandom(16).hex()


class FileStore:
    """One stack's state in one folder, which need not exist yet.

    disk: stands for the file system. new_lineage: names a history that begins, in 32 hex digits.
    full: how many records a journal takes before it is folded in the middle of a run.
    """

    def __init__(
        self,
        directory: Path,
        stack: str,
        *,
        disk: Disk | None = None,
        new_lineage: Callable[[], str] = _new_lineage,
        full: int = FULL,
    ) -> None:
        self.files = Files(disk or Disk(), directory, stack)
        self._new_lineage = new_lineage
        self._full = full

    def read(self) -> State:
        """Return the state, with what a run that is under way or was cut has recorded so far.

        Takes no lock. The journal is read before the state: should a run fold in between, what it holds
        is in the state already. Should a run begin or end in between as well, the files may not fit
        together as they were read; so what does not fit is read again before it is believed.
        """
        for _ in range(_READS - 1):
            with contextlib.suppress(DamagedStateError):
                return read_whole(self.files)
        return read_whole(self.files)

    def read_log(self) -> Trail:
        """Return the audit trail: a line for each command that held the stack."""
        known = read_info(self.files.disk, self.files.lock).get("log", "")
        return self.files.read_log(str(known))

    def read_edit(self) -> Edit:
        """Return the state file as it was found, edited or not. Raises DamagedStateError."""
        return mending.read_edit(self.files)

    def list_backups(self) -> tuple[Backup, ...]:
        """Return the states before, newest first."""
        return self.files.backups.all()

    def seal(self, *, run_id: str, now: datetime, lock_timeout_s: float = 0.0) -> Edit:
        """Take a state file that was edited by hand for the state."""
        with self._mended("state seal", run_id, now, lock_timeout_s) as hold:
            return mending.seal(self.files, hold)

    def restore(
        self, serial: int | None, *, run_id: str, now: datetime, lock_timeout_s: float = 0.0
    ) -> Restored:
        """Go back to a backup: that of `serial`, or the newest that can be read. Raises BackupError."""
        with self._mended("state restore", run_id, now, lock_timeout_s) as hold:
            return mending.restore(self.files, hold, serial)

    def push(
        self, data: bytes, file: str, *, run_id: str, now: datetime, lock_timeout_s: float = 0.0
    ) -> State:
        """Take the bytes of `file` for the state; return what it was. Raises RefusedPushError."""
        state = read_edited(data, file)
        with self._mended("state push", run_id, now, lock_timeout_s) as hold:
            return mending.push(hold, state)

    @contextlib.contextmanager
    def _mended(
        self, verb: str, run_id: str, now: datetime, lock_timeout_s: float
    ) -> Iterator[Hold]:
        """Hold the stack without a run; what was done leaves a line in the log as a run does."""
        with hold_stack(
            self.files, verb, run_id=run_id, now=now, lock_timeout_s=lock_timeout_s
        ) as hold:
            with told("written", self.files.log):
                self.files.prepare_log()
            yield hold
            hold.log(Outcome(exit_code=0))

    @contextlib.contextmanager
    def open_run(
        self, verb: str, *, run_id: str, now: datetime, lock_timeout_s: float = 0.0
    ) -> Iterator[Run]:
        """Hold the stack and hand out a run; leaving the context folds it, unless it was abandoned.

        verb: the command, for who meets the lock. now: an aware time, for people only.
        Raises LockedError when another run holds the stack for longer than `lock_timeout_s`, and StateError
        when the state cannot be read or could not be written: nothing has been called by then.
        """
        with hold_stack(
            self.files, verb, run_id=run_id, now=now, lock_timeout_s=lock_timeout_s
        ) as hold:
            state = hold.take_up()
            run = Run(hold=hold, lineage=state.lineage or self._new_lineage(), full=self._full)
            try:
                yield run
            except BaseException as error:
                run.conclude_by(error)
                raise
            finally:
                run.fold()
