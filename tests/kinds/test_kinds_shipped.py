"""The shipped kinds: sound, described, and with the limits and routes that Aiven's API has."""

import json
import re
import time
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.kinds.catalogue import Catalogue, load_catalogue, shipped_dir
from reconciler.kinds.check import check_kind, check_references
from reconciler.kinds.kind import Attribute, Kind, Unset
from reconciler.live.convert import CONVERSIONS
from reconciler.model.state import Op

KINDS = list(load_catalogue())


@cache
def catalogue() -> Catalogue:
    """Return the shipped kinds, parsed once."""
    return load_catalogue()


def walk(attributes: Mapping[str, Attribute]) -> Iterator[Attribute]:
    """Yield the attributes and those nested in them."""
    for attribute in attributes.values():
        yield attribute
        yield from walk(attribute.nested)


def is_taken(kind: str, path: str, value: object) -> bool:
    """Whether the value meets the schema of the attribute at `path` (parts joined by `/`)."""
    schema: Any = catalogue()[kind].schema
    for part in path.split("/"):
        schema = schema["properties"][part]
    return Draft202012Validator(schema).is_valid(value)


@pytest.mark.parametrize("name", KINDS)
def test_shipped_kind_is_sound(name: str) -> None:
    """It fits the meta-schema and itself, and what it refers to is there."""
    file = catalogue().file_of(name)
    text = file.read_text()
    assert check_kind(json.loads(text), str(file), text=text) == ()
    assert check_references(catalogue()[name], catalogue(), str(file), text=text) == ()


def test_meta_schema_is_itself_a_schema() -> None:
    """JSON Schema 2020-12, with each word of ours explained."""
    meta = json.loads((shipped_dir() / "kind.meta.json").read_text())
    Draft202012Validator.check_schema(meta)
    ours = {
        word: schema
        for word, schema in meta["$defs"]["schema"]["properties"].items()
        if word.startswith("x-")
    }
    assert len(ours) == 13
    assert all(schema.get("description") for schema in ours.values())


@pytest.mark.parametrize("name", KINDS)
def test_every_attribute_is_described_in_one_line(name: str) -> None:
    """Editors and `explain` show it: a sentence, nested options included."""
    for attribute in walk(catalogue()[name].attributes):
        said = str(attribute.schema["description"])
        assert said[0].isupper() or said.startswith(("project/", "primary", "not "))
        assert said.endswith(".")
        assert len(said) < 170


@pytest.mark.parametrize("name", KINDS)
def test_id_is_there_and_read_only(name: str) -> None:
    """Everything can be referred to by its id."""
    made = catalogue()[name].attributes["id"]
    assert (made.read_only, made.read_wire) == (True, ())


@pytest.mark.parametrize("name", KINDS)
def test_secrets_are_asked_for_and_never_shown(name: str) -> None:
    """Reads of what holds secrets say so, and whatever sounds like a secret is one."""
    kind = catalogue()[name]
    told = [
        a for a in walk(kind.attributes) if re.search(r"password|secret|_uri|_key|cert", a.name)
    ]
    not_secret = {"password_wo_version", "password_encryption"}
    assert {a.name for a in told if not a.sensitive} <= not_secret
    if name != "aiven_project":
        assert kind.reads[0].secrets == {"include_secrets": "true"}


@pytest.mark.parametrize("name", KINDS)
def test_one_get_serves_everything_in_a_service(name: str) -> None:
    """Users, pools and databases are found in the service's own answer."""
    if name != "aiven_project":
        assert catalogue()[name].reads[0].path == "/v1/project/{project}/service/{service_name}"


def test_kind_files_stay_small() -> None:
    """A kind is read at every start; only the service's many options may weigh."""
    for name in KINDS:
        size = catalogue().file_of(name).stat().st_size
        assert size < (64_000 if name == "aiven_pg" else 8_000)


def test_all_kinds_are_parsed_in_milliseconds() -> None:
    """The best of a few goes, so that a busy machine does not fail it."""
    best = min(_parse_all() for _ in range(5))
    assert best < 0.05


def _parse_all() -> float:
    began = time.perf_counter()
    fresh = load_catalogue()
    assert all(fresh[name] for name in fresh)
    return time.perf_counter() - began


