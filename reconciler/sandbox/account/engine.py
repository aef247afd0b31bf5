"""The seam behind the account: what really runs where a service says it runs.

The account is the truth and an engine realises it. Nothing is told piece by piece: the engine is
shown the whole service after every write, and makes what runs equal to it. So creating, changing,
undoing a change that failed, and coming back after a kill are one and the same thing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol
from zlib import crc32

from reconciler.sandbox.account.objects import Place, Service


class EngineError(Exception):
    """The engine could not follow the account; the text is for the client."""


class Engine(Protocol):
    """What realises the services of an account."""

    name: str

    async def open(self, services: Iterable[Service]) -> None:
        """Bring back the services of an account that was kept, before the first call."""

    async def close(self) -> None:
        """Stop what runs."""

    def place(self, project: str, service: str) -> Place:
        """Return where the service will listen; asked once, at its creation."""

    def is_ready(self, service: Service) -> bool:
        """Say whether a service being built may be called RUNNING."""

    async def follow(self, service: Service) -> None:
        """Make what runs equal to the service.

        What takes long (a start, a stop, new nodes) is begun and shows in `is_ready`; all else is
        done, and verified, when this returns. Raises EngineError: the account is then put back,
        and this called again.
        """

    async def observe(self, service: Service) -> None:
        """Bring into the service what was done past the API, by SQL, before it is shown."""

    async def forget(self, service: Service) -> None:
        """The service is gone, and all it held."""

    def show(self) -> Mapping[str, Any]:
        """Return what an engine has to say about itself, for people."""


class MemoryEngine(Engine):
    """Runs nothing: addresses look like Aiven's and nobody listens there."""

    name = "memory"

    async def open(self, services: Iterable[Service]) -> None:
        return None

    async def close(self) -> None:
        return None

    def place(self, project: str, service: str) -> Place:
        """Return a host in Aiven's form and a five-digit port that stays for the name.

        PgBouncer listens one port above in all public examples; that is custom, not contract.
        """
        port = 10_000 + crc32(f"{project}/{service}".encode()) % 19_000
        host = f"{service}-{project}.a.aivencloud.com"
        return Place(host=host, port=port, pooler_port=port + 1)

    def is_ready(self, service: Service) -> bool:
        return True

    async def follow(self, service: Service) -> None:
        return None

    async def observe(self, service: Service) -> None:
        return None

    async def forget(self, service: Service) -> None:
        return None

    def show(self) -> Mapping[str, Any]:
        return {}
