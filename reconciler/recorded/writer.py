"""The one way into a journal: what was put is on disk when `put` returns.

A thread of its own waits for the disk. Whatever is put meanwhile goes there together, in one write and one
fsync, in the order in which it was put.
"""

import asyncio
import errno
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final

from reconciler.recorded import journal
from reconciler.recorded.disk import Disk
from reconciler.recorded.errors import StateError
from reconciler.recorded.files import Files
from reconciler.recorded.journal import Header

FULL: Final = 50_000
"""How many records a journal takes before it is folded in the middle of a run."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    body: str
    then: Callable[[], None] | None
    future: "asyncio.Future[None]"


class Writer:
    """An open journal.

    failure: what the first write that failed raised. Nothing is written after it: what a failed fsync left
        on disk is not known, and asking again answers "fine" without having written (LWN 752063).
    """

    def __init__(
        self, files: Files, header: Header, *, fold: Callable[[], Header], full: int = FULL
    ) -> None:
        """Start a journal; it lasts, name and all, when this returns.

        fold: puts everything so far into the state, and returns the header of the journal that goes on from
        there; called when the journal holds `full` records.
        """
        self._files = files
        self._fold = fold
        self._full = full
        self._count = 0  # of records; the header is none
        self._end = 0
        self._waiting: list[_Waiting] = []
        self._busy: asyncio.Future[None] | None = None
        self._thread = ThreadPoolExecutor(1, "journal")
        self.failure: BaseException | None = None
        self._handle = self._disk.create(files.journal)
        try:
            self.write([journal.encode_header(header)])
            self._disk.sync_folder(files.folder)
        except BaseException:
            self.close()
            raise
        self._count = 0

    @property
    def _disk(self) -> Disk:
        return self._files.disk

    async def put(self, body: str, then: Callable[[], None] | None = None) -> None:
        """Append one JSON object; raise OSError when it is not on disk.

        then: called as soon as it is, before anything that is put later. Such a record is left out when
        who waits for it is cancelled before it is written.
        """
        loop = asyncio.get_running_loop()
        waiting = _Waiting(body, then, loop.create_future())
        self._waiting.append(waiting)
        # In the next turn of the loop: whoever is ready in this one gets onto the same write.
        loop.call_soon(self._flush, loop)
        await waiting.future

    def _flush(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hand what is waiting to the thread, unless it is at work: then it is asked again after that."""
        if self._busy is not None and self._busy.get_loop() is loop:
            return
        waiting = [one for one in self._waiting if not (one.then and one.future.cancelled())]
        self._waiting = []
        if waiting:
            bodies = [one.body for one in waiting]
            self._busy = loop.run_in_executor(self._thread, self.write, bodies)
            self._busy.add_done_callback(partial(self._tell, loop, waiting))

    def _tell(
        self,
        loop: asyncio.AbstractEventLoop,
        written: Sequence[_Waiting],
        result: "asyncio.Future[None]",
    ) -> None:
        """Tell those who wait that what they put is on disk, or why not."""
        self._busy = None
        error = asyncio.CancelledError() if result.cancelled() else result.exception()
        for one in written:
            if error is None and one.then is not None:
                one.then()
            if one.future.done():
                continue
            if error is None:
                one.future.set_result(None)
            else:
                one.future.set_exception(error)
        if error is None:
            self._go_on_when_full()
        self._flush(loop)

    def write(self, bodies: Sequence[str]) -> None:
        """Append JSON objects in one write."""
        if self.failure is not None:
            raise OSError("an earlier write to the journal failed") from self.failure
        data = b"".join(journal.seal(body, self._end) for body in bodies)
        try:
            self._disk.append(self._handle, data)
            self._disk.sync(self._handle)
            self._refuse_if_gone()
        except BaseException as error:
            self.failure = error
            raise
        self._end += len(data)
        self._count += len(bodies)

    def _refuse_if_gone(self) -> None:
        """Raise when the folder was removed or replaced: what is written then lasts for nobody."""
        if not self._disk.is_at(self._handle, self._files.journal):
            raise FileNotFoundError(errno.ENOENT, "The journal was removed while the run went on")

    def _go_on_when_full(self) -> None:
        """Fold, and put a new journal in the place of the full one at one stroke.

        What had been put is safe whatever happens here; should it fail, nothing more is taken.
        """
        if self._count < self._full:
            return
        try:
            self._start_again(self._fold())
        except BaseException as error:
            self.failure = error
            if not isinstance(error, OSError | StateError):
                raise

    def _start_again(self, header: Header) -> None:
        temp = self._files.journal.with_name(self._files.journal.name + ".tmp")
        data = journal.seal(journal.encode_header(header), 0)
        self._disk.remove(temp)
        handle = self._disk.create(temp)
        try:
            self._disk.append(handle, data)
            self._disk.sync(handle)
            self._disk.rename(temp, self._files.journal)
            self._disk.sync_folder(self._files.folder)
        except BaseException:
            self._disk.close(handle)
            raise
        self._disk.close(self._handle)
        self._handle, self._end, self._count = handle, len(data), 0

    def close(self) -> None:
        self._thread.shutdown()
        self._disk.close(self._handle)
