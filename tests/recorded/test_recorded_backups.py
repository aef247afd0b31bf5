"""Which of the states before are kept."""

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from recorded_states import pool, record

from reconciler.recorded.backups import DAYS, KEPT, surplus
from reconciler.recorded.disk import Disk
from reconciler.recorded.stores.file import FileStore

NOW = datetime(2025, 11, 23, 10, 42, 7, tzinfo=UTC)
DAY_S = 86_400


def _kept(modified_s: dict[int, float]) -> list[int]:
    serials = sorted(modified_s, reverse=True)
    gone = set(surplus(serials, modified_s.__getitem__))
    return [serial for serial in serials if serial not in gone]


def test_the_newest_ten_are_kept() -> None:
    """However many there were on one day."""
    assert _kept({serial: 1000.0 + serial for serial in range(1, 41)}) == list(range(40, 30, -1))


def test_one_a_day_is_kept_for_thirty_days() -> None:
    """The last of each day; four a day for fifty days leave ten and the days before them."""
    kept = _kept({serial: serial * DAY_S / 4 for serial in range(200)})
    assert kept[:KEPT] == list(range(199, 189, -1))
    assert kept[KEPT:] == [day * 4 + 3 for day in range(46, 49 - DAYS, -1)]


def test_a_stack_at_rest_keeps_what_it_has() -> None:
    """Days count that have a backup, so nothing is thrown away for being old."""
    years = {serial: serial * 90.0 * DAY_S for serial in range(1, 21)}
    assert len(_kept(years)) == 20


@given(st.dictionaries(st.integers(1, 300), st.floats(-1e10, 1e11), max_size=80))
def test_whatever_the_clock_says_the_newest_ten_are_kept(modified_s: dict[int, float]) -> None:
    """Clocks jump; serials do not."""
    kept = _kept(modified_s)
    assert kept[:KEPT] == sorted(modified_s, reverse=True)[:KEPT]
    assert len(kept) <= KEPT + DAYS


def _applied(folder: Path, times: int, disk: Disk | None = None) -> None:
    for n in range(times):
        store = FileStore(folder, "example", disk=disk)
        with store.open_run("apply", run_id=f"r{n}", now=NOW) as run:
            asyncio.run(run.record(pool("a"), record("a", pool_size=os.urandom(8).hex())))


def test_a_run_throws_away_what_need_not_be_kept(tmp_path: Path) -> None:
    """And leaves other stacks' backups alone."""
    _applied(tmp_path, 14)
    other = tmp_path / "backups" / "example.other.1.yaml"
    other.write_text("")
    _applied(tmp_path, 1)
    names = {path.name for path in (tmp_path / "backups").iterdir()}
    assert names == {f"example.{serial}.yaml" for serial in range(5, 15)} | {other.name}


def test_backups_that_cannot_be_thrown_away_stop_no_run(tmp_path: Path) -> None:
    """They stay."""

    class Stubborn(Disk):
        def modified_s(self, path: Path) -> float:
            raise PermissionError

    _applied(tmp_path, 13, Stubborn())
    assert len(list((tmp_path / "backups").iterdir())) == 12
    assert FileStore(tmp_path, "example").read().serial == 13
