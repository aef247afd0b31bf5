"""Where values came from: link by link, back to a line or to what was typed."""

from pathlib import Path

import pytest

from reconciler.model.address import Address
from reconciler.model.resource import Origin, OriginKind, Stack

STACK = """
stack: x
variables:
  size: {type: integer, default: 5}
  sizes: {type: object, default: {orders: 20}}
  word: {type: string, writeOnly: true}
locals:
  service: pg-${vars.size}
  sizes: {orders: "${vars.size}", billing: 3}
defaults:
  aiven_connection_pool:
    pool_mode: session
resources:
  aiven_pg:
    main:
      project: p
      service_name: ${locals.service}
      plan: startup-4
      tags: {size: "is-${vars.size}", fixed: a}
  aiven_pg_user:
    app: {project: p, service_name: s, username: app, password: "${vars.word}"}
  aiven_connection_pool:
    team:
      for_each: ${locals.sizes}
      project: p
      service_name: ${aiven_pg.main.service_name}
      pool_name: ${each.key}
      database_name: ${aiven_pg.main.service_name}-${vars.size}
      pool_size: ${each.value}
    written:
      for_each: {orders: "${vars.size}"}
      project: p
      service_name: s
      pool_name: ${each.key}
      database_name: d
      pool_size: ${each.value}
    listed:
      for_each: [a, b]
      project: q
      service_name: s
      pool_name: ${each.value}
      database_name: d
      pool_size: ${vars.sizes[locals.key]}
      username: "${vars.size > 3 ? 'a' : 'b'}"
"""


@pytest.fixture
def stack(load, tmp_path: Path) -> Stack:
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "dev.yaml").write_text("\nsizes: {orders: 7}\n")
    text = STACK.replace("locals:\n", "locals:\n  key: orders\n")
    loaded: Stack = load(text, env="dev", environ={"RECONCILE_VAR_word": "hunter2hunter2"})
    return loaded


def chain(stack: Stack, address: str, *path: str) -> list[tuple[str, str, int]]:
    """Return the links as (kind, name, line), 0 for no line."""
    origins = stack.resources[Address(address)].origins
    assert origins is not None
    return [spelled(origin) for origin in origins.of(path)]


def spelled(origin: Origin) -> tuple[str, str, int]:
    name = origin.name.replace(origin.location.file, "FILE") if origin.location else origin.name
    return origin.kind.value, name, origin.location.line if origin.location else 0


def test_a_literal_is_where_it_stands(stack: Stack) -> None:
    """One link."""
    assert chain(stack, "aiven_pg.main", "plan") == [("attribute", "aiven_pg.main.plan", 19)]


def test_a_local_leads_to_the_variable_in_it(stack: Stack) -> None:
    """And the variable to its default."""
    assert chain(stack, "aiven_pg.main", "service_name") == [
        ("attribute", "aiven_pg.main.service_name", 18),
        ("local", "locals.service", 9),
        ("variable", "vars.size from its default", 4),
    ]


def test_a_reference_leads_to_what_that_came_from(stack: Stack) -> None:
    """Each source once, though two parts of the text came from it."""
    assert chain(stack, 'aiven_connection_pool.team["orders"]', "database_name") == [
        ("attribute", 'aiven_connection_pool.team["orders"].database_name', 29),
        ("reference", "aiven_pg.main.service_name", 18),
        ("local", "locals.service", 9),
        ("variable", "vars.size from its default", 4),
    ]


def test_a_part_of_a_map_has_origins_of_its_own(stack: Stack) -> None:
    """The whole has those of all its parts."""
    assert chain(stack, "aiven_pg.main", "tags", "fixed") == [
        ("attribute", "aiven_pg.main.tags.fixed", 20)
    ]
    assert chain(stack, "aiven_pg.main", "tags")[1:] == [
        ("variable", "vars.size from its default", 4)
    ]


