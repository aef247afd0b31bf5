"""Which calls carry an operation out, and what each of them says."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live_kinds import PG, POOL, USER, kind

from reconciler.live.driver import requests_for
from reconciler.live.errors import PathError
from reconciler.live.request import Request
from reconciler.live.wire import encode
from reconciler.model.location import Path
from reconciler.model.state import Op
from reconciler.model.values import Secret

POOL_ID = "my-project/pg-1/main"
POOL_WANTED = {
    "project": "my-project",
    "service_name": "pg-1",
    "pool_name": "main",
    "database_name": "defaultdb",
    "pool_mode": "transaction",
    "pool_size": 25,
}


def one(requests: tuple[Request, ...]) -> Request:
    assert len(requests) == 1
    return requests[0]


def body(request: Request) -> Any:
    """Return the body as it goes over the wire."""
    return json.loads(encode(request.body or {}))


# Create


def test_create_sends_what_is_set_under_its_wire_names() -> None:
    """The service comes from the path, `database_name` is `database`, unset username is left out."""
    request = one(requests_for(POOL, Op.CREATE, {**POOL_WANTED, "username": None}, (), POOL_ID))
    assert (request.method, request.path) == (
        "POST",
        "/v1/project/my-project/service/pg-1/connection_pool",
    )
    assert body(request) == {
        "pool_name": "main",
        "database": "defaultdb",
        "pool_mode": "transaction",
        "pool_size": 25,
    }
    assert request.covers == ("pool_name", "database_name", "pool_mode", "pool_size")


def test_a_second_call_is_made_only_for_what_needs_it() -> None:
    """A user without a password is one call; with one, the password follows in a second."""
    wanted = {"project": "p", "service_name": "s", "username": "app"}
    assert len(requests_for(USER, Op.CREATE, wanted, (), "p/s/app")) == 1
    wanted_too = {**wanted, "password": Secret("hunter22")}
    made, reset = requests_for(USER, Op.CREATE, wanted_too, (), "p/s/app")
    assert body(made) == {"username": "app"}
    assert reset.path == "/v1/project/p/service/s/user/app"
    assert body(reset) == {"operation": "reset-credentials", "new_password": "hunter22"}
    assert reset.covers == ("password",)


def test_what_made_a_call_necessary_is_covered_by_it() -> None:
    """The version of a write-only password is done when the password was sent."""
    wanted = {
        "project": "p",
        "service_name": "s",
        "username": "app",
        "password_wo": Secret("hunter22"),
        "password_wo_version": 1,
    }
    _, reset = requests_for(USER, Op.CREATE, wanted, (), "p/s/app")
    assert set(reset.covers) == {"password_wo", "password_wo_version"}
    assert body(reset)["new_password"] == "hunter22"


def test_nested_places_and_conversions_on_the_way_out() -> None:
    """Replication sits inside access_control, disk space is a number of MB, a VPC its uuid."""
    user = requests_for(
        USER,
        Op.CREATE,
        {"project": "p", "service_name": "s", "username": "u", "pg_allow_replication": False},
        (),
        "p/s/u",
    )
    assert body(one(user)) == {"username": "u", "access_control": {"pg_allow_replication": False}}
    wanted = {
        "project": "p",
        "service_name": "s",
        "plan": "startup-4",
        "disk_space": "80GiB",
        "project_vpc_id": "p/3f1c",
        "tech_emails": ["a@b.c"],
        "maintenance_window_dow": "monday",
        "maintenance_window_time": "10:00:00",
        "pg_user_config": {"work_mem": 4, "pg": {"jit": True}, "ip_filter": ["10.0.0.0/8"]},
    }
    assert body(one(requests_for(PG, Op.CREATE, wanted, (), "p/s"))) == {
        "service_type": "pg",
        "service_name": "s",
        "plan": "startup-4",
        "project_vpc_id": "3f1c",
        "disk_space_mb": 81920,
        "tech_emails": [{"email": "a@b.c"}],
        "maintenance": {"dow": "monday", "time": "10:00:00"},
        "user_config": {"work_mem": 4, "pg": {"jit": True}, "ip_filter": ["10.0.0.0/8"]},
    }


def test_a_constant_stands_where_no_attribute_says_anything() -> None:
    """Without a VPC the key is sent as null: left out, the service might pick one."""
    wanted = {"project": "p", "service_name": "s", "plan": "startup-4"}
    assert body(one(requests_for(PG, Op.CREATE, wanted, (), "p/s")))["project_vpc_id"] is None


def test_constants_are_not_changed_by_use() -> None:
    """A constant object takes attributes in without keeping them."""
    things = kind(
        {"size": {"type": "integer", "x-wire": "spec.size"}},
        {
            "create": [
                {
                    "method": "POST",
                    "path": "/things",
                    "send": ["name", "size"],
                    "constants": {"spec": {"mode": "a"}},
                }
            ]
        },
    )
    first = requests_for(things, Op.CREATE, {"name": "n", "size": 1}, (), "n")
    again = requests_for(things, Op.CREATE, {"name": "n"}, (), "n")
    assert body(one(first)) == {"name": "n", "spec": {"mode": "a", "size": 1}}
    assert body(one(again)) == {"name": "n", "spec": {"mode": "a"}}


# Update


def update(kind_of: Any, wanted: Mapping[str, object], *changed: Path, identity: str) -> list[Any]:
    """Return (path, body) of each call of an update."""
    requests = requests_for(kind_of, Op.UPDATE, wanted, changed, identity)
    return [(request.path.rsplit("/", 1)[1], body(request)) for request in requests]


def test_update_sends_only_what_changed() -> None:
    """Another attribute's drift between plan and apply is not overwritten."""
    wanted = {**POOL_WANTED, "pool_size": 42}
    assert update(POOL, wanted, ("pool_size",), identity=POOL_ID) == [("main", {"pool_size": 42})]


