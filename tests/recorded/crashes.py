"""Runs by script on a simulated disk, cut after every call, and what must be true of all that a cut leaves.

A script is a list of entries, as a run writes them one after another or several at once. Whatever a cut
leaves must be read back as the record after some of them: all that were acknowledged, and of the others no
more than had been put.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from recorded_states import LINEAGE, approval, intent, pool, record
from simdisk import Content, SimDisk

from reconciler.model.state import Op, State
from reconciler.recorded.entries import (
    Announced,
    Approved,
    Changed,
    Done,
    Entry,
    Failed,
    Ledger,
    Written,
)
from reconciler.recorded.run import Run
from reconciler.recorded.stores.file import FileStore

FOLDER = Path("/srv/state")
NOW = datetime(2025, 11, 23, 10, 42, 7, tzinfo=UTC)
NEVER = 10**9
EMPTY: Content = {Path("/srv"): None}

Key: TypeAlias = frozenset[tuple[Path, bytes | None]]


def open_store(disk: SimDisk, full: int = NEVER) -> FileStore:
    return FileStore(FOLDER, "example", disk=disk, new_lineage=lambda: LINEAGE, full=full)


def script(serial: int, start: int = 1) -> tuple[Entry, ...]:
    """Return a life in entries: made, changed, moved, deleted, failed, approved, and left open."""
    a, b, c, d = (f"{serial}.{start + n}" for n in range(4))
    one, two = record("one"), record("two")
    return (
        Approved(approval=approval("one", "two")),
        Announced(intent=intent(a, "one")),
        Written(id=a, address=pool("one"), record=record("one", pool_size=1)),
        Announced(intent=intent(b, "two")),
        Done(id=a, address=pool("one"), identity=one.identity, record=one),
        Approved(approval=approval("two")),
        Failed(id=b),
        Changed(records={pool("base"): None, pool("moved"): two}),
        Announced(intent=intent(c, "one", Op.DELETE)),
        Done(id=c, address=pool("one"), identity=one.identity, record=None),
        Announced(intent=intent(d, "open")),
        Written(id=d, address=pool("open"), record=record("open")),
    )


def crowd(serial: int, start: int = 1) -> tuple[Entry, ...]:
    """Return what four writes at a time put together: all announced, then all written, then all ended."""
    keys = {f"c{n}": f"{serial}.{start + n}" for n in range(4)}
    (last, last_key), *others = reversed(keys.items())
    return (
        *(Announced(intent=intent(key, name)) for name, key in keys.items()),
        *(Written(id=key, address=pool(name), record=record(name)) for name, key in keys.items()),
        *(
            Done(id=key, address=pool(name), identity=record(name).identity, record=record(name))
            for name, key in others
        ),
        Failed(id=last_key),
        Changed(records={pool(last): None}),
    )


async def write(run: Run, entry: Entry) -> None:
    """Make the call of a run that writes `entry`."""
    match entry:
        case Announced(intent=announced):
            await run.announce(announced)
        case Written(id=key, record=written):
            await run.written(key, written)
        case Done(id=key, record=done):
            await run.done(key, done)
        case Failed(id=key):
            await run.failed(key)
        case Changed(records=records):
            await run.change(records)
        case Approved(approval=approved):
            await run.approve(approved)


@dataclass(slots=True)
class Told:
    """What has been acknowledged at some moment.

    written: how many entries. begun: how many more may be there. serial: of the state that was known to be
    saved. ended: runs that came to their end.
    """

    written: int = 0
    begun: int = 0
    serial: int = 0
    ended: tuple[str, ...] = ()


@dataclass(slots=True)
class Watched(SimDisk):
    """Notes all that a cut may leave after each call, with what had been acknowledged by then."""

    told: Told = field(default_factory=Told)
    cuts: dict[Key, tuple[str, Told]] = field(default_factory=dict)

    def after(self, name: str, path: Path) -> None:
        where = f"call {len(self.calls)}: {name} {path.name}"
        for content in self.leftovers():
            # The latest moment counts: by then the most had been acknowledged.
            self.cuts[frozenset(content.items())] = (where, replace(self.told))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What is on the disk at first, and the entries of one run on it.

    at_once: how many are put together. full: records that a journal takes before it is folded.
    """

    content: Content
    base: State
    entries: Sequence[Entry]
    at_once: int = 1
    full: int = NEVER

    def after(self, count: int) -> State:
        """Return the record after so many entries."""
        ledger = Ledger(self.base)
        for entry in self.entries[:count]:
            ledger.put(entry)
        return ledger.put_into(self.base)