def test_a_value_of_a_key_leads_to_its_own_line(stack: Stack) -> None:
    """Through what holds the keys."""
    assert chain(stack, 'aiven_connection_pool.team["billing"]', "pool_size") == [
        ("attribute", 'aiven_connection_pool.team["billing"].pool_size', 30),
        ("for_each", 'each.value of "billing"', 25),
        ("local", "locals.sizes.billing", 10),
    ]
    assert chain(stack, 'aiven_connection_pool.written["orders"]', "pool_size") == [
        ("attribute", 'aiven_connection_pool.written["orders"].pool_size', 37),
        ("for_each", 'each.value of "orders"', 32),
        ("variable", "vars.size from its default", 4),
    ]


def test_a_key_comes_from_what_holds_the_keys(stack: Stack) -> None:
    """Not from the values beside them."""
    assert chain(stack, 'aiven_connection_pool.team["orders"]', "pool_name")[1:] == [
        ("for_each", 'each.key of "orders"', 25),
        ("local", "locals.sizes", 10),
    ]
    assert chain(stack, 'aiven_connection_pool.listed["b"]', "pool_name")[1:] == [
        ("for_each", 'each.value of "b"', 39)
    ]


def test_a_variable_says_how_it_was_given(stack: Stack) -> None:
    """A file with its line; the shell by its name, and never with the value."""
    listed = chain(stack, 'aiven_connection_pool.listed["a"]', "pool_size")
    assert listed[-1] == ("variable", "vars.sizes.orders from FILE", 2)
    assert ("local", "locals.key", 8) in listed
    assert chain(stack, "aiven_pg_user.app", "password")[1:] == [
        ("variable", "vars.word from RECONCILE_VAR_word", 0)
    ]


def test_a_variable_that_was_typed_says_so(load) -> None:
    """There is no line then."""
    text = STACK.replace("word: {type: string, writeOnly: true}", "word: {default: aaaaaaaa}")
    text = text.replace("${vars.sizes[locals.key]}", "5")
    stack = load(text, var={"size": "9"})
    assert chain(stack, "aiven_pg.main", "service_name")[-1] == (
        "variable",
        "vars.size from --var size",
        0,
    )


def test_a_computed_value_leads_to_all_it_was_made_of(stack: Stack) -> None:
    """CEL keeps nothing to itself."""
    assert chain(stack, 'aiven_connection_pool.listed["a"]', "username")[1:] == [
        ("variable", "vars.size from its default", 4)
    ]


def test_what_is_not_declared_is_a_default(stack: Stack) -> None:
    """The stack's, the schema's, or nobody's."""
    pool = 'aiven_connection_pool.listed["a"]'
    assert chain(stack, pool, "pool_mode") == [
        ("default", "defaults.aiven_connection_pool.pool_mode", 13)
    ]
    assert chain(stack, "aiven_pg.main", "termination_protection") == [
        ("schema default", "aiven_pg.json", 0)
    ]
    assert chain(stack, "aiven_pg.main", "cloud_name") == []


KINDS = {
    ("aiven_pg.main", "plan"): OriginKind.ATTRIBUTE,
    ("aiven_pg.main", "service_name"): OriginKind.LOCAL,
    ("aiven_pg.main", "tags", "size"): OriginKind.VARIABLE,
    ("aiven_pg.main", "tags", "fixed"): OriginKind.ATTRIBUTE,
    ("aiven_pg.main", "cloud_name"): None,
    ("aiven_pg.main", "termination_protection"): OriginKind.SCHEMA,
    ('aiven_connection_pool.team["orders"]', "pool_size"): OriginKind.FOR_EACH,
    ('aiven_connection_pool.team["orders"]', "service_name"): OriginKind.REFERENCE,
    ('aiven_connection_pool.team["orders"]', "pool_mode"): OriginKind.DEFAULT,
    ('aiven_connection_pool.listed["a"]', "username"): OriginKind.VARIABLE,
}


@pytest.mark.parametrize("where", KINDS, ids=".".join)
def test_what_gave_a_value_is_told_without_the_chain(stack: Stack, where: tuple[str, ...]) -> None:
    """For the many places that want one word."""
    origins = stack.resources[Address(where[0])].origins
    assert origins is not None
    assert origins.kind_of(where[1:]) is KINDS[where]
