"""Databases of a service: listed page by page, created, dropped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.account import services
from reconciler.sandbox.account.account import Account
from reconciler.sandbox.account.objects import OPERATIONAL, Database
from reconciler.sandbox.errors import (
    CURSOR_UNKNOWN,
    DATABASE_EXISTS,
    DATABASE_IN_USE,
    DATABASE_NOT_FOUND,
    TRY_LATER,
    refuse,
)

RESERVED = frozenset({"postgres", "template0", "template1"})
"""Every cluster has these, and the API does not list them; nothing is published about them."""
PAGE_SIZE = 250
"""Names on one page unless the call asks for fewer; also the most it may ask for."""


def read_page(
    account: Account, project: str, service_name: str, *, size: int, after: str
) -> tuple[list[Database], str]:
    """Return one page, and the cursor of the next or "".

    A service that is not up answers 503 with a generic text (the Aiven Terraform provider).
    """
    service = services.find(account, project, service_name)
    if service.state not in OPERATIONAL:
        raise refuse(TRY_LATER)
    names = sorted(service.databases)
    start = _find_start(names, after)
    page = names[start : start + size]
    has_more = start + size < len(names)
    return [service.databases[name] for name in page], page[-1] if has_more else ""


def _find_start(names: list[str], after: str) -> int:
    """Return where the page after cursor `after` begins; the name itself may be gone by now."""
    if "\n" in after or len(after) > 63:
        raise refuse(CURSOR_UNKNOWN)
    return next((i for i, name in enumerate(names) if name > after), len(names))


def create(account: Account, project: str, service_name: str, body: Mapping[str, Any]) -> None:
    service = services.find_operational(account, project, service_name)
    name = body["database"]
    if name in service.databases or name in RESERVED:
        raise refuse(DATABASE_EXISTS, name=name)
    locale = {key: body[key] for key in ("lc_collate", "lc_ctype") if key in body}
    service.databases[name] = Database(name=name, **locale)


def delete(account: Account, project: str, service_name: str, name: str) -> None:
    """Drop a database; one with a pool on it cannot be dropped (PgBouncer holds it open)."""
    service = services.find_operational(account, project, service_name)
    if name not in service.databases:
        raise refuse(DATABASE_NOT_FOUND, name=name)
    user = next((pool for pool in service.pools.values() if pool.database == name), None)
    if user is not None:
        raise refuse(DATABASE_IN_USE, name=name, pool=user.name)
    del service.databases[name]
