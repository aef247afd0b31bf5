"""One step: announce it, send it, wait until it shows, write down how it ended."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

from reconciler.apply.late import NOTHING_NEEDED, LateValues, Needed
from reconciler.apply.settle import until_gone, until_settled
from reconciler.kinds.kind import Kind
from reconciler.live.deadline import Deadline, Timing
from reconciler.live.driver import Driver, requests_for
from reconciler.live.errors import ApiError, OutcomeUnknownError
from reconciler.live.request import Request
from reconciler.live.snapshot import Snapshot
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ReconcileError
from reconciler.model.events import EventType
from reconciler.model.live import LiveObject
from reconciler.model.location import Path
from reconciler.model.plan import Change, Step
from reconciler.model.state import Intent, Op, Recorded
from reconciler.model.values import Attributes
from reconciler.plan.diff import Difference, differences
from reconciler.plan.record import recordable
from reconciler.recorded.errors import StateError


class Journal(Protocol):
    """What a run writes down; each call returns when it is on disk. `recorded`'s Run is one."""

    def next_intent_id(self) -> str: ...
    async def announce(self, intent: Intent) -> None: ...
    async def written(self, intent_id: str, recorded: Recorded) -> None: ...
    async def done(self, intent_id: str, recorded: Recorded | None) -> None: ...
    async def failed(self, intent_id: str) -> None: ...
    async def record(self, address: Address, recorded: Recorded) -> None: ...
    async def forget(self, address: Address) -> None: ...


class BecameReplaceError(ReconcileError):
    """A value that came to be during the run would turn an update into a replace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All that steps work on.

    tell: told of events: type, step, note. now: the time as RFC 3339, for the journal's readers.
    """

    kinds: Mapping[str, Kind]
    driver: Driver
    snapshot: Snapshot
    journal: Journal
    timing: Timing
    late: LateValues
    needed: Mapping[Address, Needed]
    tell: Callable[[EventType, Step, str], None]
    now: Callable[[], str]
    changes: Mapping[Address, Change] = field(default_factory=dict)


async def take_step(world: World, step: Step) -> None:
    """Carry one step out. Raises ReconcileError; OutcomeUnknownError when it may have happened."""
    change = world.changes[step.address]
    await _TAKE[step.op](world, step, change)


async def _create(world: World, step: Step, change: Change) -> None:
    kind = world.kinds[step.address.kind]
    wanted, record = _final(world, change, kind)
    identity = record.identity
    requests = requests_for(kind, Op.CREATE, wanted, (), identity)
    deadline = _deadline(world, step)
    sent: list[str] = list(kind.identity)
    async with _announced(world, step, identity, record) as intent:
        for request in requests:
            await _send_new(world, step, kind, identity, wanted, request, deadline)
            sent += request.covers
            # The identity is on disk before the wait: what exists from here on is known to be ours.
            so_far = {name: value for name, value in record.attributes.items() if name in sent}
            await world.journal.written(intent, replace(record, attributes=so_far))
            world.tell(EventType.STEP_SENT, step, request.name)
        await _settle(world, step, kind, identity, wanted, deadline)
        await world.journal.done(intent, record)


async def _send_new(
    world: World,
    step: Step,
    kind: Kind,
    identity: str,
    wanted: Attributes,
    request: Request,
    deadline: Deadline,
) -> None:
    """Send one request of a create. An outcome nobody saw is settled by reading, never by sending again.

    Only when a read shows that the object is not there is it sent once more; a 409 then, or one after
    a connection that broke, means that the first request was still on its way: read again and compare.
    """
    for is_last in (False, True):
        try:
            await world.driver.send(kind, Op.CREATE, request, deadline)
        except OutcomeUnknownError as error:
            found = await _look(world, kind, identity, wanted, deadline)
            if _shows(kind, identity, wanted, found, request):
                return
            if found.is_present or found.why or is_last:
                raise
            world.tell(EventType.SETTLE, step, f"{error.why}; not there, so sent once more")
        except ApiError as error:
            if error.status == 409 and (is_last or error.attempts > 1):
                found = await _look(world, kind, identity, wanted, deadline)
                if _shows(kind, identity, wanted, found, request):
                    return
            raise
        else:
            return


async def _update(world: World, step: Step, change: Change) -> None:
    kind = world.kinds[step.address.kind]
    wanted, record = _final(world, change, kind)
    changed = _changed(world, change, kind, wanted)
    deadline = _deadline(world, step)
    requests = requests_for(kind, Op.UPDATE, wanted, changed, record.identity)
    async with _announced(world, step, record.identity, record) as intent:
        for request in requests:
            await _send_again_if_lost(world, kind, record.identity, wanted, request, deadline)
            world.tell(EventType.STEP_SENT, step, request.name)
        await _settle(world, step, kind, record.identity, wanted, deadline)
        await world.journal.done(intent, record)


async def _send_again_if_lost(
    world: World,
    kind: Kind,
    identity: str,
    wanted: Attributes,
    request: Request,
    deadline: Deadline,
) -> None:
    """Send one request of an update; when its outcome was not seen, look, and send once more if needed."""
    try:
        await world.driver.send(kind, Op.UPDATE, request, deadline)
    except OutcomeUnknownError:
        found = await _look(world, kind, identity, wanted, deadline)
        if not _shows(kind, identity, wanted, found, request):
            await world.driver.send(kind, Op.UPDATE, request, deadline)


