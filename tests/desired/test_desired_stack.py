"""A stack file or folder, read whole."""

import contextlib
import json
import os
from collections.abc import Iterator
from itertools import pairwise, permutations
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.desired import InvalidStackError, load_stack, load_stack_name
from reconciler.desired.cycles import order
from reconciler.kinds.catalogue import load_catalogue
from reconciler.model.address import Address
from reconciler.model.resource import Stack

CATALOGUE = load_catalogue()


def content(stack: Stack) -> object:
    """Return all of the stack but where it stands."""
    return (
        stack.name,
        [
            (r.address, r.attributes, r.uses, r.depends_on, r.timeouts_s, r.lifecycle)
            for r in (*stack.resources.values(), *stack.data.values())
        ],
        [(o.name, o.value, o.uses) for o in stack.outputs.values()],
    )


def test_a_stack_without_resources_is_a_stack(load) -> None:
    """Its name is enough; a section with nothing in it is empty."""
    assert content(load("stack: x")) == ("x", [], [])
    assert content(load("stack: x\nresources:\nvariables:\noutputs:\ndata: {}")) == ("x", [], [])
    assert content(load("stack: x\nresources: {aiven_pg: }")) == ("x", [], [])


def test_the_files_of_a_folder_are_read_together(load) -> None:
    """A reference does not care for files."""
    stack = load(
        {
            "a": "resources: {aiven_pg_database: {a: {project: '${aiven_pg.pg.project}', "
            "service_name: s, database_name: d}}}",
            "b": "stack: x",
            "c": "resources: {aiven_pg: {pg: {project: p, service_name: s, plan: b-1}}}",
        }
    )
    assert stack.resources[Address("aiven_pg_database.a")].attributes["project"] == "p"


def test_only_yaml_files_of_the_folder_itself_are_read(load, tmp_path: Path) -> None:
    """No other ending, no folder below, no hidden file."""
    (tmp_path / "x.yml").write_text("nonsense: [")
    (tmp_path / ".hidden.yaml").write_text("nonsense: [")
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "x.yaml").write_text("nonsense: [")
    assert load("stack: x").name == "x"


def test_a_file_of_variables_may_lie_in_the_folder(load, tmp_path: Path) -> None:
    """It is not read as part of the stack."""
    files = {"stack": "stack: x\nvariables: {v: {}}\noutputs: {v: '${vars.v}'}", "dev": "v: 1"}
    assert load(files, var_files=[tmp_path / "dev.yaml"]).outputs["v"].value == 1


def test_a_folder_without_yaml_says_what_is_there_instead(tmp_path: Path) -> None:
    """A wrong ending is the usual reason."""
    (tmp_path / "stack.yml").write_text("stack: x")
    with pytest.raises(InvalidStackError) as caught:
        load_stack(tmp_path, CATALOGUE)
    [problem] = caught.value.diagnostics
    assert (problem.summary, problem.hint) == ("No stack here", "rename stack.yml to stack.yaml")


def test_places_name_the_file_as_it_was_typed(tmp_path: Path) -> None:
    """A relative path stays relative."""
    (tmp_path / "s.yaml").write_text("stack: x\noutputs: {a: 1}\n")
    path = Path(os.path.relpath(tmp_path)) / "s.yaml"
    stack = load_stack(path, CATALOGUE)
    assert stack.location.file == str(path)
    assert str(stack.outputs["a"].location) == f"{path}:2:11"


def test_a_missing_stack_is_told_as_a_problem(tmp_path: Path) -> None:
    """Not as a traceback."""
    with pytest.raises(InvalidStackError) as caught:
        load_stack(tmp_path / "none.yaml", CATALOGUE)
    assert [problem.summary for problem in caught.value.diagnostics] == ["File not found"]


def test_a_circle_is_carried_by_the_error(load) -> None:
    """As addresses, beginning and ending with the smallest."""
    text = "stack: x\nresources:\n  aiven_pg_database:\n" + "".join(
        f"    {name}: {{project: p, service_name: s, database_name: {name},"
        f" depends_on: [aiven_pg_database.{need}]}}\n"
        for name, need in (("c", "a"), ("a", "b"), ("b", "c"))
    )
    with pytest.raises(InvalidStackError) as caught:
        load(text)
    kind = "aiven_pg_database"
    assert caught.value.cycles == ((f"{kind}.a", f"{kind}.b", f"{kind}.c", f"{kind}.a"),)


