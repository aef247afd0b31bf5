"""The quick yes, held against the real validator."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.desired.validate import _compile, _findings, _plain, schema_fault
from reconciler.desired.verdict import compile_check
from reconciler.expressions import parse_template
from reconciler.kinds.catalogue import load_catalogue
from reconciler.model.values import Secret

KINDS = load_catalogue()
LATE = parse_template("${aiven_pg.main.service_uri}")
NAMES = sorted({name for kind in KINDS.values() for name in kind.attributes})

SCALARS = st.sampled_from(
    [
        *(None, True, False, 0, 1, -1, 10, 10001, 1.0, 1.5, 10**9, "", "a", "p", "main", "Main"),
        *("main\n", "transaction", "monday", "10:00:00", "25:00:00", "10GiB", "x" * 70, "é", "٣"),
        *("a" * 36, "avnadmin", Secret("hunter2hunter2"), Secret(""), LATE),
    ]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["", "a", "network", "description", "x" * 70]), inner)
    ),
    max_leaves=6,
)

NUMBERS = st.sampled_from([0, 1, 2, 3, 10, 1.5])
LEAF_SCHEMAS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(
            [
                "string",
                "integer",
                "number",
                "boolean",
                "null",
                "array",
                "object",
                ["string", "null"],
            ]
        ),
        "enum": st.sampled_from([["a", "main"], ["a", 1]]),
        "minimum": NUMBERS,
        "maximum": NUMBERS,
        "minLength": st.integers(0, 3),
        "maxLength": st.integers(0, 3),
        "pattern": st.sampled_from(["^[a-z]+$", "a", r"\d", "^$", r"\w$"]),
        "minItems": st.integers(0, 2),
        "maxProperties": st.integers(0, 2),
        "required": st.lists(st.sampled_from(["a", "network"]), unique=True),
        "dependentRequired": st.just({"a": ["network"]}),
        "not": st.just({"required": ["a", "network"]}),
        "uniqueItems": st.just(True),
        "description": st.just("x"),
    },
)
SCHEMAS = st.recursive(
    LEAF_SCHEMAS,
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["array", "object"]),
            "properties": st.dictionaries(st.sampled_from(["a", "network"]), inner),
            "additionalProperties": st.booleans() | inner,
            "propertyNames": inner,
            "items": inner,
            "allOf": st.lists(inner, min_size=1, max_size=2),
        },
    ),
    max_leaves=5,
)


@given(schema=SCHEMAS, value=VALUES)
@settings(max_examples=300)
def test_a_quick_yes_is_the_real_validators_yes(schema: dict[str, object], value: object) -> None:
    """For schemas of any shape."""
    check = compile_check(schema)
    if check and check(value):
        assert not list(_findings(_compile(schema), _plain(value)))


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_quick_yes_to_a_resource_is_the_real_validators_yes(
    kind: str, data: st.DataObject
) -> None:
    """For the kinds that are shipped."""
    schema = KINDS[kind].schema
    attributes = data.draw(
        st.dictionaries(st.sampled_from(sorted(KINDS[kind].attributes)), VALUES, max_size=6)
    )
    check = compile_check(schema)
    assert check is not None
    if check(attributes):
        assert not list(_findings(_compile(schema), _plain(attributes)))


def test_an_ordinary_resource_gets_the_quick_yes() -> None:
    """So the real validator need not even be imported."""
    check = compile_check(KINDS["aiven_connection_pool"].schema)
    assert check is not None
    pool: dict[str, object] = {
        "project": "p",
        "service_name": LATE,
        "pool_name": "main",
        "database_name": "main",
        "pool_size": 10,
        "pool_mode": "session",
    }
    assert check(pool)
    for wrong in ({"pool_size": 0}, {"pool_mode": "x"}, {"pool_name": "a\n"}, {"x": 1}):
        assert not check({**pool, **wrong})


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "int"},
        {"type": []},
        {"enum": "a"},
        {"minimum": "1"},
        {"minLength": -1},
        {"pattern": "("},
        {"pattern": 5},
        {"required": "a"},
        {"items": {"type": "int"}},
        {"properties": {"a": {"type": "int"}}},
        {"allOf": [{"properties": {"a": {"minimum": "x"}}}]},
        {"additionalProperties": 5},
        {"not": 5},
    ],
)
def test_a_schema_with_a_fault_is_told(schema: dict[str, object]) -> None:
    """The quick verdict does not hide it."""
    assert schema_fault(schema)


@given(SCHEMAS)
@settings(max_examples=50)
def test_a_schema_without_a_fault_has_none(schema: dict[str, object]) -> None:
    """Whatever its words."""
    assert not schema_fault(schema)