async def _delete(world: World, step: Step, _change: Change) -> None:
    kind = world.kinds[step.address.kind]
    deadline = _deadline(world, step)
    values = kind.identity_values(step.identity)
    async with _announced(world, step, step.identity, None) as intent:
        try:
            for request in requests_for(kind, Op.DELETE, values, (), step.identity):
                await world.driver.send(kind, Op.DELETE, request, deadline)
                world.tell(EventType.STEP_SENT, step, request.name)
        except OutcomeUnknownError:
            if (await _look(world, kind, step.identity, {}, deadline)).is_present:
                raise
        await until_gone(
            world.snapshot,
            kind,
            step.identity,
            deadline,
            world.timing,
            look=lambda note: world.tell(EventType.SETTLE, step, note),
        )
        await world.journal.done(intent, None)


async def _wait(world: World, step: Step, change: Change) -> None:
    kind = world.kinds[step.address.kind]
    wanted, record = _final(world, change, kind)
    await _settle(world, step, kind, record.identity, wanted, _deadline(world, step))
    await world.journal.record(step.address, record)


async def _record(world: World, step: Step, change: Change) -> None:
    _, record = _final(world, change, world.kinds[step.address.kind])
    await world.journal.record(step.address, record)


async def _forget(world: World, step: Step, _change: Change) -> None:
    await world.journal.forget(step.address)


_TAKE = {
    Op.CREATE: _create,
    Op.UPDATE: _update,
    Op.DELETE: _delete,
    Op.SETTLE: _wait,
    Op.RECORD: _record,
    Op.FORGET: _forget,
}


def _final(world: World, change: Change, kind: Kind) -> tuple[dict[str, object], Recorded]:
    """Return the attributes and the record with every late value put in."""
    if change.record is None:
        raise ValueError(f"{change.address} has nothing to record")
    wanted = {name: world.late.put_in(value) for name, value in change.wanted.items()}
    record = replace(
        change.record,
        identity=kind.identity_of(wanted) or change.record.identity,
        attributes=recordable(kind, wanted),
    )
    return wanted, record


def _changed(world: World, change: Change, kind: Kind, wanted: Attributes) -> tuple[Path, ...]:
    """Return the paths to send: those of the plan, less late values that turned out to be there already.

    Raises BecameReplaceError when a late value would need what the plan did not show.
    """
    live = world.late.before[change.address].attributes
    seen = {**kind.identity_values(change.identity), **live}
    found = differences(kind, wanted, change.record.attributes if change.record else None, seen)
    planned = {field.path for field in change.fields}
    forced = [d for d in found if d.attribute.force_new]
    if forced:
        raise BecameReplaceError(_would_replace(change, forced[0]))
    return tuple(d.path for d in found if _is_planned(d.path, planned))


def _is_planned(path: Path, planned: Iterable[Path]) -> bool:
    return any(path == shown[: len(path)] or shown == path[: len(shown)] for shown in planned)


def _would_replace(change: Change, forced: Difference) -> Diagnostic:
    name = ".".join(map(str, forced.path))
    return Diagnostic(
        summary="Not as planned: it would have to be replaced",
        detail=f"{change.address}.{name} came out as another value than the object has,"
        " which needs a replace that the plan did not show.",
        hint="run reconcile plan again: it now shows the replace",
        location=change.source,
    )


@asynccontextmanager
async def _announced(
    world: World, step: Step, identity: str, want: Recorded | None
) -> AsyncIterator[str]:
    """Put the intent on disk before anything is sent; yield its id.

    An error whose outcome is known closes the intent; any other leaves it for the next run to resolve.
    """
    intent = Intent(
        id=world.journal.next_intent_id(),
        op=step.op,
        address=step.address,
        identity=identity,
        want=want,
        at=world.now(),
    )
    await world.journal.announce(intent)
    try:
        yield intent.id
    except (OutcomeUnknownError, StateError):
        raise
    except ReconcileError:
        await world.journal.failed(intent.id)
        raise


async def _settle(
    world: World, step: Step, kind: Kind, identity: str, wanted: Attributes, deadline: Deadline
) -> None:
    world.late.after[step.address] = await until_settled(
        world.snapshot,
        kind,
        identity,
        wanted,
        step.op,
        deadline,
        world.timing,
        needed=world.needed.get(step.address, NOTHING_NEEDED),
        look=lambda note: world.tell(EventType.SETTLE, step, note),
    )


async def _look(
    world: World, kind: Kind, identity: str, wanted: Attributes, deadline: Deadline
) -> LiveObject:
    return await world.snapshot.fresh(
        kind, identity, deadline, since=world.timing.clock(), attributes=frozenset(wanted)
    )


def _shows(
    kind: Kind, identity: str, wanted: Attributes, found: LiveObject, request: Request
) -> bool:
    """Whether the object shows all that this request brought, as far as it can be seen."""
    if not found.is_present:
        return False
    brought = {name: value for name, value in wanted.items() if name in request.covers}
    if any(kind.attributes[name].sensitive for name in brought):
        return False
    seen = {**kind.identity_values(identity), **found.attributes}
    return not [d for d in differences(kind, wanted, wanted, seen) if d.path[0] in request.covers]


def _deadline(world: World, step: Step) -> Deadline:
    awaited = f"the {step.op} of {step.address}"
    return Deadline.after(step.timeout_s, awaited, clock=world.timing.clock)
