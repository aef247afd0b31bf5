"""for_each: one declaration, a resource for each key."""

import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.model.address import Address
from reconciler.model.resource import Lifecycle, Resource, Stack, Trigger, Use

HEAD = {"project": "p", "service_name": "pg-1"}


def stack_of(databases: object, **sections: object) -> str:
    """Return a stack with a service and these databases, as JSON, which is YAML."""
    pg = {"m": {**HEAD, "plan": "startup-4"}}
    resources = {"aiven_pg": pg, "aiven_pg_database": databases}
    return json.dumps({"stack": "x", "resources": resources, **sections})


def names(stack: Stack) -> dict[str, object]:
    """Return each database's name by its key."""
    return {
        str(address.key): resource.attributes["database_name"]
        for address, resource in stack.resources.items()
        if address.kind == "aiven_pg_database"
    }


def test_a_map_gives_keys_and_values(load) -> None:
    """A value may be anything, and a path goes on inside it."""
    stack = load(
        stack_of(
            {
                "d": {
                    **HEAD,
                    "for_each": {"orders": {"name": "o", "locale": "de"}, "billing": {"name": "b"}},
                    "database_name": "${each.key}-${each.value.name}",
                }
            }
        )
    )
    assert names(stack) == {"billing": "billing-b", "orders": "orders-o"}
    assert list(stack.resources)[1:] == [
        'aiven_pg_database.d["billing"]',
        'aiven_pg_database.d["orders"]',
    ]


def test_of_a_list_key_and_value_are_the_item(load) -> None:
    """Sorted by address whatever the order."""
    body = {**HEAD, "for_each": ["b", "a"], "database_name": "${each.key}${each.value}"}
    assert names(load(stack_of({"d": body}))) == {"a": "aa", "b": "bb"}


def test_no_keys_are_no_resources(load) -> None:
    """And nobody has to write them out."""
    for empty in ([], {}):
        body = {**HEAD, "for_each": empty, "database_name": "${each.key}"}
        assert names(load(stack_of({"d": body}))) == {}


def test_keys_may_come_from_variables_and_locals(load) -> None:
    """What holds them may be computed."""
    body = {**HEAD, "for_each": "${locals.teams}", "database_name": "${each.value}"}
    text = stack_of(
        {"d": body},
        variables={"name": {"type": "string", "default": "orders"}},
        locals={"teams": {"a": "${vars.name}", "b": "fixed"}},
    )
    assert names(load(text)) == {"a": "orders", "b": "fixed"}


def test_a_value_may_refer_to_a_resource(load) -> None:
    """Its key may not."""
    body = {
        **HEAD,
        "for_each": {"a": "${aiven_pg.m.service_name}"},
        "database_name": "${each.value}-x",
    }
    stack = load(stack_of({"d": body}))
    assert names(stack) == {"a": "pg-1-x"}
    assert stack.resources[Address('aiven_pg_database.d["a"]')].uses == (
        Use(
            attribute="database_name", target=Address("aiven_pg.m"), target_attribute="service_name"
        ),
    )


def test_a_key_may_hold_what_must_be_quoted(load) -> None:
    """The address spells it as Terraform does."""
    body = {**HEAD, "for_each": {'it"s': "a", "b\\c": "b"}, "database_name": "${each.value}"}
    stack = load(stack_of({"d": body}))
    assert {address.key for address in stack.resources if address.key} == {'it"s', "b\\c"}


@pytest.mark.parametrize("form", ['d["a"]', "d['a']", "d[vars.key]", "d[locals.key]"])
def test_one_key_is_referred_to(load, form: str) -> None:
    """By a literal, or by what is known before any resource."""
    text = stack_of(
        {"d": {**HEAD, "for_each": ["a"], "database_name": "${each.key}"}},
        variables={"key": {"type": "string", "default": "a"}},
        locals={"key": "${vars.key}"},
        outputs={"o": f"${{aiven_pg_database.{form}.database_name}}"},
    )
    output = load(text).outputs["o"]
    assert output.value == "a"
    assert [use.target for use in output.uses] == ['aiven_pg_database.d["a"]']


