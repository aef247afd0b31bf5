"""What runs for one service: brought up, kept equal to the account, taken down."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from reconciler.sandbox.account.engine import EngineError
from reconciler.sandbox.account.objects import Service, State
from reconciler.sandbox.real import tls
from reconciler.sandbox.real.catalog import Catalog
from reconciler.sandbox.real.keeper import Child
from reconciler.sandbox.real.options import max_connections
from reconciler.sandbox.real.pooler import Pooler
from reconciler.sandbox.real.postgres import House, Postgres

AGAIN_S = 1.0
"""After which a start that failed is tried again."""
PATIENCE_S = 20.0
"""How long a call waits for a database that is being restarted."""


class Cluster:
    """One PostgreSQL and one PgBouncer, and the one task that starts or stops them."""

    def __init__(self, house: House, service: Service, *, is_new: bool) -> None:
        self.house = house
        self.service = service
        self.postgres = Postgres(house, service.place, is_new=is_new)
        self.pooler = Pooler(self.postgres, self._watch)
        self.catalog = Catalog(self.postgres)
        self.problem = ""
        """Why it is not up, if that is not for lack of time."""
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._is_wanted = False
        self._wanted_connections = 0

    @property
    def is_up(self) -> bool:
        return self.is_idle and self.postgres.is_running and self.pooler.is_running

    @property
    def is_idle(self) -> bool:
        return self._task is None or self._task.done()

    async def follow(self) -> None:
        """Make what runs equal to the service; what takes long is begun only."""
        if self.service.state is State.POWEROFF:
            if self._is_wanted:
                self._is_wanted = False
                self._begin(self._take_down())
            return
        connections = max_connections(self.service)
        if not self._is_wanted or connections != self._wanted_connections:
            self._is_wanted = True
            self._wanted_connections = connections
            self._begin(self._keep_trying())
            if self.service.state is not State.RUNNING:
                return
        if self.service.state is State.REBUILDING:
            return
        await self.settle()
        async with self._lock:
            await self._converge()

    async def settle(self) -> None:
        """Wait until a start or stop that was begun is done. Raises EngineError."""
        if self._task is not None:
            done, _ = await asyncio.wait([self._task], timeout=PATIENCE_S)
            if not done:
                raise EngineError(self.problem or "the database is still being started")

    async def observe(self) -> None:
        """Bring into the service what was done by SQL, if it can be asked just now."""
        if not self.is_up or self._lock.locked():
            return
        async with self._lock:
            with suppress(EngineError):
                await self.catalog.observe(self.service)
                await self.pooler.apply(self.service, self.catalog.secrets())

    async def remove(self) -> None:
        """Stop everything and remove all files."""
        self._is_wanted = False
        self._begin(self._take_down())
        await self.settle()
        await asyncio.to_thread(self.postgres.remove)

    async def abandon(self) -> None:
        """Stop caring: the guard ends what runs."""
        self._is_wanted = False
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Do `work` after whatever is going on, which ends soon where it is no longer wanted.

        It is not cancelled: a process could be started and nobody know of it.
        """
        before = self._task

        async def do() -> None:
            if before is not None:
                await asyncio.wait([before])
            await work

        self._task = asyncio.get_running_loop().create_task(do())

    async def _keep_trying(self) -> None:
        while self._is_wanted:
            try:
                async with self._lock:
                    await self._bring_up()
            except (EngineError, OSError) as error:
                self.problem = str(error)
                sys.stderr.write(f"{self.service.project}/{self.service.name}: {error}\n")
                await asyncio.sleep(AGAIN_S)
            else:
                self.problem = ""
                return

    async def _bring_up(self) -> None:
        """Start what does not run as it should, and make it equal to the service."""
        self.house.ports.hold(self.service.place)
        if self.postgres.is_running and (self.postgres.max_connections != self._wanted_connections):
            await self.postgres.stop()
        if not self.postgres.is_running:
            await self._start_postgres()
        await self.catalog.open(self.service)
        await self.catalog.add(self.service)
        await self.catalog.remove(self.service)
        if await self.catalog.configure(self.service, strict=False):
            await self._restart_postgres()
        if self.pooler.is_running:
            await self.pooler.apply(self.service, self.catalog.secrets())
        else:
            # After PostgreSQL answers: else the first client waits for server_login_retry.
            await self.pooler.start(self.service, self.catalog.secrets())

    async def _converge(self) -> None:
        """Make roles, databases, settings and pools equal to the service.

        Pools come after what they stand on, and go before it: a database with a pool on it could
        not be dropped.
        """
        await self.catalog.add(self.service)
        await self.pooler.apply(self.service, self.catalog.secrets())
        if await self.catalog.remove(self.service):
            await self.pooler.apply(self.service, self.catalog.secrets())
        if await self.catalog.configure(self.service, strict=True):
            await self._restart_postgres()

    async def _start_postgres(self) -> None:
        self._watch(await self.postgres.start(self._wanted_connections))
        if not self.house.programs.has_tls:
            return
        port, ca_pem = self.service.place.port, self.house.authority.certificate()
        if not await tls.answers(port, tls.own_name(port), ca_pem):
            await self.postgres.stop()
            raise EngineError(f"PostgreSQL is not on port {port}")

    async def _restart_postgres(self) -> None:
        """Restart the database under the pooler, whose idle clients do not notice."""
        await self.postgres.stop()
        await self._start_postgres()

    async def _take_down(self) -> None:
        async with self._lock:
            await self.pooler.stop()
            await self.postgres.stop()

    def _watch(self, child: Child) -> None:
        """Start again what ends without having been told to."""
        child.exited.add_done_callback(lambda _: self._on_exit(child))

    def _on_exit(self, child: Child) -> None:
        is_surprise = not child.is_dismissed and not self.house.keeper.is_closing
        if is_surprise and self._is_wanted and self.is_idle:
            self._begin(self._keep_trying())
