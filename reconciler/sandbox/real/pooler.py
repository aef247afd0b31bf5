"""The PgBouncer of one service: its files, its process, its console.

All pools of a service share one port, with a line each. It talks to PostgreSQL over the private
socket, which trusts it; clients talk to it over TLS with SCRAM.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from reconciler.sandbox.account.engine import EngineError
from reconciler.sandbox.account.objects import Pool, Service
from reconciler.sandbox.real import tls
from reconciler.sandbox.real.files import write_private
from reconciler.sandbox.real.keeper import Child, tail
from reconciler.sandbox.real.options import automatic_pools, pooler_options
from reconciler.sandbox.real.pooler_files import (
    CONSOLE,
    OWNER,
    Line,
    line_of,
    render_hba,
    render_lines,
    render_userlist,
)
from reconciler.sandbox.real.ports import HOST
from reconciler.sandbox.real.postgres import Postgres
from reconciler.sandbox.real.wire import Connection, LostError, SqlError

START_S = 10.0
PORT_S = 3.0
STOP_S = 2.0
ASK_AGAIN_S = 0.005
SHOWN = ("name", "database", "pool_mode", "pool_size", "force_user")


class Pooler:
    def __init__(self, postgres: Postgres, on_start: Callable[[Child], None]) -> None:
        self.postgres = postgres
        self._on_start = on_start
        self.house = postgres.house
        self.port = postgres.place.pooler_port
        self.folder = postgres.folder
        self.log = postgres.folder / "pgbouncer.log"
        self.ini = postgres.folder / "pgbouncer.ini"
        self.hba = postgres.folder / "pgbouncer_hba.conf"
        self.userlist = postgres.folder / "userlist.txt"
        self.child: Child | None = None
        self.lines: dict[str, Line] = {}
        """What was last seen to be there."""
        self._made: dict[str, tuple[Pool, Line]] = {}
        self._texts: tuple[str, ...] = ()
        self._options: dict[str, str] = {}
        self._automatic: str | None = None
        """The rules that pools made by themselves follow now."""
        self._console: Connection | None = None

    @property
    def is_running(self) -> bool:
        return self.child is not None and self.child.is_alive

    async def start(self, service: Service, secrets: Mapping[str, str]) -> None:
        """Start the pooler; return when it is known to be ours on its port, with its pools."""
        programs, keeper = self.house.programs, self.house.keeper
        wanted = self._wanted(service)
        self._write(service, secrets, wanted)
        self.child = await keeper.spawn(
            [programs.pgbouncer, self.ini], log=self.log, env=programs.pooler_environment()
        )
        self._on_start(self.child)
        self._automatic = automatic_pools(service)
        try:
            await self._await_ready(self.child)
            await self._verify(service, wanted)
        except EngineError:
            # It may well run, and be of no use: 1.18 does when its port is taken.
            await self.stop()
            raise

    async def apply(self, service: Service, secrets: Mapping[str, str]) -> None:
        """Make the pools those of the service, by RELOAD. Raises EngineError.

        A forced user cannot be taken away or changed by RELOAD: such a line goes first, and then
        comes again. Clients of that pool are cut, of no other.
        """
        if self._automatic is not None and self._automatic != automatic_pools(service):
            # What `*` once said, RELOAD neither changes nor takes away.
            await self.stop()
            await self.start(service, secrets)
            return
        self._automatic = automatic_pools(service)
        wanted = self._wanted(service)
        repinned = {
            name
            for name, line in wanted.items()
            if name in self.lines and self.lines[name].username != line.username
        }
        if repinned:
            rest = {name: line for name, line in wanted.items() if name not in repinned}
            self._write(service, secrets, rest)
            await self._reload(service, rest)
        if self._write(service, secrets, wanted):
            await self._reload(service, wanted)

    def _wanted(self, service: Service) -> dict[str, Line]:
        """Return the lines of the service's pools, those of before where the pool is the same."""
        old = self._made
        self._made = {
            name: made if (made := old.get(name)) and made[0] is pool else (pool, line_of(pool))
            for name, pool in service.pools.items()
        }
        return {name: line for name, (_, line) in self._made.items()}

    async def stop(self) -> None:
        """Stop at once. SIGTERM would wait for the clients since 1.23."""
        if self.child is not None:
            self.child.is_dismissed = True
        if self._console is not None:
            with suppress(EngineError):
                await self._console.query("SHUTDOWN")
            self._console.close()
            self._console = None
        if self.child is None:
            return
        for number in (None, signal.SIGQUIT, signal.SIGKILL):
            if number is not None:
                self.house.keeper.signal(self.child, number)
            with suppress(TimeoutError):
                limit_s = 0.2 if number is None else STOP_S
                await asyncio.wait_for(asyncio.shield(self.child.exited), limit_s)
                break
        self.child = None
        self.lines, self._texts, self._options = {}, (), {}

    async def show(self) -> dict[str, Line]:
        """Return the pools that are there, the console's own left out."""
        rows = await (await self.console()).query("SHOW DATABASES", SHOWN)
        return {str(row[0]): Line._make(row[1:]) for row in rows if row[0] != CONSOLE}

    async def console(self) -> Connection:
        if self._console is None or not self._console.is_open:
            socket = self.house.sockets / f".s.PGSQL.{self.port}"
            try:
                self._console = await Connection.open(socket, OWNER, CONSOLE)
            except OSError as error:
                raise EngineError(f"PgBouncer does not answer: {error}") from error
        return self._console

    async def _reload(self, service: Service, wanted: Mapping[str, Line]) -> None:
        console = await self.console()
        try:
            await console.query("RELOAD")
            await self._verify(service, wanted)
        except (SqlError, LostError) as error:
            self._texts = ()
            raise EngineError(f"PgBouncer: {error}: {tail(self.log)}") from error
        except EngineError:
            self._texts = ()
            raise

    async def _verify(self, service: Service, wanted: Mapping[str, Line]) -> None:
        """Compare with what is there: RELOAD of a broken file says that all went well."""
        found = await self.show()
        may_have_more = automatic_pools(service) is not None
        self.lines = found
        if found != wanted:
            strangers = set() if may_have_more else found.keys() - wanted.keys()
            wrong = {name for name, line in wanted.items() if found.get(name) != line}
            if strangers or wrong:
                names = ", ".join(sorted(strangers | wrong)[:3])
                raise EngineError(f"PgBouncer did not take the change ({names}): {tail(self.log)}")
        options = pooler_options(service, self.house.programs.pooler_version)
        if options != self._options:
            await self._verify_options(options)
            self._options = options

    async def _verify_options(self, options: Mapping[str, str]) -> None:
        rows = await (await self.console()).query("SHOW CONFIG", ("key", "value"))
        found = {str(key): str(value) for key, value in rows}
        wrong = [name for name, text in options.items() if not _same(found.get(name), text)]
        if wrong:
            names = ", ".join(wrong)
            raise EngineError(f"PgBouncer did not take {names}: {tail(self.log)}")

    async def _await_ready(self, child: Child) -> None:
        deadline_s = time.monotonic() + START_S
        name, ca_pem = tls.own_name(self.port - 1), self.house.authority.certificate()
        while time.monotonic() < deadline_s:
            if not child.is_alive:
                raise EngineError(f"PgBouncer does not start: {tail(self.log)}")
            with suppress(EngineError):
                await self.console()
                if await tls.answers(self.port, name, ca_pem):
                    return
                # The console is there, so the port should be.
                deadline_s = min(deadline_s, time.monotonic() + PORT_S)
            await asyncio.sleep(ASK_AGAIN_S)
        raise EngineError(f"PgBouncer is not on port {self.port}: {tail(self.log)}")

    def _write(
        self, service: Service, secrets: Mapping[str, str], lines: Mapping[str, Line]
    ) -> bool:
        """Write what differs from what was written last; False when nothing does."""
        identity = self.house.keeper.identity
        paths = (self.userlist, self.hba, self.ini)
        texts = (
            render_userlist(secrets),
            render_hba(service.admin, lines),
            self._render_ini(service, lines),
        )
        old = self._texts or ("",) * len(paths)
        for path, text, before in zip(paths, texts, old, strict=True):
            if text != before:
                write_private(path, text, identity)
        changed, self._texts = texts != self._texts, texts
        return changed

    def _render_ini(self, service: Service, lines: Mapping[str, Line]) -> str:
        where = f"host={self.house.sockets} port={self.postgres.place.port}"
        automatic = automatic_pools(service)
        rest = f"* = {where} {automatic}\n" if automatic else ""
        own = {
            "listen_addr": HOST,
            "listen_port": self.port,
            "listen_backlog": 4096,
            "unix_socket_dir": self.house.sockets,
            "unix_socket_mode": "0700",
            "auth_type": "hba",
            "auth_file": self.userlist,
            "auth_hba_file": self.hba,
            "admin_users": OWNER,
            "stats_users": service.admin,
            "client_tls_sslmode": "require",
            "client_tls_cert_file": self.folder / "server.crt",
            "client_tls_key_file": self.folder / "server.key",
            # Without it every RELOAD parses the system's bundle, which takes 30 ms.
            "client_tls_ca_file": self.folder / "ca.crt",
            "log_connections": 0,
            "log_disconnections": 0,
            "log_stats": 0,
            **pooler_options(service, self.house.programs.pooler_version),
        }
        settings = "".join(f"{key} = {value}\n" for key, value in own.items())
        return f"[databases]\n{render_lines(where, lines)}{rest}[pgbouncer]\n{settings}"


def _same(found: str | None, wanted: str) -> bool:
    """Compare settings as PgBouncer shows them: 1 may be 1.0, and lists have blanks."""
    if found is None:
        return False
    try:
        return float(found) == float(wanted)
    except ValueError:
        return found.replace(" ", "") == wanted.replace(" ", "")
