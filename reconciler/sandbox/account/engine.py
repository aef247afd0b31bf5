"""The seam behind the account: what really runs where a service says it runs.

The account is the truth; an engine realises it. The hooks are called after the account has
changed, inside the request, and may raise `EngineError`, which the client sees as a 503.
"""

from __future__ import annotations

from typing import Protocol
from zlib import crc32

from reconciler.sandbox.account.objects import Database, Place, Pool, Service, User


class EngineError(Exception):
    """The engine could not follow the account; the text is for the client."""


class Engine(Protocol):
    """What PostgreSQL and PgBouncer need to be told. Names come with the service they are in."""

    def place(self, project: str, service: str) -> Place:
        """Return where the service will listen; asked once, at its creation."""

    def is_ready(self, service: Service) -> bool:
        """Say whether a service being built may be called RUNNING."""

    def service_started(self, service: Service) -> None:
        """The service was created, powered on, or read from the state file."""

    def service_stopped(self, service: Service) -> None:
        """The service was powered off; its data stays."""

    def service_changed(self, service: Service) -> None:
        """Plan, cloud, disk or user_config changed."""

    def service_deleted(self, service: Service) -> None:
        """The service is gone, and all it held."""

    def database_created(self, service: Service, database: Database) -> None: ...

    def database_deleted(self, service: Service, database: Database) -> None: ...

    def user_created(self, service: Service, user: User) -> None: ...

    def user_changed(self, service: Service, user: User) -> None:
        """The password or the replication flag changed."""

    def user_deleted(self, service: Service, user: User) -> None: ...

    def pool_created(self, service: Service, pool: Pool) -> None: ...

    def pool_changed(self, service: Service, pool: Pool) -> None: ...

    def pool_deleted(self, service: Service, pool: Pool) -> None: ...


class MemoryEngine(Engine):
    """Runs nothing: addresses look like Aiven's and nobody listens there."""

    def place(self, project: str, service: str) -> Place:
        """Return a host in Aiven's form and a five-digit port that stays for the name.

        PgBouncer listens one port above in all public examples; that is custom, not contract.
        """
        port = 10_000 + crc32(f"{project}/{service}".encode()) % 19_000
        host = f"{service}-{project}.a.aivencloud.com"
        return Place(host=host, port=port, pooler_port=port + 1)

    def is_ready(self, service: Service) -> bool:
        return True
