"""The editor's schema: what it offers, takes and refuses, and that the shipped file is current."""

import copy
import json
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.kinds.catalogue import load_catalogue, shipped_dir
from reconciler.kinds.editor_schema import stack_schema

EXAMPLE: dict[str, Any] = {
    "stack": "example",
    "variables": {
        "pool_size": {"type": "integer", "minimum": 1, "default": 10},
        "db_password": {"type": "string", "writeOnly": True},
    },
    "locals": {"team": "payments", "sizes": {"orders": 20, "billing": "${vars.pool_size}"}},
    "defaults": {
        "aiven_connection_pool": {"pool_mode": "session", "timeouts": {"default": "10m"}},
        "aiven_pg": {"tags": {"team": "${locals.team}"}},
    },
    "data": {
        "aiven_project": {"example_project": {"project": "my-project", "timeouts": {"read": "30s"}}}
    },
    "resources": {
        "aiven_pg": {
            "example_postgres": {
                "project": "${data.aiven_project.example_project.project}",
                "cloud_name": "google-europe-west1",
                "plan": "startup-4",
                "service_name": "example-postgres",
                "termination_protection": "${vars.protected}",
                "maintenance_window_time": "10:00:00",
                "tech_emails": ["ops@example.org", "${vars.address}"],
                "tags": {"team": "payments", "env": "${vars.env}"},
                "pg_user_config": {
                    "pg_version": "16",
                    "ip_filter": ["10.0.0.0/8", {"network": "${vars.office}"}],
                    "pg": {"pg_stat_statements.track": "all", "max_connections": "${vars.max}"},
                    "public_access": {"pg": False},
                },
                "lifecycle": {"prevent_destroy": "${vars.protected}"},
            }
        },
        "aiven_pg_database": {
            "main": {
                "project": "my-project",
                "service_name": "${aiven_pg.example_postgres.service_name}",
                "database_name": "main",
            }
        },
        "aiven_pg_user": {
            "app": {
                "project": "my-project",
                "service_name": "example-postgres",
                "username": "app",
                "password_wo": "${vars.db_password}",
                "password_wo_version": 1,
            }
        },
        "aiven_connection_pool": {
            "main": {
                "project": "my-project",
                "service_name": "example-postgres",
                "database_name": "${aiven_pg_database.main.database_name}",
                "pool_mode": "transaction",
                "pool_name": "example-pool",
                "pool_size": "${vars.pool_size}",
                "username": "${aiven_pg_user.app.username}",
                "timeouts": {"create": "5m", "default": "2h45m"},
                "depends_on": ["aiven_pg_user.app"],
            },
            "team": {
                "for_each": "${locals.sizes}",
                "project": "my-project",
                "service_name": "example-postgres",
                "database_name": "main",
                "pool_name": "${each.key}",
                "pool_size": "${each.value}",
                "depends_on": [
                    'aiven_pg_user.team["it\\"s"]',
                    "aiven_pg_user.team[each.key]",
                    "data.aiven_project.example_project",
                ],
                "lifecycle": {
                    "prevent_destroy": "${vars.protected}",
                    "create_before_destroy": False,
                    "update_in_place": True,
                    "ignore_changes": ["pool_size"],
                    "replace_triggered_by": ["aiven_pg_user.app", "aiven_pg.example_postgres.plan"],
                },
            },
        },
    },
    "moved": [{"from": "aiven_pg_user.old", "to": 'aiven_pg_user.team["orders"]'}],
    "import": [{"to": "aiven_pg_user.app", "id": "my-project/example-postgres/app"}],
    "removed": [{"from": "aiven_pg_database.legacy", "forget": True}],
    "policies": [{"rule": "changes.size() < 10", "message": "ten at a time"}],
    "outputs": {"uri": "${aiven_connection_pool.main.connection_uri}"},
}

POOL = "resources/aiven_connection_pool/main"
PG = "resources/aiven_pg/example_postgres"
USER = "resources/aiven_pg_user/app"


@cache
def validator() -> Draft202012Validator:
    """Return the validator of the schema as it is made now."""
    schema = stack_schema(load_catalogue())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def with_value(path: str, value: object) -> dict[str, Any]:
    """Return the example with the value at `path` (parts joined by `/`) put in."""
    stack = copy.deepcopy(EXAMPLE)
    *parents, last = path.split("/")
    node: Any = stack
    for part in parents:
        node = node[part]
    node[last] = value
    return stack


def test_example_is_taken() -> None:
    """Literals, expressions, nested options, timeouts and dependencies all have their place."""
    assert [error.message for error in validator().iter_errors(EXAMPLE)] == []


@pytest.mark.parametrize(
    "stack",
    [
        {"stack": "a"},
        {"resources": None, "stack": "a"},
        {"variables": {"any": None}},
    ],
)
def test_parts_of_a_stack_are_taken(stack: object) -> None:
    """A stack of several files has files without a name, and a new one has empty sections."""
    assert validator().is_valid(stack)


