"""The nouns of an account.

What a service holds in numbers (databases, users, pools) is frozen and kept in dicts by name, so
that adding the thousandth costs what the first did. Services and projects change in place.
Times are seconds since the epoch; the views write them as RFC 3339.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """A service's state (Aiven's API documentation)."""

    POWEROFF = "POWEROFF"
    REBUILDING = "REBUILDING"
    REBALANCING = "REBALANCING"
    RUNNING = "RUNNING"


OPERATIONAL = frozenset({State.RUNNING, State.REBALANCING})
"""States in which databases, users and pools can be written (Aiven's Kubernetes operator)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    name: str
    lc_collate: str = "en_US.UTF-8"
    lc_ctype: str = "en_US.UTF-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    name: str
    password: str
    is_primary: bool = False
    allow_replication: bool = False
    password_updated_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    name: str
    database: str
    mode: str = "transaction"
    size: int = 10
    username: str | None = None
    """None: clients log in as themselves; a name pins every server connection to that user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    name: str
    taken_at_s: float
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    dow: str
    time: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a service listens; decided by the engine, kept so that URIs survive a restart."""

    host: str
    port: int
    pooler_port: int
    sslmode: str = "require"
    """Of the database's own port; PgBouncer always wants TLS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    task_id: str
    task_type: str
    target_version: str
    created_at_s: float
    success: bool
    result: str


@dataclass(slots=True, kw_only=True)
class Service:
    project: str
    name: str
    service_type: str
    plan: str
    cloud: str
    disk_space_mb: int
    maintenance: Maintenance
    place: Place
    user_config: dict[str, Any]
    admin: str
    state: State
    changed_at_s: float
    """When `state` began; a build is over `build_delay_s` later."""
    running_since_s: float | None = None
    created_at_s: float
    updated_at_s: float
    termination_protection: bool = False
    tech_emails: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    integrations: list[dict[str, Any]] = field(default_factory=list)
    cmk_id: str | None = None
    databases: dict[str, Database] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    pools: dict[str, Pool] = field(default_factory=dict)
    backups: list[Backup] = field(default_factory=list)
    tasks: dict[str, Task] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Project:
    name: str
    account_id: str
    cloud: str
    created_at_s: float
    billing_group_id: str
    tags: dict[str, str] = field(default_factory=dict)
    tech_emails: list[str] = field(default_factory=list)
    billing: dict[str, Any] = field(default_factory=dict)
    """The deprecated billing fields as they were given."""
    services: dict[str, Service] = field(default_factory=dict)
