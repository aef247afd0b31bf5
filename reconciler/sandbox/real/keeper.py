"""Our side of the guard: programs are started, signalled and waited for through it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.sandbox.account.engine import EngineError
from reconciler.sandbox.real.identity import Identity

CLOSE_S = 4.0


@dataclass(slots=True, eq=False)
class Child:
    """A program under the guard. `exited` is its exit code, negative for a signal."""

    pid: int
    exited: asyncio.Future[int] = field(repr=False)
    is_dismissed: bool = False
    """Whether it was told to end."""

    @property
    def is_alive(self) -> bool:
        return not self.exited.done()


class Keeper:
    """Talks to one guard process, which runs as whoever the daemons are to run as."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self.is_closing = False
        self._guard: Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._spawning: dict[int, asyncio.Future[Child]] = {}
        self._children: dict[int, Child] = {}
        self._numbers = 0

    async def open(self) -> None:
        guard = str(Path(__file__).with_name("guard.py"))
        # -I and -S: nothing but the standard library is there, and nobody's files shadow it.
        words = [*self.identity.prefix, sys.executable, "-I", "-S", guard, *self.identity.words]
        self._guard = await asyncio.create_subprocess_exec(
            *words,
            stdin=PIPE,
            stdout=PIPE,
            cwd="/",
            start_new_session=True,
        )
        self._reader = asyncio.create_task(self._read_news(self._guard))

    async def spawn(
        self,
        argv: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        end_by: int = signal.SIGQUIT,
        order: int = 0,
    ) -> Child:
        """Start a program. When all end, lower `order` ends first, by the signal `end_by`."""
        self._numbers += 1
        number = self._numbers
        future: asyncio.Future[Child] = asyncio.get_running_loop().create_future()
        self._spawning[number] = future
        words = [str(word) for word in argv]
        plain = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", **(env or {})}
        self._order(
            {
                "do": "spawn",
                "id": number,
                "argv": words,
                "log": str(log),
                "env": plain,
                "end_by": int(end_by),
                "order": order,
            }
        )
        return await future

    async def run(self, argv: Sequence[str | Path], *, log: Path) -> None:
        """Run a program to its end. Raises EngineError with the end of its log."""
        child = await self.spawn(argv, log=log, end_by=signal.SIGKILL)
        code = await child.exited
        if code != 0:
            name = Path(argv[0]).name
            raise EngineError(f"{name} ended with status {code}: {tail(log)}")

    def signal(self, child: Child, number: int) -> None:
        child.is_dismissed = True
        if child.is_alive:
            self._order({"do": "signal", "pid": child.pid, "signal": int(number)})

    def remove_at_end(self, path: Path) -> None:
        self._order({"do": "remove", "path": str(path)})

    async def close(self) -> None:
        """Let the guard stop everything: the same way as when we are killed."""
        self.is_closing = True
        if self._guard is None or self._guard.stdin is None:
            return
        self._guard.stdin.close()
        try:
            await asyncio.wait_for(self._guard.wait(), CLOSE_S)
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._guard.kill()
            await self._guard.wait()
        if self._reader is not None:
            await self._reader

    def _order(self, order: dict[str, Any]) -> None:
        if self._guard is None or self._guard.stdin is None or self._guard.returncode is not None:
            raise EngineError("the guard of the daemons is gone: restart the sandbox")
        self._guard.stdin.write(json.dumps(order).encode() + b"\n")

    async def _read_news(self, guard: Process) -> None:
        if guard.stdout is None:
            return
        while line := await guard.stdout.readline():
            self._hear(json.loads(line))
        for future in self._spawning.values():
            if not future.done():
                future.set_exception(EngineError("the guard of the daemons is gone"))
        for child in self._children.values():
            if child.is_alive:
                child.exited.set_result(-signal.SIGKILL)

    def _hear(self, news: Mapping[str, Any]) -> None:
        if "spawned" in news:
            future = self._spawning.pop(news["spawned"])
            exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            child = self._children[news["pid"]] = Child(news["pid"], exited)
            if not future.done():
                future.set_result(child)
        else:
            child = self._children.pop(news["exited"])
            if child.is_alive:
                child.exited.set_result(news["code"])


def tail(log: Path, lines: int = 3) -> str:
    """Return the last words of a log, on one line."""
    try:
        text = log.read_text(errors="replace")
    except OSError:
        return "it left no log"
    said = [line.strip() for line in text.splitlines() if line.strip()]
    return " | ".join(said[-lines:]) or "it said nothing"