PARTS = (
    "stack: x\nvariables: {v: {type: integer, default: 3}}\n",
    "data: {aiven_project: {p: {project: my-project}}}\n",
    """
resources:
  aiven_pg:
    pg: {project: "${data.aiven_project.p.project}", service_name: pg, plan: b-1}
""",
    """
resources:
  aiven_connection_pool:
    b:
      project: ${aiven_pg.pg.project}
      service_name: ${aiven_pg.pg.service_name}
      pool_name: b
      database_name: d
      pool_size: ${vars.v}
      username: ${aiven_connection_pool.a.username}
    a: {pool_name: a, username: u, project: p, service_name: s, database_name: d}
""",
    "outputs: {u: 'x-${aiven_connection_pool.b.connection_uri}', a: 1}\n",
)


def test_any_order_of_files_gives_the_same_stack(load) -> None:
    """What a file is called decides nothing."""
    expected = content(load(dict(zip("abcde", PARTS, strict=True))))
    for parts in permutations(PARTS):
        assert content(load(dict(zip("abcde", parts, strict=True)))) == expected


POOL = {
    "project": "p",
    "service_name": "s",
    "pool_name": "m",
    "database_name": "${aiven_connection_pool.first.database_name}",
    "pool_size": "5",
    "username": "${aiven_connection_pool.first.username}",
}


@given(order=st.permutations(sorted(POOL)), is_first=st.booleans())
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_of_keys_gives_the_same_stack(load, order: list[str], is_first: bool) -> None:
    """Of attributes and of resources."""
    first = (
        "    first: {project: p, service_name: s, pool_name: f, database_name: d, username: u}\n"
    )
    pool = "    pool:\n" + "".join(f"      {name}: {POOL[name]}\n" for name in order)
    head = "resources:\n  aiven_connection_pool:\n"
    expected = f"stack: x\n{head}{first}    pool:\n" + "".join(
        f"      {name}: {value}\n" for name, value in POOL.items()
    )
    text = f"stack: x\n{head}{first}{pool}" if is_first else f"{head}{pool}{first}stack: x\n"
    assert content(load(text)) == content(load(expected))


WORDS = st.sampled_from(
    [
        *(
            "stack",
            "resources",
            "data",
            "variables",
            "outputs",
            "aiven_pg",
            "aiven_pg_user",
            "main",
        ),
        *("project", "password", "timeouts", "depends_on", "lifecycle", "for_each", "default"),
        *("pg_user_config", "tags", "type", "create", "prevent_destroy", "aiven_project", "locals"),
        *("from", "to", "id", "forget", "rule", "message", "ignore_changes", "update_in_place"),
        *("replace_triggered_by", "create_before_destroy", "service_name", "username"),
    ]
)
LEAVES = st.sampled_from(
    [
        *("x", "main", "${vars.main}", "${aiven_pg.main.project}", "${data.aiven_project.main.id}"),
        *("a-${aiven_pg.main.service_uri}", "${", "${x", "string", "aiven_pg.main", "5m"),
        *(None, True, 0, 3, 1.5, [], {}),
        "${aiven_pg.main.pg_user_config.pg.x[0]}",
        *("${locals.main}", "${locals.main.type[0]}", "${each.key}", "${each.value.to}"),
        *("${aiven_pg.main[each.key].project}", "${vars.main[locals.main]}", "a-${locals.tags}"),
        *("${locals.main + 'x'}", "${has(vars.main.to) ? 1 : each.key}", "${size(locals.tags)}"),
        *('aiven_pg.main["main"]', "aiven_pg_user.main", "aiven_pg.main[each.key]", "plan", "p/s"),
    ]
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=25,
)


