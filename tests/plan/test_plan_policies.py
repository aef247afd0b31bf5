"""Policies: CEL rules over what there is to do."""

import pytest

from reconciler.model.address import Address
from reconciler.model.location import Location
from reconciler.model.plan import Action, Change, Effect, Field, Step
from reconciler.model.resource import Policy
from reconciler.model.state import Op
from reconciler.model.values import Secret, Unknown
from reconciler.plan.policies import check_policies

PLACE = Location("stack.yaml", 40, 5)
SERVICES_BY_HAND = "changes.all(c, c.kind != 'aiven_pg' || c.action != 'delete')"


def policy(rule: str) -> Policy:
    return Policy(rule=rule, message="services are deleted by hand", location=PLACE)


def change(address: str, action: Action, *fields: Field, effects: tuple[str, ...] = ()) -> Change:
    return Change(
        address=Address(address),
        action=action,
        reason="because",
        identity="p/s",
        fields=fields,
        effects=tuple(Effect(code=code, text=code) for code in effects),
        moved_from=Address("aiven_pg.old") if action is Action.NO_OP else None,
    )


def size(before: object, after: object, *, sensitive: bool = False) -> Field:
    return Field(
        path=("pg_user_config", "work_mem"), before=before, after=after, sensitive=sensitive
    )


CHANGES = (
    change("aiven_pg.main", Action.UPDATE, size(1, 2), effects=("restart",)),
    change('aiven_pg_user.app["orders"]', Action.CREATE),
    change("aiven_connection_pool.a", Action.DELETE, effects=("cut-clients",)),
    change("aiven_pg.moved", Action.NO_OP),
)

KEPT = [
    SERVICES_BY_HAND,
    "changes.filter(c, c.action == 'delete').size() <= 1",
    "changes.exists(c, c.effects.exists(e, e == 'restart'))",
    "changes.exists_one(c, c.name == 'app' && c.key == 'orders' && c.kind == 'aiven_pg_user')",
    "changes.all(c, c.fields.all(f, f.path != 'pg_user_config.work_mem' || f.after == 2))",
    "changes.all(c, c.protected == (c.address == 'aiven_pg.main'))",
    "changes.all(c, c.moved_from == null || c.address == 'aiven_pg.moved')",
    "changes.all(c, c.identity == 'p/s' && c.reason == 'because')",
    "stack.name == 'demo' && size(changes) == 4",
    "changes.all(c, c.fields.all(f, !f.forces_replace && !f.sensitive && f.known))",
]


@pytest.mark.parametrize("rule", KEPT)
def test_a_rule_that_is_kept_is_not_mentioned(rule: str) -> None:
    """A rule sees address, kind, action, fields, effects, protection and the stack's name."""
    protected = {Address("aiven_pg.main")}
    assert check_policies([policy(rule)], CHANGES, stack="demo", protected=protected) == ()


def test_a_broken_rule_has_its_message_its_place_and_what_broke_it() -> None:
    """Each change that breaks `all` is named with its action."""
    changes = (*CHANGES, change("aiven_pg.gone", Action.DELETE))
    [problem] = check_policies([policy(SERVICES_BY_HAND)], changes)
    assert problem.summary == "Policy is broken"
    assert problem.detail == "services are deleted by hand"
    assert problem.hint == "broken by aiven_pg.gone (delete)"
    assert problem.location == PLACE


def test_of_many_changes_that_break_a_rule_a_few_are_named() -> None:
    """And the rest is counted."""
    changes = [change(f"aiven_pg.n{n}", Action.DELETE) for n in range(9)]
    [problem] = check_policies([policy(SERVICES_BY_HAND)], changes)
    assert problem.hint.count("aiven_pg.n") == 5
    assert problem.hint.endswith(" and 4 more")


@pytest.mark.parametrize(
    "rule", ["size(changes) < 2", "changes.exists(c, c.kind == 'x')", "!changes.all(c, true)"]
)
def test_any_rule_can_break(rule: str) -> None:
    """Not only one about all changes."""
    [problem] = check_policies([policy(rule)], CHANGES)
    assert (problem.summary, problem.hint) == ("Policy is broken", "")


NO_RULES = {
    "changes.all(c, c.colour == 'x')": 'there is no key "colour"',
    "changes.all(c, d.kind == 'x')": "There is no 'd' here (column 16).",
    "vars.x == 1": "There is no 'vars' here (column 1).",
    "size(changes)": "neither true nor false",
    "changes.all(c, c.kind ==)": "column 25",
    "changes.all(c, changes.all(d, changes.all(e, c.name + d.name + e.name != '')))": "",
}


@pytest.mark.parametrize("rule", NO_RULES)
def test_what_is_no_rule_blocks_too(rule: str) -> None:
    """With the message of the policy, so that people know which one it is."""
    changes = [change(f"aiven_pg.n{n}", Action.CREATE) for n in range(300)]
    [problem] = check_policies([policy(rule)], changes)
    assert problem.summary == "Policy cannot be checked"
    assert problem.detail.startswith("services are deleted by hand: ")
    assert NO_RULES[rule] in problem.detail
    assert problem.location == PLACE


def test_a_rule_sees_no_secret_and_no_value_of_a_later_step() -> None:
    """They are null, and the field says why."""
    unknown = Unknown(Address("aiven_pg.x"), "uri")
    changes = [
        change("aiven_pg.a", Action.UPDATE, size("old", "new", sensitive=True)),
        change("aiven_pg.b", Action.UPDATE, size(Secret("p4ss"), {"k": [Secret("p4ss"), unknown]})),
        change("aiven_pg.c", Action.UPDATE, size(None, unknown)),
    ]
    rules = [
        "changes.all(c, c.fields.all(f, f.before == null))",
        "changes[0].fields[0].sensitive && changes[0].fields[0].after == null",
        "changes[1].fields[0].after == {'k': [null, null]} && !changes[1].fields[0].known",
        "changes[2].fields[0].after == null && !changes[2].fields[0].known",
    ]
    assert check_policies(map(policy, rules), changes) == ()


def test_what_changes_nothing_is_no_change() -> None:
    """An object in sync is not in the list; one that is only recorded anew is."""
    in_sync = Change(
        address=Address("aiven_pg.a"), action=Action.NO_OP, reason="in sync", identity="p/s"
    )
    step = Step(n=1, op=Op.RECORD, address=in_sync.address, identity="p/s", timeout_s=1)
    recorded = Change(
        address=Address("aiven_pg.b"),
        action=Action.NO_OP,
        reason="already so",
        identity="p/s",
        steps=(step,),
    )
    [problem] = check_policies([policy("changes.all(c, c.action != 'no-op')")], [in_sync, recorded])
    assert problem.hint == "broken by aiven_pg.b (no-op)"


def test_a_rule_about_each_change_has_no_largest_plan() -> None:
    """CEL's loops end at 10,000 rounds; the changes are looked at some at a time."""
    changes = [change(f"aiven_pg.n{n}", Action.CREATE, size(1, n)) for n in range(12_000)]
    rules = [
        "changes.all(c, c.fields.all(f, f.after >= 0))",
        "changes.exists(c, c.fields.exists(f, f.after == 11999))",
        "changes.exists(c, c.name == 'n11999' || c.nothing == 1)",
    ]
    assert check_policies(map(policy, rules), changes) == ()
    [problem] = check_policies([policy("changes.all(c, c.name != 'n11999')")], changes)
    assert problem.hint == "broken by aiven_pg.n11999 (create)"


def test_without_policies_nothing_is_looked_at() -> None:
    """Not even the changes."""
    assert check_policies((), CHANGES) == ()