def test_key_by_key_resources_refer_to_one_another(load) -> None:
    """`[each.key]` in attributes, dependencies and triggers."""
    text = stack_of(
        {
            "a": {**HEAD, "for_each": ["x", "y"], "database_name": "a-${each.key}"},
            "b": {
                **HEAD,
                "for_each": ["x", "y"],
                "database_name": "b-${aiven_pg_database.a[each.key].database_name}",
                "depends_on": ["aiven_pg_database.a[each.key]"],
                "lifecycle": {"replace_triggered_by": ["aiven_pg_database.a[each.key].lc_ctype"]},
            },
        }
    )
    b = load(text).resources[Address('aiven_pg_database.b["y"]')]
    a = Address('aiven_pg_database.a["y"]')
    assert b.attributes["database_name"] == "b-a-y"
    assert b.depends_on == (a,)
    assert b.lifecycle.replace_triggered_by == (Trigger(target=a, attribute="lc_ctype"),)


def test_without_a_key_all_keys_are_meant(load) -> None:
    """In dependencies and in triggers."""
    text = stack_of(
        {
            "a": {**HEAD, "for_each": ["y", "x"], "database_name": "a-${each.key}"},
            "b": {
                **HEAD,
                "database_name": "b",
                "depends_on": ["aiven_pg_database.a", "aiven_pg.m"],
                "lifecycle": {"replace_triggered_by": ["aiven_pg_database.a"]},
            },
        }
    )
    b = load(text).resources[Address("aiven_pg_database.b")]
    keys = tuple(Address.of("aiven_pg_database", "a", key) for key in ("x", "y"))
    assert b.depends_on == ("aiven_pg.m", *keys)
    assert b.lifecycle.replace_triggered_by == tuple(Trigger(target=key) for key in keys)


def test_what_stands_beside_the_attributes_may_differ_by_key(load) -> None:
    """Deadlines and lifecycles."""
    body = {
        **HEAD,
        "for_each": {"a": {"wait": "1m", "keep": True}, "b": {"wait": "2m", "keep": False}},
        "database_name": "${each.key}",
        "timeouts": {"create": "${each.value.wait}"},
        "lifecycle": {"prevent_destroy": "${each.value.keep}"},
    }
    resources = load(stack_of({"d": body})).resources
    a, b = (resources[Address.of("aiven_pg_database", "d", key)] for key in ("a", "b"))
    assert (a.timeouts_s, a.lifecycle) == ({"create": 60}, Lifecycle(prevent_destroy=True))
    assert (b.timeouts_s, b.lifecycle) == ({"create": 120}, Lifecycle())


def test_data_sources_take_keys_too(load) -> None:
    """Their addresses begin with data."""
    text = json.dumps(
        {
            "stack": "x",
            "data": {"aiven_project": {"p": {"for_each": ["a"], "project": "${each.key}"}}},
            "outputs": {"o": '${data.aiven_project.p["a"].project}'},
        }
    )
    stack = load(text)
    assert list(stack.data) == ['data.aiven_project.p["a"]']
    assert stack.outputs["o"].value == "a"


def test_defaults_may_use_the_key(load) -> None:
    """Of the resource they go into."""
    text = stack_of(
        {"d": {"for_each": ["a"], "database_name": "d"}},
        defaults={"aiven_pg_database": {"project": "p-${each.key}", "service_name": "s"}},
    )
    resource = load(text).resources[Address('aiven_pg_database.d["a"]')]
    assert resource.attributes["project"] == "p-a"


def plain(resource: Resource) -> object:
    """Return all that a resource says but where it stands."""
    return (
        resource.attributes,
        resource.uses,
        resource.depends_on,
        resource.lifecycle,
        resource.timeouts_s,
    )


KEYS = st.text(st.characters(categories=["L", "N", "P"], exclude_characters="$"), min_size=1)
VALUES = st.fixed_dictionaries(
    {"size": st.integers(1, 100), "mode": st.sampled_from(["session", "transaction", None])}
)


