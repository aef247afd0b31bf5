"""The PostgreSQL of one service: its files, its process, its superuser's session."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reconciler.sandbox.account.authority import Authority
from reconciler.sandbox.account.engine import EngineError
from reconciler.sandbox.account.objects import Place
from reconciler.sandbox.real import tls
from reconciler.sandbox.real.files import make_folder, write_private
from reconciler.sandbox.real.keeper import Child, Keeper, tail
from reconciler.sandbox.real.ports import HOST, Ports
from reconciler.sandbox.real.programs import Programs
from reconciler.sandbox.real.template import LOCALE, SUPERUSER, Templates
from reconciler.sandbox.real.wire import Connection, SqlError

START_S = 30.0
STOP_S = 5.0
ASK_AGAIN_S = 0.005
STARTING_UP = "57P03"


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What the daemons of all services share."""

    programs: Programs
    keeper: Keeper
    templates: Templates
    ports: Ports
    authority: Authority
    services: Path
    sockets: Path
    """A short path: a socket's may have 107 bytes."""


class Postgres:
    def __init__(self, house: House, place: Place, *, is_new: bool) -> None:
        """`is_new`: data that is there is of a service nobody knows any more."""
        self.house = house
        self.place = place
        self.is_new = is_new
        self.folder = house.services / f"pg-{place.port}"
        self.data = self.folder / "data"
        self.log = self.folder / "postgres.log"
        self.max_connections = 0
        """What the process was started with."""
        self.child: Child | None = None
        self._sql: Connection | None = None

    @property
    def is_running(self) -> bool:
        return self.child is not None and self.child.is_alive

    async def start(self, max_connections: int) -> Child:
        """Start the server and return when it answers. Raises EngineError."""
        identity = self.house.keeper.identity
        make_folder(self.folder, identity)
        await asyncio.to_thread(end_left_over, self.data)
        if self.is_new or not (self.data / "PG_VERSION").exists():
            await asyncio.to_thread(_remove, self.data)
            await self.house.templates.copy_to(self.data, self.folder / "initdb.log")
            self.is_new = False
        self._write_files(max_connections)
        postgres = self.house.programs.pg_bin / "postgres"
        self.child = await self.house.keeper.spawn(
            [postgres, "-D", self.data], log=self.log, end_by=signal.SIGINT, order=1
        )
        self.max_connections = max_connections
        await self._await_ready(self.child)
        return self.child

    async def sql(self) -> Connection:
        """Return the superuser's session, opened when first needed."""
        if self._sql is None or not self._sql.is_open:
            self._sql = await self.connect(SUPERUSER)
        return self._sql

    async def connect(self, database: str) -> Connection:
        socket = self.house.sockets / f".s.PGSQL.{self.place.port}"
        try:
            return await Connection.open(socket, SUPERUSER, database)
        except OSError as error:
            raise EngineError(f"PostgreSQL does not answer: {error}") from error

    async def stop(self) -> None:
        """Stop the server: kindly, then at once."""
        if self._sql is not None:
            self._sql.close()
        if self.child is None:
            return
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            self.house.keeper.signal(self.child, number)
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self.child.exited), STOP_S)
                break
        self.child = None

    def remove(self) -> None:
        _remove(self.folder)

    def _write_files(self, max_connections: int) -> None:
        identity, programs = self.house.keeper.identity, self.house.programs
        name = tls.own_name(self.place.port)
        # Anew at each start: an account that was lost has taken its CA along.
        certificate, key = self.house.authority.issue(name)
        write_private(self.folder / "server.key", key, identity)
        write_private(self.folder / "ca.crt", self.house.authority.certificate(), identity)
        write_private(self.folder / "server.crt", certificate, identity)
        lines = {
            "listen_addresses": HOST,
            "port": str(self.place.port),
            "unix_socket_directories": str(self.house.sockets),
            "unix_socket_permissions": "0700",
            "max_connections": str(max_connections),
            "max_wal_senders": "20",
            "shared_buffers": "16MB",
            "max_wal_size": "64MB",
            "min_wal_size": "2MB",
            "wal_level": "logical",
            # What is here may be lost with the machine, never with a process.
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "lc_messages": LOCALE,
            "timezone": "UTC",
            "log_timezone": "UTC",
            "password_encryption": "scram-sha-256",
            **(_tls_lines(self.folder) if programs.has_tls else {}),
        }
        text = "".join(f"{key} = '{_quoted(value)}'\n" for key, value in lines.items())
        write_private(self.data / "postgresql.conf", text, identity)
        write_private(self.data / "pg_hba.conf", hba(programs.has_tls), identity)

    async def _await_ready(self, child: Child) -> None:
        deadline_s = time.monotonic() + START_S
        socket = self.house.sockets / f".s.PGSQL.{self.place.port}"
        while time.monotonic() < deadline_s:
            if not child.is_alive:
                raise EngineError(f"PostgreSQL does not start: {tail(self.log)}")
            try:
                self._sql = await Connection.open(socket, SUPERUSER, SUPERUSER)
            except OSError:
                pass
            except SqlError as error:
                if error.code != STARTING_UP:
                    raise
            else:
                return
            await asyncio.sleep(ASK_AGAIN_S)
        raise EngineError(f"PostgreSQL did not answer within {START_S:g} s: {tail(self.log)}")


def hba(has_tls: bool) -> str:
    """Return pg_hba.conf: trust on the private socket, passwords over TLS for all others."""
    kind = "hostssl" if has_tls else "host"
    return (
        "local all all trust\n"
        f"host all {SUPERUSER} all reject\n"
        f"{kind} all all {HOST}/32 scram-sha-256\n"
        f"{kind} replication all {HOST}/32 scram-sha-256\n"
    )


def _tls_lines(folder: Path) -> dict[str, str]:
    return {
        "ssl": "on",
        "ssl_cert_file": str(folder / "server.crt"),
        "ssl_key_file": str(folder / "server.key"),
    }


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''")


def end_left_over(data: Path) -> None:
    """End a server that still runs on this data: one whose guard was killed too (Linux)."""
    try:
        pid = int((data / "postmaster.pid").read_text().split()[0])
        if Path(f"/proc/{pid}/cwd").resolve() != data.resolve():
            return
    except (OSError, ValueError, IndexError):
        return
    for number in (signal.SIGQUIT, signal.SIGKILL):
        deadline_s = time.monotonic() + STOP_S
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        while time.monotonic() < deadline_s:
            if not Path(f"/proc/{pid}/cwd").exists():
                return
            time.sleep(0.01)


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
