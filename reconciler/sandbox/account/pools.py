"""Connection pools of a service: created, changed, deleted; read with the service."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconciler.sandbox.account import services
from reconciler.sandbox.account.account import Account
from reconciler.sandbox.account.objects import Pool, Service
from reconciler.sandbox.bodies import POOL_NAME as POOL_NAME_PATTERN
from reconciler.sandbox.catalogue import PLANS
from reconciler.sandbox.errors import (
    POOL_DATABASE,
    POOL_EXISTS,
    POOL_NAME,
    POOL_NOT_FOUND,
    POOL_TOO_BIG,
    POOL_UNSUPPORTED,
    POOL_USER,
    refuse,
)

_FIELDS = {"database": "database", "pool_mode": "mode", "pool_size": "size", "username": "username"}
"""Key of the body: field of the pool."""


def create(account: Account, project: str, service_name: str, body: Mapping[str, Any]) -> None:
    service = services.find_operational(account, project, service_name)
    name = body["pool_name"]
    if not PLANS[service.plan].has_pooling:
        raise refuse(POOL_UNSUPPORTED)
    if name in service.pools:
        raise refuse(POOL_EXISTS, name=name)
    if name == "pgbouncer" or not re.match(POOL_NAME_PATTERN, name):
        raise refuse(POOL_NAME, name=name)
    pool = _changed(Pool(name=name, database=body["database"]), body)
    _put(account, service, pool)


def update(
    account: Account, project: str, service_name: str, name: str, body: Mapping[str, Any]
) -> None:
    """Change what the body names: an absent username stays, null unpins (avn's source)."""
    service = services.find_operational(account, project, service_name)
    if not PLANS[service.plan].has_pooling:
        raise refuse(POOL_UNSUPPORTED)
    pool = _changed(_find(service, name), body)
    _put(account, service, pool)


def delete(account: Account, project: str, service_name: str, name: str) -> None:
    service = services.find_operational(account, project, service_name)
    _find(service, name)
    del service.pools[name]


def _find(service: Service, name: str) -> Pool:
    if name not in service.pools:
        raise refuse(POOL_NOT_FOUND, name=name)
    return service.pools[name]


def _changed(pool: Pool, body: Mapping[str, Any]) -> Pool:
    fields = {field: body[key] for key, field in _FIELDS.items() if key in body}
    if fields.get("username") == "":
        # The generated Go client cannot send null; an empty name can only mean "no user".
        fields["username"] = None
    return replace(pool, **fields)


def _put(account: Account, service: Service, pool: Pool) -> None:
    """Check what the pool needs, then keep it."""
    if pool.database not in service.databases:
        raise refuse(POOL_DATABASE, name=pool.database)
    if pool.username is not None and pool.username not in service.users:
        raise refuse(POOL_USER, name=pool.username)
    if account.knobs.enforce_pool_limit:
        _check_sizes(service, pool)
    service.pools[pool.name] = pool


def _check_sizes(service: Service, pool: Pool) -> None:
    others = sum(other.size for other in service.pools.values() if other.name != pool.name)
    limit = PLANS[service.plan].max_connections
    if others + pool.size > limit:
        raise refuse(POOL_TOO_BIG, limit=limit, wanted=others + pool.size)
