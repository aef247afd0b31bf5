"""Starting, finding and stopping a sandbox in a process of its own. Standard library only.

The child gets its settings as one line of JSON on its standard input (a token on a command line
could be read by everyone) and answers with one line on its standard output. A throw-away child
also watches that input: its end is the end of the parent, however that came.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from http.client import HTTPConnection, HTTPException
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from reconciler.sandbox.settings import Settings

RUN_FILE = "sandbox.json"
LOG_FILE = "sandbox.log"
NEEDED = ("starlette", "uvicorn", "jsonschema", "cryptography")
"""Packages of the extra `sandbox`."""
STOP_TIMEOUT_S = 5.0
ASK_TIMEOUT_S = 3.0


class SandboxError(Exception):
    """The sandbox could not be started."""


class MissingExtraError(SandboxError):
    """The packages the server needs are not installed."""

    def __init__(self, package: str) -> None:
        super().__init__(
            f"the sandbox needs {package}: install it with pip install 'reconciler[sandbox]'"
        )
        self.package = package


class AlreadyRunningError(SandboxError):
    """A sandbox already runs for this run directory."""

    def __init__(self, running: Running) -> None:
        super().__init__(f"a sandbox already runs at {running.url} (process {running.pid})")
        self.running = running


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A sandbox that answers."""

    url: str
    """Without a trailing slash, which one of the Go clients does not take."""
    token: str
    pid: int
    engine: str = "memory"
    note: str = ""
    """What stands behind the API, and what to install where that is nothing; for people."""

    def environment(self) -> dict[str, str]:
        """Return the variables that point avn, the Terraform provider and us at it."""
        return {
            "AIVEN_WEB_URL": self.url,
            "AIVEN_AUTH_TOKEN": self.token,
            "AIVEN_TOKEN": self.token,
        }


def start(settings: Settings, run_dir: Path) -> Running:
    """Start a sandbox that stays, wait until it answers, and write down where it is."""
    found = status(run_dir)
    if found is not None:
        raise AlreadyRunningError(found)
    run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _open_private(run_dir / LOG_FILE) as log:
        process = _spawn(settings, watched=False, stderr=log)
    _DETACHED.append(process)
    running = _await_ready(process)
    _write_private(run_dir / RUN_FILE, json.dumps(asdict(running)))
    return running


_DETACHED: list[subprocess.Popen[bytes]] = []
"""Kept so that nobody warns about, or waits for, a child that is meant to outlive us."""


def status(run_dir: Path) -> Running | None:
    """Return the sandbox of the run directory, if it is there and is the one written down."""
    running = _read_run_file(run_dir)
    if running is None or not is_alive(running.pid) or not _is_itself(running):
        return None
    return running


def stop(run_dir: Path) -> bool:
    """Stop the sandbox of the run directory; False if there was none."""
    running = status(run_dir)
    if running is not None:
        _end(running.pid)
    (run_dir / RUN_FILE).unlink(missing_ok=True)
    return running is not None


@contextmanager
def running(settings: Settings | None = None) -> Iterator[Running]:
    """Run a sandbox for the length of a with block; it dies with this process at the latest."""
    process = _spawn(settings or Settings(), watched=True, stderr=None)
    try:
        yield _await_ready(process)
    finally:
        _dismiss(process)


def _spawn(settings: Settings, *, watched: bool, stderr: IO[str] | None) -> subprocess.Popen[bytes]:
    for name in NEEDED:
        if find_spec(name) is None:
            raise MissingExtraError(name)
    process = subprocess.Popen(
        # -P: a file of the working directory must not stand in for a module.
        [sys.executable, "-P", "-m", "reconciler.sandbox", "--settings-on-stdin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=_child_environment(),
        start_new_session=True,
    )
    order = {"settings": encode_settings(settings), "watched": watched}
    stdin = _stream(process.stdin)
    with suppress(BrokenPipeError):
        stdin.write(json.dumps(order).encode() + b"\n")
        stdin.flush()
    if not watched:
        stdin.close()
    return process


def _child_environment() -> dict[str, str]:
    """Let the child find this very package, however we came by it."""
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path}


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise SandboxError("the sandbox has lost its pipes")
    return stream


def _await_ready(process: subprocess.Popen[bytes]) -> Running:
    with _stream(process.stdout) as stdout:
        line = stdout.readline()
    if not line:
        raise SandboxError(
            f"the sandbox ended at its start with status {process.wait()}; "
            f"what it said is above, or in {LOG_FILE}"
        )
    answer: dict[str, Any] = json.loads(line)
    if "error" in answer:
        process.wait()
        raise SandboxError(answer["error"])
    return Running(**answer)


def _dismiss(process: subprocess.Popen[bytes]) -> None:
    with suppress(BrokenPipeError):
        _stream(process.stdin).close()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


PATHS = ("state_file", "data_dir", "pg_bin", "pgbouncer")


def encode_settings(settings: Settings) -> dict[str, Any]:
    """Return the settings as JSON: the child may have another working directory."""
    found = {name: getattr(settings, name) for name in PATHS}
    return asdict(settings) | {
        name: None if path is None else str(path.absolute()) for name, path in found.items()
    }


def decode_settings(data: dict[str, Any]) -> Settings:
    paths = {name: None if data[name] is None else Path(data[name]) for name in PATHS}
    return Settings(**{**data, **paths, "projects": tuple(data["projects"])})


def _read_run_file(run_dir: Path) -> Running | None:
    try:
        return Running(**json.loads((run_dir / RUN_FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _write_private(path: Path, text: str) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with _open_private(draft) as file:
        file.write(text)
    draft.replace(path)


def _open_private(path: Path) -> IO[str]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w")


def _is_itself(running: Running) -> bool:
    """Ask for the pid: the one written down may by now be anybody's."""
    parts = urlsplit(running.url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=ASK_TIMEOUT_S)
    try:
        connection.request("GET", "/sandbox/status")
        answer = json.loads(connection.getresponse().read())
        return isinstance(answer, dict) and answer.get("pid") == running.pid
    except (OSError, HTTPException, ValueError):
        return False
    finally:
        connection.close()


def is_alive(pid: int) -> bool:
    """Say whether the process runs; a child of ours that ended is collected here."""
    with suppress(ChildProcessError):
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """Say whether the process ended and whoever adopted it has not looked yet (Linux)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] == "Z"


def _end(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline_s = time.monotonic() + STOP_TIMEOUT_S
    while is_alive(pid):
        if time.monotonic() > deadline_s:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            return
        time.sleep(0.02)
