"""Where an apply stands, counted from its events."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.events import Event, EventType
from reconciler.render.safe import terminal

_ENDED = {
    EventType.STEP_DONE: "done",
    EventType.STEP_FAILED: "failed",
    EventType.STEP_UNKNOWN: "unknown",
}


@dataclass(slots=True)
class Running:
    """A step under way. started_s, due_s: on the run's clock; due_s is 0 when nothing was said of it."""

    op: str
    address: str
    started_s: float
    due_s: float
    note: str = ""


@dataclass(slots=True)
class Tally:
    """What was started, what ended and how. `take` is told every event in its order.

    timeouts_s: by step number, for every step there is.
    """

    timeouts_s: Mapping[int, float]
    running: dict[int, Running] = field(default_factory=dict)
    done: int = 0
    failed: int = 0
    unknown: int = 0

    @property
    def total(self) -> int:
        return len(self.timeouts_s)

    @property
    def ended(self) -> int:
        return self.done + self.failed + self.unknown

    def take(self, event: Event) -> str:
        """Count one event; return the line that tells of it for good, or ""."""
        if event.type in _ENDED:
            return self._end(event, _ENDED[event.type])
        if event.type is EventType.STEP_START:
            self.running[event.step] = self._started(event)
        elif event.type is EventType.SETTLE and event.step in self.running:
            step = self.running[event.step]
            step.note = terminal(event.note)
            if event.deadline_s:
                step.due_s = event.elapsed_s + event.deadline_s
        return _line_between_steps(event)

    def _end(self, event: Event, how: str) -> str:
        step = self.running.pop(event.step, None) or self._started(event)
        match how:
            case "done":
                self.done += 1
            case "failed":
                self.failed += 1
            case _:
                self.unknown += 1
        width = len(str(self.total))
        head = f"  {self.ended:>{width}}/{self.total}  {step.op:<6}  {step.address}"
        took = (
            f"{how} {'in' if how == 'done' else 'after'} {spent(event.elapsed_s - step.started_s)}"
        )
        return f"{head}  {took}{_why(event)}"

    def _started(self, event: Event) -> Running:
        time_s = event.deadline_s or self.timeouts_s.get(event.step, 0.0)
        return Running(
            op=event.op.value if event.op else "",
            address=terminal(event.address or ""),
            started_s=event.elapsed_s,
            due_s=event.elapsed_s + time_s if time_s else 0.0,
        )


def _why(event: Event) -> str:
    """Return what went wrong in a few words; the summary at the end tells it in full."""
    if event.diagnostic:
        return f": {terminal(event.diagnostic.summary)}"
    return (
        f": {terminal(event.note)}" if event.note and event.type is not EventType.STEP_DONE else ""
    )


def _line_between_steps(event: Event) -> str:
    match event.type:
        case EventType.STEP_RESOLVED:
            what = f"{event.op} {terminal(event.address or '')}".strip()
            return f"  from an earlier run: {what} {terminal(event.note)}".rstrip()
        case EventType.INTERRUPTED:
            return "Interrupted: nothing new is started; once more drops what is under way."
        case _:
            return ""


def waiting(step: Running, now_s: float) -> str:
    """Return how long a step has taken, what is left of its time, and what it waits for."""
    left = f", {spent(max(step.due_s - now_s, 0))} left" if step.due_s else ""
    note = f"  {step.note}" if step.note else ""
    return f"{spent(max(now_s - step.started_s, 0))}{left}{note}"


def spent(seconds: float) -> str:
    """Return a time as people say it, in about two figures: 0.4 s, 12 s, 3m 05s, 2h 10m."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}m {rest:02}s"
    return f"{minutes // 60}h {minutes % 60:02}m"