def play(scenario: Scenario, disk: Watched, run_id: str = "played") -> None:
    """Carry a scenario out to its end."""

    async def go(run: Run) -> None:
        for at in range(0, len(scenario.entries), scenario.at_once):
            some = scenario.entries[at : at + scenario.at_once]
            disk.told.begun = len(some)
            await asyncio.gather(*(write(run, entry) for entry in some))
            disk.told.written += len(some)
            disk.told.begun = 0

    store = open_store(disk, scenario.full)
    with store.open_run("apply", run_id=run_id, now=NOW) as run:
        disk.told.serial = run.state.serial
        asyncio.run(go(run))
    disk.told.serial = store.read().serial
    disk.told.ended = (run_id,)
    disk.after("end", FOLDER)


def violations(scenario: Scenario, disk: Watched) -> Iterator[str]:
    """Yield what is wrong with whatever a cut of the played scenario leaves."""
    for key, (where, told) in disk.cuts.items():
        for wrong in _check(scenario, dict(key), told):
            yield f"{where}: {wrong}"


def _check(scenario: Scenario, content: Content, told: Told) -> Iterator[str]:
    disk = SimDisk.of(content)
    try:
        seen = open_store(disk).read()
        with open_store(disk).open_run("apply", run_id="next", now=NOW) as run:
            taken_up = run.state
        again = open_store(disk).read()
    except Exception as error:  # noqa: BLE001  (whatever it raises is what is wrong)
        yield f"recovery raised {error!r}"
        return
    yield from _compare(scenario, seen, told)
    if _record(taken_up) != _record(seen) or again != taken_up:
        yield "what was taken up is not what was read"
    if not told.serial <= seen.serial <= taken_up.serial:
        yield f"the serial went from {told.serial} to {seen.serial} to {taken_up.serial}"
    yield from _check_log(disk, told)


def _compare(scenario: Scenario, seen: State, told: Told) -> Iterator[str]:
    allowed = range(told.written, told.written + told.begun + 1)
    if not any(_record(scenario.after(count)) == _record(seen) for count in allowed):
        yield f"after {told.written} acknowledged entries the record is another"


def _record(state: State) -> tuple[object, ...]:
    return state.resources, state.unresolved, state.approved


def _check_log(disk: SimDisk, told: Told) -> Iterator[str]:
    trail = open_store(disk).read_log()
    runs = [line.run for line in trail.logged]
    if trail.broken is not None:
        yield f"line {trail.broken[0]} of the log {trail.broken[1]}"
    if len(set(runs)) < len(runs):
        yield f"a run stands in the log twice: {runs}"
    if not {*told.ended, "next"} <= set(runs):
        yield f"a run is missing in the log: {runs}"


# --- scenarios


def first_run(full: int = NEVER) -> Scenario:
    return Scenario(content=EMPTY, base=State(stack="example"), entries=script(0), full=full)


def second_run(full: int = NEVER) -> Scenario:
    """A run on a state that has an object and an intent of which nobody knows what became."""
    content = _left_by(_prepare)
    base = open_store(SimDisk.of(content)).read()
    entries = (*script(base.serial), Failed(id="0.1"))
    return Scenario(content=content, base=base, entries=entries, full=full)


def crowded_run(full: int = NEVER) -> Scenario:
    """A run that has four writes under way at a time."""
    content = _left_by(_prepare)
    base = open_store(SimDisk.of(content)).read()
    entries = (*crowd(base.serial), *crowd(base.serial, start=5))
    return Scenario(content=content, base=base, entries=entries, full=full, at_once=4)


def third_run(full: int = NEVER) -> Scenario:
    """A run that takes up from one that was cut."""
    content = _left_by(_prepare, _cut)
    base = open_store(SimDisk.of(content)).read()
    return Scenario(content=content, base=base, entries=script(base.serial + 1), full=full)


def _left_by(*steps: Callable[[SimDisk], None]) -> Content:
    disk = SimDisk.of(EMPTY)
    for step in steps:
        step(disk)
        disk.handles.clear()
    return disk.content()


def _prepare(disk: SimDisk) -> None:
    with open_store(disk).open_run("apply", run_id="prepare", now=NOW) as run:
        _write_all(run, [Changed(records={pool("base"): record("base")})])
        _write_all(run, [Announced(intent=intent("0.1", "uncertain"))])


def _cut(disk: SimDisk) -> None:
    with open_store(disk).open_run("apply", run_id="cut", now=NOW) as run:
        _write_all(run, script(run.state.serial, start=50)[:6])
        run.abandon()


def _write_all(run: Run, entries: Iterable[Entry]) -> None:
    async def go() -> None:
        for entry in entries:
            await write(run, entry)

    asyncio.run(go())
