"""The one way into a journal: what was put is on disk when `put` returns.

A thread of its own waits for the disk. Whatever is put meanwhile goes there together, in one write and one
fsync, in the order in which it was put.
"""

import asyncio
import contextlib
import errno
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
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


@dataclass(slots=True)
class _Batch:
    """What goes to the disk together. error: why it did not get there."""

    waiting: Sequence[_Waiting]
    error: BaseException | None = None


class Writer:
    """An open journal.

    failure: what the first write that failed raised. Nothing is written after it: what a failed fsync left
        on disk is not known, and asking again answers "fine" without having written (LWN 752063).
    has_failed_midway: it was a fold in the middle of the run; which state is on disk is not known.
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
        self._batch: _Batch | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = ThreadPoolExecutor(1, "journal")
        self.failure: BaseException | None = None
        self.has_failed_midway = False
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
        if loop is not self._loop:
            self._join()
            self._loop = loop
        waiting = _Waiting(body, then, loop.create_future())
        self._waiting.append(waiting)
        # In the next turn of the loop: whoever is ready in this one gets onto the same write.
        loop.call_soon(self._flush, loop)
        await waiting.future

    def _flush(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hand what is waiting to the thread, unless it is at work: then it is asked again after that."""
        if self._batch is not None:
            return
        waiting = [one for one in self._waiting if not (one.then and one.future.cancelled())]
        self._waiting = []
        if waiting:
            self._batch = _Batch(waiting)
            self._thread.submit(self._write_batch, self._batch, loop)

    def _write_batch(self, batch: _Batch, loop: asyncio.AbstractEventLoop) -> None:
        """Write a batch; in the thread."""
        try:
            self.write([one.body for one in batch.waiting])
        except BaseException as error:  # noqa: BLE001  (whoever waits gets to know)
            batch.error = error
        with contextlib.suppress(
            RuntimeError
        ):  # the loop is closed; then `_join` takes it from here
            loop.call_soon_threadsafe(self._tell, loop)

    def _tell(self, loop: asyncio.AbstractEventLoop) -> None:
        """Tell those who wait that what they put is on disk, or why not."""
        batch = self._take_batch()
        for one in batch.waiting if batch else ():
            if one.future.done():
                continue
            if batch and batch.error is not None:
                one.future.set_exception(batch.error)
            else:
                one.future.set_result(None)
        if self.failure is None:
            self._go_on_when_full()
        self._flush(loop)

    def _take_batch(self) -> _Batch | None:
        """Return the batch that has been written, after what was to be done then."""
        batch, self._batch = self._batch, None
        if batch is not None and batch.error is None:
            for one in batch.waiting:
                if one.then is not None:
                    one.then()
        return batch

    def _join(self) -> None:
        """Wait for the thread, on behalf of those whose loop is gone."""
        if self._batch is not None:
            self._thread.submit(int).result()
            self._take_batch()

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
        """Fold, and go on in a new journal.

        What had been put is safe whatever happens here; should it fail, nothing more is taken.
        """
        if self._count < self._full:
            return
        try:
            header = journal.encode_header(self._fold())
            self._start_again(journal.seal(header, 0))
        except BaseException as error:
            self.failure, self.has_failed_midway = error, True
            if not isinstance(error, OSError | StateError):
                raise

    def complete(self, bodies: Sequence[str]) -> None:
        """Put a journal that holds these as well in the place of the one that could not take them.

        And that holds nothing else: what a failed write left behind may or may not be on disk.
        """
        if not bodies and self.failure is None:
            return
        data = self._disk.read(self._files.journal)
        if data is not None:
            more = (journal.seal(body, self._end) for body in bodies)
            self._start_again(data[: self._end] + b"".join(more))

    def _start_again(self, data: bytes) -> None:
        """Put a new journal in the place of this one at one stroke."""
        temp = self._files.journal.with_name(self._files.journal.name + ".tmp")
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

    def join(self) -> None:
        """Let what is under way come to its end; nothing is put any more."""
        self._join()
        self._thread.shutdown()

    def close(self) -> None:
        self._thread.shutdown()
        self._disk.close(self._handle)
