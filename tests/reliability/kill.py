"""C1: an apply is killed at random moments, over and over; nothing may be lost or made twice.

    python -m tests.reliability.kill --kills 100 --objects 200 --parallelism 10

Each round begins with an empty project. Its apply is killed (kill -9) up to three times in a row, each time
at a random moment of its life, then left alone. After each kill every object that is real must be recorded
or stand in the state as a write of unknown outcome. In the end each must have been made exactly once, and
the next plan must be empty.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.recorded.stores.file import FileStore
from reconciler.sandbox import Running, Settings, running
from tests.workbench import Workbench, database, pg, pool, stack, user

LATENCY_S = 0.02
IN_A_ROW = 3
PER_SERVICE = 50


@dataclass(slots=True)
class Figures:
    """What came of it. In `wrong` stands every violation, as a sentence."""

    kills: int = 0
    in_the_middle: int = 0
    rounds: int = 0
    made: int = 0
    unrecorded: int = 0
    duplicated: int = 0
    left_open: int = 0
    conflicts: int = 0
    empty_plans: int = 0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.in_the_middle} with a run under way, in {self.rounds} rounds\n"
            f"{self.made:,} objects made: {self.unrecorded} unrecorded, {self.duplicated} duplicated\n"
            f"{self.left_open} writes left open and settled by reading, {self.conflicts} answers 409\n"
            f"{self.empty_plans} of {self.rounds} rounds ended with an empty plan"
        )


def objects(count: int) -> dict[str, Any]:
    """Return a stack of so many objects: services of fifty, each with databases, users and pools."""
    kinds: dict[str, dict[str, Any]] = {
        "pg": {},
        "pg_database": {},
        "pg_user": {},
        "connection_pool": {},
    }
    for n in range(count):
        service, at = divmod(n, PER_SERVICE)
        name = f"pg{service}"
        reference = f"${{aiven_pg.s{service}.service_name}}"
        if at == 0:
            kinds["pg"][f"s{service}"] = pg(name)
        elif at % 3 == 0:
            kinds["pg_database"][f"o{n}"] = database(f"d{at}", reference)
        elif at % 3 == 1:
            kinds["pg_user"][f"o{n}"] = user(f"u{at}", reference)
        else:
            kinds["connection_pool"][f"o{n}"] = pool(f"p{at}", reference, pool_size=1)
    return stack(**kinds)


def real(bench: Workbench) -> set[str]:
    """Return the identity of every object that somebody made."""
    found = set()
    for name in bench.services():
        service = bench.service(name)
        base = f"{bench.project}/{name}"
        found.add(base)
        found |= {
            f"{base}/{one}"
            for one in service["databases"]
            if one.startswith("d") and one[1:].isdecimal()
        }
        found |= {
            f"{base}/{one['username']}" for one in service["users"] if one["username"] != "avnadmin"
        }
        found |= {f"{base}/{one['pool_name']}" for one in service["connection_pools"]}
    return found


class Killing:
    """Rounds of kills against one sandbox."""

    def __init__(
        self, sandbox: Running, folder: Path, *, objects: int, parallelism: int, seed: int
    ) -> None:
        self.sandbox = sandbox
        self.folder = folder
        self.objects = objects
        self.parallelism = parallelism
        self.random = random.Random(seed)
        self.figures = Figures()
        self.life_s = 2.0

    def round(self, kills: int) -> None:
        """Kill an apply so many times, let it arrive, and look at everything."""
        bench = self._bench()
        bench.write(objects(self.objects))
        bench.settings(latency_s=LATENCY_S)
        for _ in range(kills):
            self._kill(bench)
            self._look(bench)
        self._arrive(bench)
        self._count(bench)
        bench.settings(latency_s=0)
        bench.destroy()
        self.figures.rounds += 1

    def _bench(self) -> Workbench:
        name = f"kill-{self.figures.rounds}"
        folder = self.folder / name
        (folder / "state").mkdir(parents=True)
        bench = Workbench(sandbox=self.sandbox, project=name, folder=folder)
        bench._call("POST", "/v1/project", {"project": name})
        bench.hook("DELETE", "log")
        return bench

    def _command(self) -> list[str]:
        return ["apply", "--auto-approve", "--parallelism", str(self.parallelism)]

    def _kill(self, bench: Workbench) -> None:
        process = bench.start(*self._command())
        time.sleep(self.random.uniform(0.0, self.life_s))
        process.kill()
        out, err = process.communicate()
        self.figures.kills += process.returncode == -9  # else it had ended before
        self.figures.in_the_middle += (bench.folder / "state" / "test.journal").exists()
        if process.returncode not in (-9, 0):
            self.figures.wrong.append(f"exit {process.returncode}: {out[-300:]}{err[-300:]}")

    def _look(self, bench: Workbench) -> None:
        """Compare what is real with what is recorded; a call that was under way may still be carried out."""
        time.sleep(LATENCY_S * 3)
        there = real(bench)
        state = FileStore(bench.folder / "state", "test").read()
        recorded = {record.identity for record in state.resources.values()}
        still_open = {intent.identity for intent in state.unresolved.values()}
        lost = there - recorded - still_open
        invented = recorded - there
        self.figures.left_open += len(still_open)
        self.figures.unrecorded += len(lost)
        if lost or invented:
            self.figures.wrong.append(f"unrecorded {sorted(lost)}, not there {sorted(invented)}")

    def _arrive(self, bench: Workbench) -> None:
        began = time.monotonic()
        ran = bench.process(*self._command(), timeout_s=300)
        self.life_s = max(self.life_s * 0.9, min(10.0, time.monotonic() - began))
        if ran.code != 0:
            self.figures.wrong.append(f"the last apply ended with {ran.code}: {ran.both[-500:]}")
        steps = bench.steps()
        self.figures.empty_plans += not steps
        if steps:
            self.figures.wrong.append(f"the last plan is not empty: {steps[:3]}")
        there = real(bench)
        if len(there) != self.objects or {*_identities(bench)} != there:
            self.figures.wrong.append(f"{len(there)} objects are there, not {self.objects}")

    def _count(self, bench: Workbench) -> None:
        """Count what the API was asked to make."""
        answers: Counter[int | None] = Counter()
        for entry in bench.hook("GET", "log")["entries"]:
            if entry["method"] == "POST" and f"/{bench.project}/" in f"{entry['path']}/":
                answers[entry["status"]] += 1
        made = sum(count for status, count in answers.items() if status and 200 <= status < 300)
        self.figures.made += self.objects
        self.figures.duplicated += max(0, made - self.objects)
        if made < self.objects:
            self.figures.wrong.append(f"the sandbox's log tells of {made} objects made")
        self.figures.conflicts += answers[409]


def _identities(bench: Workbench) -> Iterator[str]:
    for entry in bench.state().values():
        yield entry["identity"]


@contextmanager
def killing(
    *, objects: int, parallelism: int, seed: int, sandbox: Running | None = None
) -> Iterator[Killing]:
    """Yield what kills, in a folder that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        if sandbox is not None:
            yield Killing(
                sandbox, Path(folder), objects=objects, parallelism=parallelism, seed=seed
            )
            return
        with running(Settings()) as found:
            yield Killing(found, Path(folder), objects=objects, parallelism=parallelism, seed=seed)


def run(killer: Killing, kills: int) -> Figures:
    """Kill so often; return the figures."""
    while (left := kills - killer.figures.kills) > 0:
        killer.round(min(IN_A_ROW, left))
    return killer.figures


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--objects", type=int, default=200)
    parser.add_argument("--parallelism", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with killing(objects=given.objects, parallelism=given.parallelism, seed=given.seed) as killer:
        figures = run(killer, given.kills)
    sys.stdout.write(f"{figures}\n")
    for wrong in figures.wrong:
        sys.stdout.write(f"WRONG: {wrong}\n")
    return 1 if figures.wrong or figures.unrecorded or figures.duplicated else 0


if __name__ == "__main__":
    sys.exit(main())