@given(
    sections=st.fixed_dictionaries(
        {},
        optional={
            "stack": TREES,
            "variables": TREES | st.dictionaries(WORDS, TREES, max_size=3),
            "outputs": TREES | st.dictionaries(WORDS, TREES, max_size=3),
            "locals": TREES | st.dictionaries(WORDS, TREES, max_size=4),
            "defaults": TREES
            | st.dictionaries(WORDS, st.dictionaries(WORDS, TREES, max_size=3), max_size=3),
            **{
                block: TREES | st.lists(st.dictionaries(WORDS, LEAVES, max_size=3), max_size=4)
                for block in ("moved", "import", "removed", "policies")
            },
            **{
                section: TREES
                | st.dictionaries(
                    WORDS,
                    st.dictionaries(WORDS, st.dictionaries(WORDS, TREES, max_size=6), max_size=3),
                    max_size=3,
                )
                for section in ("resources", "data")
            },
        },
    )
)
@settings(
    max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_any_data_is_a_stack_or_is_refused_with_places(load, sections: dict[str, object]) -> None:
    """No exception but ours, and each problem stands somewhere."""
    try:
        load(json.dumps(sections))
    except InvalidStackError as error:
        assert all(problem.location for problem in error.diagnostics)
        assert all(problem.summary and problem.detail for problem in error.diagnostics)


RICH: dict[str, object] = {
    "stack": "x",
    "variables": {"size": {"type": "integer", "default": 3}, "main": {"default": {"to": "a"}}},
    "locals": {"main": {"type": ["a"]}, "tags": ["a", "b"], "one": "${locals.main.type[0]}"},
    "defaults": {"aiven_pg_user": {"project": "p", "timeouts": {"default": "5m"}}},
    "data": {"aiven_project": {"main": {"project": "p"}}},
    "resources": {
        "aiven_pg": {
            "main": {
                "project": "${data.aiven_project.main.project}",
                "service_name": "pg-${vars.size}",
                "plan": "startup-4",
                "tags": {"a": "${locals.one}"},
                "lifecycle": {"ignore_changes": ["plan"], "prevent_destroy": True},
            }
        },
        "aiven_pg_user": {
            "main": {
                "for_each": "${locals.tags}",
                "service_name": "${aiven_pg.main.service_name}",
                "username": "u-${each.key}",
                "depends_on": ["aiven_pg.main"],
                "lifecycle": {"replace_triggered_by": ["aiven_pg.main.plan"]},
            },
            "other": {
                "for_each": {"a": {"to": 1}, "b": {"to": 2}},
                "service_name": "s",
                "username": "${aiven_pg_user.main[each.key].username}-${each.value.to + 1}",
                "timeouts": {"create": "${each.value.to}m"},
            },
        },
    },
    "outputs": {"o": '${aiven_pg_user.main["a"].password}', "p": ["${locals.tags}"]},
    "moved": [{"from": "aiven_pg_user.old", "to": "aiven_pg_user.main"}],
    "import": [{"to": "aiven_pg.main", "id": "p/pg-3"}],
    "removed": [{"from": "aiven_pg.gone", "forget": True}],
    "policies": [{"rule": "true", "message": "no"}],
}


def places_in(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of everything inside."""
    if path:
        yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places_in(value[key], (*path, key))


def with_other(value: object, path: tuple[str | int, ...], other: object) -> object:
    """Return the value with another one at `path`."""
    if not path:
        return other
    head, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {k: with_other(v, rest, other) if k == head else v for k, v in value.items()}
    assert isinstance(value, list)
    return [with_other(v, rest, other) if n == head else v for n, v in enumerate(value)]


def test_the_rich_stack_is_one(load) -> None:
    """What the next law starts from is valid."""
    assert len(load(json.dumps(RICH)).resources) == 5


@given(places=st.lists(st.sampled_from(sorted(places_in(RICH), key=str)), max_size=2), tree=TREES)
@settings(
    max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_anything_anywhere_in_a_good_stack_is_taken_or_refused(load, places, tree) -> None:
    """Also where its values, their origins and their places are asked for."""
    stack: object = RICH
    for place in places:
        with contextlib.suppress(KeyError, AssertionError):
            stack = with_other(stack, place, tree)
    try:
        loaded = load(json.dumps(stack))
    except InvalidStackError as error:
        assert all(problem.location and problem.detail for problem in error.diagnostics)
        return
    for resource in loaded.resources.values():
        for path in places_in(resource.attributes):
            origins = resource.origins
            assert origins is not None
            assert origins.of(path)
            assert origins.kind_of(path)
            assert resource.places.at(path)


ADDRESSES = [Address(f"k.n{number}") for number in range(8)]


@given(
    st.fixed_dictionaries({a: st.sets(st.sampled_from(ADDRESSES), max_size=3) for a in ADDRESSES})
)
def test_an_order_keeps_every_need_and_a_circle_is_one(
    edges: dict[Address, set[Address]],
) -> None:
    """What is ordered comes after its needs; the rest is in circles, or needs one."""
    edges = {address: needs - {address} for address, needs in edges.items()}
    ordered, cycles = order(edges)
    for position, address in enumerate(ordered):
        assert edges[address] <= set(ordered[:position])
    for cycle in cycles:
        assert cycle[0] == cycle[-1] == min(cycle)
        assert len(set(cycle)) == len(cycle) - 1
        assert all(need in edges[address] for address, need in pairwise(cycle))
    assert bool(cycles) == (len(ordered) < len(edges))


def test_the_name_alone_is_read_whatever_else_is_wrong(tmp_path: Path) -> None:
    """So that a state can be looked at while its stack is being mended."""
    (tmp_path / "a.yaml").write_text("resources: {aiven_pg: {main: {plan: 5}}}\nlocals: {}\n")
    (tmp_path / "b.yaml").write_text("stack: example\n")
    assert load_stack_name(tmp_path, CATALOGUE) == "example"
