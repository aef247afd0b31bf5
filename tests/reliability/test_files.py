"""C5-C7, C9, C11, C12, O7: files that are damaged, lost, swapped or cannot be written, as commands see it."""

import json
import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from workbench import Workbench, many_pools, pg, stack, wait_until

from reconciler.recorded.stores.file import FileStore


def _pools(count: int) -> dict[str, object]:
    return stack(pg={"main": pg()}, connection_pool=many_pools(count, pool_size=1))


@pytest.fixture
def applied(bench: Workbench) -> Workbench:
    """Two runs, so that there is a backup; then a third that would do something."""
    bench.write(_pools(1))
    bench.apply()
    bench.write(_pools(3))
    bench.apply()
    bench.write(_pools(4))
    return bench


def _journal_left(bench: Workbench) -> Path:
    """Leave the journal of a run that was killed in the middle; return it."""
    journal = bench.folder / "state" / "test.journal"
    bench.settings(latency_s=0.2)
    process = bench.start("apply", "--auto-approve")
    wait_until(lambda: journal.exists() and b'"intent"' in journal.read_bytes())
    process.kill()
    process.communicate()
    bench.settings(latency_s=0)
    return journal


def _refused(bench: Workbench, *says: str) -> None:
    """No command that needs the state does anything: exit 1, no call, no byte changed."""
    folder = bench.folder / "state"
    before = {path: path.read_bytes() for path in folder.rglob("*.yaml")}
    with bench.counted() as calls:
        for words in (["plan"], ["apply", "--auto-approve"], ["refresh"], ["state", "list"]):
            ran = bench.reconcile(*words)
            assert ran.code == 1, ran.both
            for text in says:
                assert text in ran.said
    assert calls == {}
    assert {path: path.read_bytes() for path in folder.rglob("*.yaml")} == before


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_c5_a_flipped_bit_in_the_state_is_refused(applied: Workbench, share: float) -> None:
    """Naming the file and the newest good backup; never "no state"."""
    data = bytearray(applied.state_file.read_bytes())
    data[int(len(data) * share)] ^= 4
    applied.state_file.write_bytes(data)
    _refused(applied, "state/test.yaml", "state/backups/test.1.yaml", "reconcile state restore")


def test_c5_a_flipped_bit_in_the_journal_is_refused(applied: Workbench) -> None:
    """Naming the file, the byte where the line begins, and the newest good backup."""
    journal = _journal_left(applied)
    data = bytearray(journal.read_bytes())
    start = data.index(b"\n") + 1
    data[start + 20] ^= 4
    journal.write_bytes(data + data[start:])
    _refused(applied, "state/test.journal", f"byte {start + 1:,}", "state/backups/test.1.yaml")


def _gone(path: Path) -> None:
    path.unlink()


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _zeros(path: Path) -> None:
    path.write_bytes(b"\0" * 4096)


@pytest.mark.parametrize("lose", [_gone, _empty, _zeros])
@pytest.mark.parametrize("witness", ["journal", "lock", "backups"])
def test_c6_a_state_that_vanished_is_no_new_one(
    applied: Workbench, witness: str, lose: Callable[[Path], None]
) -> None:
    """As long as a journal, a lock or a backup knows that there was one; restore is offered."""
    folder = applied.folder / "state"
    if witness == "journal":
        _journal_left(applied)
    if witness != "lock":
        (folder / "test.lock").unlink()
    if witness != "backups":
        shutil.rmtree(folder / "backups")
    lose(applied.state_file)
    _refused(applied, "reconcile state restore")


def _can_mount() -> bool:
    return os.geteuid() == 0 and shutil.which("mount") is not None


@pytest.fixture
def tiny(bench: Workbench) -> Iterator[Path]:
    """A disk of 64 KB under the state, where this may be mounted."""
    if not _can_mount():
        pytest.xfail("only root may mount; the same is tested with limits and on simulated disks")
    folder = bench.folder / "state"
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", str(folder)])
    if done.returncode != 0:
        pytest.xfail("nothing can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def _creates(bench: Workbench) -> int:
    routes = bench.hook("GET", "requests")["routes"]
    return sum(count for route, count in routes.items() if route.endswith("/connection_pool"))


def _stopped_at_once(bench: Workbench, code: int, said: str) -> None:
    """Few of the 120 creates were sent, none unrecorded; the next run goes on and arrives."""
    state = FileStore(bench.folder / "state", "test").read()
    there = set(bench.pools())
    known = {record.identity.rpartition("/")[2] for record in state.resources.values()}
    known |= {intent.identity.rpartition("/")[2] for intent in state.unresolved.values()}
    assert code == 6, said
    assert there <= known
    assert 0 < len(there) < 110


def test_c7_a_full_disk_stops_the_run_at_the_first_failed_append(
    bench: Workbench, tiny: Path
) -> None:
    """No step starts after it; what was in flight is finished and told; with room again it arrives."""
    bench.write(stack(pg={"main": pg()}))
    bench.apply()
    bench.write(_pools(120))
    filler = tiny / "filler"
    filler.write_bytes(b"x" * 32 * 1024)
    ran = bench.process("apply", "--auto-approve")
    assert "No space left on device" in ran.said
    _stopped_at_once(bench, ran.code, ran.both)
    filler.unlink()
    subprocess.run(["mount", "-o", "remount,size=4m", str(tiny)], check=True)
    bench.apply()
    assert len(bench.pools()) == 120
    assert bench.steps() == []


def test_c7_files_that_may_not_grow_stop_the_run_as_well(bench: Workbench) -> None:
    """A quota, so to speak: the journal is full after 24 KB."""
    bench.write(stack(pg={"main": pg()}))
    bench.apply()
    bench.write(_pools(120))

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (24_000, 24_000))

    process = bench.start("apply", "--auto-approve", preexec_fn=limit)
    out, err = process.communicate(timeout=60)
    assert "raise the quota" in " ".join(err.split())
    _stopped_at_once(bench, process.returncode, out + err)
    bench.apply()
    assert len(bench.pools()) == 120
    assert bench.steps() == []


