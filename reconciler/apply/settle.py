"""Waiting until an object is as wanted, or gone."""

from collections.abc import Awaitable, Callable, Iterable, Iterator

from reconciler.apply.late import Needed
from reconciler.kinds.kind import Kind
from reconciler.live.deadline import Deadline, Timing
from reconciler.live.errors import DeadlineError
from reconciler.live.snapshot import Snapshot
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ReconcileError
from reconciler.model.live import LiveObject
from reconciler.model.location import Path
from reconciler.model.state import Op
from reconciler.model.values import Attributes
from reconciler.plan.diff import differences, with_ignored

Look = Callable[[str], None]
"""Told after each look that found it not settled yet, with what it shows."""


class FailedStateError(ReconcileError):
    """The object reports that it failed; it exists and is recorded."""


async def until_settled(
    snapshot: Snapshot,
    kind: Kind,
    identity: str,
    wanted: Attributes,
    op: Op,
    deadline: Deadline,
    timing: Timing,
    *,
    needed: Needed,
    look: Look,
    ignored: Iterable[Path] = (),
) -> LiveObject:
    """Return the object once it reports its wanted state and shows what was sent, but for `ignored` paths.

    A read that does not find it, or may not, is "not yet": reads may lag a write. Raises DeadlineError
    that names what was awaited, FailedStateError.
    """
    waiting, left_alone = "it does not show yet", tuple(ignored)
    for pause_s in _pauses():
        reading = snapshot.fresh(
            kind,
            identity,
            deadline,
            since=timing.clock(),
            attributes=needed.attributes | wanted.keys(),
            secrets=needed.secrets,
        )
        found = await _in_time(reading, deadline, waiting)
        waiting = _unsettled(kind, identity, wanted, op, found, left_alone)
        if not waiting:
            return found
        look(waiting)
        await _pause(pause_s, deadline, timing, waiting)
    raise AssertionError("unreachable: the pauses do not end")


async def until_gone(
    snapshot: Snapshot,
    kind: Kind,
    identity: str,
    deadline: Deadline,
    timing: Timing,
    *,
    look: Look,
) -> None:
    """Return once the object is verified to be gone. Raises DeadlineError."""
    waiting = "it is still there"
    for pause_s in _pauses():
        reading = snapshot.fresh(kind, identity, deadline, since=timing.clock())
        found = await _in_time(reading, deadline, waiting)
        if not found.is_present and not found.why:
            return
        waiting = found.why or "it is still there"
        look(waiting)
        await _pause(pause_s, deadline, timing, waiting)


async def _in_time(reading: Awaitable[LiveObject], deadline: Deadline, waiting: str) -> LiveObject:
    """Return what the read shows; a deadline that passes meanwhile tells what the look before showed."""
    try:
        return await reading
    except DeadlineError as error:
        raise DeadlineError(deadline.awaited, deadline.seconds, waiting) from error


def _unsettled(
    kind: Kind,
    identity: str,
    wanted: Attributes,
    op: Op,
    found: LiveObject,
    ignored: tuple[Path, ...],
) -> str:
    """Return what is not as it should be yet, in words; "" when it has settled."""
    if not found.is_present:
        return found.why or "it does not show yet"
    settle = kind.settle
    if settle is not None:
        value = found.attributes.get(settle.attribute)
        if value in settle.failed:
            raise FailedStateError(
                Diagnostic(
                    summary="Object reports a failure",
                    detail=f"{kind.name} {identity}: {settle.attribute} is {value}.",
                )
            )
        is_settled = (
            settle.is_settled_after_any(value) if op is Op.SETTLE else settle.is_settled(value, op)
        )
        if not is_settled:
            return f"{settle.attribute} is {value}"
    seen = {**kind.identity_values(identity), **found.attributes}
    wanted = with_ignored(wanted, ignored, seen)
    late = [d for d in differences(kind, wanted, wanted, seen) if not d.attribute.sensitive]
    return f"{'.'.join(map(str, late[0].path))} does not show its new value yet" if late else ""


def _pauses() -> Iterator[float]:
    """Yield the pauses between looks, in seconds: short at first, five at most."""
    pause_s = 0.1
    while True:
        yield pause_s
        pause_s = min(pause_s * 1.6, 5.0)


async def _pause(pause_s: float, deadline: Deadline, timing: Timing, waiting: str) -> None:
    if pause_s >= deadline.left_s:
        raise DeadlineError(deadline.awaited, deadline.seconds, waiting)
    await timing.sleep(pause_s)