REFUSED = {
    "unknown section": ("resource", {}),
    "unknown kind": ("resources/aiven_kafka", {}),
    "unknown attribute": (f"{POOL}/pool_mod", "session"),
    "computed attribute": (f"{POOL}/connection_uri", "postgres://"),
    "value out of range": (f"{POOL}/pool_size", 0),
    "value of another type": (f"{POOL}/pool_size", "10"),
    "value not among the choices": (f"{POOL}/pool_mode", "sessions"),
    "reserved pool name": (f"{POOL}/pool_name", "pgbouncer"),
    "duration without a unit": (f"{POOL}/timeouts/create", "300"),
    "timeout of no operation": (f"{POOL}/timeouts/replace", "5m"),
    "unknown lifecycle": (f"{PG}/lifecycle/keep", True),
    "in place where nothing can": (f"{PG}/lifecycle/update_in_place", True),
    "flag as a text": (f"{POOL}/lifecycle", {"create_before_destroy": "true"}),
    "ignored attributes as a text": (f"{POOL}/lifecycle", {"ignore_changes": "pool_size"}),
    "trigger that is no address": (f"{POOL}/lifecycle", {"replace_triggered_by": ["aiven_pg"]}),
    "for_each with numbers": (f"{POOL}/for_each", [1, 2]),
    "for_each with a key twice": (f"{POOL}/for_each", ["a", "a"]),
    "for_each of nothing": (f"{POOL}/for_each", None),
    "dependency that is no address": (f"{POOL}/depends_on", ["aiven_pg_user"]),
    "dependency as an expression": (f"{POOL}/depends_on", ["${aiven_pg_user.app}"]),
    "local with a dash": ("locals/my-team", "x"),
    "default of another type": ("defaults/aiven_connection_pool/pool_size", "10"),
    "default of no attribute": ("defaults/aiven_connection_pool/pool_mod", "session"),
    "default lifecycle": ("defaults/aiven_connection_pool/lifecycle", {}),
    "default of data": ("defaults/aiven_project", {}),
    "move without an end": ("moved", [{"from": "aiven_pg_user.old"}]),
    "move of a lookup": ("moved", [{"from": "data.aiven_pg.old", "to": "aiven_pg.new"}]),
    "import without an id": ("import", [{"to": "aiven_pg_user.app"}]),
    "removal that deletes": ("removed", [{"from": "aiven_pg_user.x", "forget": False}]),
    "policy without a message": ("policies", [{"rule": "true"}]),
    "two passwords": (f"{USER}/password", "long enough"),
    "unknown option": (f"{PG}/pg_user_config/pg_versions", "16"),
    "option out of range": (f"{PG}/pg_user_config/pg/max_connections", 1),
    "version as a number": (f"{PG}/pg_user_config/pg_version", 16),
    "network without a network": (f"{PG}/pg_user_config/ip_filter", [{"description": "x"}]),
    "never as a day": (f"{PG}/maintenance_window_dow", "never"),
    "data that is made": ("data/aiven_connection_pool", {"a": {"pool_size": 3}}),
    "data with a deadline for making it": (
        "data/aiven_project/example_project/timeouts",
        {"create": "5m"},
    ),
    "data with a lifecycle": ("data/aiven_project/example_project/lifecycle", {}),
    "project that is made": ("resources/aiven_project", {"p": {"project": "p"}}),
    "name with a dash": ("resources/aiven_pg_database/my-db", {}),
}


@pytest.mark.parametrize(("path", "value"), REFUSED.values(), ids=REFUSED)
def test_mistakes_are_refused(path: str, value: object) -> None:
    """What the reconciler would refuse is underlined while it is typed."""
    assert not validator().is_valid(with_value(path, value))


def test_null_says_not_declared() -> None:
    """An optional attribute may be there without a value; a required one may not."""
    assert validator().is_valid(with_value(f"{POOL}/username", None))
    assert validator().is_valid(with_value(f"{PG}/pg_user_config/work_mem", None))
    assert not validator().is_valid(with_value(f"{POOL}/pool_name", None))
    assert not validator().is_valid(with_value(f"{PG}/tech_emails", [None]))


@pytest.mark.parametrize("name", ["project", "service_name", "pool_name", "database_name"])
def test_required_attributes_are_asked_for(name: str) -> None:
    """A resource without one of them is not complete."""
    stack = copy.deepcopy(EXAMPLE)
    del stack["resources"]["aiven_connection_pool"]["main"][name]
    assert not validator().is_valid(stack)


def test_what_has_a_default_is_not_asked_for() -> None:
    """As far as one file can tell."""
    stack = with_value("defaults/aiven_connection_pool/project", "my-project")
    del stack["resources"]["aiven_connection_pool"]["main"]["project"]
    assert validator().is_valid(stack)
    del stack["resources"]["aiven_pg_database"]["main"]["project"]
    assert not validator().is_valid(stack)


def test_every_kind_and_settable_attribute_is_offered_with_its_description() -> None:
    """Completion and hover show what the kind files say; read-only attributes are not offered."""
    catalogue = load_catalogue()
    offered = stack_schema(catalogue)["properties"]["resources"]["properties"]
    assert set(offered) == {name for name, kind in catalogue.items() if kind.is_resource}
    for name, schema in offered.items():
        kind = catalogue[name]
        properties = schema["additionalProperties"]["properties"]
        settable = {name for name, a in kind.attributes.items() if not a.read_only}
        beside = {"for_each", "depends_on", "lifecycle", "timeouts"}
        assert set(properties) == settable | beside
        assert schema["description"] == kind.description
        for attribute in settable:
            said = kind.attributes[attribute].schema["description"]
            assert properties[attribute]["description"] == said


def test_no_word_of_ours_is_left() -> None:
    """Strict readers of JSON Schema take it too."""
    assert '"x-' not in json.dumps(stack_schema(load_catalogue()))


def test_shipped_schema_is_current() -> None:
    """It is what `reconcile schema` prints; make it anew after a change of a kind."""
    shipped = (shipped_dir() / "stack.schema.json").read_text()
    assert shipped == json.dumps(stack_schema(load_catalogue()), indent=1) + "\n"
    assert len(shipped) < 150_000