LIMITS = [
    ("aiven_pg", "project", "my-project_1", "my project"),
    ("aiven_pg", "service_name", "a" * 64, "a" * 65),
    ("aiven_pg", "service_name", "a-1", "A-1"),
    ("aiven_pg", "plan", "startup-4", "Startup-4"),
    ("aiven_pg", "plan", "startup-4", "startup-"),
    ("aiven_pg", "maintenance_window_dow", "monday", "never"),
    ("aiven_pg", "maintenance_window_time", "23:59:59", "24:00:00"),
    ("aiven_pg", "disk_space", "80GiB", "80GB"),
    ("aiven_pg", "disk_space", "80G", "080G"),
    ("aiven_pg", "project_vpc_id", "p/" + "0" * 36, "p/x"),
    ("aiven_pg", "project_vpc_id", "0" * 36, ""),
    ("aiven_pg", "tech_emails", ["a@b.c"] * 10, ["a@b.c"] * 11),
    ("aiven_pg", "tags", {"k": "v"}, {"k": 1}),
    ("aiven_pg", "cmk_id", "0" * 36, "0" * 35),
    (
        "aiven_pg",
        "service_integrations",
        [{"integration_type": "read_replica", "source_service_name": "a"}],
        [{"integration_type": "metrics", "source_service_name": "a"}],
    ),
    ("aiven_pg", "pg_user_config", {}, {"unknown": 1}),
    ("aiven_pg", "pg_user_config/pg_version", "18", 18),
    ("aiven_pg", "pg_user_config/work_mem", 1024, 1025),
    ("aiven_pg", "pg_user_config/shared_buffers_percentage", 20.5, 61),
    ("aiven_pg", "pg_user_config/backup_interval_hours", 12, 5),
    ("aiven_pg", "pg_user_config/ip_filter", ["::/0", {"network": "::/0"}], [{}]),
    ("aiven_pg", "pg_user_config/admin_password", "A1_b-cde", "too short"),
    ("aiven_pg", "pg_user_config/migration", {"host": "h", "port": 1}, {"host": "h"}),
    ("aiven_pg", "pg_user_config/pg/max_connections", 25, 24),
    ("aiven_pg", "pg_user_config/pg/timezone", "Europe/Helsinki", "a b"),
    ("aiven_pg", "pg_user_config/pg/pg_stat_statements.track", "top", "some"),
    ("aiven_pg", "pg_user_config/pgbouncer/autodb_pool_size", 0, 10001),
    ("aiven_pg_database", "database_name", "a" * 40, "a" * 41),
    ("aiven_pg_database", "database_name", "_a-b", "-ab"),
    ("aiven_pg_database", "lc_collate", "C.UTF-8", ""),
    ("aiven_pg_user", "username", "a" * 64, "a" * 65),
    ("aiven_pg_user", "username", "0.a-b_c", ".a"),
    ("aiven_pg_user", "password", "8" * 8, "7" * 7),
    ("aiven_pg_user", "password_wo", "2" * 256, "2" * 257),
    ("aiven_pg_user", "password_wo_version", 1, 0),
    ("aiven_connection_pool", "pool_name", "a" * 63, "a" * 64),
    ("aiven_connection_pool", "pool_name", "pgbouncer.1", "pgbouncer"),
    ("aiven_connection_pool", "pool_name", "A.b_c-1", "a b"),
    ("aiven_connection_pool", "pool_size", 10000, 10001),
    ("aiven_connection_pool", "pool_size", 1, 0),
    ("aiven_connection_pool", "pool_mode", "statement", "Statement"),
    ("aiven_connection_pool", "username", "u", ""),
]


@pytest.mark.parametrize(("kind", "path", "good", "bad"), LIMITS)
def test_limits_are_the_apis(kind: str, path: str, good: object, bad: object) -> None:
    """What the API takes is taken, and what it refuses is refused before anything is sent."""
    assert is_taken(kind, path, good)
    assert not is_taken(kind, path, bad)


@pytest.mark.parametrize(
    ("declared", "is_sound"),
    [
        ({}, True),
        ({"password": "12345678"}, True),
        ({"password_wo": "12345678", "password_wo_version": 1}, True),
        ({"password_wo": "12345678"}, False),
        ({"password_wo_version": 1}, False),
        ({"password": "12345678", "password_wo": "12345678", "password_wo_version": 1}, False),
    ],
)
def test_user_has_one_password_at_most(declared: dict[str, object], is_sound: bool) -> None:
    """The two ways exclude each other, and the unread one needs its version."""
    user = {"project": "p", "service_name": "s", "username": "u", **declared}
    assert Draft202012Validator(catalogue()["aiven_pg_user"].schema).is_valid(user) is is_sound


def test_both_passwords_go_where_the_api_takes_them() -> None:
    """By a reset, which only a password that was declared can cause."""
    user = catalogue()["aiven_pg_user"]
    for name in ("password", "password_wo"):
        assert user.attributes[name].send_wire == ("new_password",)
    for calls in (user.create, user.update):
        reset = calls[-1]
        assert reset.constants == {"operation": "reset-credentials"}
        assert reset.when == ("password", "password_wo_version")
    assert user.attributes["password"].computed
    assert not user.attributes["password"].has_default


def test_service_updates_never_power_on() -> None:
    """An update sends what changed and nothing else; power is somebody else's decision."""
    pg = catalogue()["aiven_pg"]
    for call in pg.update:
        assert call.constants == {}
    assert "powered" not in pg.attributes
    assert pg.settle is not None
    assert pg.settle.is_settled("POWEROFF", Op.UPDATE)
    assert not pg.settle.is_settled("POWEROFF", Op.CREATE)


def test_new_service_stays_out_of_a_vpc_that_was_not_asked_for() -> None:
    """The key must be sent as null: left out, the server may choose a VPC."""
    pg = catalogue()["aiven_pg"]
    assert pg.create[0].constants["project_vpc_id"] is None
    assert pg.attributes["project_vpc_id"].unset is Unset.NULL


