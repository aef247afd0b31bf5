"""Walking the steps: a few at a time, each as soon as what it needs is done."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from reconciler.apply.result import Ending, Result, StepResult
from reconciler.apply.steps import Journal, World, take_step
from reconciler.live.errors import OutcomeUnknownError, UnauthorizedError
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ReconcileError
from reconciler.model.events import EventType
from reconciler.model.plan import Plan, Step
from reconciler.recorded.errors import StateError

Tell = Callable[[EventType, Step, str, Diagnostic | None], None]


@dataclass(slots=True)
class Stop:
    """Whether new steps may start."""

    is_asked: bool = False
    interrupted: bool = False
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def hold(self) -> None:
        """Start nothing new: no further call of this run can succeed."""
        self.is_asked = True

    def interrupt(self) -> None:
        """Start nothing new because a person says so; said twice, drop what is in flight too."""
        if self.interrupted:
            for task in self.tasks:
                task.cancel()
        self.is_asked = self.interrupted = True


async def run_plan(plan: Plan, world: World, *, parallelism: int, tell: Tell, stop: Stop) -> Result:
    """Carry the plan out and return how each step ended. Never raises for a step's own failure.

    A failed step holds back what needs it; the rest goes on, except after an answer that no call of
    this run can succeed (the token), or when the journal can no longer be written.
    """
    await write_resolutions(plan, world.journal)
    if plan.rewrites:
        await world.journal.change(plan.rewrites)
    walk = _Walk(plan)
    workers = [
        asyncio.create_task(_work(walk, world, tell, stop))
        for _ in range(max(1, min(parallelism, len(plan.steps))))
    ]
    stop.tasks.update(workers)
    await asyncio.gather(*workers)
    return walk.result(interrupted=stop.interrupted)


async def write_resolutions(plan: Plan, journal: Journal) -> None:
    """Write down how writes of a former run ended, as the plan found out by reading."""
    for resolution in plan.resolutions:
        if resolution.done:
            await journal.done(resolution.intent, resolution.record)
        else:
            await journal.failed(resolution.intent)


class _Walk:
    """Which steps are ready, running, ended."""

    def __init__(self, plan: Plan) -> None:
        self._steps = {step.n: step for step in plan.steps}
        self._waits_for = {step.n: set(step.needs) for step in plan.steps}
        self._needed_by: dict[int, list[int]] = defaultdict(list)
        for step in plan.steps:
            for n in step.needs:
                self._needed_by[n].append(step.n)
        self._results: dict[int, StepResult] = {}
        self._ready: asyncio.Queue[Step | None] = asyncio.Queue()
        self._open = len(self._steps)
        for step in plan.steps:
            if not step.needs:
                self._ready.put_nowait(step)
        self._close_if_over()

    async def next(self) -> Step | None:
        """Return a step that may start now, waiting for one; None when none is left."""
        step = await self._ready.get()
        if step is None:
            self._ready.put_nowait(None)
        return step

    def end(self, step: Step, ending: Ending, problems: tuple[Diagnostic, ...] = ()) -> None:
        """Note how a step ended; what needed it becomes ready, or is not started at all."""
        self._results[step.n] = StepResult(step=step, ending=ending, problems=problems)
        self._open -= 1
        for n in self._needed_by[step.n]:
            self._waits_for[n].discard(step.n)
            if ending is not Ending.DONE:
                if n not in self._results:
                    self.end(self._steps[n], Ending.NOT_STARTED)
            elif not self._waits_for[n] and n not in self._results:
                self._ready.put_nowait(self._steps[n])
        self._close_if_over()

    def result(self, *, interrupted: bool) -> Result:
        missing = {
            n: StepResult(step=step, ending=Ending.NOT_STARTED)
            for n, step in self._steps.items()
            if n not in self._results
        }
        return Result(steps={**self._results, **missing}, interrupted=interrupted)

    def _close_if_over(self) -> None:
        if self._open <= 0:
            self._ready.put_nowait(None)


async def _work(walk: _Walk, world: World, tell: Tell, stop: Stop) -> None:
    while (step := await _next(walk)) is not None:
        if stop.is_asked:
            walk.end(step, Ending.NOT_STARTED)
            continue
        tell(EventType.STEP_START, step, "", None)
        try:
            await take_step(world, step)
        except asyncio.CancelledError:
            walk.end(step, Ending.UNKNOWN if step.op.is_write else Ending.NOT_STARTED)
            tell(EventType.STEP_UNKNOWN, step, "cancelled while in flight", None)
        except ReconcileError as error:
            if isinstance(error, _STOPS_THE_RUN):
                stop.hold()
            is_unknown = isinstance(error, OutcomeUnknownError)
            problems = tuple(about(step, problem) for problem in error.diagnostics)
            walk.end(step, Ending.UNKNOWN if is_unknown else Ending.FAILED, problems)
            event = EventType.STEP_UNKNOWN if is_unknown else EventType.STEP_FAILED
            tell(event, step, "", problems[0])
        else:
            walk.end(step, Ending.DONE)
            tell(EventType.STEP_DONE, step, "", None)


async def _next(walk: _Walk) -> Step | None:
    """Return the next step; None when there is none left, or when waiting for one was cancelled."""
    try:
        return await walk.next()
    except asyncio.CancelledError:
        return None


def about(step: Step, problem: Diagnostic) -> Diagnostic:
    """Return the problem with the step it stopped in front."""
    return replace(problem, detail=f"{step.op} {step.address}: {problem.detail}")


_STOPS_THE_RUN = (UnauthorizedError, StateError)