def test_update_with_nothing_to_send_makes_no_call() -> None:
    """Neither for nothing, nor for what the API is never told."""
    assert update(POOL, POOL_WANTED, identity=POOL_ID) == []
    assert update(POOL, POOL_WANTED, ("connection_uri",), identity=POOL_ID) == []


@pytest.mark.parametrize("wanted", [POOL_WANTED, {**POOL_WANTED, "username": None}])
def test_an_unset_username_is_sent_as_null(wanted: Mapping[str, object]) -> None:
    """Left out, the API would keep the pin."""
    assert update(POOL, wanted, ("username",), identity=POOL_ID) == [("main", {"username": None})]


def test_an_unset_attribute_with_a_default_is_sent_as_the_default() -> None:
    """A removed line means the default, not what the server has."""
    wanted = {name: value for name, value in POOL_WANTED.items() if name != "pool_size"}
    assert update(POOL, wanted, ("pool_size",), identity=POOL_ID) == [("main", {"pool_size": 10})]


def test_an_unset_list_or_map_is_sent_empty_and_an_unset_computed_one_not_at_all() -> None:
    """By what the kind says about each."""
    wanted = {"project": "p", "service_name": "s", "plan": "startup-4"}
    changed = [("tech_emails",), ("tags",), ("disk_space",)]
    assert update(PG, wanted, *changed, identity="p/s") == [
        ("s", {"tech_emails": []}),
        ("tags", {"tags": {}}),
    ]


def test_of_a_merged_object_only_the_changed_keys_are_sent() -> None:
    """Null takes a key back to the server's default; a deeper object is merged as well."""
    config = {"work_mem": 8, "pg": {"jit": True, "log_min_duration_statement": 5}}
    wanted = {"project": "p", "service_name": "s", "plan": "startup-4", "pg_user_config": config}
    changed: list[Path] = [
        ("pg_user_config", "work_mem"),
        ("pg_user_config", "backup_hour"),
        ("pg_user_config", "pg", "jit"),
        ("pg_user_config", "pg", "idle_in_transaction_session_timeout"),
    ]
    assert update(PG, wanted, *changed, identity="p/s") == [
        (
            "s",
            {
                "user_config": {
                    "backup_hour": None,
                    "pg": {"jit": True, "idle_in_transaction_session_timeout": None},
                    "work_mem": 8,
                }
            },
        )
    ]


def test_a_change_deep_inside_a_value_sends_the_whole_value() -> None:
    """The API merges objects it says it merges, not lists."""
    wanted = {"pg_user_config": {"ip_filter": ["10.0.0.0/8", {"network": "192.0.2.0/24"}]}}
    changed: Path = ("pg_user_config", "ip_filter", 1, "network")
    assert update(PG, wanted, changed, identity="p/s") == [
        ("s", {"user_config": {"ip_filter": ["10.0.0.0/8", {"network": "192.0.2.0/24"}]}})
    ]


def test_an_object_that_goes_as_a_whole_is_sent_as_null() -> None:
    """`migration` cannot stand half empty."""
    wanted: dict[str, object] = {"pg_user_config": {}}
    changed: list[Path] = [
        ("pg_user_config", "migration", "host"),
        ("pg_user_config", "migration", "port"),
    ]
    assert update(PG, wanted, *changed, identity="p/s") == [
        ("s", {"user_config": {"migration": None}})
    ]


def test_a_merged_object_that_is_no_longer_declared_is_unset_key_by_key() -> None:
    """Whatever was declared in it goes back to the server's defaults; nothing else is touched."""
    changed: Path = ("pg_user_config", "work_mem")
    assert update(PG, {}, changed, identity="p/s") == [("s", {"user_config": {"work_mem": None}})]


