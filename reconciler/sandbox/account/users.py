"""Users of a service: created, changed, their passwords reset, deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconciler.sandbox.account import services
from reconciler.sandbox.account.account import Account, new_password
from reconciler.sandbox.account.objects import Service, User
from reconciler.sandbox.account.user_config import REDACTED
from reconciler.sandbox.errors import (
    ADMIN_FIXED,
    ADMIN_REPLICATION,
    USER_EXISTS,
    USER_IN_USE,
    USER_NOT_FOUND,
    refuse,
)


def find(service: Service, name: str) -> User:
    if name not in service.users:
        raise refuse(USER_NOT_FOUND)
    return service.users[name]


def create(account: Account, project: str, service_name: str, body: Mapping[str, Any]) -> User:
    service = services.find_operational(account, project, service_name)
    name = body["username"]
    if name in service.users:
        raise refuse(USER_EXISTS, name=name)
    services.check_role_name(name)
    user = User(
        name=name,
        password=new_password(),
        allow_replication=body.get("access_control", {}).get("pg_allow_replication", False),
        password_updated_s=account.now_s(),
    )
    service.users[name] = user
    return user


def modify(
    account: Account, project: str, service_name: str, name: str, body: Mapping[str, Any]
) -> Service:
    """Do the one thing `operation` names; the answer is the service (the Go client)."""
    service = services.find_operational(account, project, service_name)
    user = find(service, name)
    match body["operation"]:
        case "reset-credentials":
            _set_password(account, service, user, body.get("new_password"))
        case "set-access-control":
            _set_replication(service, user, body.get("access_control", {}))
        case _:
            # acknowledge-renewal concerns client certificates, which pg has not.
            pass
    return service


def reset(account: Account, project: str, service_name: str, name: str) -> Service:
    service = services.find_operational(account, project, service_name)
    _set_password(account, service, find(service, name), None)
    return service


def reset_all(account: Account, project: str, service_name: str) -> Service:
    """Give every user of the service a new generated password."""
    service = services.find_operational(account, project, service_name)
    for user in list(service.users.values()):
        _set_password(account, service, user, None)
    return service


def delete(account: Account, project: str, service_name: str, name: str) -> None:
    service = services.find_operational(account, project, service_name)
    user = find(service, name)
    if user.is_primary:
        raise refuse(ADMIN_FIXED, name=name)
    pinned = next((pool for pool in service.pools.values() if pool.username == name), None)
    if pinned is not None:
        raise refuse(USER_IN_USE, name=name, pool=pinned.name)
    del service.users[name]


def _set_password(account: Account, service: Service, user: User, given: str | None) -> None:
    if given == REDACTED:
        return
    changed = replace(user, password=given or new_password(), password_updated_s=account.now_s())
    service.users[user.name] = changed


def _set_replication(service: Service, user: User, access: Mapping[str, bool]) -> None:
    wanted = access.get("pg_allow_replication", user.allow_replication)
    if user.is_primary and not wanted:
        raise refuse(ADMIN_REPLICATION, name=user.name)
    service.users[user.name] = replace(user, allow_replication=wanted)