def test_c9_a_folder_that_cannot_be_written_is_noticed_before_the_first_call(
    bench: Workbench, tiny: Path
) -> None:
    """Read-only: exit 1 and no call. Reading, so a plan, is no trouble."""
    bench.write(_pools(1))
    bench.apply()
    bench.write(_pools(2))
    subprocess.run(["mount", "-o", "remount,ro", str(tiny)], check=True)
    with bench.counted() as calls:
        ran = bench.reconcile("apply", "--auto-approve")
    assert (ran.code, calls) == (1, {})
    assert "Read-only file system" in ran.said
    assert bench.reconcile("plan").code == 0


def test_c9_a_file_in_the_place_of_the_folder_is_noticed_before_the_first_call(
    bench: Workbench,
) -> None:
    """Exit 1, no call."""
    bench.write(_pools(1))
    (bench.folder / "state").rmdir()
    (bench.folder / "state").write_text("")
    with bench.counted() as calls:
        ran = bench.reconcile("apply", "--auto-approve")
    assert (ran.code, calls) == (1, {})


def test_c9_a_folder_removed_in_the_middle_stops_the_run(applied: Workbench) -> None:
    """Nothing more is started; what was made is recorded anew; the next run arrives."""
    applied.write(_pools(60))
    applied.settings(latency_s=0.1)
    process = applied.start("apply", "--auto-approve", "--parallelism", "4")
    journal = applied.folder / "state" / "test.journal"
    wait_until(lambda: journal.exists() and b'"done"' in journal.read_bytes())
    shutil.rmtree(applied.folder / "state")
    out, err = process.communicate(timeout=60)
    applied.settings(latency_s=0)
    assert process.returncode == 6, out + err
    assert len(applied.pools()) < 20
    (applied.folder / "state").mkdir(exist_ok=True)
    applied.apply()
    assert len(applied.pools()) == 60
    assert applied.steps() == []


def test_c11_an_old_state_beside_a_newer_journal_is_refused(applied: Workbench) -> None:
    """A backup put back by hand: what the journal recorded since would be lost."""
    _journal_left(applied)
    applied.state_file.write_bytes((applied.folder / "state/backups/test.1.yaml").read_bytes())
    _refused(applied, "older than its journal", "reconcile state restore")


def test_c12_a_newer_format_is_refused_and_left_alone(applied: Workbench) -> None:
    """With the version needed; not even a seal or a restore touches it unasked."""
    text = applied.state_file.read_text().replace("version: 1", "version: 2", 1)
    applied.state_file.write_text(text)
    _refused(applied, "format version 2", "upgrade reconcile")
    assert applied.reconcile("state", "seal").code == 1
    assert applied.state_file.read_text() == text


def test_o7_everything_is_for_its_owner_only(bench: Workbench) -> None:
    """State, journal, lock, log, backups 0600 and folders 0700, whatever the umask."""
    state = bench.folder / "state"
    state.rmdir()
    bench.write(_pools(1))
    former = os.umask(0)
    try:
        bench.apply("--state", "state")
        bench.write(_pools(2))
        bench.apply("--state", "state")
        journal = _journal_left_in(bench)
    finally:
        os.umask(former)
    assert journal.exists()
    modes = {path: path.stat().st_mode & 0o777 for path in (state, *state.rglob("*"))}
    assert {path.name for path in modes} >= {"test.yaml", "test.lock", "test.log", "test.1.yaml"}
    for path, mode in modes.items():
        assert mode == (0o700 if path.is_dir() else 0o600), path


def _journal_left_in(bench: Workbench) -> Path:
    bench.write(_pools(3))
    return _journal_left(bench)


def test_o7_a_wider_mode_is_warned_of_and_never_refused(applied: Workbench) -> None:
    """Git does not keep modes. Once: the next version is for its owner only."""
    for path in (applied.folder / "state").rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    ran = applied.apply()
    assert "State can be read by others" in ran.err
    assert "warning" not in applied.apply().err
    assert applied.state_file.stat().st_mode & 0o777 == 0o600
    assert json.loads((applied.folder / "state/test.lock").read_text())["serial"] == 3
