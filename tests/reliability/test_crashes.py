"""C2, C3, C4, C8, C10: what a power cut, a full disk or a broken one leaves is always read back."""

import errno
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import pytest
from crashes import (
    FOLDER,
    NOW,
    Scenario,
    Watched,
    crowded_run,
    first_run,
    open_store,
    play,
    second_run,
    third_run,
    violations,
)
from mutants import MUTANTS, NewJournalUnsynced
from simdisk import Content, SimDisk

from reconciler.model.errors import ExitCode
from reconciler.model.state import State
from reconciler.recorded.codec import encode
from reconciler.recorded.errors import StateError, UnwrittenError

SCENARIOS: dict[str, Callable[[], Scenario]] = {
    "the first run of a stack": first_run,
    "a run on what another has left": second_run,
    "a run that takes up from one that was cut": third_run,
    "four writes at a time": crowded_run,
    "the first run, folded midway": lambda: first_run(full=2),
    "a run, folded midway": lambda: second_run(full=3),
    "four writes at a time, folded midway": lambda: crowded_run(full=5),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_c2_every_cut_leaves_what_was_acknowledged(name: str) -> None:
    """Every disk that a cut after any call may leave: read, taken up, nothing lost, the serial grows."""
    scenario = SCENARIOS[name]()
    disk = Watched.of(scenario.content)
    play(scenario, disk)
    assert len(disk.cuts) > 100
    assert list(violations(scenario, disk)) == []


@pytest.mark.parametrize("mutant", MUTANTS)
def test_c3_every_planted_mistake_is_caught(mutant: type[Watched]) -> None:
    """Each by some disk on which something acknowledged is missing, or recovery fails."""
    midway = mutant is NewJournalUnsynced
    scenario = second_run(full=3) if midway else second_run()
    disk = mutant.of(scenario.content)
    play(scenario, disk)
    found = list(violations(scenario, disk))
    assert found, f"{mutant.__name__} passes on {len(disk.cuts)} disks"


def test_c4_a_last_line_torn_at_any_byte_is_dropped() -> None:
    """Cut, or zeros from there on: its write had not been acknowledged, so nothing was sent for it."""
    scenario = second_run()
    journal = FOLDER / "example.journal"
    disk = _JournalKept.of(scenario.content)
    play(scenario, disk)
    lines = disk.kept.splitlines(keepends=True)
    assert len(lines) == len(scenario.entries) + 1
    for number in range(1, len(lines) + 1):
        whole, last = b"".join(lines[: number - 1]), lines[number - 1]
        expected = scenario.after(max(0, number - 2))
        for at in range(0, len(last), 1 if number > len(lines) - 2 else 37):
            for torn in (last[:at], last[:at] + b"\0" * (len(last) - at)):
                found = SimDisk.of({**scenario.content, journal: whole + torn})
                seen = open_store(found).read()
                assert (seen.resources, seen.unresolved, seen.approved) == (
                    expected.resources,
                    expected.unresolved,
                    expected.approved,
                )


@dataclass(slots=True)
class _JournalKept(Watched):
    """Keeps what the journal held last. Notes no cuts."""

    kept: bytes = b""

    def after(self, name: str, path: Path) -> None:
        if path == FOLDER / "example.journal" and name == "sync":
            self.kept = self.names_now[path].data


@dataclass(slots=True)
class _Failing(Watched):
    """Refuses call number `at`, and those that follow if it `lasts`. Half of what is appended is there."""

    at: int = 0
    lasts: bool = False
    code: int = errno.ENOSPC

    def before(self, name: str, path: Path) -> None:
        number = len(self.calls)
        if name == "overwrite" or not (number == self.at or (self.lasts and number > self.at)):
            return
        raise OSError(self.code, os.strerror(self.code))

    def after(self, name: str, path: Path) -> None:
        """Note nothing: what is there in the end is looked at."""


def _failing_runs(
    code: int, *, lasts: bool
) -> Iterator[tuple[Scenario, _Failing, StateError | None]]:
    """Yield a scenario, with each call failing in turn, and what the run raised."""
    for at in count(1):
        scenario = second_run(full=5)
        disk = _Failing.of(scenario.content)
        disk.at, disk.lasts, disk.code = at, lasts, code
        error = None
        try:
            play(scenario, disk)
        except StateError as raised:
            error = raised
        if len(disk.calls) < at:
            return
        yield scenario, disk, error


@pytest.mark.parametrize("lasts", [False, True])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_c8_whichever_call_fails_nothing_acknowledged_is_lost(code: int, lasts: bool) -> None:
    """For now or for good: exit 1 before anything was announced, else 6; the next run has it all."""
    runs = 0
    for scenario, disk, error in _failing_runs(code, lasts=lasts):
        runs += 1
        expected = ExitCode.PARTIAL if disk.told.written > 1 else ExitCode.ERROR
        if error is not None and disk.told.written != 1:
            assert error.exit_code is expected, (disk.at, error)
        for content in disk.leftovers():
            seen = open_store(SimDisk.of(content)).read()
            least, most = disk.told.written, len(scenario.entries)
            records = [scenario.after(n) for n in range(least, most + 1)]
            assert any(_same(seen, one) for one in records), (disk.at, disk.calls[-3:])
            with open_store(SimDisk.of(content)).open_run("apply", run_id="n", now=NOW) as run:
                assert _same(run.state, seen)
    assert runs > 50


def _same(one: State, other: State) -> bool:
    return (one.resources, one.unresolved, one.approved) == (
        other.resources,
        other.unresolved,
        other.approved,
    )


@pytest.mark.parametrize("name", ["sync", "append", "create", "rename"])
def test_c8_the_state_file_is_as_it_was_when_it_cannot_be_replaced(name: str) -> None:
    """Byte by byte, and the journal keeps everything."""
    scenario = second_run()

    class Stubborn(_JournalKept):
        def before(self, what: str, path: Path) -> None:
            if what == name and path.name in ("example.yaml.tmp", "example.yaml"):
                raise OSError(errno.EIO, os.strerror(errno.EIO))

    disk = Stubborn.of(scenario.content)
    with pytest.raises(UnwrittenError) as caught:
        play(scenario, disk)
    assert caught.value.exit_code is ExitCode.PARTIAL
    assert disk.content()[FOLDER / "example.yaml"] == scenario.content[FOLDER / "example.yaml"]
    left = SimDisk.of(disk.content())
    assert _same(open_store(left).read(), scenario.after(len(scenario.entries)))


def test_c10_a_kill_between_the_rename_and_the_unlinking_folds_once() -> None:
    """The journal outlives its folding, twice over: known by its serial, and put in no second time."""
    scenario = second_run()

    class Killed(BaseException):
        pass

    class KeepsJournal(_JournalKept):
        def before(self, what: str, path: Path) -> None:
            if what == "remove" and path.name == "example.journal":
                raise Killed

    content: Content = scenario.content
    serials = []
    for _ in range(3):
        disk = KeepsJournal.of(content)
        with pytest.raises(Killed):
            play(scenario, disk)
        content = disk.content()
        assert FOLDER / "example.journal" in content
        state = open_store(SimDisk.of(content)).read()
        assert _same(state, scenario.after(len(scenario.entries)))
        serials.append(state.serial)
        scenario = replace(scenario, content=content)
    assert serials == [serials[0]] * 3
    assert encode(state) == SimDisk.of(content).read(FOLDER / "example.yaml")
