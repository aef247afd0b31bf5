"""The file store: what a run leaves behind, whatever happens on the way."""

import asyncio
import errno
import json
import os
import stat
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from recorded_disks import FailingDisk
from recorded_states import LINEAGE, approval, intent, pool, record

from reconciler.model.address import Address
from reconciler.model.errors import ExitCode
from reconciler.model.state import Op, State
from reconciler.model.values import Secret
from reconciler.recorded.codec import decode
from reconciler.recorded.disk import Disk
from reconciler.recorded.errors import (
    DamagedStateError,
    LockedError,
    NewerStateError,
    StateError,
    UnwrittenError,
)
from reconciler.recorded.run import Run
from reconciler.recorded.stores.file import FileStore

NOW = datetime(2025, 11, 23, 10, 42, 7, tzinfo=UTC)


def _store(folder: Path, disk: Disk | None = None) -> FileStore:
    return FileStore(folder, "example", disk=disk, new_lineage=lambda: LINEAGE)


def _open(folder: Path, disk: Disk | None = None) -> AbstractContextManager[Run]:
    return _store(folder, disk).open_run("apply", run_id="r1", now=NOW)


def _do(*calls: Awaitable[None]) -> None:
    async def one_after_another() -> None:
        for call in calls:
            await call

    asyncio.run(one_after_another())


def _create(run: Run, name: str) -> None:
    key = run.next_intent_id()
    _do(run.announce(intent(key, name)))
    _do(run.done(key, record(name)))


def _applied(folder: Path, *names: str) -> None:
    """Leave a state behind that a run has folded."""
    with _open(folder) as run:
        for name in names:
            _create(run, name)


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_there_is_an_empty_state_where_there_never_was_one(tmp_path: Path) -> None:
    """Reading makes nothing."""
    assert _store(tmp_path / "state").read() == State(stack="example")
    assert not (tmp_path / "state").exists()


def test_a_run_leaves_the_state_and_the_lock_only(tmp_path: Path) -> None:
    """Serial and lineage begin with the first state; its journal is gone."""
    _applied(tmp_path, "a")
    assert _store(tmp_path).read() == State(
        stack="example", lineage=LINEAGE, serial=1, resources={pool("a"): record("a")}
    )
    assert _files(tmp_path) == {"example.yaml", "example.lock", "example.log"}


def test_a_run_that_changes_nothing_writes_nothing(tmp_path: Path) -> None:
    """Neither does the serial move, also when a write was tried and did nothing."""
    _applied(tmp_path, "a")
    before = (tmp_path / "example.yaml").stat()
    with _open(tmp_path):
        pass
    with _open(tmp_path) as run:
        key = run.next_intent_id()
        _do(run.announce(intent(key, "b")), run.failed(key), run.record(pool("a"), record("a")))
    after = (tmp_path / "example.yaml").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert _files(tmp_path) == {"example.yaml", "example.lock", "example.log"}


def test_a_value_of_another_type_is_a_change(tmp_path: Path) -> None:
    """1 and true are equal to Python, and not to people."""
    with _open(tmp_path) as run:
        _do(run.record(pool("a"), record("a", flag=1)))
    with _open(tmp_path) as run:
        _do(run.record(pool("a"), record("a", flag=True)))
    assert _store(tmp_path).read().serial == 2


def test_a_first_run_without_success_leaves_no_state(tmp_path: Path) -> None:
    """And the next one is a first run again."""
    with _open(tmp_path):
        pass
    assert _files(tmp_path) == {"example.lock", "example.log"}
    assert _store(tmp_path).read() == State(stack="example")


def test_replaced_states_are_kept_by_their_serial(tmp_path: Path) -> None:
    """As they were, byte for byte."""
    _applied(tmp_path, "a")
    first = (tmp_path / "example.yaml").read_bytes()
    _applied(tmp_path, "b")
    _applied(tmp_path, "c")
    backups = tmp_path / "backups"
    assert sorted(path.name for path in backups.iterdir()) == ["example.1.yaml", "example.2.yaml"]
    assert (backups / "example.1.yaml").read_bytes() == first
    assert decode((backups / "example.2.yaml").read_bytes()).serial == 2


