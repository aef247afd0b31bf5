"""Laws of the account, held against random walks without any HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.sandbox.account import databases, pools, projects, services, user_config, users
from reconciler.sandbox.account.account import Account
from reconciler.sandbox.account.objects import Service
from reconciler.sandbox.errors import ApiError
from reconciler.sandbox.store import decode, encode
from reconciler.sandbox.views.service import show_service

PLACE = ("p", "s")
Step = Callable[[Account], object]

names = st.sampled_from(["a", "b", "c", "defaultdb", "avnadmin"])
sizes = st.integers(1, 20)


def on(act: Callable[..., object], *rest: object) -> Step:
    return lambda account: act(account, *PLACE, *rest)


def pool_change(pinned: str | None, database: str, size: int) -> dict[str, object]:
    return {"username": pinned, "database": database, "pool_size": size}


pinned = st.none() | names
changes = st.builds(pool_change, pinned, names, sizes)
steps = st.one_of(
    st.builds(lambda name: on(databases.create, {"database": name}), names),
    st.builds(partial(on, databases.delete), names),
    st.builds(lambda name: on(users.create, {"username": name}), names),
    st.builds(partial(on, users.delete), names),
    st.builds(lambda name: on(users.modify, name, {"operation": "reset-credentials"}), names),
    st.builds(lambda name, body: on(pools.create, {"pool_name": name, **body}), names, changes),
    st.builds(partial(on, pools.update), names, changes),
    st.builds(partial(on, pools.delete), names),
    st.builds(lambda is_on: on(services.update, {"powered": is_on}), st.booleans()),
    st.builds(
        lambda plan: on(services.update, {"plan": plan}),
        st.sampled_from(["hobbyist", "startup-4", "business-8"]),
    ),
)


def walk(todo: list[Step]) -> tuple[Account, Service]:
    clock = iter(range(1_000_000, 2_000_000))
    account = Account(token="t", now_s=lambda: float(next(clock)))
    projects.create(account, {"project": PLACE[0]})
    body = {"service_name": PLACE[1], "service_type": "pg", "plan": "startup-4"}
    services.create(account, PLACE[0], body)
    for step in todo:
        before = encode(account)
        try:
            step(account)
        except ApiError as refused:
            after = encode(services_settled(account))
            assert after["projects"][0]["services"]["s"]["pools"] == pools_of(before), refused
    return account, services.find(account, *PLACE)


def services_settled(account: Account) -> Account:
    services.find(account, *PLACE)
    return account


def pools_of(data: dict[str, list[dict[str, dict[str, dict[str, object]]]]]) -> object:
    return data["projects"][0]["services"]["s"]["pools"]


@settings(max_examples=200, deadline=None)
@given(st.lists(steps, max_size=20))
def test_a_pool_always_has_its_database_and_its_user(todo: list[Step]) -> None:
    """And a refused step leaves the pools as they were."""
    _, service = walk(todo)
    assert service.admin in service.users
    for pool in service.pools.values():
        assert pool.database in service.databases
        assert pool.username is None or pool.username in service.users


@settings(max_examples=100, deadline=None)
@given(st.lists(steps, max_size=20))
def test_account_read_back_is_the_account_written(todo: list[Step]) -> None:
    account, _ = walk(todo)
    again = decode(json.loads(json.dumps(encode(account))))
    assert again.projects == account.projects
    assert encode(again) == encode(account)


@settings(max_examples=100, deadline=None)
@given(st.lists(steps, max_size=20))
def test_masked_service_holds_no_password_and_the_open_one_all(todo: list[Step]) -> None:
    _, service = walk(todo)
    masked = json.dumps(show_service(service, reveal=False))
    shown = json.dumps(show_service(service, reveal=True))
    for user in service.users.values():
        assert user.password not in masked
        assert user.password in shown


values = st.none() | st.integers(0, 3)
configs = st.dictionaries(
    st.sampled_from("abc"), values | st.dictionaries(st.sampled_from("xyz"), values), max_size=3
)


@given(configs, configs)
def test_merge_twice_is_merge_once_and_leaves_no_null(
    old: dict[str, object], new: dict[str, object]
) -> None:
    once = user_config.merge(user_config.merge({}, old), new)
    assert user_config.merge(once, new) == once
    assert user_config.merge(once, {}) == once
    assert "null" not in json.dumps(once)


@given(st.integers(0, 12), st.integers(1, 5))
def test_pages_together_are_the_list(count: int, size: int) -> None:
    account, service = walk([])
    for number in range(count):
        databases.create(account, *PLACE, {"database": f"d{number}"})
    seen: list[str] = []
    cursor = ""
    while True:
        page, cursor = databases.read_page(account, *PLACE, size=size, after=cursor)
        seen += [database.name for database in page]
        if not cursor:
            break
    assert seen == sorted(service.databases)
