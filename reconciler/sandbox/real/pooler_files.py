"""What PgBouncer's files say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from reconciler.sandbox.account.engine import EngineError
from reconciler.sandbox.account.objects import Pool
from reconciler.sandbox.real.ports import HOST

CONSOLE = "pgbouncer"
OWNER = "-sandbox"
"""Who gives orders on the console; no user of a service can be called so."""


class Line(NamedTuple):
    """A pool as SHOW DATABASES has it; a bare tuple, because there may be thousands."""

    database: str
    mode: str
    size: str
    username: str | None


def line_of(pool: Pool) -> Line:
    return Line(pool.database, pool.mode, str(pool.size), pool.username)


def render_lines(where: str, lines: Mapping[str, Line]) -> str:
    return "".join(
        f"{name} = {where} dbname={_value(line.database)} pool_mode={line.mode}"
        f" pool_size={line.size}" + (f" user={_value(line.username)}\n" if line.username else "\n")
        for name, line in lines.items()
    )


def render_hba(admin: str, lines: Mapping[str, Line]) -> str:
    """Return who may come in: without two lines for each pinned pool, any user who has a
    password would come in as the forced one."""
    pinned = "".join(
        f"hostssl {_word(name)} {_word(line.username)} {HOST}/32 scram-sha-256\n"
        f"hostssl {_word(name)} all {HOST}/32 reject\n"
        for name, line in lines.items()
        if line.username
    )
    return (
        f"local {CONSOLE} {_word(OWNER)} trust\n"
        f"hostssl all {_word(OWNER)} {HOST}/32 reject\n"
        f"hostssl {CONSOLE} {_word(admin)} {HOST}/32 scram-sha-256\n"
        f"hostssl {CONSOLE} all {HOST}/32 reject\n"
        f"{pinned}"
        f"hostssl all all {HOST}/32 scram-sha-256\n"
    )


def render_userlist(secrets: Mapping[str, str]) -> str:
    """Return the users with their SCRAM secrets; there is no plain text in it."""
    users = "".join(f"{_word(name)} {_word(secret)}\n" for name, secret in secrets.items())
    return f'{_word(OWNER)} ""\n{users}'


def _value(text: str) -> str:
    """Quote for a line of [databases]."""
    if "\n" in text or "\r" in text:
        raise EngineError(f"PgBouncer cannot name {text!r}")
    return "'" + text.replace("'", "''") + "'"


def _word(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
