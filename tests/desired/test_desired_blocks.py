"""moved, import, removed and policies, and lifecycle: what is said about changes."""

import pytest

from reconciler.desired import InvalidStackError
from reconciler.model.address import Address
from reconciler.model.resource import Lifecycle, Stack, Trigger

RESOURCES = """
stack: x
variables: {project: {type: string, default: p}}
resources:
  aiven_pg:
    main: {project: p, service_name: pg-1, plan: startup-4}
  aiven_pg_database:
    main: {project: p, service_name: pg-1, database_name: main}
    other: {project: p, service_name: pg-1, database_name: other}
    team:
      for_each: [orders, billing]
      project: p
      service_name: pg-1
      database_name: ${each.key}
"""
DATABASE = "aiven_pg_database"


def moves(stack: Stack) -> list[tuple[str, str]]:
    return [(move.source, move.target) for move in stack.moves]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("old", "main"),
        ("old", "team"),
        ("old", 'team["orders"]'),
        ('team["gone"]', "main"),
        ('old["a"]', 'team["orders"]'),
        ("team", 'team["orders"]'),
        ('main["only"]', "main"),
    ],
)
def test_a_move_goes_from_what_is_not_declared_to_what_is(load, source: str, target: str) -> None:
    """With keys and without, into a for_each and out of one."""
    text = f"moved: [{{from: '{DATABASE}.{source}', to: '{DATABASE}.{target}'}}]\n"
    assert moves(load(RESOURCES + text)) == [(f"{DATABASE}.{source}", f"{DATABASE}.{target}")]


def test_a_move_may_go_on_from_where_another_ended(load) -> None:
    """Each is listed after those that lead to it, so that they can be made in this order."""
    text = "moved:\n" + "".join(
        f"- {{from: {DATABASE}.{source}, to: {DATABASE}.{target}}}\n"
        for source, target in (("c", "main"), ("a", "b"), ("b", "c"))
    )
    assert moves(load(RESOURCES + text)) == [
        (f"{DATABASE}.a", f"{DATABASE}.b"),
        (f"{DATABASE}.b", f"{DATABASE}.c"),
        (f"{DATABASE}.c", f"{DATABASE}.main"),
    ]


def test_an_import_names_an_object_by_its_id(load) -> None:
    """Variables may stand in it; several at once."""
    text = f"""
import:
- {{to: {DATABASE}.main, id: "${{vars.project}}/pg-1/main"}}
- {{to: '{DATABASE}.team["orders"]', id: p/pg-1/orders}}
"""
    stack = load(RESOURCES + text)
    assert [(one.target, one.identity) for one in stack.imports] == [
        (f"{DATABASE}.main", "p/pg-1/main"),
        (f'{DATABASE}.team["orders"]', "p/pg-1/orders"),
    ]
    assert stack.imports[1].location.line == 18


def test_a_removal_is_of_what_is_no_longer_declared(load) -> None:
    """A resource, a key of a for_each, or all of its keys."""
    text = f"""
removed:
- {{from: {DATABASE}.legacy, forget: true}}
- {{from: '{DATABASE}.team["gone"]', forget: true}}
"""
    stack = load(RESOURCES + text)
    assert [one.source for one in stack.removals] == [
        f"{DATABASE}.legacy",
        f'{DATABASE}.team["gone"]',
    ]


def test_a_policy_is_taken_as_it_is(load) -> None:
    """It is looked into by the plan."""
    text = 'policies: [{rule: "changes.size() < 10", message: "at most $${ten}"}]\n'
    [policy] = load(RESOURCES + text).policies
    assert (policy.rule, policy.message) == ("changes.size() < 10", "at most ${ten}")


def test_blocks_of_several_files_are_read_together(load) -> None:
    """As everything else is."""
    files = {
        "a": RESOURCES + f"removed: [{{from: {DATABASE}.a, forget: true}}]",
        "b": f"removed: [{{from: {DATABASE}.b, forget: true}}]",
        "c": "removed:",
    }
    assert [one.source for one in load(files).removals] == [f"{DATABASE}.a", f"{DATABASE}.b"]


def lifecycle(load, text: str) -> Lifecycle:
    """Return the lifecycle of a pool beside the resources above."""
    pool = f"  aiven_connection_pool:\n    pool:\n      lifecycle: {text}\n"
    names = "      {project: p, service_name: pg-1, pool_name: pool, database_name: main}\n"
    body = pool + "".join(f"      {part.strip()}\n" for part in names.strip("{} \n").split(","))
    stack = load(RESOURCES + body)
    return stack.resources[Address("aiven_connection_pool.pool")].lifecycle


def test_every_key_of_a_lifecycle_is_read(load) -> None:
    """Flags, paths and triggers."""
    said = (
        "{prevent_destroy: true, create_before_destroy: true, update_in_place: true, "
        "ignore_changes: [pool_size, username], "
        f"replace_triggered_by: [aiven_pg.main.plan, {DATABASE}.main]}}"
    )
    assert lifecycle(load, said) == Lifecycle(
        prevent_destroy=True,
        create_before_destroy=True,
        update_in_place=True,
        ignore_changes=(("pool_size",), ("username",)),
        replace_triggered_by=(
            Trigger(target=Address("aiven_pg.main"), attribute="plan"),
            Trigger(target=Address(f"{DATABASE}.main")),
        ),
    )


def test_a_path_to_ignore_may_go_inside(load) -> None:
    """Into options, and to a key of one's own."""
    text = RESOURCES.replace(
        "plan: startup-4}",
        "plan: startup-4, lifecycle: {ignore_changes: "
        "[pg_user_config.pg.max_connections, 'tags[\"a.b\"]', tags.team]}}",
    )
    assert load(text).resources[Address("aiven_pg.main")].lifecycle.ignore_changes == (
        ("pg_user_config", "pg", "max_connections"),
        ("tags", "a.b"),
        ("tags", "team"),
    )


def test_an_empty_lifecycle_is_none(load) -> None:
    """Each line may be commented out."""
    assert lifecycle(load, "") == lifecycle(load, "{}") == Lifecycle()


@pytest.mark.parametrize(
    ("rule", "summary"),
    [("changes.all(c, c.kind ==", "Invalid expression"), ("chang.all(c, true)", "Unknown name")],
)
def test_a_policy_that_does_not_compile_is_told_offline(load, rule: str, summary: str) -> None:
    """Not at the moment when it should have held something back."""
    text = RESOURCES + f'policies: [{{rule: "{rule}", message: stop}}]\n'
    with pytest.raises(InvalidStackError) as caught:
        load(text)
    [problem] = caught.value.diagnostics
    assert (problem.summary, problem.location.line) == (summary, text.count("\n"))
