"""One step: announce it, send it, wait until it shows, write down how it ended."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

from reconciler.apply.late import NOTHING_NEEDED, LateValues, Needed, holds_unknown
from reconciler.apply.sending import Sender
from reconciler.apply.settle import until_gone, until_settled
from reconciler.kinds.kind import Kind
from reconciler.live.deadline import Deadline, Timing
from reconciler.live.driver import Driver, requests_for
from reconciler.live.errors import OutcomeUnknownError
from reconciler.live.snapshot import Snapshot
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ReconcileError
from reconciler.model.events import EventType
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
    async def change(self, records: Mapping[Address, Recorded | None]) -> None: ...


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


Sent = Callable[[], None]
"""Told when all is sent, and only waiting is left."""


async def take_step(world: World, step: Step, sent: Sent) -> None:
    """Carry one step out. Raises ReconcileError; OutcomeUnknownError when it may have happened."""
    change = world.changes[step.address]
    await _TAKE[step.op](world, step, change, sent)


async def _create(world: World, step: Step, change: Change, sent: Sent) -> None:
    kind = world.kinds[step.address.kind]
    wanted, record = _final(world, change, kind)
    identity = record.identity
    requests = requests_for(kind, Op.CREATE, wanted, (), identity)
    deadline = _deadline(world, step)
    brought: list[str] = list(kind.identity)
    sender = _sender(world, step, kind, identity, wanted, deadline)
    # From here on there may be two objects: the old one must not be forgotten, however this ends.
    if change.left_over:
        await world.journal.change(change.left_over)
    async with _announced(world, step, identity, record) as intent:
        for n, request in enumerate(requests):
            # Only the first makes the object; what follows sets values, as an update does.
            await (sender.create(request) if n == 0 else sender.update(request))
            brought += request.covers
            # The identity is on disk before the wait: what exists from here on is known to be ours.
            so_far = {name: value for name, value in record.attributes.items() if name in brought}
            await world.journal.written(intent, replace(record, attributes=so_far))
            world.tell(EventType.STEP_SENT, step, request.name)
        sent()
        await _settle(world, step, kind, identity, wanted, deadline, ())
        await world.journal.done(intent, record)


async def _update(world: World, step: Step, change: Change, sent: Sent) -> None:
    kind = world.kinds[step.address.kind]
    wanted, record = _final(world, change, kind)
    changed = _changed(world, change, kind, wanted)
    deadline = _deadline(world, step)
    requests = requests_for(kind, Op.UPDATE, wanted, changed, record.identity)
    sender = _sender(world, step, kind, record.identity, wanted, deadline)
    async with _announced(world, step, record.identity, record) as intent:
        for request in requests:
            await sender.update(request)
            world.tell(EventType.STEP_SENT, step, request.name)
        sent()
        await _settle(world, step, kind, record.identity, wanted, deadline, change.ignored)
        await world.journal.done(intent, record)


async def _delete(world: World, step: Step, change: Change, sent: Sent) -> None:
    kind = world.kinds[step.address.kind]
    deadline = _deadline(world, step)
    values = kind.identity_values(step.identity)
    sender = _sender(world, step, kind, step.identity, {}, deadline)
    async with _announced(world, step, step.identity, None) as intent:
        for request in requests_for(kind, Op.DELETE, values, (), step.identity):
            await sender.delete(request)
            world.tell(EventType.STEP_SENT, step, request.name)
        sent()
        await until_gone(
            world.snapshot,
            kind,
            step.identity,
            deadline,
            world.timing,
            look=lambda note: world.tell(EventType.SETTLE, step, note),
        )
        await world.journal.done(intent, None)
    if change.left_over:
        await world.journal.change(dict.fromkeys(change.left_over))


async def _wait(world: World, step: Step, change: Change, sent: Sent) -> None:
    kind = world.kinds[step.address.kind]
    wanted, record = _final(world, change, kind)
    deadline = _deadline(world, step)
    sent()
    await _settle(world, step, kind, record.identity, wanted, deadline, change.ignored)
    await world.journal.record(step.address, record)


async def _record(world: World, step: Step, change: Change, _sent: Sent) -> None:
    if change.adopted is not None:
        await world.journal.record(step.address, change.adopted)
        return
    _, record = _final(world, change, world.kinds[step.address.kind])
    await world.journal.record(step.address, record)


async def _forget(world: World, step: Step, _change: Change, _sent: Sent) -> None:
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
    declared = {name: world.late.put_in(value) for name, value in change.record.attributes.items()}
    record = replace(
        change.record,
        identity=kind.identity_of(wanted) or change.record.identity,
        attributes=recordable(kind, declared),
    )
    return wanted, record


def _changed(world: World, change: Change, kind: Kind, wanted: Attributes) -> tuple[Path, ...]:
    """Return the paths to send: those of the plan, less late values that turned out to be there already.

    Raises BecameReplaceError when a late value would need what the plan did not show.
    """
    live = world.late.before[change.address].attributes
    seen = {**kind.identity_values(change.identity), **live}
    found = differences(kind, wanted, change.record.attributes if change.record else None, seen)
    late = {name for name, value in change.wanted.items() if holds_unknown(value)}
    for difference in found:
        of = difference.attribute
        if difference.path[0] in late and of.force_new and not of.updatable:
            raise BecameReplaceError(_would_replace(change, difference))
    differing = {d.path[0] for d in found}
    return tuple(
        field.path
        for field in change.fields
        if field.path[0] not in late or field.path[0] in differing
    )


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
    world: World,
    step: Step,
    kind: Kind,
    identity: str,
    wanted: Attributes,
    deadline: Deadline,
    ignored: tuple[Path, ...],
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
        ignored=ignored,
    )


def _sender(
    world: World, step: Step, kind: Kind, identity: str, wanted: Attributes, deadline: Deadline
) -> Sender:
    return Sender(
        driver=world.driver,
        snapshot=world.snapshot,
        timing=world.timing,
        kind=kind,
        identity=identity,
        wanted=wanted,
        deadline=deadline,
        note=lambda text: world.tell(EventType.SETTLE, step, text),
    )


def _deadline(world: World, step: Step) -> Deadline:
    awaited = f"the {step.op} of {step.address}"
    return Deadline.after(step.timeout_s, awaited, clock=world.timing.clock)
