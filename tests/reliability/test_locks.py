"""C13, L1, L2, L3, L12: who may run, whatever the clocks say."""

import asyncio
import os
import re
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from recorded_states import intent, pool, record
from workbench import Workbench, many_pools, pg, stack, wait_until

from reconciler.recorded.disk import Disk
from reconciler.recorded.errors import LockedError, StateError, UnwrittenError
from reconciler.recorded.run import Run
from reconciler.recorded.stores.file import FileStore

NOW = datetime(2025, 11, 23, 10, 42, 7, tzinfo=UTC)
HERE = Path(__file__).parent
CLOCKS = {
    "a day back": NOW - timedelta(days=1),
    "a day on": NOW + timedelta(days=1),
    "before the epoch": datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC),
    "the end of 32 bits": datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    "the end of time": datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
}


@pytest.fixture
def slow(bench: Workbench) -> Workbench:
    """A service, and twenty pools to make on it that take their time."""
    bench.write(stack(pg={"main": pg()}))
    bench.apply()
    bench.write(stack(pg={"main": pg()}, connection_pool=many_pools(20, pool_size=1)))
    bench.settings(latency_s=0.3)
    return bench


def _started(bench: Workbench) -> "subprocess.Popen[str]":
    """Return an apply that has begun to make pools."""
    process = bench.start("apply", "--auto-approve", "--parallelism", "2")
    journal = bench.folder / "state" / "test.journal"
    wait_until(lambda: journal.exists() and b'"intent"' in journal.read_bytes())
    return process


# --- the lock


def test_l1_a_second_apply_is_told_at_once_who_is_at_work(slow: Workbench) -> None:
    """Exit 7 without waiting, with process, host and since when; no call is made for it."""
    with _started(slow) as process:
        began = time.monotonic()
        ran = slow.reconcile("apply", "--auto-approve")
        took_s = time.monotonic() - began
        process.kill()
    assert ran.code == 7
    assert took_s < 5  # it did not wait for the other; 0.2 s on an idle machine
    told = rf"Process {process.pid} on {os.uname().nodename} has been applying since [\d:]+ UTC"
    assert re.search(told, ran.said)
    assert "--lock-timeout 5m" in ran.said


def test_l1_with_a_timeout_the_second_waits_and_arrives(slow: Workbench) -> None:
    """It plans when it has the lock, so it sees what the first has done."""
    with _started(slow) as first:
        second = slow.start("apply", "--auto-approve", "--lock-timeout", "1m")
        slow.settings(latency_s=0)
        out, err = second.communicate(timeout=60)
        first.communicate(timeout=60)
    assert (first.returncode, second.returncode) == (0, 0), out + err
    assert len(slow.pools()) == 20
    verbs = [line.outcome.counts for line in _store(slow).read_log().logged[1:]]
    assert verbs == [{"create": 20}, {}]


def test_l2_the_lock_goes_with_its_holder(slow: Workbench) -> None:
    """Killed: the next starts at once, says what is open, settles it, and nobody unlocks."""
    with _started(slow) as process:
        process.kill()
    slow.settings(latency_s=0)
    listed = slow.reconcile("state", "list")
    assert "unresolved: create aiven_connection_pool.p" in listed.err
    slow.apply()
    assert len(slow.pools()) == 20
    assert slow.steps() == []


class _LyingDisk(Disk):
    """Grants every lock, as some network and shared mounts do."""

    def try_lock(self, handle: int) -> bool:
        return True


def test_l3_where_locks_do_not_hold_no_run_is_opened(tmp_path: Path) -> None:
    """Two could meet; a plan is made all the same."""
    store = FileStore(tmp_path, "example", disk=_LyingDisk())
    with pytest.raises(StateError) as caught, store.open_run("apply", run_id="r", now=NOW):
        pytest.fail("the run was opened")
    assert caught.value.diagnostics[0].summary == "Locks do not work here"
    assert "--state DIR" in caught.value.diagnostics[0].hint
    assert store.read().serial == 0


def _store(bench: Workbench) -> FileStore:
    return FileStore(bench.folder / "state", "test")


