"""Real processes: who holds the lock, and what is left of a run that was killed."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from recorded_states import pool, record

from reconciler.model.errors import ExitCode
from reconciler.recorded.errors import LockedError
from reconciler.recorded.stores.file import FileStore

HERE = Path(__file__).parent


@contextmanager
def _child(folder: Path, count: int, how: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, str(HERE / "recorded_child.py"), str(folder), str(count), how]
    path = os.pathsep.join([str(HERE.parent.parent), str(HERE)])
    with subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def _holder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Yield a process that is in the middle of a run."""
    with _child(folder, 0, "hold") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "holding\n"
        yield process


def _lock(folder: Path, timeout_s: float = 0.0) -> None:
    store = FileStore(folder, "example")
    with store.open_run("apply", run_id="r", now=datetime.now(UTC), lock_timeout_s=timeout_s):
        pass


def test_a_second_run_is_told_at_once_who_holds_the_stack(tmp_path: Path) -> None:
    """Process, host, verb and since when; exit 7; it does not wait (0.2 s on an idle machine)."""
    with _holder(tmp_path) as process:
        started = time.monotonic()
        with pytest.raises(LockedError) as caught:
            _lock(tmp_path)
        assert time.monotonic() - started < 2
        assert caught.value.exit_code is ExitCode.LOCKED
        assert caught.value.holder["pid"] == process.pid
        assert caught.value.holder["run"] == "child"
        (diagnostic,) = caught.value.diagnostics
        assert diagnostic.detail.startswith(
            f"Process {process.pid} on {os.uname().nodename} has been applying since "
        )
        assert diagnostic.detail.endswith(" UTC.")


def test_another_stack_of_the_same_folder_is_free(tmp_path: Path) -> None:
    """One lock a stack."""
    with _holder(tmp_path):
        store = FileStore(tmp_path, "other")
        with store.open_run("apply", run_id="r", now=datetime.now(UTC)) as run:
            assert run.state.serial == 0


def test_reading_needs_no_lock(tmp_path: Path) -> None:
    """A plan can be made while somebody applies."""
    with _holder(tmp_path):
        assert FileStore(tmp_path, "example").read().resources == {}


def test_the_lock_goes_with_a_killed_process(tmp_path: Path) -> None:
    """Nobody unlocks by hand."""
    with _holder(tmp_path) as process:
        process.kill()
        process.wait()
        _lock(tmp_path)


def test_who_waits_gets_the_lock_when_it_is_free(tmp_path: Path) -> None:
    """With a lock timeout, and not before the holder is gone."""
    with _holder(tmp_path) as process:
        with pytest.raises(LockedError):
            _lock(tmp_path, timeout_s=0.3)
        process.kill()
        _lock(tmp_path, timeout_s=10)


@pytest.mark.parametrize("count", range(8))
def test_a_run_killed_between_two_records_is_taken_up(tmp_path: Path, count: int) -> None:
    """Done is recorded, written is recorded and unresolved, announced is unresolved."""
    with _child(tmp_path, count, "die") as process:
        process.communicate()
    state = FileStore(tmp_path, "example").read()
    objects, pending = divmod(count, 3)
    recorded = objects + (pending == 2)
    assert state.resources == {pool(f"p0_{n}"): record(f"p0_{n}") for n in range(recorded)}
    assert [intent.address for intent in state.unresolved.values()] == (
        [pool(f"p0_{objects}")] if pending else []
    )
    _lock(tmp_path)
    folded = FileStore(tmp_path, "example").read()
    assert (folded.resources, folded.unresolved) == (state.resources, state.unresolved)
    assert folded.serial == (1 if count else 0)


def test_what_was_acknowledged_survives_kills_in_a_row(tmp_path: Path) -> None:
    """Whenever they come: every name that was printed is recorded."""
    acknowledged: list[str] = []
    for delay_s in (0.0, 0.01, 0.03, 0.07):
        with _child(tmp_path, 0, "loop") as process:
            assert process.stdout is not None
            acknowledged.append(process.stdout.readline().strip())
            time.sleep(delay_s)
            process.kill()
            acknowledged += process.stdout.read().split()
    state = FileStore(tmp_path, "example").read()
    assert {pool(name) for name in acknowledged} <= set(state.resources)
    assert len(state.unresolved) <= 4


def test_a_full_disk_stops_the_run_and_keeps_what_it_recorded(tmp_path: Path) -> None:
    """No write is announced that could not be written down; exit 6, because some had been sent."""
    with _child(tmp_path, 0, "full") as process:
        output, errors = process.communicate()
        assert errors == "UnwrittenError 6\n"
        assert process.returncode == ExitCode.PARTIAL
    state = FileStore(tmp_path, "example").read()
    names = output.split()
    assert names
    assert {pool(name) for name in names} <= set(state.resources)
    assert len(state.resources) <= len(names) + 1
