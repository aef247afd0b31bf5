"""The engine: one `Cluster` for each service, and what they share."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from reconciler.sandbox.account.authority import Authority
from reconciler.sandbox.account.engine import Engine, EngineError
from reconciler.sandbox.account.objects import Place, Service, State
from reconciler.sandbox.control import is_alive
from reconciler.sandbox.real.cluster import Cluster
from reconciler.sandbox.real.files import make_folder
from reconciler.sandbox.real.identity import choose_identity, existing_account
from reconciler.sandbox.real.keeper import Keeper
from reconciler.sandbox.real.ports import Ports
from reconciler.sandbox.real.postgres import House
from reconciler.sandbox.real.programs import Programs
from reconciler.sandbox.real.template import Templates

PREFIX = "rcs-"
LONGEST_PARENT = 60
"""The path of a Unix socket has at most 107 bytes, and ours add some forty."""


class RealEngine(Engine):
    name = "real"

    def __init__(
        self, programs: Programs, authority: Authority, folder: Path | None, cache: Path
    ) -> None:
        """`folder` None: everything is thrown away at the end."""
        self.programs = programs
        self.clusters: dict[int, Cluster] = {}
        """By the port of the service, which stays when a project is renamed."""
        self._ports = Ports()
        self._authority = authority
        self._folder = folder
        self._cache = cache
        self._house: House | None = None
        self._temporary: list[Path] = []
        self._warming: asyncio.Task[None] | None = None

    async def open(self, services: Iterable[Service]) -> None:
        """Start the guard, then whatever was running when the account was saved."""
        # Made at the start, not under the first service.
        self._authority.certificate()
        identity = await asyncio.to_thread(choose_identity)
        keeper = Keeper(identity)
        await keeper.open()
        sockets = self._make_temporary(keeper, short_folder())
        if self._folder is None:
            folder = self._make_temporary(keeper, Path(tempfile.gettempdir()))
        else:
            folder = identity.home(self._folder)
        cache = identity.home(self._cache)
        for path in (folder, cache):
            make_folder(path, identity)
        self._house = House(
            programs=self.programs,
            keeper=keeper,
            ports=self._ports,
            templates=Templates(self.programs, keeper, cache / "templates"),
            authority=self._authority,
            services=folder,
            sockets=sockets,
        )
        await asyncio.gather(*(self._resume(self._house, service) for service in services))
        # While nobody waits for it: the first service of a machine is then as quick as the next.
        self._warming = asyncio.create_task(self._warm_up(self._house))

    def _make_temporary(self, keeper: Keeper, parent: Path) -> Path:
        """Make a folder that goes with us; the guard removes it if we cannot."""
        sweep(parent)
        made = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=parent))
        keeper.identity.give(made)
        keeper.remove_at_end(made)
        self._temporary.append(made)
        return made

    async def _resume(self, house: House, service: Service) -> None:
        """Bring a service back as it was; one that cannot be is REBUILDING again, and says why."""
        cluster = self.clusters[service.place.port] = Cluster(house, service, is_new=False)
        with suppress(EngineError):
            await cluster.follow()
        if service.state is not State.POWEROFF and not cluster.is_up:
            service.state = State.REBUILDING

    async def _warm_up(self, house: House) -> None:
        with suppress(EngineError, OSError):
            await house.templates.make_once(house.services / "initdb.log")

    async def close(self) -> None:
        """Stop everything: the same way as when we are killed."""
        if self._warming is not None:
            self._warming.cancel()
            with suppress(asyncio.CancelledError):
                await self._warming
        await asyncio.gather(*(cluster.abandon() for cluster in self.clusters.values()))
        if self._house is not None:
            await self._house.keeper.close()
        self._ports.close()
        for folder in self._temporary:
            shutil.rmtree(folder, ignore_errors=True)

    def place(self, project: str, service: str) -> Place:
        place = self._ports.claim(f"{project}/{service}", self.clusters)
        return place if self.programs.has_tls else replace(place, sslmode="disable")

    def is_ready(self, service: Service) -> bool:
        cluster = self.clusters.get(service.place.port)
        return cluster is not None and cluster.is_up

    async def follow(self, service: Service) -> None:
        await self._cluster(service).follow()

    async def observe(self, service: Service) -> None:
        cluster = self.clusters.get(service.place.port)
        if cluster is not None and service.state is State.RUNNING:
            await cluster.observe()

    async def forget(self, service: Service) -> None:
        cluster = self.clusters.pop(service.place.port, None)
        if cluster is not None:
            await cluster.remove()
        self._ports.release(service.place)

    def show(self) -> Mapping[str, Any]:
        return {
            "programs": self.programs.describe(),
            "services": {
                f"{one.service.project}/{one.service.name}": {
                    "is_up": one.is_up,
                    "is_idle": one.is_idle,
                    "problem": one.problem,
                    "folder": str(one.postgres.folder),
                    "left_out": one.catalog.skipped,
                }
                for one in self.clusters.values()
            },
        }

    def _cluster(self, service: Service) -> Cluster:
        if self._house is None:
            raise EngineError("the engine is not open yet")
        port = service.place.port
        if port not in self.clusters:
            self._ports.hold(service.place)
            self.clusters[port] = Cluster(self._house, service, is_new=True)
        return self.clusters[port]


def short_folder() -> Path:
    """Return a folder for temporary files whose path leaves room for a socket's."""
    usual = tempfile.gettempdir()
    return Path(usual if len(os.fsencode(usual)) <= LONGEST_PARENT else "/tmp")  # noqa: S108 - 0700


def sweep(folder: Path) -> None:
    """Remove what sandboxes left behind whose guard was killed as well."""
    for path in folder.glob(f"{PREFIX}*-*"):
        pid = path.name.removeprefix(PREFIX).partition("-")[0]
        is_ours = path.lstat().st_uid in (os.getuid(), existing_account().uid)
        if pid.isdigit() and is_ours and not is_alive(int(pid)):
            shutil.rmtree(path, ignore_errors=True)
