"""How fast the sandbox's real engine is: `python benchmarks/sandbox.py` prints a table.

Each row has a bar; a figure above it is marked, and the exit code is then 1. Nothing else should
run on the machine meanwhile. `--pools 200` makes a shorter run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from reconciler import sandbox
from reconciler.sandbox.account import projects, services
from reconciler.sandbox.account.account import Account
from reconciler.sandbox.account.objects import Pool
from reconciler.sandbox.real.engine import RealEngine
from reconciler.sandbox.real.programs import cache_folder, find_programs

REAL = sandbox.Settings(engine="real")
PLAIN = {"service_type": "pg", "plan": "startup-4"}


@dataclass(frozen=True, slots=True)
class Row:
    what: str
    figure: float
    bar: float
    unit: str

    @property
    def holds(self) -> bool:
        return self.figure <= self.bar


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pools", type=int, default=1000)
    pools = parser.parse_args().pools
    programs = find_programs(None, None, cache_folder(), may_fetch=False)
    say(f"{programs.describe()}, {os.cpu_count()} processors, {pools} pools\n")
    rows = [*measure_start(), *measure_pools(pools), measure_converge(pools), measure_kill()]
    for row in rows:
        mark = "" if row.holds else "  above the bar"
        say(f"{row.what:48} {row.figure:8.3g} {row.unit:3} (bar {row.bar:g}){mark}")
    return 0 if all(row.holds for row in rows) else 1


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class Client:
    """One connection to the API, below the project there is."""

    def __init__(self, found: sandbox.Running) -> None:
        self.http = HTTPConnection(urlsplit(found.url).netloc, timeout=60)
        self.headers = {"authorization": f"aivenv1 {found.token}"}

    def call(self, method: str, path: str, body: object = None) -> Any:
        text = None if body is None else json.dumps(body)
        self.http.request(method, f"/v1/project/my-project{path}", text, self.headers)
        reply = self.http.getresponse()
        answer = json.loads(reply.read())
        if reply.status != 200:
            raise SystemExit(answer["message"])
        return answer


@contextmanager
def project() -> Iterator[tuple[sandbox.Running, Client]]:
    with sandbox.running(REAL) as found:
        yield found, Client(found)


def build(client: Client, name: str) -> float:
    """Create a service; return the seconds until it is RUNNING."""
    begun_s = time.perf_counter()
    client.call("POST", "/service", {"service_name": name, **PLAIN})
    while client.call("GET", f"/service/{name}")["service"]["state"] != "RUNNING":
        time.sleep(0.005)
    return time.perf_counter() - begun_s


def measure_start() -> Iterator[Row]:
    """Cold is with an empty cache, as on a new machine; then from the template that was kept."""
    kept = os.environ.get("XDG_CACHE_HOME")
    with tempfile.TemporaryDirectory() as cache:
        os.environ["XDG_CACHE_HOME"] = cache
        try:
            with project() as (found, client):
                yield Row("service RUNNING, cold", build(client, "cold"), 2, "s")
                warm = [build(client, f"warm-{number}") for number in range(5)]
                yield Row("service RUNNING, from the template", statistics.median(warm), 0.4, "s")
                each = memory_mb(found.pid) / 6
                yield Row("memory a service, guard included", each, 60, "MB")
        finally:
            del os.environ["XDG_CACHE_HOME"]
            if kept is not None:
                os.environ["XDG_CACHE_HOME"] = kept


def measure_pools(count: int) -> Iterator[Row]:
    """The call of a client, from request to answer: changed, reloaded, verified."""
    with project() as (_, client):
        build(client, "pg")
        path = "/service/pg/connection_pool"

        def create(number: int) -> None:
            client.call("POST", path, {"pool_name": f"p{number}", "database": "defaultdb"})

        made = times(create, range(count))[-100:]
        grown = times(lambda n: client.call("PUT", f"{path}/p{n}", {"pool_size": 3}), range(100))
        gone = times(lambda n: client.call("DELETE", f"{path}/p{n}"), range(100))
    for what, all_ms in (("create", made), ("update", grown), ("delete", gone)):
        yield Row(f"pool {what} at {count} pools, median", statistics.median(all_ms), 20, "ms")
        slowest = sorted(all_ms)[-len(all_ms) // 20]
        yield Row(f"pool {what} at {count} pools, 95 of 100", slowest, 40, "ms")


def times(call: Callable[[int], object], numbers: range) -> list[float]:
    found = []
    for number in numbers:
        begun_s = time.perf_counter()
        call(number)
        found.append((time.perf_counter() - begun_s) * 1000)
    return found


def measure_converge(count: int) -> Row:
    """From none to all in one RELOAD, verified; without HTTP, as after a restart."""
    took_s = asyncio.run(converge(count))
    return Row(f"converge to {count} pools", took_s * 1000, 100, "ms")


async def converge(count: int) -> float:
    programs = find_programs(None, None, cache_folder(), may_fetch=False)
    account = Account(token="")
    account.engine = engine = RealEngine(programs, account.authority, None, cache_folder())
    await engine.open([])
    try:
        projects.create(account, {"project": "p"})
        service = services.create(account, "p", {"service_name": "pg", **PLAIN})
        await engine.follow(service)
        while services.find(account, "p", "pg").state != "RUNNING":
            await asyncio.sleep(0.01)
        names = [f"pool-{number}" for number in range(count)]
        service.pools |= {name: Pool(name=name, database="defaultdb") for name in names}
        begun_s = time.perf_counter()
        await engine.follow(service)
        return time.perf_counter() - begun_s
    finally:
        await engine.close()


def measure_kill() -> Row:
    with tempfile.TemporaryDirectory() as folder:
        found = sandbox.start(REAL, Path(folder))
        build(Client(found), "pg")
        children = descendants(found.pid)
        begun_s = time.perf_counter()
        os.kill(found.pid, signal.SIGKILL)
        while any(is_alive(pid) for pid in children):
            time.sleep(0.002)
        took_s = time.perf_counter() - begun_s
        return Row("SIGKILL of the sandbox, until its children are gone", took_s, 0.5, "s")


def descendants(pid: int) -> set[int]:
    """Return the processes below one (Linux)."""
    parents = {int(entry.name): parent_of(entry) for entry in Path("/proc").glob("[0-9]*")}
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def parent_of(entry: Path) -> int:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def memory_mb(pid: int) -> float:
    """Return what the processes below take, shared pages counted once (PSS)."""
    total_kb = 0
    for child in descendants(pid):
        rollup = Path(f"/proc/{child}/smaps_rollup").read_text()
        lines = dict(line.split(":", 1) for line in rollup.splitlines()[1:])
        total_kb += int(lines["Pss"].split()[0])
    return total_kb / 1024


if __name__ == "__main__":
    sys.exit(main())
