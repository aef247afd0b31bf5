"""user_config as PostgreSQL and PgBouncer take it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.account.objects import Service
from reconciler.sandbox.catalogue import PLANS

FEWEST_CLIENTS, MOST_CLIENTS, CLIENTS_A_GB = 5000, 50_000, 500
"""Connections PgBouncer takes from clients, by the plan's memory (Aiven's documentation)."""
OWN_SESSIONS = 1
"""Ours on the console counts among them."""
PREPARED_SINCE = (1, 21)
"""The first PgBouncer that knows max_prepared_statements."""
STARTS_WITH = frozenset({"max_connections"})
"""Not set by SQL but in the file the server starts with."""
BYTES = frozenset({"max_stack_depth"})
"""Given in bytes where PostgreSQL counts in kB."""

POOLER_DEFAULTS: Mapping[str, Any] = {
    "autodb_idle_timeout": 3600,
    "max_prepared_statements": 100,
    "min_pool_size": 0,
    "server_idle_timeout": 600,
    "server_lifetime": 3600,
    "server_login_retry": 1,
    "server_reset_query_always": False,
}
"""Defaults of the schema. server_login_retry has none there: with PgBouncer's own 15 s, clients
would wait that long after a restart of the database."""
AUTODB = ("autodb_max_db_connections", "autodb_pool_mode", "autodb_pool_size")


def max_connections(service: Service) -> int:
    """Return what the database takes: the plan's number unless the user_config has its own."""
    given = service.user_config.get("pg", {}).get("max_connections")
    return int(given or PLANS[service.plan].max_connections)


def max_clients(service: Service) -> int:
    gigabytes = PLANS[service.plan].memory_mb / 1024
    return int(min(max(CLIENTS_A_GB * gigabytes, FEWEST_CLIENTS), MOST_CLIENTS))


def postgres_options(service: Service, known: frozenset[str]) -> dict[str, str]:
    """Return the settings of the user_config that this PostgreSQL has, as text.

    Not among them: those of extensions that are not loaded, and of newer versions.
    """
    config = service.user_config
    given = {name: value for name, value in config.get("pg", {}).items() if value is not None}
    if "work_mem" in config:
        given["work_mem"] = f"{config['work_mem']}MB"
    return {
        name: _as_setting(name, value)
        for name, value in sorted(given.items())
        if name in known and name not in STARTS_WITH
    }


def _as_setting(name: str, value: object) -> str:
    if name in BYTES:
        return f"{value}B"
    text = ("off", "on")[value] if isinstance(value, bool) else str(value)
    # log_line_prefix comes with its quotes.
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == "'" else text


def pooler_options(service: Service, version: tuple[int, int]) -> dict[str, str]:
    """Return the lines of PgBouncer's own section that follow the plan and the user_config."""
    given = {
        name: value
        for name, value in service.user_config.get("pgbouncer", {}).items()
        if value is not None and name not in AUTODB
    }
    lines = {name: _as_line(value) for name, value in {**POOLER_DEFAULTS, **given}.items()}
    if version < PREPARED_SINCE:
        lines.pop("max_prepared_statements", None)
    return {**lines, "max_client_conn": str(max_clients(service) + OWN_SESSIONS)}


def _as_line(value: object) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return ",".join(value) if isinstance(value, list) else str(value)


def automatic_pools(service: Service) -> str | None:
    """Return the options of pools PgBouncer makes by itself for each database, if it may."""
    config = service.user_config.get("pgbouncer", {})
    size = config.get("autodb_pool_size") or 0
    if not size:
        return None
    mode = config.get("autodb_pool_mode", "transaction")
    most = config.get("autodb_max_db_connections") or 0
    return f"pool_mode={mode} pool_size={size}" + (f" max_db_connections={most}" if most else "")
