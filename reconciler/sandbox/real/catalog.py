"""Roles, databases and settings inside one PostgreSQL, made equal to a service."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from reconciler.sandbox.account.engine import EngineError
from reconciler.sandbox.account.objects import Database, Service, User
from reconciler.sandbox.real import scram
from reconciler.sandbox.real.options import postgres_options
from reconciler.sandbox.real.postgres import Postgres
from reconciler.sandbox.real.template import SUPERUSER
from reconciler.sandbox.real.wire import Connection, SqlError, literal, quote

READ_ROLES = (
    "SELECT rolname, rolreplication, rolpassword FROM pg_catalog.pg_authid "
    "WHERE rolcanlogin AND rolname <> 'postgres' ORDER BY oid"
)
READ_DATABASES = (
    "SELECT datname, datcollate, datctype FROM pg_catalog.pg_database "
    "WHERE NOT datistemplate AND datname <> 'postgres' ORDER BY oid"
)
READ_SETTINGS = "SELECT name, context FROM pg_catalog.pg_settings"
READ_FILE = (
    "SELECT name, setting FROM pg_catalog.pg_file_settings "
    "WHERE sourcefile LIKE '%/postgresql.auto.conf'"
)
READ_DEPENDENT = (
    "SELECT DISTINCT d.datname FROM pg_catalog.pg_shdepend s "
    "JOIN pg_catalog.pg_database d ON d.oid = s.dbid "
    "WHERE s.refobjid = {role}::regrole AND d.datallowconn"
)
END_SESSIONS = (
    "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity "
    "WHERE usename = {role}"
)
ADMIN = "CREATEDB CREATEROLE BYPASSRLS"
RELOAD_S = 2.0


@dataclass(frozen=True, slots=True)
class Role:
    """A role as it is in the database. `password` is None when it is not the one we know."""

    password: str | None
    allow_replication: bool
    verifier: str | None


class Catalog:
    """What is in the database, as far as we made it or have seen it."""

    def __init__(self, postgres: Postgres) -> None:
        self.postgres = postgres
        self.roles: dict[str, Role] = {}
        self.databases: set[str] = set()
        self.contexts: dict[str, str] = {}
        """Settings this PostgreSQL has (in lower case: TimeZone is timezone), and when each
        takes effect."""
        self.options: dict[str, str] | None = None
        """Settings that are known to be set; None when nobody looked yet."""
        self.skipped: dict[str, str] = {}
        """Settings it would not take when it was started, with what it said."""

    async def open(self, service: Service) -> None:
        """Look at what is there after a start, and bring it into the service."""
        sql = await self.postgres.sql()
        rows = await sql.query(READ_SETTINGS)
        self.contexts = {str(name).lower(): str(context) for name, context in rows}
        self.roles, self.options = {}, None
        found = await sql.query(READ_ROLES)
        for name, replicates, verifier in found:
            user = service.users.get(str(name))
            known = user is not None and await asyncio.to_thread(
                scram.fits, user.password, verifier
            )
            password = user.password if user and known else None
            self.roles[str(name)] = Role(password, replicates == "t", verifier)
        self._adopt_roles(service, {str(name) for name, *_ in found} - set(service.users))
        await self._read_databases(sql, service)

    async def observe(self, service: Service) -> None:
        """Bring into the service what somebody did by SQL: roles, passwords, databases."""
        sql = await self.postgres.sql()
        seen = set()
        for found, replicates, verifier in await sql.query(READ_ROLES):
            name = str(found)
            seen.add(name)
            old = self.roles.get(name)
            if (
                old is None
                or old.verifier != verifier
                or old.allow_replication != (replicates == "t")
            ):
                self.roles[name] = Role(None, replicates == "t", verifier)
                self._adopt_roles(service, [name])
        pinned = {pool.username for pool in service.pools.values()} | {service.admin}
        for name in set(self.roles) - seen:
            del self.roles[name]
            if name not in pinned:
                service.users.pop(name, None)
        await self._read_databases(sql, service)

    def _adopt_roles(self, service: Service, names: Iterable[str]) -> None:
        """Show roles as they are. Nobody can tell a password that was set by SQL: it is empty."""
        for name in names:
            role = self.roles[name]
            user = service.users.get(name) or User(name=name, password="")
            service.users[name] = replace(
                user,
                password=role.password or "",
                allow_replication=role.allow_replication or user.is_primary,
            )

    async def _read_databases(self, sql: Connection, service: Service) -> None:
        used = {pool.database for pool in service.pools.values()}
        before, self.databases = self.databases, set()
        for found, collate, ctype in await sql.query(READ_DATABASES):
            name = str(found)
            self.databases.add(name)
            if name not in service.databases and name not in before:
                service.databases[name] = Database(
                    name=name, lc_collate=str(collate), lc_ctype=str(ctype)
                )
        for name in before - self.databases - used:
            service.databases.pop(name, None)

    async def add(self, service: Service) -> bool:
        """Make what is missing, and change what differs; True when a password or role is new."""
        sql = await self.postgres.sql()
        changed = False
        for user in list(service.users.values()):
            changed |= await self._put_role(sql, service, user)
        for name in service.databases:
            if name not in self.databases:
                owner = quote(service.admin)
                await sql.query(f"CREATE DATABASE {quote(name)} OWNER {owner} TEMPLATE template0")
                self.databases.add(name)
        return changed

    async def _put_role(self, sql: Connection, service: Service, user: User) -> bool:
        old = self.roles.get(user.name)
        wanted = (user.password or None, user.allow_replication)
        if old is not None and (old.password, old.allow_replication) == wanted:
            return False
        keeps = old is not None and (not user.password or user.password == old.password)
        verifier = old.verifier if old and keeps else scram.make_verifier(user.password)
        verb = "CREATE" if old is None else "ALTER"
        options = "REPLICATION" if user.allow_replication else "NOREPLICATION"
        options += "" if keeps else f" PASSWORD {literal(str(verifier))}"
        options += f" {ADMIN}" if user.is_primary else ""
        await sql.query(f"{verb} ROLE {quote(user.name)} LOGIN {options}")
        self.roles[user.name] = Role(user.password or None, user.allow_replication, verifier)
        if old is None:
            await self._grant(sql, service, user)
        return True

    async def _grant(self, sql: Connection, service: Service, user: User) -> None:
        """Let the admin look into everything and act as every user it administers."""
        admin = quote(service.admin)
        if user.is_primary:
            await sql.query(f"GRANT pg_monitor, pg_signal_backend TO {admin}")
        else:
            await sql.query(f"GRANT {quote(user.name)} TO {admin} WITH ADMIN OPTION")

    async def remove(self, service: Service) -> bool:
        """Drop what the service no longer has; True when a role went."""
        sql = await self.postgres.sql()
        for name in sorted(self.databases - set(service.databases)):
            await sql.query(f"DROP DATABASE IF EXISTS {quote(name)} WITH (FORCE)")
            self.databases.discard(name)
        gone = [name for name in self.roles if name not in service.users]
        for name in gone:
            await self._drop_role(sql, service, name)
            del self.roles[name]
        return bool(gone)

    async def _drop_role(self, sql: Connection, service: Service, name: str) -> None:
        """Drop a role; what it owned goes to the admin, what it was granted goes."""
        role, admin = quote(name), quote(service.admin)
        try:
            found = await sql.query(READ_DEPENDENT.format(role=literal(role)))
        except SqlError as error:
            if error.code == "42704":  # no such role: dropped by SQL
                return
            raise
        # Before it is gone: afterwards nobody can tell whose sessions they were.
        await sql.query(f"ALTER ROLE {role} NOLOGIN")
        await sql.query(END_SESSIONS.format(role=literal(name)))
        for (database,) in [*found, (SUPERUSER,)]:
            there = await self.postgres.connect(str(database))
            try:
                await there.query(f"REASSIGN OWNED BY {role} TO {admin}; DROP OWNED BY {role}")
            finally:
                there.close()
        await sql.query(f"DROP ROLE {role}")

    async def configure(self, service: Service, *, strict: bool) -> bool:
        """Set what the user_config says; True when that asks for a restart.

        Strict: raise what PostgreSQL says against a value. Else, at a start, leave the value out.
        """
        wanted = postgres_options(service, frozenset(self.contexts))
        if wanted == self.options:
            return False
        self.options = None
        sql = await self.postgres.sql()
        current = {str(name).lower(): str(value) for name, value in await sql.query(READ_FILE)}
        changes = {name: wanted.get(name) for name in {*wanted, *current}}
        changes = {name: v for name, v in changes.items() if v != current.get(name)}
        self.skipped = {}
        for name, value in sorted(changes.items()):
            await self._set(sql, name, value, strict=strict)
        if not changes:
            self.options = wanted
            return False
        await self._reload(sql)
        self.options = wanted
        return any(self.contexts.get(name) == "postmaster" for name in changes)

    async def _set(self, sql: Connection, name: str, value: str | None, *, strict: bool) -> None:
        to = (
            f"SET {quote(name)} = {literal(value)}" if value is not None else f"RESET {quote(name)}"
        )
        try:
            await sql.query(f"ALTER SYSTEM {to}")
        except SqlError as error:
            if strict:
                raise EngineError(f"PostgreSQL does not take {name}: {error}") from error
            self.skipped[name] = str(error)

    async def _reload(self, sql: Connection) -> None:
        """Reload, and wait until it is done: the server only promises to."""
        question = "SELECT pg_catalog.pg_conf_load_time()"
        before = await sql.query(question)
        await sql.query("SELECT pg_catalog.pg_reload_conf()")
        deadline_s = time.monotonic() + RELOAD_S
        while await sql.query(question) == before and time.monotonic() < deadline_s:
            await asyncio.sleep(0.002)

    def secrets(self) -> dict[str, str]:
        """Return what PgBouncer checks passwords against, by role."""
        return {name: role.verifier for name, role in self.roles.items() if role.verifier}
