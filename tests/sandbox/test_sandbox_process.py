"""The sandbox as a process: started, found, stopped, and never left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

import reconciler.sandbox as sandbox
from reconciler.sandbox import Running, Settings

ROOT = str(Path(sandbox.__file__).resolve().parents[2])


@pytest.fixture
def run_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "run"
    sandbox.stop(tmp_path / "run")


def get(found: Running, path: str) -> httpx.Response:
    headers = {"authorization": f"aivenv1 {found.token}"}
    return httpx.get(f"{found.url}/v1{path}", headers=headers, trust_env=False)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie still takes signals; whoever adopted it has not looked yet.
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def happens(fact: Callable[[], bool], within_s: float = 8) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if fact():
            return True
        time.sleep(0.02)
    return False


def test_started_sandbox_is_found_and_stopped(run_dir: Path) -> None:
    assert sandbox.status(run_dir) is None
    started = sandbox.start(Settings(projects=("one", "two")), run_dir)
    assert sandbox.status(run_dir) == started
    assert [p["project_name"] for p in get(started, "/project").json()["projects"]] == [
        "one",
        "two",
    ]
    assert (run_dir / "sandbox.json").stat().st_mode & 0o777 == 0o600
    with pytest.raises(sandbox.AlreadyRunningError) as caught:
        sandbox.start(Settings(), run_dir)
    assert caught.value.running == started
    assert sandbox.stop(run_dir)
    assert not is_alive(started.pid)
    assert sandbox.status(run_dir) is None
    assert not sandbox.stop(run_dir)


def test_started_sandbox_outlives_who_started_it(run_dir: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from reconciler.sandbox import Settings, start\n"
        "print(start(Settings(), Path(sys.argv[1])).pid)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(run_dir)],
        env={**os.environ, "PYTHONPATH": ROOT},
        stdout=subprocess.PIPE,
        check=True,
        timeout=30,
    )
    found = sandbox.status(run_dir)
    assert found is not None
    assert found.pid == int(done.stdout)
    assert get(found, "/project").status_code == 200


def test_run_file_of_a_dead_or_another_process_is_not_believed(run_dir: Path) -> None:
    run_dir.mkdir()
    stale = {"url": "http://127.0.0.1:9", "token": "t", "pid": os.getpid()}
    for text in (json.dumps(stale), "{}", "[]", "nonsense"):
        (run_dir / "sandbox.json").write_text(text)
        assert sandbox.status(run_dir) is None
    assert not sandbox.stop(run_dir)


def test_throw_away_sandbox_ends_with_its_block() -> None:
    with sandbox.running(Settings(token="chosen", projects=("mine",))) as found:
        assert found.token == "chosen"
        assert get(found, "/project/mine").status_code == 200
        assert found.environment()["AIVEN_WEB_URL"] == found.url
    assert not is_alive(found.pid)


def test_throw_away_sandbox_dies_when_its_parent_is_killed() -> None:
    """SIGKILL leaves the parent no time for anything; the pipe tells the child."""
    code = (
        "import time; from reconciler.sandbox import running\n"
        "with running() as found: print(found.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": ROOT},
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_alive(pid)
        parent.send_signal(signal.SIGKILL)
        assert happens(lambda: not is_alive(pid))


def test_state_file_keeps_the_account_and_its_token(run_dir: Path, tmp_path: Path) -> None:
    kept = Settings(state_file=tmp_path / "deep" / "account.json")
    first = sandbox.start(kept, run_dir)
    headers = {"authorization": f"aivenv1 {first.token}"}
    with httpx.Client(base_url=f"{first.url}/v1", headers=headers, trust_env=False) as http:
        pg = "/project/my-project/service/pg1"
        body = {"service_name": "pg1", "service_type": "pg", "plan": "premium-4"}
        http.post("/project/my-project/service", json=body).raise_for_status()
        http.post(f"{pg}/db", json={"database": "a"}).raise_for_status()
        http.post(f"{pg}/user", json={"username": "u"}).raise_for_status()
        pool = {"pool_name": "p", "database": "a", "username": "u", "pool_mode": "session"}
        http.post(f"{pg}/connection_pool", json=pool).raise_for_status()
        check = {"task_type": "upgrade_check", "target_version": "18"}
        http.post(f"{pg}/task", json=check).raise_for_status()
        before = http.get(pg).json()
        certificate = http.get("/project/my-project/kms/ca").json()
    sandbox.stop(run_dir)
    assert kept.state_file is not None
    assert kept.state_file.stat().st_mode & 0o777 == 0o600
    second = sandbox.start(kept, run_dir)
    assert second.token == first.token
    assert get(second, pg).json() == before
    assert get(second, "/project/my-project/kms/ca").json() == certificate


def test_state_file_survives_a_kill(run_dir: Path, tmp_path: Path) -> None:
    """Changes are collected for a tenth of a second; after that they are on disk."""
    kept = Settings(state_file=tmp_path / "account.json")
    first = sandbox.start(kept, run_dir)
    headers = {"authorization": f"aivenv1 {first.token}"}
    url = f"{first.url}/v1/project"
    httpx.post(url, json={"project": "new"}, headers=headers, trust_env=False).raise_for_status()
    time.sleep(0.5)
    os.kill(first.pid, signal.SIGKILL)
    assert happens(lambda: sandbox.status(run_dir) is None)
    assert get(sandbox.start(kept, run_dir), "/project/new").status_code == 200


@pytest.mark.parametrize("text", ["nonsense", "[]", '{"format": 2}', '{"format": 1}'])
def test_broken_state_file_is_named_and_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "account.json"
    path.write_text(text)
    refused = pytest.raises(sandbox.SandboxError, match=r"account\.json")
    with refused, sandbox.running(Settings(state_file=path)):
        pass
    assert path.read_text() == text


def test_taken_port_is_an_error_not_a_hang() -> None:
    with sandbox.running() as found:
        port = int(found.url.rpartition(":")[2])
        with pytest.raises(sandbox.SandboxError), sandbox.running(Settings(port=port)):
            pass


def test_only_loopback_is_listened_on() -> None:
    with pytest.raises(ValueError, match="loopback"):
        Settings(host="0.0.0.0")


def test_foreground_server_says_where_it_is_and_ends_by_a_signal(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "reconciler.sandbox", "--token", "t", "--project", "p1"]
    with subprocess.Popen(
        [*command, "--state-file", str(tmp_path / "account.json")],
        env={**os.environ, "PYTHONPATH": ROOT},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = dict(
            process.stdout.readline().strip().removeprefix("export ").split("=", 1)
            for _ in range(3)
        )
        assert said["AIVEN_AUTH_TOKEN"] == said["AIVEN_TOKEN"] == "t"
        found = Running(url=said["AIVEN_WEB_URL"], token="t", pid=process.pid)
        assert get(found, "/project/p1").status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(10) in (0, -signal.SIGINT)


def test_import_of_the_package_brings_no_server_along() -> None:
    """The command line imports it at every start."""
    code = (
        "import sys, reconciler.sandbox\n"
        "heavy = {'starlette', 'uvicorn', 'jsonschema', 'cryptography', 'asyncio'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    environment = {**os.environ, "PYTHONPATH": ROOT}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=30)


def test_missing_extra_says_what_to_install(tmp_path: Path) -> None:
    """An environment without the server's packages: isolated, and with the package alone."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from reconciler.sandbox import MissingExtraError, running\n"
        "try:\n"
        "    with running(): pass\n"
        "except MissingExtraError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, ROOT],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=30,
    )
    assert "pip install 'reconciler[sandbox]'" in done.stdout
