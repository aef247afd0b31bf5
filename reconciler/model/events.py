"""What happens during an apply, one event after another."""

from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.state import Op


class EventType(StrEnum):
    RUN_START = "run_start"
    STEP_START = "step_start"
    STEP_SENT = "step_sent"
    """A write was answered; the object's identity is on disk from here on."""
    SETTLE = "settle"
    """One look at an object that has not settled yet; `note` says what it reports."""
    STEP_DONE = "step_done"
    STEP_FAILED = "step_failed"
    STEP_UNKNOWN = "step_unknown"
    """The outcome is not known; the intent stays in the state and the next run resolves it."""
    STEP_RESOLVED = "step_resolved"
    """A former run's unknown outcome, settled by reading."""
    INTERRUPTED = "interrupted"
    RUN_END = "run_end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event.

    elapsed_s: since the run started. deadline_s: seconds the step has left, for steps.
    method, path, status: of the HTTP call it tells of, else "" and 0.
    """

    type: EventType
    elapsed_s: float
    run: str = ""
    plan: str = ""
    step: int = 0
    address: Address | None = None
    op: Op | None = None
    note: str = ""
    deadline_s: float = 0.0
    method: str = ""
    path: str = ""
    status: int = 0
    diagnostic: Diagnostic | None = None
