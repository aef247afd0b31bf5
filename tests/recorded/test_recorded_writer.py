"""Many at once: one write for whatever is waiting, in order, and a new journal when one is full."""

import asyncio
import errno
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from recorded_disks import FailingDisk
from recorded_states import intent, pool, record

from reconciler.recorded.disk import Disk
from reconciler.recorded.entries import Announced, Done
from reconciler.recorded.errors import StateError, UnwrittenError
from reconciler.recorded.journal import decode
from reconciler.recorded.run import Run
from reconciler.recorded.stores.file import FileStore

NOW = datetime(2025, 11, 23, 10, 42, 7, tzinfo=UTC)


class CountingDisk(Disk):
    """Counts what reaches the disk."""

    syncs = 0

    def sync(self, handle: int) -> None:
        self.syncs += 1
        super().sync(handle)


async def _create(run: Run, name: str) -> None:
    key = run.next_intent_id()
    await run.announce(intent(key, name))
    await run.done(key, record(name))


async def _all(run: Run, names: Iterable[str], at_once: int = 50) -> None:
    left = iter(names)

    async def work() -> None:
        for name in left:
            await _create(run, name)

    await asyncio.gather(*(work() for _ in range(at_once)))


def _names(count: int) -> list[str]:
    return [f"p{n}" for n in range(count)]


def test_whoever_waits_shares_one_write(tmp_path: Path) -> None:
    """500 creates, 50 at once: a twentieth of the fsyncs, and nothing is missing."""
    disk = CountingDisk()
    with FileStore(tmp_path, "example", disk=disk).open_run("apply", run_id="r", now=NOW) as run:
        asyncio.run(_all(run, _names(500)))
        assert disk.syncs < 1000 / 5
        run.abandon()
    assert FileStore(tmp_path, "example").read().resources.keys() == set(map(pool, _names(500)))


def test_the_journal_keeps_the_order_of_each_object(tmp_path: Path) -> None:
    """Announced, then done, for every one; what was put together was written together."""
    with FileStore(tmp_path, "example").open_run("apply", run_id="r", now=NOW) as run:
        asyncio.run(_all(run, _names(40)))
        journal = decode((tmp_path / "example.journal").read_bytes())
    assert journal is not None
    announced: set[str] = set()
    for entry in journal.entries:
        if isinstance(entry, Announced):
            announced.add(entry.intent.id)
        elif isinstance(entry, Done):
            assert entry.id in announced
    assert len(announced) == 40


@pytest.mark.parametrize("full", [1, 2, 3, 7, 50])
def test_a_full_journal_is_folded_in_the_middle_of_a_run(tmp_path: Path, full: int) -> None:
    """Serial by serial; ids stay unique, what is announced stays so, the end is the same."""
    store = FileStore(tmp_path, "example", full=full)
    with store.open_run("apply", run_id="r", now=NOW) as run:
        open_key = run.next_intent_id()
        asyncio.run(run.announce(intent(open_key, "open")))
        asyncio.run(_all(run, _names(30), at_once=5))
        midway = store.read()
        assert midway.resources.keys() == set(map(pool, _names(30)))
        assert list(midway.unresolved) == [open_key]
        assert midway.serial >= 1
    state = store.read()
    assert (state.resources, list(state.unresolved)) == (midway.resources, [open_key])
    assert state.serial > 60 // (full + 10)
    assert not (tmp_path / "example.journal").exists()


@pytest.mark.parametrize("name", ["create", "rename", "sync_folder", "link", "append"])
def test_a_fold_that_fails_in_the_middle_stops_the_run_and_loses_nothing(
    tmp_path: Path, name: str
) -> None:
    """What was acknowledged before stays so; nothing more is announced."""
    with FileStore(tmp_path, "example").open_run("apply", run_id="r", now=NOW) as run:
        asyncio.run(run.record(pool("old"), record("old")))

    class FailingAtFolds(FailingDisk):
        def before(self, what: str, where: Path | int) -> None:
            """Fail as soon as the state is being written."""
            if what == "remove" and isinstance(where, Path) and where.name == "example.yaml.tmp":
                self.is_failing = True
            super().before(what, where)

    disk = FailingAtFolds(name, errno.ENOSPC)
    store = FileStore(tmp_path, "example", disk=disk, full=6)
    done: list[str] = []
    with pytest.raises(UnwrittenError), store.open_run("apply", run_id="r2", now=NOW) as run:
        for item in _names(9):
            asyncio.run(_create(run, item))
            done.append(item)
    assert done == _names(3)
    state = FileStore(tmp_path, "example").read()
    assert state.resources.keys() == set(map(pool, ["old", *done]))
    with FileStore(tmp_path, "example").open_run("apply", run_id="r3", now=NOW) as run:
        assert run.state.resources == state.resources


def test_all_who_share_a_write_that_fails_get_to_know(tmp_path: Path) -> None:
    """And none of their intents counts as announced."""
    disk = FailingDisk("sync", errno.EIO)

    async def announce_all(run: Run) -> list[BaseException | None]:
        keys = [run.next_intent_id() for _ in range(5)]
        calls = (run.announce(intent(key, f"p{n}")) for n, key in enumerate(keys))
        return await asyncio.gather(*calls, return_exceptions=True)

    with FileStore(tmp_path, "example", disk=disk).open_run("apply", run_id="r", now=NOW) as run:
        disk.is_failing = True
        errors = asyncio.run(announce_all(run))
        disk.is_failing = False
        assert run.current.unresolved == {}
    assert all(isinstance(error, StateError) for error in errors)
    assert FileStore(tmp_path, "example").read().unresolved == {}


def test_who_is_cancelled_while_waiting_leaves_the_rest_alone(tmp_path: Path) -> None:
    """A dropped announcement may be on disk or not: it was not sent; the others are all there."""

    async def cancel_some(run: Run) -> None:
        tasks = [asyncio.create_task(_create(run, name)) for name in _names(20)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    with FileStore(tmp_path, "example").open_run("apply", run_id="r", now=NOW) as run:
        asyncio.run(cancel_some(run))
        asyncio.run(_create(run, "later"))
    state = FileStore(tmp_path, "example").read()
    assert state.resources.keys() >= {*map(pool, _names(20)[1::2]), pool("later")}
    assert len(state.resources) == 11