def test_what_is_unresolved_goes_into_the_state(tmp_path: Path) -> None:
    """And leaves it when a later run knows the outcome."""
    with _open(tmp_path) as run:
        key = run.next_intent_id()
        _do(run.announce(intent(key, "a")), run.written(key, record("a")))
    with _open(tmp_path) as run:
        assert list(run.state.unresolved) == [key]
        assert run.state.resources == {pool("a"): record("a")}
        _do(run.done(key, record("a", pool_size=2)))
    state = _store(tmp_path).read()
    assert state.unresolved == {}
    assert state.resources == {pool("a"): record("a", pool_size=2)}


def test_intents_are_numbered_by_serial(tmp_path: Path) -> None:
    """So an id from a former run is never given again while it is unresolved."""
    _applied(tmp_path, "a")
    with _open(tmp_path) as run:
        assert [run.next_intent_id(), run.next_intent_id()] == ["1.1", "1.2"]


def test_records_change_without_calls_too(tmp_path: Path) -> None:
    """Recorded, forgotten, and moved at one stroke."""
    _applied(tmp_path, "a", "b")
    with _open(tmp_path) as run:
        _do(
            run.forget(pool("b")),
            run.record(pool("c"), record("c")),
            run.change({pool("a"): None, pool("moved"): record("a")}),
        )
        assert set(run.current.resources) == {pool("c"), pool("moved")}
    assert _store(tmp_path).read().resources == {pool("c"): record("c"), pool("moved"): record("a")}


def test_a_deleted_object_is_no_longer_recorded(tmp_path: Path) -> None:
    """Its outcome is no record."""
    _applied(tmp_path, "a")
    with _open(tmp_path) as run:
        key = run.next_intent_id()
        _do(run.announce(intent(key, "a", Op.DELETE)), run.done(key, None))
    assert _store(tmp_path).read().resources == {}


def test_an_approval_is_remembered_until_it_is_used_up(tmp_path: Path) -> None:
    """From run to run, also over a run that was cut; remembering it again writes nothing."""
    with _open(tmp_path) as run:
        _do(run.approve(approval("a", "b")))
        assert run.current.approved == approval("a", "b")
    assert _store(tmp_path).read().approved == approval("a", "b")
    with _open(tmp_path) as run:
        _do(run.approve(approval("b")))
        run.abandon()
    assert _store(tmp_path).read().approved == approval("b")
    with _open(tmp_path) as run:
        _do(run.approve(approval("b")))
    assert _store(tmp_path).read().serial == 2
    with _open(tmp_path) as run:
        _do(run.approve(None))
    assert _store(tmp_path).read().approved is None


def test_an_error_inside_a_run_does_not_keep_it_from_folding(tmp_path: Path) -> None:
    """What was done is recorded whatever went wrong afterwards."""
    with pytest.raises(ZeroDivisionError), _open(tmp_path) as run:
        _create(run, "a")
        raise ZeroDivisionError
    assert _files(tmp_path) == {"example.yaml", "example.lock", "example.log"}


def test_an_abandoned_run_leaves_its_journal_for_the_next(tmp_path: Path) -> None:
    """Which folds it before it starts, under a serial of its own."""
    with _open(tmp_path) as run:
        _create(run, "a")
        _do(run.announce(intent(run.next_intent_id(), "b")))
        run.abandon()
    assert _files(tmp_path) == {"example.journal", "example.lock", "example.log"}
    seen = _store(tmp_path).read()
    assert (seen.serial, seen.lineage, list(seen.unresolved)) == (0, LINEAGE, ["0.2"])
    with _open(tmp_path) as run:
        assert run.state.serial == 1
        assert list(run.state.unresolved) == ["0.2"]
        assert run.next_intent_id() == "1.1"


def test_a_run_that_is_over_takes_nothing_more(tmp_path: Path) -> None:
    """That would be lost."""
    with _open(tmp_path) as run:
        run.fold()
        with pytest.raises(RuntimeError):
            _do(run.record(pool("a"), record("a")))