def test_a_merged_object_that_changed_as_a_whole_sends_what_is_set() -> None:
    """Its keys were not known when the plan was made."""
    wanted = {"pg_user_config": {"work_mem": 8, "backup_hour": None}}
    assert update(PG, wanted, ("pg_user_config",), identity="p/s") == [
        ("s", {"user_config": {"work_mem": 8}})
    ]


def test_what_is_only_sent_at_creation_is_never_sent_later() -> None:
    """Even when somebody lists it as changed."""
    wanted = {"static_ips": ["ip1"], "pg_user_config": {"admin_username": "root"}}
    changed: list[Path] = [("static_ips",), ("pg_user_config", "admin_username")]
    assert update(PG, wanted, *changed, identity="p/s") == []


def test_a_call_of_its_own_is_made_only_for_its_own_changes() -> None:
    """Changing replication does not rotate the password; changing the password sends only that."""
    wanted = {
        "project": "p",
        "service_name": "s",
        "username": "u",
        "password": Secret("hunter22"),
        "pg_allow_replication": True,
    }
    assert update(USER, wanted, ("pg_allow_replication",), identity="p/s/u") == [
        (
            "u",
            {
                "operation": "set-access-control",
                "access_control": {"pg_allow_replication": True},
            },
        )
    ]
    assert update(USER, wanted, ("password",), identity="p/s/u") == [
        ("u", {"operation": "reset-credentials", "new_password": "hunter22"})
    ]


def test_a_call_of_its_own_sends_all_that_is_set() -> None:
    """Such calls replace rather than merge: both halves of a window go together."""
    things = kind(
        {"day": {"type": "string"}, "time": {"type": "string"}, "zone": {"type": "string"}},
        {
            "update": [
                {
                    "method": "PUT",
                    "path": "/things/{name}/window",
                    "send": ["day", "time", "zone"],
                    "when": ["day", "time"],
                }
            ]
        },
    )
    wanted = {"day": "monday", "time": "10:00:00", "zone": None}
    assert update(things, wanted, ("time",), identity="n") == [
        ("window", {"day": "monday", "time": "10:00:00"})
    ]
    assert update(things, wanted, ("zone",), identity="n") == []


def test_of_two_attributes_in_one_place_the_set_one_is_sent() -> None:
    """A move from one to the other must not end in null."""
    things = kind(
        {
            "old": {"type": "string", "x-wire": "value", "x-unset": "null"},
            "new": {"type": "string", "x-wire": "value", "x-unset": "null"},
        },
        {"update": [{"method": "PUT", "path": "/things/{name}", "send": ["new", "old"]}]},
    )
    for wanted in ({"new": "v"}, {"old": "v"}):
        assert update(things, wanted, ("old",), ("new",), identity="n") == [("n", {"value": "v"})]


# Delete and paths


def test_delete_needs_nothing_but_the_identity() -> None:
    """The YAML is gone by then."""
    request = one(requests_for(POOL, Op.DELETE, {}, (), POOL_ID))
    assert (request.method, request.body) == ("DELETE", None)
    assert request.path == "/v1/project/my-project/service/pg-1/connection_pool/main"


def test_the_identity_wins_over_the_attributes_in_paths() -> None:
    """An update goes to the object that is there, whatever its YAML says now."""
    wanted = {**POOL_WANTED, "pool_name": "renamed", "pool_size": 1}
    request = one(requests_for(POOL, Op.UPDATE, wanted, [("pool_size",)], POOL_ID))
    assert request.path.endswith("/main")


def test_odd_names_stay_in_their_segment() -> None:
    """An identity is percent-encoded; its parts are encoded anew for the path."""
    request = one(requests_for(POOL, Op.DELETE, {}, (), "p/s/a%2F..%2Fb"))
    assert request.path == "/v1/project/p/service/s/connection_pool/a%2F..%2Fb"
    with pytest.raises(PathError):
        requests_for(POOL, Op.DELETE, {}, (), "p/s/..")


VALUES = {
    "database_name": st.text(min_size=1),
    "pool_mode": st.sampled_from(["session", "transaction", "statement"]),
    "pool_size": st.integers(1, 10_000),
    "username": st.none() | st.text(min_size=1),
}


@settings(deadline=None)
@given(st.fixed_dictionaries(VALUES), st.sets(st.sampled_from(sorted(VALUES))))
def test_an_update_says_all_of_the_changes_and_nothing_else(
    values: dict[str, object], changed: set[str]
) -> None:
    """One call at most, and its keys are the changed attributes."""
    wanted = {**POOL_WANTED, **values}
    requests = requests_for(POOL, Op.UPDATE, wanted, [(name,) for name in changed], POOL_ID)
    sent = {key for request in requests for key in request.body or {}}
    assert len(requests) == bool(changed)
    assert sent == {"database" if name == "database_name" else name for name in changed}
