"""The daemons of a sandbox: never left behind, and back with ports, URIs and data."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
from sandbox_api import Api
from sandbox_real import happens, need_programs

import reconciler.sandbox as sandbox
from reconciler.sandbox import Running, Settings
from reconciler.sandbox.real import identity as identities
from reconciler.sandbox.real.identity import Identity

pytestmark = pytest.mark.real_engine

ROOT = str(Path(sandbox.__file__).resolve().parents[2])


@pytest.fixture(autouse=True)
def programs() -> None:
    need_programs()


@pytest.fixture
def run_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "run"
    sandbox.stop(tmp_path / "run")


@contextmanager
def speak(found: Running) -> Iterator[Api]:
    headers = {"authorization": f"aivenv1 {found.token}"}
    with httpx.Client(base_url=found.url, headers=headers, trust_env=False, timeout=30) as http:
        yield Api(http=http, root=found.url, project="my-project")


def descendants(pid: int) -> set[int]:
    """Return all processes below one (Linux)."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    found = {pid}
    while True:
        more = {child for child, parent in parents.items() if parent in found} - found
        if not more:
            return found - {pid}
        found |= more


def is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def value(uri: str, question: str) -> object:
    with psycopg.connect(uri, prepare_threshold=None, autocommit=True) as session:
        row = session.execute(question).fetchone()
    return row and row[0]


def fill(api: Api) -> str:
    """Make a service with something of everything; return its path."""
    path = api.create_service()
    api.ok("POST", f"{path}/db", {"database": "sales"})
    api.ok("POST", f"{path}/user", {"username": "app"})
    api.ok("POST", f"{path}/connection_pool", {"pool_name": "free", "database": "sales"})
    pinned = {"pool_name": "pinned", "database": "sales", "username": "app"}
    api.ok("POST", f"{path}/connection_pool", pinned)
    with psycopg.connect(api.service(path)["service_uri"], autocommit=True) as session:
        session.execute("CREATE TABLE kept AS SELECT 42 AS n")
    return path


def test_sigkill_leaves_no_child_behind_and_a_restart_brings_all_back(
    run_dir: Path, tmp_path: Path
) -> None:
    kept = Settings(engine="real", data_dir=tmp_path / "data")
    first = sandbox.start(kept, run_dir)
    with speak(first) as api:
        path = fill(api)
        before = api.service(path)
    time.sleep(0.3)  # what changed is written a tenth of a second later
    children = descendants(first.pid)
    assert len(children) > 5
    os.kill(first.pid, signal.SIGKILL)
    killed_s = time.monotonic()
    assert happens(lambda: not any(is_alive(pid) for pid in children), 5)
    # 0.5 s on a quiet machine; CI is not one.
    assert time.monotonic() - killed_s < 2

    second = sandbox.start(kept, run_dir)
    assert second.token == first.token
    with speak(second) as api:
        after = api.service(path)
        assert after == before
        assert value(after["service_uri"], "SELECT n FROM kept") == 42
        users = [value(p["connection_uri"], "SELECT user") for p in after["connection_pools"]]
        assert users == ["avnadmin", "app"]
    assert sandbox.stop(run_dir)


def test_orderly_stop_leaves_nothing_but_the_data(run_dir: Path, tmp_path: Path) -> None:
    kept = Settings(engine="real", data_dir=tmp_path / "data")
    found = sandbox.start(kept, run_dir)
    with speak(found) as api:
        path = api.create_service()
        children = descendants(found.pid)
        (folder,) = {one["folder"] for one in api.running().values()}
        with psycopg.connect(api.service(path)["service_uri"]):
            # A client that stays must not hold anything up.
            begun_s = time.monotonic()
            assert sandbox.stop(run_dir)
            assert time.monotonic() - begun_s < 4
    assert not any(is_alive(pid) for pid in children)
    assert (Path(folder) / "data" / "PG_VERSION").exists()
    assert not (Path(folder) / "data" / "postmaster.pid").exists()


def test_throw_away_sandbox_leaves_no_file_even_when_killed() -> None:
    code = (
        "import time; from reconciler.sandbox import Settings, running\n"
        "with running(Settings(engine='real')) as it: print(it.url, it.token, it.pid, flush=True); "
        "time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": ROOT},
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        url, token, pid = parent.stdout.readline().split()
        with speak(Running(url=url, token=token, pid=int(pid))) as api:
            api.create_service()
            (folder,) = {one["folder"] for one in api.running().values()}
        children = descendants(int(pid))
        os.kill(int(pid), signal.SIGKILL)
        parent.kill()
    assert happens(lambda: not any(is_alive(child) for child in children))
    assert happens(lambda: not Path(folder).parent.exists())


