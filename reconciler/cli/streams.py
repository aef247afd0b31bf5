"""Standard streams that may be closed, full or left by their reader without stopping what is under way."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO, cast


class Steady:
    """A text stream that takes everything; what cannot be written is dropped, and why is kept.

    error: the first refusal by the system, None for a reader that has merely left.
    """

    def __init__(self, stream: TextIO) -> None:
        self.error: OSError | None = None
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError as error:
            return self._give_up(error, len(text))

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            self._give_up(error, 0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _give_up(self, error: OSError, size: int) -> int:
        """Lead the stream nowhere, so that what is still in its buffer can be flushed."""
        if error.errno != errno.EPIPE:
            self.error = self.error or error
        with suppress(OSError), Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), self._stream.fileno())
            self._stream.flush()
        return size


@contextmanager
def steady_streams() -> Iterator[tuple[Steady, Steady]]:
    """Put steady streams in the place of stdout and stderr for the length of a block."""
    before = sys.stdout, sys.stderr
    out, err = Steady(before[0]), Steady(before[1])
    sys.stdout, sys.stderr = cast("TextIO", out), cast("TextIO", err)
    try:
        yield out, err
    finally:
        out.flush()
        err.flush()
        sys.stdout, sys.stderr = before


def open_closed_streams() -> None:
    """Lead standard streams that were closed nowhere, so that no file we open gets their numbers."""
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(handle)
    if sys.stdin is None:
        sys.stdin = open(0)  # noqa: SIM115  (a number, and open to the end)
    if sys.stdout is None:
        sys.stdout = open(1, "w")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w")  # noqa: SIM115