@given(items=st.dictionaries(KEYS, VALUES, max_size=6), is_local=st.booleans())
@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_it_is_the_same_as_writing_each_resource_out(load, items, is_local: bool) -> None:
    """Address for address: attributes, uses, dependencies, lifecycle and deadlines."""

    def body(number: int, size: object, mode: object, **more: object) -> dict[str, object]:
        return {
            **more,
            "project": "p",
            "service_name": "${aiven_pg.m.service_name}",
            "pool_name": f"pool-{number}" if number >= 0 else "pool-${each.value.number}",
            "database_name": "d",
            "pool_size": size,
            "pool_mode": mode,
            "depends_on": ["aiven_pg.m"],
            "timeouts": {"create": "3m"},
            "lifecycle": {"ignore_changes": ["pool_size"]},
        }

    values = {key: {**value, "number": n} for n, (key, value) in enumerate(items.items())}
    each = body(-1, "${each.value.size}", "${each.value.mode}")
    each["for_each"] = "${locals.items}" if is_local else values
    written = {
        f"p{n}": body(n, value["size"], value["mode"]) for n, value in enumerate(items.values())
    }
    head = {"stack": "x", "locals": {"items": values}}
    pg = {"m": {**HEAD, "plan": "startup-4"}}

    def loaded(pools: object) -> Stack:
        resources = {"aiven_pg": pg, "aiven_connection_pool": pools}
        return load(json.dumps({**head, "resources": resources}, ensure_ascii=False))

    expanded, out = loaded({"p": each}).resources, loaded(written).resources
    assert len(expanded) == len(out)
    for n, key in enumerate(items):
        by_key = expanded[Address.of("aiven_connection_pool", "p", key)]
        assert plain(by_key) == plain(out[Address.of("aiven_connection_pool", f"p{n}")])


@given(order=st.permutations(["a", "b", "c"]), sections=st.permutations(range(4)))
@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_no_order_of_keys_or_sections_makes_a_difference(load, order, sections) -> None:
    """The stack is the same, resource by resource."""
    values = {"a": "${locals.one}", "b": "${vars.two}", "c": 3}
    parts = [
        ("variables", {"two": {"default": 2}}),
        (
            "locals",
            {
                key: {"one": 1, "each": {k: values[k] for k in order}}[key]
                for key in (("one", "each") if order[0] == "a" else ("each", "one"))
            },
        ),
        ("defaults", {"aiven_connection_pool": {"project": "p", "service_name": "s"}}),
        (
            "resources",
            {
                "aiven_connection_pool": {
                    "p": {
                        "for_each": "${locals.each}",
                        "pool_name": "${each.key}",
                        "database_name": "d",
                        "pool_size": "${each.value}",
                    }
                }
            },
        ),
    ]
    stack = load(json.dumps({"stack": "x", **dict(parts[n] for n in sections)}))
    assert [(address.key, r.attributes["pool_size"]) for address, r in stack.resources.items()] == [
        ("a", 1),
        ("b", 2),
        ("c", 3),
    ]


def test_ten_thousand_keys_take_no_time_to_speak_of(load) -> None:
    """A body is read once, however many keys it has; the bound leaves room for a busy machine."""
    items = {f"k{n}": n % 50 + 1 for n in range(10_000)}
    body = {
        "for_each": "${locals.items}",
        "project": "p",
        "service_name": "${aiven_pg.m.service_name}",
        "pool_name": "pool-${each.key}",
        "database_name": "d",
        "pool_size": "${each.value}",
    }
    pg = {"m": {**HEAD, "plan": "startup-4"}}
    resources = {"aiven_pg": pg, "aiven_connection_pool": {"p": body}}
    text = json.dumps({"stack": "x", "locals": {"items": items}, "resources": resources})
    started = time.process_time()
    assert len(load(text).resources) == 10_001
    assert time.process_time() - started < 3


def test_all_keys_of_one_on_all_keys_of_another_is_bounded(refusal) -> None:
    """Rather than to fill the memory."""
    keys = [f"k{n}" for n in range(1200)]
    body = {**HEAD, "for_each": keys}
    a = {**body, "database_name": "a-${each.key}"}
    b = {**body, "database_name": "b-${each.key}", "depends_on": ["aiven_pg_database.a"]}
    assert [problem.summary for problem in refusal(stack_of({"a": a, "b": b}))] == [
        "Too many dependencies"
    ]
