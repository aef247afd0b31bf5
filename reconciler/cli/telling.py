"""Events on their way from the run to somebody's eyes: live progress, plain lines, or JSON lines."""

import sys
import time
from types import TracebackType
from typing import Self

import click

from reconciler.apply.result import Result
from reconciler.cli import terminal
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.events import Event, EventType
from reconciler.model.plan import Plan, Step
from reconciler.render.events import event_json
from reconciler.render.progress import Progress
from reconciler.render.summary import apply_summary


class Teller:
    """Tells of one run. Use it as a context manager around the run."""

    def __init__(self, plan: Plan, *, run: str, as_json: bool) -> None:
        self._plan = plan
        self._run = run
        self._as_json = as_json
        self._started = time.monotonic()
        self._began_s: dict[int, float] = {}
        self._progress = Progress(
            plan,
            sys.stderr,
            clock=time.monotonic,
            is_terminal=sys.stderr.isatty() and terminal.has_colour(sys.stderr),
            colour=terminal.has_colour(sys.stderr),
        )

    def __enter__(self) -> Self:
        if not self._as_json:
            self._progress.__enter__()
        self._tell(EventType.RUN_START)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._tell(EventType.RUN_END)
        if not self._as_json:
            self._progress.__exit__(kind, error, trace)

    def step(self, type_: EventType, step: Step, note: str) -> None:
        """Tell of something on a step's way."""
        self._tell(type_, step, note)

    def ended(self, type_: EventType, step: Step, note: str, problem: Diagnostic | None) -> None:
        """Tell of a step's start or end."""
        self._tell(type_, step, note, problem)

    def interrupted(self) -> None:
        """Tell that nothing new is started."""
        self._tell(EventType.INTERRUPTED, note="finishing what is in flight; once more drops it")

    def summary(self, result: Result, *, command: str) -> None:
        """Tell how it ended, and what to type to go on with what is left."""
        if self._as_json:
            if result.problems:
                terminal.show_diagnostics(result.problems)
            return
        text = apply_summary(
            self._plan,
            {n: ended.ending.value for n, ended in result.steps.items()},
            result.problems,
            elapsed_s=time.monotonic() - self._started,
            interrupted=result.interrupted,
            width=terminal.width(),
            colour=terminal.has_colour(),
            command=command,
        )
        click.echo(f"\n{text}", color=True)

    def _tell(
        self,
        type_: EventType,
        step: Step | None = None,
        note: str = "",
        problem: Diagnostic | None = None,
    ) -> None:
        now_s = time.monotonic() - self._started
        method, _, path = note.partition(" ") if type_ is EventType.STEP_SENT else ("", "", "")
        event = Event(
            type=type_,
            elapsed_s=now_s,
            run=self._run,
            plan=self._plan.id,
            step=step.n if step else 0,
            address=step.address if step else None,
            op=step.op if step else None,
            note="" if method else note,
            deadline_s=self._left_s(type_, step, now_s),
            method=method,
            path=path,
            diagnostic=problem,
        )
        self._show(event)

    def _left_s(self, type_: EventType, step: Step | None, now_s: float) -> float:
        if step is None:
            return 0.0
        if type_ is EventType.STEP_START:
            self._began_s[step.n] = now_s
        return max(step.timeout_s - (now_s - self._began_s.get(step.n, now_s)), 0.0)

    def _show(self, event: Event) -> None:
        """Show an event. A reader that has left must not stop an apply."""
        try:
            if self._as_json:
                click.echo(event_json(event))
            else:
                self._progress.handle(event)
        except OSError:
            return
