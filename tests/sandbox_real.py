"""What tests of the real engine need: its programs, sessions, and what must always hold."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sandbox_api import Api

from reconciler.sandbox.real.programs import (
    MissingProgramsError,
    Programs,
    cache_folder,
    find_programs,
)

Session = psycopg.Connection[Any]


def need_programs() -> Programs:
    """Return the programs; without them a test is left out, but in CI it fails."""
    try:
        return find_programs(None, None, cache_folder(), may_fetch=False)
    except MissingProgramsError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))


@dataclass(frozen=True)
class Shop:
    """A running service of the real engine, and sessions in it."""

    api: Api
    path: str
    ca: Path

    def service(self) -> Any:
        return self.api.service(self.path)

    def pool(self, name: str, **more: Any) -> str:
        """Make a pool and return its URI."""
        body = {"pool_name": name, "database": "defaultdb", **more}
        self.api.ok("POST", f"{self.path}/connection_pool", body)
        return self.uri(name)

    def uri(self, pool: str) -> str:
        found = {one["pool_name"]: one for one in self.service()["connection_pools"]}
        return str(found[pool]["connection_uri"])

    def user(self, name: str) -> str:
        """Make a user and return its password."""
        made = self.api.ok("POST", f"{self.path}/user", {"username": name})["user"]
        return str(made["password"])

    def connect(self, uri: str, **more: Any) -> Session:
        """Open a session as every careful client would: the CA is checked, and the name.

        Without prepared statements: those need PgBouncer 1.21 in transaction mode.
        """
        return psycopg.connect(
            uri.replace("sslmode=require", "sslmode=verify-full"),
            sslrootcert=str(self.ca),
            **{"prepare_threshold": None, "autocommit": True, "connect_timeout": 10, **more},
        )

    def ask(self, uri: str, question: str) -> Any:
        """Return the one value a query answers in a session of its own."""
        with self.connect(uri) as session:
            row = session.execute(question).fetchone()
        return row and row[0]

    def names(self, question: str) -> list[Any]:
        """Return the first column of an answer of the database, asked past the pooler.

        In the one database that cannot be deleted.
        """
        uri = self.service()["service_uri"].replace("/defaultdb?", "/postgres?")
        with self.connect(uri) as session:
            return [row[0] for row in session.execute(question)]

    def console(self, question: str) -> list[dict[str, Any]]:
        """Return what PgBouncer's console answers to the admin, who may look at everything."""
        uri = self.service()["connection_info"]["pgbouncer"]
        with self.connect(uri, cursor_factory=psycopg.ClientCursor) as session:
            cursor = session.execute(question)
            names = [column.name for column in cursor.description or []]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def folder(self) -> Path:
        found = self.api.running()[f"{self.api.project}/{self.path.rpartition('/')[2]}"]
        return Path(found["folder"])


def backends(sessions: list[Session]) -> set[int]:
    """Return the server processes that serve the sessions just now, all at the same time."""
    with ThreadPoolExecutor(len(sessions)) as pool:
        return set(pool.map(_backend, sessions))


def _backend(session: Session) -> int:
    row = session.execute("SELECT pg_backend_pid() FROM pg_sleep(0.02)").fetchone()
    assert row is not None
    return int(row[0])


def happens(fact: Callable[[], bool], within_s: float = 10) -> bool:
    """Say whether something comes true."""
    deadline_s = time.monotonic() + within_s
    while time.monotonic() < deadline_s:
        if fact():
            return True
        time.sleep(0.02)
    return False


def invariant(shop: Shop) -> None:
    """The API, the database and the pooler say the same."""
    service = shop.service()
    assert set(service["databases"]) == set(
        shop.names(
            "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'"
        )
    )
    roles = shop.names(
        "SELECT rolname || ':' || rolreplication FROM pg_roles "
        "WHERE rolcanlogin AND rolname <> 'postgres'"
    )
    assert set(roles) == {
        f"{user['username']}:{str(user['access_control']['pg_allow_replication']).lower()}"
        for user in service["users"]
    }
    shown = {
        row["name"]: (row["database"], row["pool_mode"], row["pool_size"], row["force_user"])
        for row in shop.console("SHOW DATABASES")
        if row["name"] != "pgbouncer"
    }
    assert shown == {
        pool["pool_name"]: (
            pool["database"],
            pool["pool_mode"],
            pool["pool_size"],
            pool["username"],
        )
        for pool in service["connection_pools"]
    }