def test_folder_for_temporary_files_may_have_a_long_path(tmp_path: Path) -> None:
    """A socket's path may not; and nothing stays in either place."""
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    with subprocess.Popen(
        [sys.executable, "-m", "reconciler.sandbox", "--engine", "real", "--token", "t"],
        env={**os.environ, "PYTHONPATH": ROOT, "TMPDIR": str(deep)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip().removeprefix("export AIVEN_WEB_URL=")
        with speak(Running(url=url, token="t", pid=process.pid)) as api:
            service = api.service(api.create_service())
            assert value(service["service_uri"], "SELECT 1") == 1
            (folder,) = {one["folder"] for one in api.running().values()}
            assert folder.startswith(str(deep))
        process.send_signal(signal.SIGTERM)
    assert list(deep.iterdir()) == []
    assert not list(Path("/tmp").glob(f"rcs-{process.pid}-*"))


def test_two_sandboxes_run_side_by_side() -> None:
    """The same names lead to other ports, and neither takes the other for its own."""
    real = Settings(engine="real")
    with (
        sandbox.running(real) as one,
        sandbox.running(real) as other,
        speak(one) as first,
        speak(other) as second,
    ):
        services = [api.service(api.create_service()) for api in (first, second)]
        ports = [part["port"] for service in services for part in service["components"]]
        assert len(set(ports)) == 4
        for service in services:
            assert value(service["service_uri"], "SELECT 1") == 1


def test_service_powered_off_stays_so_and_keeps_its_ports(run_dir: Path, tmp_path: Path) -> None:
    kept = Settings(engine="real", data_dir=tmp_path / "data")
    with speak(sandbox.start(kept, run_dir)) as api:
        path = fill(api)
        uri = api.service(path)["service_uri"]
        api.ok("PUT", path, {"powered": False})
        api.settle()
        with sandbox.running(Settings(engine="real")) as other, speak(other) as second:
            theirs = second.service(second.create_service())["components"]
            assert str(theirs[0]["port"]) not in uri
    sandbox.stop(run_dir)
    with speak(sandbox.start(kept, run_dir)) as api:
        assert api.service(path)["state"] == "POWEROFF"
        api.ok("PUT", path, {"powered": True})
        assert api.service(path)["service_uri"] == uri
        assert value(uri, "SELECT n FROM kept") == 42


def test_database_whose_guard_was_killed_too_is_found_and_ended(
    run_dir: Path, tmp_path: Path
) -> None:
    """Whoever kills everything by name kills the guard; its last words are the kernel's."""
    kept = Settings(engine="real", data_dir=tmp_path / "data")
    found = sandbox.start(kept, run_dir)
    with speak(found) as api:
        path = api.create_service()
    time.sleep(0.3)
    children = descendants(found.pid)
    guard = min(children)
    os.kill(found.pid, signal.SIGKILL)
    os.kill(guard, signal.SIGKILL)
    second = sandbox.start(kept, run_dir)
    with speak(second) as api:
        assert value(api.service(path)["service_uri"], "SELECT 1") == 1
    assert happens(lambda: not any(is_alive(pid) for pid in children))
    # What the first one could not tidy up, the second one did.
    assert not list(Path(tempfile.gettempdir()).glob(f"rcs-{found.pid}-*"))


def test_service_deleted_takes_its_files_along(tmp_path: Path, run_dir: Path) -> None:
    found = sandbox.start(Settings(engine="real", data_dir=tmp_path / "data"), run_dir)
    with speak(found) as api:
        path = api.create_service()
        (folder,) = {one["folder"] for one in api.running().values()}
        api.ok("DELETE", path)
        assert not Path(folder).exists()


def test_old_data_on_the_port_of_a_new_service_is_not_taken_over(
    tmp_path: Path, run_dir: Path
) -> None:
    """Of an account that was lost: who asked for a new service gets a new one."""
    kept = Settings(engine="real", data_dir=tmp_path / "data")
    with speak(sandbox.start(kept, run_dir)) as api:
        fill(api)
    sandbox.stop(run_dir)
    (tmp_path / "data" / "account.json").unlink()
    with speak(sandbox.start(kept, run_dir)) as api:
        service = api.service(api.create_service())
        assert service["databases"] == ["defaultdb"]
        with pytest.raises(psycopg.errors.UndefinedTable):
            value(service["service_uri"], "SELECT n FROM kept")


def test_root_without_namespaces_runs_as_an_account_that_exists(tmp_path: Path) -> None:
    """Where unshare is forbidden; nobody is ever added to the system."""
    found = identities.existing_account()
    assert found.uid not in (None, 0)
    assert found.home(Path("/home/x")).parent == Path("/var/tmp")
    path = tmp_path / "f"
    path.touch()
    if os.geteuid() == 0:
        found.give(path)
        assert path.stat().st_uid == found.uid


def test_who_is_not_root_runs_as_itself() -> None:
    assert identities.choose_identity(1000) == Identity()
    assert Identity().home(Path("/x")) == Path("/x")