def test_everything_is_for_its_owner_only(tmp_path: Path) -> None:
    """Files 0600, folders 0700, whatever the umask."""
    folder = tmp_path / "state"
    former = os.umask(0)
    try:
        _applied(folder, "a")
        _applied(folder, "b")
        with _open(folder):
            modes = {
                path: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))
            }
    finally:
        os.umask(former)
    assert folder / "example.journal" in modes
    for path, mode in modes.items():
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_a_second_run_of_one_process_is_locked_out_too(tmp_path: Path) -> None:
    """And the day stands in the message when it was another."""
    second = _store(tmp_path).open_run("apply", run_id="r2", now=NOW.replace(day=24))
    with _open(tmp_path), pytest.raises(LockedError) as caught, second:
        pytest.fail("the run was opened")
    assert caught.value.holder["pid"] == os.getpid()
    assert "since 2025-11-23 10:42:07 UTC" in caught.value.diagnostics[0].detail


@pytest.mark.parametrize("content", [b"", b"\0\0", b"[1]", b'{"pid":"x"}', b"[" * 100_000])
def test_a_lock_without_a_name_is_still_a_lock(tmp_path: Path, content: bytes) -> None:
    """What stands in the file decides nothing."""
    with _open(tmp_path):
        (tmp_path / "example.lock").write_bytes(content)
        with pytest.raises(LockedError), _open(tmp_path):
            pass


def test_a_secret_is_never_written_anywhere(tmp_path: Path) -> None:
    """It stops at the journal, and what else was recorded is folded all the same."""
    bad = record("b", password=Secret("hunter2"))
    with _open(tmp_path) as run:
        _create(run, "a")
        with pytest.raises(TypeError):
            _do(run.record(pool("b"), bad))
    assert _store(tmp_path).read().resources == {pool("a"): record("a")}
    assert not any(b"hunter2" in (tmp_path / name).read_bytes() for name in _files(tmp_path))


def test_a_name_too_long_is_refused_before_the_call(tmp_path: Path) -> None:
    """Not when the state is written, when it is too late."""
    long = Address.of("aiven_connection_pool", "a", "x" * 2000)
    with _open(tmp_path) as run, pytest.raises(StateError):
        _do(run.record(long, record("a")))


@pytest.mark.parametrize("name", ["", "..", ".hidden", "a/b", "a\nb", "x" * 101])
def test_a_stack_that_cannot_name_a_file_is_refused(tmp_path: Path, name: str) -> None:
    """It would lie elsewhere, or nowhere."""
    with pytest.raises(StateError):
        FileStore(tmp_path, name)


def _refused(folder: Path) -> list[StateError]:
    """Return what reading and opening raise; neither may change a byte."""
    before = {name: (folder / name).read_bytes() for name in _files(folder) if "lock" not in name}
    errors = []
    for attempt in (_store(folder).read, lambda: _open(folder).__enter__()):
        with pytest.raises(StateError) as caught:
            attempt()
        errors.append(caught.value)
    assert {name: (folder / name).read_bytes() for name in before} == before
    return errors


def test_an_edited_state_is_refused_naming_the_newest_good_backup(tmp_path: Path) -> None:
    """A backup that is damaged itself is passed over."""
    for name in "abc":
        _applied(tmp_path, name)
    (tmp_path / "backups/example.2.yaml").write_bytes(b"")
    path = tmp_path / "example.yaml"
    path.write_bytes(path.read_bytes().replace(b'"pool_size":10', b'"pool_size":99', 1))
    for error in _refused(tmp_path):
        assert isinstance(error, DamagedStateError)
        assert "example.1.yaml" in error.diagnostics[0].hint


def test_a_newer_state_is_refused_and_left_alone(tmp_path: Path) -> None:
    """With the version needed."""
    _applied(tmp_path, "a")
    path = tmp_path / "example.yaml"
    path.write_bytes(path.read_bytes().replace(b"version: 1", b"version: 2"))
    for error in _refused(tmp_path):
        assert isinstance(error, NewerStateError)
        assert error.version == 2


def test_an_empty_state_file_is_a_lost_state(tmp_path: Path) -> None:
    """Never a new one, even with nothing beside it."""
    (tmp_path / "example.yaml").write_bytes(b"")
    for error in _refused(tmp_path):
        assert isinstance(error, DamagedStateError)


def _with_backup(folder: Path) -> None:
    (folder / "example.lock").unlink()


def _with_lock(folder: Path) -> None:
    (folder / "backups/example.1.yaml").unlink()


