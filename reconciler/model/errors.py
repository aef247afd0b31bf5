"""Exit codes, and the one root of every exception the reconciler raises on purpose."""

from collections.abc import Iterable
from enum import IntEnum

from reconciler.model.diagnostic import Diagnostic


class ExitCode(IntEnum):
    """What the shell learns. Where two fit, what the next person must know wins: see `worst`."""

    DONE = 0
    ERROR = 1
    CHANGES = 2
    DRIFT = 3
    BLOCKED = 4
    STALE = 5
    PARTIAL = 6
    LOCKED = 7
    USAGE = 64
    INTERRUPTED = 130


_PRECEDENCE = (
    ExitCode.PARTIAL,
    ExitCode.INTERRUPTED,
    ExitCode.STALE,
    ExitCode.BLOCKED,
    ExitCode.LOCKED,
    ExitCode.USAGE,
    ExitCode.ERROR,
    ExitCode.CHANGES,
    ExitCode.DRIFT,
    ExitCode.DONE,
)


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the code that says what the next person must know; DONE for no codes."""
    return min(codes, key=_PRECEDENCE.index, default=ExitCode.DONE)


class ReconcileError(Exception):
    """Something a person can mend, told as diagnostics.

    Rooms subclass it where a caller must tell the case apart, and carry the facts as attributes.
    """

    exit_code: ExitCode = ExitCode.ERROR

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("; ".join(f"{d.summary}: {d.detail}" for d in diagnostics))
        self.diagnostics = tuple(sorted(diagnostics, key=lambda d: d.sort_key))
