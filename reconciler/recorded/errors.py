"""What can be wrong with recorded state."""

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ExitCode, ReconcileError


class StateError(ReconcileError):
    """State could not be read, or could not be written and nothing had been announced yet."""


class UnwrittenError(StateError):
    """State could not be written after writes to the API had been announced."""

    exit_code = ExitCode.PARTIAL


class DamagedStateError(StateError):
    """A state file or journal is not what was written: damaged, edited, vanished or mixed up."""


class NewerStateError(StateError):
    """A state file or journal has a format that only a newer version reads."""

    def __init__(self, diagnostic: Diagnostic, *, version: int) -> None:
        super().__init__(diagnostic)
        self.version = version


class LockedError(StateError):
    """Another run holds the stack.

    holder: what it wrote into the lock: pid, host, run, verb, since; {} when that could not be read.
    """

    exit_code = ExitCode.LOCKED

    def __init__(self, diagnostic: Diagnostic, *, holder: dict[str, object]) -> None:
        super().__init__(diagnostic)
        self.holder = holder