def _do(run: Run, name: str) -> str:
    """Create an object; return the id of the write."""
    key = run.next_intent_id()

    async def go() -> None:
        await run.announce(intent(key, name))
        await run.done(key, record(name))

    asyncio.run(go())
    return key


@pytest.mark.parametrize("is_second_over", [False, True])
def test_l12_a_lock_removed_by_hand_loses_no_update(tmp_path: Path, is_second_over: bool) -> None:
    """The second run takes over what the first recorded; the first stops and writes nothing over."""
    store = FileStore(tmp_path, "example")
    second = store.open_run("apply", run_id="second", now=NOW)
    with pytest.raises(UnwrittenError), store.open_run("apply", run_id="first", now=NOW) as run:
        _do(run, "a")
        asyncio.run(run.announce(intent(run.next_intent_id(), "open")))
        (tmp_path / "example.lock").unlink()
        taken = second.__enter__()
        assert set(taken.state.resources) == {pool("a")}
        assert [one.address for one in taken.state.unresolved.values()] == [pool("open")]
        with pytest.raises(UnwrittenError):
            _do(run, "b")
        _do(taken, "c")
        if is_second_over:
            second.__exit__(None, None, None)
    if not is_second_over:
        second.__exit__(None, None, None)
    state = store.read()
    assert set(state.resources) == {pool("a"), pool("c")}
    assert [one.address for one in state.unresolved.values()] == [pool("open")]
    assert [(line.run, line.outcome.exit_code) for line in store.read_log().logged] == [
        ("first", None),
        ("second", 0),
    ]


# --- the clock


@pytest.mark.parametrize("name", CLOCKS)
def test_c13_a_clock_that_jumps_changes_no_decision(tmp_path: Path, name: str) -> None:
    """Between two runs, or while one is cut: the same state, the same order of serials, no lock stuck."""
    store = FileStore(tmp_path, "example")
    with store.open_run("apply", run_id="r1", now=NOW) as run:
        _do(run, "a")
    with store.open_run("apply", run_id="r2", now=CLOCKS[name]) as run:
        _do(run, "b")
        with pytest.raises(LockedError), store.open_run("apply", run_id="x", now=NOW):
            pytest.fail("the lock was granted")
        run.abandon()
    with store.open_run("apply", run_id="r3", now=NOW) as run:
        assert set(run.state.resources) == {pool("a"), pool("b")}
    assert store.read().serial == 2
    assert store.read_log().broken is None


def test_c13_files_from_the_future_are_read_as_any(tmp_path: Path) -> None:
    """Nothing looks at when a file was written, but for which old backups are thrown away."""
    store = FileStore(tmp_path, "example")
    for n in range(3):
        with store.open_run("apply", run_id=f"r{n}", now=NOW) as run:
            _do(run, f"p{n}")
    for path in tmp_path.rglob("*"):
        os.utime(path, (2**33, 2**33))
    with store.open_run("apply", run_id="r4", now=NOW) as run:
        assert len(run.state.resources) == 3
        _do(run, "p4")
    assert [backup.serial for backup in store.list_backups()] == [3, 2, 1]


def test_c13_a_time_zone_shows_nowhere(bench: Workbench) -> None:
    """Times are UTC in all that is written and told."""
    bench.write(stack(pg={"main": pg()}))
    ran = bench.process("apply", "--auto-approve", TZ="Pacific/Kiritimati")
    assert ran.code == 0, ran.both
    (line,) = _store(bench).read_log().logged
    at = datetime.fromisoformat(line.at)
    assert abs(at - datetime.now(UTC)) < timedelta(minutes=5)
    assert line.at.endswith("Z")


def test_c13_no_room_that_decides_looks_at_the_time_of_day() -> None:
    """Deadlines are monotonic; what people read gets the time from the command line's edge."""
    package = HERE.parent.parent / "reconciler"
    clocks = re.compile(
        r"\b(?:datetime\.(?:now|today|utcnow)|date\.today|time\.(?:time|localtime))\("
    )
    for room in ("model", "kinds", "expressions", "desired", "recorded", "plan", "apply"):
        for file in (package / room).rglob("*.py"):
            assert not clocks.search(file.read_text()), file
