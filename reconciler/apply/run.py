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
    slots = _Slots(free=asyncio.Semaphore(parallelism), is_one_at_a_time=parallelism == 1)
    await _dispatch(walk, world, slots, tell, stop)
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
        if not self._open:
            self._ready.put_nowait(None)

    async def next(self) -> Step | None:
        """Return a step that may start now, waiting for one; None when none is left."""
        return await self._ready.get()

    def end(self, step: Step, ending: Ending, problems: tuple[Diagnostic, ...] = ()) -> None:
        """Note how a step ended; what needed it becomes ready, or is not started at all."""
        if step.n in self._results:
            return
        self._results[step.n] = StepResult(step=step, ending=ending, problems=problems)
        self._open -= 1
        if ending is Ending.DONE:
            self._free(step)
        else:
            self._hold_back(step)
        if self._open <= 0:
            self._ready.put_nowait(None)

    def _free(self, step: Step) -> None:
        for n in self._needed_by[step.n]:
            self._waits_for[n].discard(step.n)
            if not self._waits_for[n] and n not in self._results:
                self._ready.put_nowait(self._steps[n])

    def _hold_back(self, step: Step) -> None:
        """Note that nothing which needs the step, however far off, is started."""
        todo = list(self._needed_by[step.n])
        while todo:
            n = todo.pop()
            if n not in self._results:
                held = StepResult(step=self._steps[n], ending=Ending.NOT_STARTED)
                self._results[n] = held
                self._open -= 1
                todo += self._needed_by[n]

    def result(self, *, interrupted: bool) -> Result:
        missing = {
            n: StepResult(step=step, ending=Ending.NOT_STARTED)
            for n, step in self._steps.items()
            if n not in self._results
        }
        return Result(steps={**self._results, **missing}, interrupted=interrupted)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slots:
    """How many steps may send at once. One at a time means that a step has settled before the next."""

    free: asyncio.Semaphore
    is_one_at_a_time: bool


async def _dispatch(walk: _Walk, world: World, slots: _Slots, tell: Tell, stop: Stop) -> None:
    """Start each step when it is ready and a slot is free; return when all have ended."""
    bugs: list[BaseException] = []

    def ended(task: asyncio.Task[None]) -> None:
        stop.tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            bugs.append(error)

    while (step := await walk.next()) is not None:
        if not stop.is_asked:
            await slots.free.acquire()
        if stop.is_asked:
            walk.end(step, Ending.NOT_STARTED)
            continue
        tell(EventType.STEP_START, step, "", None)
        task = asyncio.create_task(_carry_out(walk, world, step, _Slot(slots), tell, stop))
        stop.tasks.add(task)
        task.add_done_callback(ended)
    while stop.tasks:
        await asyncio.wait(stop.tasks)
    if bugs:
        raise bugs[0]


@dataclass(slots=True)
class _Slot:
    """The right to send. Given back as soon as a step has only to wait, so that others may send."""

    slots: _Slots
    is_held: bool = True

    def sent(self) -> None:
        if not self.slots.is_one_at_a_time:
            self.give_back()

    def give_back(self) -> None:
        if self.is_held:
            self.is_held = False
            self.slots.free.release()


async def _carry_out(
    walk: _Walk, world: World, step: Step, slot: _Slot, tell: Tell, stop: Stop
) -> None:
    try:
        await take_step(world, step, slot.sent)
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
    except BaseException:
        stop.hold()  # a mistake of ours: what is in flight ends and is recorded before it is told
        walk.end(step, Ending.UNKNOWN if step.op.is_write else Ending.NOT_STARTED)
        raise
    else:
        walk.end(step, Ending.DONE)
        tell(EventType.STEP_DONE, step, "", None)
    finally:
        slot.give_back()


def about(step: Step, problem: Diagnostic) -> Diagnostic:
    """Return the problem with the step it stopped in front."""
    return replace(problem, detail=f"{step.op} {step.address}: {problem.detail}")


_STOPS_THE_RUN = (UnauthorizedError, StateError)