def _with_journal(folder: Path) -> None:
    with _open(folder) as run:
        run.abandon()
    _with_backup(folder)
    _with_lock(folder)


@pytest.mark.parametrize("witness", [_with_backup, _with_lock, _with_journal])
def test_a_state_that_vanished_is_missed(tmp_path: Path, witness: Callable[[Path], None]) -> None:
    """Its backups, its lock or its journal know that there was one: nothing is created anew."""
    _applied(tmp_path, "a")
    _applied(tmp_path, "b")
    witness(tmp_path)
    (tmp_path / "example.yaml").unlink()
    for error in _refused(tmp_path):
        assert error.diagnostics[0].summary == "State vanished"


def test_another_stacks_backup_says_nothing_of_this_one(tmp_path: Path) -> None:
    """Though its name begins alike."""
    other = FileStore(tmp_path, "example.2")
    for name in "ab":
        with other.open_run("apply", run_id="r", now=NOW) as run:
            _create(run, name)
    assert (tmp_path / "backups/example.2.1.yaml").exists()
    assert _store(tmp_path).read() == State(stack="example")


def test_a_renamed_state_file_is_refused(tmp_path: Path) -> None:
    """It says whose it is."""
    _applied(tmp_path, "a")
    (tmp_path / "example.yaml").rename(tmp_path / "other.yaml")
    with pytest.raises(DamagedStateError):
        FileStore(tmp_path, "other").read()


def test_an_old_state_beside_a_newer_journal_is_refused(tmp_path: Path) -> None:
    """A backup put back by hand would lose what the journal goes on from."""
    _applied(tmp_path, "a")
    _applied(tmp_path, "b")
    with _open(tmp_path) as run:
        _create(run, "c")
        run.abandon()
    (tmp_path / "example.yaml").write_bytes((tmp_path / "backups/example.1.yaml").read_bytes())
    for error in _refused(tmp_path):
        assert "older" in error.diagnostics[0].detail


def test_a_damaged_journal_is_refused(tmp_path: Path) -> None:
    """And the lock is free again afterwards."""
    with _open(tmp_path) as run:
        _create(run, "a")
        run.abandon()
    path = tmp_path / "example.journal"
    good = path.read_bytes()
    path.write_bytes(good.replace(b'"pool_size":10', b'"pool_size":11', 1))
    _refused(tmp_path)
    path.write_bytes(good)
    with _open(tmp_path) as run:
        assert run.state.resources == {pool("a"): record("a")}


@pytest.mark.parametrize(
    "name", ["make_folder", "open_lock", "overwrite", "create", "append", "sync"]
)
@pytest.mark.parametrize("code", [errno.EROFS, errno.ENOSPC, errno.EIO])
def test_a_disk_that_cannot_be_written_is_noticed_before_anything_is_called(
    tmp_path: Path, name: str, code: int
) -> None:
    """Exit 1, with the place, what the system says and what to do."""
    _applied(tmp_path, "a")
    before = (tmp_path / "example.yaml").read_bytes()
    with (
        pytest.raises(StateError) as caught,
        _open(tmp_path, FailingDisk(name, code, is_failing=True)),
    ):
        pytest.fail("the run was opened")
    assert caught.value.exit_code is ExitCode.ERROR
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.location is not None
    assert diagnostic.location.file.startswith(str(tmp_path))
    assert os.strerror(code) in diagnostic.detail
    assert diagnostic.hint
    assert (tmp_path / "example.yaml").read_bytes() == before
    with _open(tmp_path) as run:
        assert run.state.serial == 1


def test_a_folder_that_cannot_be_made_is_noticed_too(tmp_path: Path) -> None:
    """Here a file is in its place."""
    (tmp_path / "state").write_text("")
    with pytest.raises(StateError), _open(tmp_path / "state"):
        pytest.fail("the run was opened")


@pytest.mark.parametrize("name", ["append", "sync"])
def test_after_a_failed_write_nothing_more_is_announced(tmp_path: Path, name: str) -> None:
    """What was under way is told still, and kept: leaving the run writes it after all."""
    disk = FailingDisk(name)
    with _open(tmp_path, disk) as run:
        keys = [run.next_intent_id(), run.next_intent_id()]
        _do(run.announce(intent(keys[0], "a")))
        disk.is_failing = True
        with pytest.raises(UnwrittenError):
            _do(run.announce(intent(keys[1], "b")))
        disk.is_failing = False
        with pytest.raises(UnwrittenError):
            _do(run.announce(intent(run.next_intent_id(), "c")))
        with pytest.raises(UnwrittenError):
            _do(run.done(keys[0], record("a")))
    state = _store(tmp_path).read()
    assert state.resources == {pool("a"): record("a")}
    assert state.unresolved == {}


