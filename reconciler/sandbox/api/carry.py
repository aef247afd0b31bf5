"""A call is carried out: on the account first, then by the engine, and on neither or on both.

Calls that name the same service wait for one another, so that what one of them undoes is its own.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, fields
from typing import Any
from weakref import WeakValueDictionary

from reconciler.sandbox.account.account import Account
from reconciler.sandbox.account.engine import EngineError
from reconciler.sandbox.account.objects import Service
from reconciler.sandbox.api.call import Call, Json
from reconciler.sandbox.api.table import ApiRoute


class Locks:
    """One lock for each service somebody is at; gone with the last who holds it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    def of(self, project: str, service: str) -> asyncio.Lock:
        lock = self._locks.get((project, service))
        if lock is None:
            lock = self._locks[project, service] = asyncio.Lock()
        return lock


async def carry_out(route: ApiRoute, call: Call, locks: Locks) -> Json:
    """Return the answer. Raises ApiError, or EngineError after the account was put back."""
    name = service_named(call)
    if name is None:
        return route.handler(call)
    async with locks.of(call.project, name):
        if route.method == "GET":
            await _observe(call.account, call.project, name)
            return route.handler(call)
        before = keep(call.account, call.project, name)
        answer = route.handler(call)
        try:
            await follow(call.account, call.project, name, before)
        except EngineError:
            await _put_back(call.account, call.project, name, before)
            raise
        return answer


def service_named(call: Call) -> str | None:
    """Return the service a call is about: in its path, or in its body when it is to be made."""
    if "project" not in call.names:
        return None
    name = call.names.get("service", call.body.get("service_name"))
    return name if isinstance(name, str) else None


def find(account: Account, project: str, name: str) -> Service | None:
    found = account.projects.get(project)
    return found.services.get(name) if found else None


@dataclass(frozen=True, slots=True)
class Kept:
    """A service as it was: the very object, and copies of what it held."""

    service: Service
    values: dict[str, Any]


def keep(account: Account, project: str, name: str) -> Kept | None:
    """Return what is needed to undo any change; None where there is no service yet."""
    service = find(account, project, name)
    if service is None:
        return None
    values = {field.name: getattr(service, field.name) for field in fields(service)}
    return Kept(service, {key: _copied(value) for key, value in values.items()})


def _copied(value: Any) -> Any:
    # What is in them is frozen, or replaced whole when it changes: one level is enough.
    return value.copy() if isinstance(value, dict | list) else value


async def follow(account: Account, project: str, name: str, before: Kept | None) -> None:
    """Let the engine see what became of the service."""
    service = find(account, project, name)
    if service is not None:
        await account.engine.follow(service)
    elif before is not None:
        await account.engine.forget(before.service)


async def _put_back(account: Account, project: str, name: str, before: Kept | None) -> None:
    """Undo a change that the engine could not follow, there and here."""
    if before is None:
        gone = account.projects[project].services.pop(name)
        await account.engine.forget(gone)
        return
    for key, value in before.values.items():
        setattr(before.service, key, value)
    account.projects[project].services[name] = before.service
    try:
        await account.engine.follow(before.service)
    except EngineError as error:
        # The client gets the first error; whoever reads the log gets this one too.
        sys.stderr.write(f"{project}/{name} could not be put back: {error}\n")


async def _observe(account: Account, project: str, name: str) -> None:
    service = find(account, project, name)
    if service is not None:
        await account.engine.observe(service)
