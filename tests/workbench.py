"""What tests of whole runs work with: a project of its own in a real sandbox, a folder, the command line."""

import contextlib
import io
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from reconciler.cli.main import run as run_command_line
from reconciler.sandbox import Running

Attributes = dict[str, object]
Stack = dict[str, Any]

PROJECT = "${vars.project}"
MAIN = "reconciler.cli.main"
RECONCILE = (sys.executable, "-P", "-c", f"from {MAIN} import main; main()")


def pg(name: str = "pg1", **more: object) -> Attributes:
    """Return the attributes of a service."""
    return {"project": PROJECT, "service_name": name, "plan": "startup-4", **more}


def database(name: str, service: str = "pg1", **more: object) -> Attributes:
    """Return the attributes of a database."""
    return {"project": PROJECT, "service_name": service, "database_name": name, **more}


def user(name: str, service: str = "pg1", **more: object) -> Attributes:
    """Return the attributes of a user."""
    return {"project": PROJECT, "service_name": service, "username": name, **more}


def pool(
    name: str, service: str = "pg1", database: str = "defaultdb", **more: object
) -> Attributes:
    """Return the attributes of a pool."""
    names = {"project": PROJECT, "service_name": service, "pool_name": name}
    return {**names, "database_name": database, **more}


def stack(*, sections: Mapping[str, object] | None = None, **kinds: Mapping[str, object]) -> Stack:
    """Return a stack: `aiven_pg={"main": pg()}`, and other top-level sections by name."""
    given = dict(sections or {})
    variables = {"project": {"type": "string"}, **given.pop("variables", {})}  # type: ignore[dict-item]
    resources = {f"aiven_{kind.removeprefix('aiven_')}": named for kind, named in kinds.items()}
    return {"stack": "test", "variables": variables, **given, "resources": resources}


def many_pools(count: int, service: str = "pg1", **more: object) -> dict[str, Attributes]:
    """Return pools p0, p1, … on one service, which each refers to by `${…}`."""
    return {
        f"p{n}": pool(f"pool-{n}", "${aiven_pg.main.service_name}", **more) for n in range(count)
    }


@dataclass(frozen=True, kw_only=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def both(self) -> str:
        return self.out + self.err

    @property
    def said(self) -> str:
        """Return stdout and stderr as one line: where lines are broken says nothing."""
        return " ".join(self.both.split())

    def events(self) -> list[dict[str, Any]]:
        """Return the JSON objects of stdout, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(kw_only=True)
class Workbench:
    """A folder with a stack and its state, and a project of a sandbox.

    The folder holds `state/`, so that this is where state goes.
    """

    sandbox: Running
    project: str
    folder: Path
    extra: dict[str, str] = field(default_factory=dict)

    # --- the folder

    def write(self, content: Stack | str, name: str = "stack.yaml") -> Path:
        """Write a stack file: text as it is, anything else as JSON, which is YAML."""
        text = content if isinstance(content, str) else json.dumps(content, indent=1)
        file = self.folder / name
        file.write_text(text, encoding="utf-8")
        return file

    @property
    def state_file(self) -> Path:
        return self.folder / "state" / "test.yaml"

    def state(self) -> dict[str, Any]:
        """Return what the state records, by address, read line by line."""
        if not self.state_file.exists():
            return {}
        found = {}
        for line in self.state_file.read_text(encoding="utf-8").splitlines():
            if line.startswith('  "'):
                found.update(json.loads("{" + line.strip() + "}"))
        return found

    # --- the command line

    def environment(self) -> dict[str, str]:
        """Return what the commands get to see of the environment."""
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "TMPDIR")}
        return {
            **kept,
            "AIVEN_WEB_URL": self.sandbox.url,
            "AIVEN_TOKEN": self.sandbox.token,
            "RECONCILE_VAR_project": self.project,
            "COLUMNS": "80",
            "PYTHONPATH": str(Path(__file__).parent.parent),
            "PYTHONUNBUFFERED": "1",
            **self.extra,
        }

    def reconcile(self, *words: str, **environment: str) -> Ran:
        """Run a command in this process, in the folder."""
        out, err = io.StringIO(), io.StringIO()
        with (
            _as_if_in(self.folder, {**self.environment(), **environment}),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = run_command_line(list(words))
        return checked(Ran(code=int(code), out=out.getvalue(), err=err.getvalue()))

    def process(self, *words: str, timeout_s: float = 60, **environment: str) -> Ran:
        """Run a command in a process of its own."""
        done = subprocess.run(
            [*RECONCILE, *words],
            cwd=self.folder,
            env={**self.environment(), **environment},
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=timeout_s,
        )
        return checked(Ran(code=done.returncode, out=done.stdout, err=done.stderr))

    def start(self, *words: str, **more: Any) -> subprocess.Popen[str]:
        """Start a command in a process of its own; who calls sees it to its end."""
        usual: dict[str, Any] = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
        }
        return subprocess.Popen(
            [*RECONCILE, *words],
            cwd=self.folder,
            env=self.environment(),
            text=True,
            **{**usual, **more},
        )

    def plan(self, *words: str, **environment: str) -> dict[str, Any]:
        """Return the plan as its file has it; exit 0 unless it is blocked."""
        ran = self.reconcile("plan", "--format", "json", *words, **environment)
        assert ran.code in (0, 4), ran.both
        plan: dict[str, Any] = json.loads(ran.out)
        return plan

    def changes(self, *words: str, **environment: str) -> dict[str, str]:
        """Return what would be done at the API: the action of each address that is not left as it is."""
        plan = self.plan(*words, **environment)
        return {c["address"]: c["action"] for c in plan["changes"] if is_change(c)}

    def steps(self, *words: str, **environment: str) -> list[str]:
        """Return every step of the plan, records brought up to date included, as `op address`."""
        changes = self.plan(*words, **environment)["changes"]
        return [f"{step['op']} {c['address']}" for c in changes for step in c["steps"]]

    def apply(self, *words: str, code: int = 0, **environment: str) -> Ran:
        """Apply without being asked, whatever is lost; the exit code must be as given."""
        ran = self.attempt("apply", *words, **environment)
        assert ran.code == code, ran.both
        return ran

    def destroy(self, *words: str, code: int = 0, **environment: str) -> Ran:
        """Destroy without being asked, whatever is lost; the exit code must be as given."""
        ran = self.attempt("destroy", *words, **environment)
        assert ran.code == code, ran.both
        return ran

    def attempt(self, verb: str, *words: str, **environment: str) -> Ran:
        """Apply or destroy without being asked, with every flag that it says it needs."""
        ran = self.reconcile(verb, "--auto-approve", *words, **environment)
        needed = acknowledged(ran) if ran.code == 4 else []
        if not needed:
            return ran
        return self.reconcile(verb, "--auto-approve", *words, *needed, **environment)

    # --- the API, as somebody else would use it

    def call(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        """Make a call below the project; return status and answer."""
        return self._call(method, f"/v1/project/{self.project}{path}", body)

    def ok(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Make a call below the project that must succeed."""
        status, answer = self.call(method, path, body)
        assert status == 200, answer
        return answer

    def service(self, name: str = "pg1") -> dict[str, Any]:
        """Return the service with its secrets."""
        found: dict[str, Any] = self.ok("GET", f"/service/{name}?include_secrets=true")["service"]
        return found

    def pools(self, name: str = "pg1") -> dict[str, dict[str, Any]]:
        """Return the pools of a service by name."""
        return {one["pool_name"]: one for one in self.service(name)["connection_pools"]}

    def users(self, name: str = "pg1") -> dict[str, dict[str, Any]]:
        """Return the users of a service by name."""
        return {one["username"]: one for one in self.service(name)["users"]}

    def services(self) -> list[str]:
        """Return the names of the services there are."""
        return sorted(one["service_name"] for one in self.ok("GET", "/service")["services"])

    # --- the sandbox's own hooks

    def hook(self, method: str, name: str, body: object = None) -> dict[str, Any]:
        status, answer = self._call(method, f"/sandbox/{name}", body)
        assert status == 200, answer
        return answer

    def fault(self, **fault: object) -> None:
        """Let calls of this project fail: method, path, status, drop, when, count, …"""
        self.hook("POST", "faults", {"path": self.project, **fault})

    def settings(self, **settings: object) -> None:
        """Turn knobs: build_delay_s, latency_s, redact_secrets, …"""
        self.hook("PUT", "settings", settings)

    @contextlib.contextmanager
    def counted(self) -> Iterator[dict[str, int]]:
        """Yield a mapping that holds, after the block, the calls made in it: by method and short route."""
        found: dict[str, int] = {}
        self.hook("DELETE", "requests")
        yield found
        found.update(short_routes(self.hook("GET", "requests")["routes"]))

    def _call(self, method: str, path: str, body: object) -> tuple[int, dict[str, Any]]:
        request = urllib.request.Request(
            self.sandbox.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"aivenv1 {self.sandbox.token}",
                "Content-Type": "application/json",
            },
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)


