"""The one way into a journal: what was put is on disk when `put` returns."""

import errno
from pathlib import Path

from reconciler.recorded import journal
from reconciler.recorded.disk import Disk
from reconciler.recorded.files import Files
from reconciler.recorded.journal import Header


class Writer:
    """An open journal.

    failure: what the first write that failed raised. Nothing is written after it: what a failed fsync left
        on disk is not known, and asking again answers "fine" without having written (LWN 752063).
    """

    def __init__(self, disk: Disk, path: Path, handle: int) -> None:
        self._disk = disk
        self._path = path
        self._handle = handle
        self._end = 0
        self.failure: BaseException | None = None

    @classmethod
    def open(cls, files: Files, header: Header) -> "Writer":
        """Start a journal; it lasts, name and all, when this returns."""
        writer = cls(files.disk, files.journal, files.disk.create(files.journal))
        try:
            writer.write(journal.encode_header(header))
            files.disk.sync_folder(files.folder)
        except BaseException:
            writer.close()
            raise
        return writer

    async def put(self, body: str) -> None:
        """Append one JSON object; raise OSError when it is not on disk."""
        self.write(body)

    def write(self, body: str) -> None:
        if self.failure is not None:
            raise OSError("an earlier write to the journal failed") from self.failure
        line = journal.seal(body, self._end)
        try:
            self._disk.append(self._handle, line)
            self._disk.sync(self._handle)
            self._refuse_if_gone()
        except BaseException as error:
            self.failure = error
            raise
        self._end += len(line)

    def _refuse_if_gone(self) -> None:
        """Raise when the folder was removed or replaced: what is written then lasts for nobody."""
        if not self._disk.is_at(self._handle, self._path):
            raise FileNotFoundError(errno.ENOENT, "The journal was removed while the run went on")

    def close(self) -> None:
        self._disk.close(self._handle)