def test_nothing_but_identity_replaces_a_service() -> None:
    """A replacement loses data, so what cannot change later is refused instead."""
    pg = catalogue()["aiven_pg"]
    assert {a.name for a in walk(pg.attributes) if a.force_new} == set(pg.identity)
    create_only = {a.name for a in walk(pg.attributes) if a.create_only}
    assert create_only == {
        "admin_password",
        "admin_username",
        "pg_service_to_fork_from",
        "project_to_fork_from",
        "recovery_target_time",
        "service_integrations",
        "service_to_fork_from",
        "static_ips",
    }


def test_options_of_a_service_are_merged_and_reset_by_null() -> None:
    """An option that is no longer declared goes back to the server; a version cannot."""
    config = catalogue()["aiven_pg"].attributes["pg_user_config"]
    assert config.send_wire == config.read_wire == ("user_config",)
    leaves = [a for a in walk(config.nested) if not a.nested]
    assert len(config.nested) == 36
    assert len(leaves) > 130
    assert all(leaf.computed and not leaf.has_default for leaf in leaves)
    kept = {leaf.name for leaf in leaves if leaf.unset is Unset.OMIT and not leaf.create_only}
    assert kept == {"pg_version", "variant"}
    assert config.nested["migration"].unset is Unset.NULL
    assert config.nested["ip_filter"].shorthand == "network"
    assert config.nested["migration"].nested["password"].sensitive


def test_tags_go_their_own_way_in_an_update() -> None:
    """With the service when it is made, by a call of their own later."""
    pg = catalogue()["aiven_pg"]
    assert "tags" in pg.create[0].send
    senders = [call for call in pg.update if "tags" in call.send]
    assert [(call.path[-5:], call.send, call.when) for call in senders] == [
        ("/tags", ("tags",), ("tags",))
    ]


def test_locale_of_a_database_is_read_only_where_it_matters() -> None:
    """The list in pages costs requests; names alone come with the service."""
    database = catalogue()["aiven_pg_database"]
    assert database.reads[0].find == {"": "database_name"}
    assert database.reads[1].only_for == ("lc_collate", "lc_ctype")
    assert database.reads[1].page == ("next", "after")
    assert not database.attributes["lc_collate"].has_default


@pytest.mark.parametrize(
    ("kind", "container", "is_stateful"),
    [
        ("aiven_project", "", False),
        ("aiven_pg", "aiven_project", True),
        ("aiven_pg_database", "aiven_pg", True),
        ("aiven_pg_user", "aiven_pg", False),
        ("aiven_connection_pool", "aiven_pg", False),
    ],
)
def test_kind_lies_in_its_container(kind: str, container: str, is_stateful: bool) -> None:
    """What is contained vanishes with its container; what holds data is marked."""
    found: Kind = catalogue()[kind]
    assert (found.container, found.stateful) == (container, is_stateful)


def test_losing_data_is_always_told() -> None:
    """Every stateful kind warns of its deletion and of its replacement."""
    for kind in catalogue().values():
        warned = {on for rule in kind.effects if rule.code == "data-loss" for on in rule.on}
        assert warned == ({"replace", "delete"} if kind.stateful else set())


def test_conversions_of_the_vocabulary_are_those_there_are() -> None:
    """A kind file that passes the check never names one that the driver lacks."""
    meta = json.loads((shipped_dir() / "kind.meta.json").read_text())
    assert set(meta["$defs"]["schema"]["properties"]["x-convert"]["enum"]) == CONVERSIONS


PLANS = {
    "free-1-5gb": 20,
    "hobbyist": 25,
    "startup-4": 100,
    "business-8": 200,
    "premium-16": 400,
    "startup-32": 800,
    "business-64": 1000,
    "premium-120": 1000,
    "premium-225": 1000,
}


@pytest.mark.parametrize(("plan", "most"), PLANS.items())
def test_connections_follow_the_plan(plan: str, most: int) -> None:
    """By the memory of one node, as Aiven publishes it; an unknown size tells nothing."""
    limit = catalogue()["aiven_pg"].gives_connections
    assert limit is not None
    assert next(n for pattern, n in limit.values if re.search(pattern, plan)) == most
    assert not any(re.search(pattern, "business-12") for pattern, _ in limit.values)


@pytest.mark.parametrize("plan", PLANS)
def test_only_the_smallest_plans_have_no_pooling(plan: str) -> None:
    """Free and hobbyist."""
    (rule,) = catalogue()["aiven_connection_pool"].checks
    assert bool(re.search(rule.pattern, plan)) is plan.startswith(("startup", "bus", "prem"))


def test_new_services_have_a_database_and_a_user() -> None:
    """defaultdb and avnadmin, unless the service is a copy of another or names its admin itself."""
    database, user = (catalogue()[f"aiven_pg_{name}"].given for name in ("database", "user"))
    assert database and user
    assert (database.names, user.names) == (("defaultdb",), ("avnadmin",))
    assert set(user.unless) - set(database.unless) == {"pg_user_config.admin_username"}
