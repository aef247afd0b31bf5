"""A change is made in the account and by the engine, or in neither."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest

from reconciler.sandbox.account import projects
from reconciler.sandbox.account.account import Account
from reconciler.sandbox.account.engine import EngineError, MemoryEngine
from reconciler.sandbox.account.objects import Service
from reconciler.sandbox.api.call import Call
from reconciler.sandbox.api.carry import Locks, carry_out
from reconciler.sandbox.api.table import ROUTES

NAMES = {"project": "p", "service": "s"}


class Stubborn(MemoryEngine):
    """Follows until it is told not to; remembers what it saw last."""

    def __init__(self) -> None:
        self.refuses = 0
        self.seen: Service | None = None
        self.forgotten: list[str] = []

    async def follow(self, service: Service) -> None:
        await asyncio.sleep(0)
        if self.refuses > 0:
            self.refuses -= 1
            raise EngineError("no")
        self.seen = deepcopy(service)

    async def forget(self, service: Service) -> None:
        if self.refuses > 0:
            self.refuses -= 1
            raise EngineError("no")
        self.forgotten.append(service.name)


def do(account: Account, method: str, path: str, body: Mapping[str, Any], **names: str) -> Any:
    route = next(r for r in ROUTES if (r.method, r.path) == (method, f"/v1/project/{path}"))
    call = Call(account=account, names=names, query={}, body=body)
    return asyncio.run(carry_out(route, call, Locks()))


SERVICE = "{project}/service/{service}"


@pytest.fixture
def engine() -> Stubborn:
    return Stubborn()


@pytest.fixture
def account(engine: Stubborn) -> Account:
    account = Account(token="t", engine=engine)
    projects.create(account, {"project": "p"})
    body = {"service_name": "s", "service_type": "pg", "plan": "startup-4"}
    do(account, "POST", "{project}/service", body, project="p")
    do(account, "GET", SERVICE, {}, **NAMES)
    pool = {"pool_name": "w", "database": "defaultdb"}
    do(account, "POST", f"{SERVICE}/connection_pool", pool, **NAMES)
    return account


@pytest.mark.parametrize(
    ("method", "path", "body", "more"),
    [
        ("POST", "/db", {"database": "a"}, {}),
        ("DELETE", "/db/{database}", {}, {"database": "defaultdb"}),
        ("POST", "/user", {"username": "u"}, {}),
        ("PUT", "/credentials/reset", {}, {}),
        ("POST", "/connection_pool", {"pool_name": "p", "database": "defaultdb"}, {}),
        ("PUT", "/connection_pool/{pool}", {"pool_size": 3}, {"pool": "w"}),
        ("DELETE", "/connection_pool/{pool}", {}, {"pool": "w"}),
        ("PUT", "", {"plan": "business-8", "user_config": {"work_mem": 2}}, {}),
        ("PUT", "", {"powered": False}, {}),
        ("DELETE", "", {}, {}),
    ],
)
def test_change_the_engine_refuses_is_undone_in_the_account_and_shown_to_it_again(
    account: Account,
    engine: Stubborn,
    method: str,
    path: str,
    body: Mapping[str, Any],
    more: Mapping[str, str],
) -> None:
    if path.startswith("/db/"):
        do(account, "DELETE", f"{SERVICE}/connection_pool/{{pool}}", {}, pool="w", **NAMES)
    before = deepcopy(account.projects)
    engine.refuses = 1
    with pytest.raises(EngineError):
        do(account, method, SERVICE + path, body, **NAMES, **more)
    assert account.projects == before
    assert engine.seen == before["p"].services["s"]
    do(account, method, SERVICE + path, body, **NAMES, **more)
    assert account.projects != before


def test_service_that_cannot_be_started_is_not_there(account: Account, engine: Stubborn) -> None:
    engine.refuses = 1
    body = {"service_name": "t", "service_type": "pg", "plan": "startup-4"}
    with pytest.raises(EngineError):
        do(account, "POST", "{project}/service", body, project="p")
    assert list(account.projects["p"].services) == ["s"]
    assert engine.forgotten == ["t"]


def test_calls_to_one_service_wait_for_one_another_and_others_do_not(account: Account) -> None:
    locks = Locks()
    assert locks.of("p", "s") is not locks.of("p", "t")
    kept = locks.of("p", "s")
    assert locks.of("p", "s") is kept
