"""Progress of an apply: live lines in a terminal, a plain line per ended step everywhere else."""

from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self, TextIO

from reconciler.model.events import Event, EventType
from reconciler.model.plan import Plan
from reconciler.render.tally import Running, Tally, waiting

STILL_S = 30.0
"""How often a step that takes long says so where there is no live display."""


class Display(Protocol):
    """One form of showing progress."""

    def start(self) -> None: ...

    def show(self, event: Event, line: str) -> None:
        """Show an event that the tally has counted; line tells of it for good, or is ""."""
        ...

    def stop(self) -> None: ...


class Progress:
    """The sink for an apply's events. Use it as a context manager around the run.

    is_terminal: whether `stream` is one that redraws lines.
    clock: seconds, only ever compared with itself.
    """

    def __init__(
        self,
        plan: Plan,
        stream: TextIO,
        *,
        clock: Callable[[], float],
        is_terminal: bool = False,
        colour: bool = False,
    ) -> None:
        self.tally = Tally(timeouts_s={step.n: step.timeout_s for step in plan.steps})
        self._display: Display
        if is_terminal:
            from reconciler.render.live_progress import LiveDisplay

            self._display = LiveDisplay(self.tally, stream, clock=clock, colour=colour)
        else:
            self._display = PlainDisplay(self.tally, stream)

    def __enter__(self) -> Self:
        self._display.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._display.stop()

    def handle(self, event: Event) -> None:
        """Take one event."""
        self._display.show(event, self.tally.take(event))


class PlainDisplay:
    """A line for every step that ended, and now and then one for a step that takes long."""

    def __init__(self, tally: Tally, stream: TextIO) -> None:
        self._tally = tally
        self._stream = stream
        self._told_s: dict[int, float] = {}

    def start(self) -> None:
        """Nothing to prepare."""

    def show(self, event: Event, line: str) -> None:
        if event.type is EventType.SETTLE and event.step in self._tally.running:
            step = self._tally.running[event.step]
            if event.elapsed_s - self._told_s.get(event.step, step.started_s) >= STILL_S:
                self._told_s[event.step] = event.elapsed_s
                line = self._still(step, event.elapsed_s)
        if line:
            self._stream.write(f"{line}\n")
            self._stream.flush()

    def stop(self) -> None:
        """Nothing to put back."""

    def _still(self, step: Running, now_s: float) -> str:
        margin = " " * (2 * len(str(self._tally.total)) + 3)
        return f"{margin}  {step.op:<6}  {step.address}  still waiting: {waiting(step, now_s)}"