def test_a_first_announcement_that_fails_is_no_partial_apply(tmp_path: Path) -> None:
    """Nothing had been sent: exit 1."""
    disk = FailingDisk("sync")
    with pytest.raises(StateError) as caught, _open(tmp_path, disk) as run:
        disk.is_failing = True
        _do(run.announce(intent(run.next_intent_id(), "a")))
    assert caught.value.exit_code is ExitCode.ERROR


@pytest.mark.parametrize(
    "name", ["create", "append", "sync", "link", "rename", "sync_folder", "remove"]
)
def test_a_fold_that_fails_leaves_the_journal_to_the_next_run(tmp_path: Path, name: str) -> None:
    """The old state stays, or the new one is whole; exit 6."""
    _applied(tmp_path, "a")
    disk = FailingDisk(name)
    with pytest.raises(UnwrittenError) as caught, _open(tmp_path, disk) as run:
        _create(run, "b")
        disk.is_failing = True
    assert caught.value.exit_code is ExitCode.PARTIAL
    assert (tmp_path / "example.journal").exists()
    with _open(tmp_path) as run:
        assert run.state.resources == {pool("a"): record("a"), pool("b"): record("b")}
        assert run.state.serial == 2


def test_without_hard_links_backups_are_copies(tmp_path: Path) -> None:
    """Some file systems have none."""
    _applied(tmp_path, "a")
    first = (tmp_path / "example.yaml").read_bytes()
    with _open(tmp_path, FailingDisk("link", errno.EPERM, is_failing=True)) as run:
        _create(run, "b")
    assert (tmp_path / "backups/example.1.yaml").read_bytes() == first


def test_a_backup_of_a_history_given_up_is_replaced(tmp_path: Path) -> None:
    """After an old state was put back, the same serials come again with other content."""
    for name in "abc":
        _applied(tmp_path, name)
    (tmp_path / "example.yaml").write_bytes((tmp_path / "backups/example.1.yaml").read_bytes())
    _applied(tmp_path, "x")
    _applied(tmp_path, "y")
    kept = decode((tmp_path / "backups/example.2.yaml").read_bytes())
    assert set(kept.resources) == {pool("a"), pool("x")}


def test_a_folder_removed_under_a_run_stops_it(tmp_path: Path) -> None:
    """Writing on into files that nobody can find would only look durable; the fold makes it anew."""
    folder = tmp_path / "state"
    with _open(folder) as run:
        _create(run, "a")
        for name in _files(folder):
            (folder / name).unlink()
        folder.rmdir()
        with pytest.raises(UnwrittenError):
            _do(run.announce(intent(run.next_intent_id(), "b")))
    assert _store(folder).read().resources == {pool("a"): record("a")}


class _LyingDisk(Disk):
    """Grants every lock."""

    def try_lock(self, handle: int) -> bool:
        return True


def test_a_file_system_whose_locks_do_not_hold_is_refused(tmp_path: Path) -> None:
    """Two runs could meet there."""
    with pytest.raises(StateError) as caught, _open(tmp_path, _LyingDisk()):
        pytest.fail("the run was opened")
    assert caught.value.diagnostics[0].summary == "Locks do not work here"


def test_the_locks_file_says_who_only_while_it_is_held(tmp_path: Path) -> None:
    """And always which state was written last."""
    with _open(tmp_path) as run:
        _create(run, "a")
        held = json.loads((tmp_path / "example.lock").read_text())
    left = json.loads((tmp_path / "example.lock").read_text())
    assert (held["pid"], held["verb"], held["run"]) == (os.getpid(), "apply", "r1")
    assert held["since"] == "2025-11-23T10:42:07Z"
    last = (tmp_path / "example.log").read_bytes().rstrip(b"\n")
    assert left == {"lineage": LINEAGE, "serial": 1, "log": sha256(last).hexdigest()}