class Recorder:
    """A way to the sandbox that notes what passes: the query and the body of each request.

    `url` stands for the API's. Everything is handed on as it is.
    """

    def __init__(self, target: str) -> None:
        self.queries: list[str] = []
        self.bodies: list[bytes] = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                if self.command == "GET":
                    recorder.queries.append(self.path.partition("?")[2])
                recorder.bodies.append(body)
                host = urlsplit(target)
                onward = HTTPConnection(host.hostname or "", host.port, timeout=30)
                onward.request(self.command, self.path, body or None, dict(self.headers))
                answer = onward.getresponse()
                content = answer.read()
                self.send_response(answer.status)
                self.send_header("content-type", answer.headers["content-type"])
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                onward.close()

            do_GET = do_POST = do_PUT = do_DELETE = pass_on  # noqa: N815  (the library's names)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


def acknowledged(ran: Ran) -> list[str]:
    """Return the flags that a blocked apply asked for."""
    found = re.findall(r"add (--ack|--allow-delete) ('[^']*'|[^\s,]+)", ran.said)
    return [word.strip("'") for pair in found for word in pair]


def is_change(change: Mapping[str, Any]) -> bool:
    """Whether something would be done about its object, or it blocks; a record brought up to date is none."""
    return change["action"] != "no-op" or any(step["op"] != "record" for step in change["steps"])


def short_routes(routes: Mapping[str, int]) -> dict[str, int]:
    """Return counts by short routes: `GET service`, `GET db`, `POST connection_pool`."""
    found: dict[str, int] = {}
    for route, count in routes.items():
        method, _, path = route.partition(" ")
        names = [part for part in path.split("/") if part and not part.startswith("{")]
        short = f"{method} {names[-1]}"
        found[short] = found.get(short, 0) + count
    return found


def checked(ran: Ran) -> Ran:
    """Return it, after a look for what no command may ever say."""
    assert "Traceback (most recent call last)" not in ran.both, ran.both
    assert "A mistake in reconcile itself" not in ran.both, ran.both
    return ran


def wait_until(holds: Any, timeout_s: float = 20.0) -> None:
    """Return when `holds()` is true."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)


@contextlib.contextmanager
def _as_if_in(folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    before, here = dict(os.environ), Path.cwd()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ.update(before)
