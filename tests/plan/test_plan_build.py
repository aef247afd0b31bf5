"""What a plan holds: late values, guards, unresolved intents, settling, digests."""

import pytest
from planning import (
    PLACE,
    change,
    database,
    identity,
    live,
    pg,
    plan_of,
    pool,
    recorded,
    seen,
    stack,
    steps,
    user,
)

from reconciler.model.address import Address
from reconciler.model.live import LiveObject, Presence
from reconciler.model.plan import Action
from reconciler.model.state import Intent, Op, Recorded
from reconciler.model.values import Secret, Unknown

POOL = {"aiven_connection_pool.a": pool("a", pool_size=25)}
UNREADABLE = LiveObject(presence=Presence.UNKNOWN, why="403 Forbidden")


def test_the_plan_after_an_apply_is_empty() -> None:
    """Recorded and live are as declared: nothing to do."""
    plan = plan_of(stack(POOL), recorded(POOL), live(POOL))
    assert (plan.has_changes, plan.is_blocked) == (False, False)


def test_an_update_names_each_field_with_all_three_sides() -> None:
    """before is live, after is desired, last_applied is recorded."""
    after = {"aiven_connection_pool.a": pool("a", pool_size=42)}
    drifted = {"aiven_connection_pool.a": pool("a", pool_size=30)}
    found = change(plan_of(stack(after), recorded(POOL), live(drifted)), "aiven_connection_pool.a")
    [field] = found.fields
    assert (field.path, field.before, field.after, field.last_applied) == (
        ("pool_size",),
        30,
        42,
        25,
    )
    assert [(d.recorded, d.live) for d in found.drift] == [(25, 30)]


def test_a_read_only_attribute_of_something_to_be_made_is_known_after_its_step() -> None:
    """The plan says whose value it will be."""
    declared = stack({"aiven_pg.s": pg(), "aiven_pg_user.u": user("${aiven_pg.s.service_host}")})
    plan = plan_of(declared)
    wanted = change(plan, "aiven_pg_user.u").wanted["username"]
    assert wanted == Unknown(Address("aiven_pg.s"), "service_host", is_new=True)
    assert steps(plan) == ["create aiven_pg.s", "create aiven_pg_user.u"]


def test_a_read_only_attribute_of_something_in_sync_is_its_live_value() -> None:
    """Nothing happens to it, so its value stays."""
    service = {"aiven_pg.s": pg()}
    objects = {("aiven_pg", "p/s"): seen("aiven_pg", **pg(), service_host="h.example")}
    declared = stack({**service, "aiven_pg_user.u": user("${aiven_pg.s.service_host}")})
    plan = plan_of(declared, recorded(service), objects)
    assert change(plan, "aiven_pg_user.u").identity == "p/s/h.example"


def test_what_needs_the_unreadable_is_unknown_too() -> None:
    """Nothing is planned for it, and the plan blocks."""
    declared = stack({"aiven_pg.s": pg(), "aiven_pg_user.u": user("u")})
    plan = plan_of(declared, recorded({"aiven_pg.s": pg()}), {("aiven_pg", "p/s"): UNREADABLE})
    assert [c.action for c in plan.changes] == [Action.UNKNOWN, Action.UNKNOWN]
    assert (plan.steps, plan.is_blocked) == ((), True)


def test_a_data_source_that_is_not_there_blocks_what_takes_from_it() -> None:
    """The message stands at the data source."""
    declared = stack(
        {"aiven_pg_user.u": user("${data.aiven_pg.other.service_host}")},
        data={"data.aiven_pg.other": {"project": "p", "service_name": "other"}},
    )
    plan = plan_of(declared)
    assert [(d.summary, d.location) for d in plan.diagnostics] == [("Data source not found", PLACE)]
    assert change(plan, "aiven_pg_user.u").action is Action.UNKNOWN


@pytest.mark.parametrize("declared", [{}, POOL], ids=["undeclared", "replaced"])
def test_a_protected_resource_blocks(declared: dict[str, dict[str, object]]) -> None:
    """Declared or only remembered: prevent_destroy holds."""
    objects = {"aiven_connection_pool.a": pool("a", database_name="x")}
    plan = plan_of(
        stack({**declared, "aiven_pg_user.u": user("u")}, protected=declared),
        recorded(objects, protected=objects),
        live(objects),
    )
    assert [d.summary for d in plan.diagnostics] == ["Resource is protected"]
    assert plan.is_blocked


def test_nothing_declared_with_something_recorded_is_an_error_unless_destroying() -> None:
    """An empty file must not delete everything."""
    plan = plan_of(stack({}), recorded(POOL), live(POOL))
    assert [d.summary for d in plan.diagnostics] == [
        "Nothing is declared, but the state holds resources"
    ]
    assert not plan_of(stack({}), recorded(POOL), live(POOL), destroy=True).is_blocked


def test_an_object_recorded_under_another_address_is_to_be_moved() -> None:
    """A renamed address is not a stranger's object: the hint is state mv, not import."""
    plan = plan_of(stack({"aiven_connection_pool.b": pool("a")}), recorded(POOL), live(POOL))
    [problem] = change(plan, "aiven_connection_pool.b").diagnostics
    assert problem.hint == "reconcile state mv 'aiven_connection_pool.a' 'aiven_connection_pool.b'"


def test_a_service_still_being_built_is_waited_for_before_what_needs_it() -> None:
    """A run that was cut while it waited is taken up where it was."""
    service = {"aiven_pg.s": pg()}
    objects = {("aiven_pg", "p/s"): seen("aiven_pg", **pg(), state="REBUILDING")}
    plan = plan_of(
        stack({**service, "aiven_pg_database.d": database("d")}), recorded(service), objects
    )
    assert steps(plan) == ["settle aiven_pg.s", "create aiven_pg_database.d"]
    assert change(plan, "aiven_pg.s").reason == "not settled yet: state is REBUILDING"


def create_intent(**attributes: object) -> Intent:
    wanted = pool("a", **attributes)
    found = identity("aiven_connection_pool.a", wanted)
    return Intent(
        id="3.1",
        op=Op.CREATE,
        address=Address("aiven_connection_pool.a"),
        identity=found,
        want=Recorded(identity=found, attributes=wanted),
    )


def test_a_create_nobody_saw_the_end_of_is_ours_when_it_shows_what_was_asked_for() -> None:
    """No import, no 409: it is recorded, and the plan is empty but for that."""
    state = recorded({}, unresolved=[create_intent(pool_size=25)])
    plan = plan_of(stack(POOL), state, live(POOL))
    [resolution] = plan.resolutions
    assert (resolution.done, change(plan, "aiven_connection_pool.a").action) == (True, Action.NO_OP)


def test_a_create_nobody_saw_the_end_of_is_not_claimed_when_it_differs() -> None:
    """It may be somebody else's: both sides are shown and apply is blocked."""
    state = recorded({}, unresolved=[create_intent(pool_size=25)])
    other = {"aiven_connection_pool.a": pool("a", pool_size=3)}
    plan = plan_of(stack(POOL), state, live(other))
    assert change(plan, "aiven_connection_pool.a").action is Action.REFUSE
    assert [d.summary for d in plan.diagnostics] == ["Exists, but differs from what was asked for"]


def test_a_create_that_did_not_happen_is_planned_again() -> None:
    """Absent means not done."""
    state = recorded({}, unresolved=[create_intent(pool_size=25)])
    plan = plan_of(stack(POOL), state)
    assert (plan.resolutions[0].done, steps(plan)) == (False, ["create aiven_connection_pool.a"])


def test_a_delete_nobody_saw_the_end_of_is_done_when_the_object_is_gone() -> None:
    """And forgotten with it."""
    intent = Intent(
        id="3.1",
        op=Op.DELETE,
        address=Address("aiven_connection_pool.a"),
        identity="p/s/a",
        want=None,
    )
    plan = plan_of(stack({"aiven_pg_user.u": user("u")}), recorded(POOL, unresolved=[intent]))
    assert [c.address for c in plan.changes] == ["aiven_pg_user.u"]


def test_the_digest_changes_with_the_live_value_a_change_was_decided_from() -> None:
    """An approval covers what was seen when it was given."""
    after = stack({"aiven_connection_pool.a": pool("a", pool_size=42)})
    plans = [
        plan_of(after, recorded(POOL), live({"aiven_connection_pool.a": pool("a", pool_size=size)}))
        for size in (25, 30)
    ]
    assert plans[0].digest != plans[1].digest


def test_the_digest_does_not_see_what_is_not_touched() -> None:
    """Somebody's edit of an object that nothing is planned for stops nothing."""
    both = {**POOL, "aiven_pg_user.u": user("u")}
    after = stack({**both, "aiven_connection_pool.a": pool("a", pool_size=42)})
    plain = live(both)
    edited = {
        **plain,
        ("aiven_pg_user", "p/s/u"): seen("aiven_pg_user", **user("u"), type="primary"),
    }
    assert (
        plan_of(after, recorded(both), plain).digest
        == plan_of(after, recorded(both), edited).digest
    )


def test_the_digest_changes_with_the_text_around_a_late_value() -> None:
    """What will be sent is another, although its value is not known yet."""
    digests = {
        plan_of(
            stack({"aiven_pg.s": pg(), "aiven_pg_user.u": user(f"{prefix}-${{aiven_pg.s.state}}")})
        ).digest
        for prefix in ("a", "b")
    }
    assert len(digests) == 2


def test_an_expression_that_fails_with_live_values_is_told_at_its_place() -> None:
    """Nothing is planned for what would be made of it."""
    service = {"aiven_pg.s": pg()}
    objects = {("aiven_pg", "p/s"): seen("aiven_pg", **pg(), components=[])}
    declared = stack(
        {**service, "aiven_pg_user.u": user("u-${aiven_pg.s.components[3].host + 'x'}")}
    )
    plan = plan_of(declared, recorded(service), objects)
    found = change(plan, "aiven_pg_user.u")
    assert found.action is Action.UNKNOWN
    assert [d.location for d in found.diagnostics] == [PLACE]


def test_removed_user_config_is_reset_and_what_the_server_adds_is_left_alone() -> None:
    """Only configured keys are compared; one that was configured is reset by null."""
    before = {"aiven_pg.s": pg(pg_user_config={"work_mem": 8, "pg": {"jit": True}})}
    shown = pg(
        pg_user_config={
            "work_mem": 8,
            "pg": {"jit": True, "max_wal_senders": 20},
            "pg_version": "17",
        }
    )
    after = stack({"aiven_pg.s": pg(pg_user_config={"pg": {"jit": True}})})
    objects = {("aiven_pg", "p/s"): seen("aiven_pg", **shown)}
    [field] = change(plan_of(after, recorded(before), objects), "aiven_pg.s").fields
    assert (field.path, field.before, field.after) == (("pg_user_config", "work_mem"), 8, None)


MIGRATION = {"host": "old.example", "port": 5432, "password": Secret("hunter2")}


def test_an_object_removed_as_a_whole_is_reset_as_a_whole() -> None:
    """`migration` without its required host would be refused: it is `migration: null`."""
    before = {"aiven_pg.s": pg(pg_user_config={"migration": {"host": "old.example", "port": 5432}})}
    after = stack({"aiven_pg.s": pg()})
    [field] = change(plan_of(after, recorded(before), live(before)), "aiven_pg.s").fields
    assert (field.path, field.after) == (("pg_user_config", "migration"), None)


def test_a_secret_in_an_object_that_is_not_there_yet_is_sent_with_it() -> None:
    """Nothing of `migration` is live, so its password is not there either."""
    before = {"aiven_pg.s": pg(pg_user_config={"pg_version": "17"})}
    after = stack({"aiven_pg.s": pg(pg_user_config={"pg_version": "17", "migration": MIGRATION})})
    fields = change(plan_of(after, recorded(before), live(before)), "aiven_pg.s").fields
    assert {field.path[-1]: field.sensitive for field in fields} == {
        "host": False,
        "port": False,
        "password": True,
    }


def test_a_secret_the_api_masks_is_not_compared() -> None:
    """Somebody who may not read it must not see it as changed."""
    shown = pg(pg_user_config={"migration": {"host": "old.example", "port": 5432}})
    before = {"aiven_pg.s": shown}
    after = stack({"aiven_pg.s": pg(pg_user_config={"migration": MIGRATION})})
    assert not plan_of(after, recorded(before), live(before)).has_changes


def test_an_ip_filter_in_another_spelling_is_the_same() -> None:
    """Order and the short form of an entry carry no meaning."""
    declared = {"aiven_pg.s": pg(pg_user_config={"ip_filter": ["10.0.0.0/8", "192.168.0.0/16"]})}
    shown = pg(
        pg_user_config={
            "ip_filter": [
                {"network": "192.168.0.0/16", "description": ""},
                {"network": "10.0.0.0/8"},
            ]
        }
    )
    objects = {("aiven_pg", "p/s"): seen("aiven_pg", **shown)}
    assert not plan_of(stack(declared), recorded(declared), objects).has_changes


def test_a_create_only_attribute_that_changed_is_refused() -> None:
    """Never a silent replacement of a database for a changed admin user."""
    before = {"aiven_pg.s": pg(pg_user_config={"admin_username": "one"})}
    after = stack({"aiven_pg.s": pg(pg_user_config={"admin_username": "two"})})
    found = change(plan_of(after, recorded(before), live({"aiven_pg.s": pg()})), "aiven_pg.s")
    assert found.action is Action.REFUSE
    assert [d.summary for d in found.diagnostics] == ["Can only be set when the object is made"]


def test_disruptive_changes_carry_their_effects() -> None:
    """A replaced pool cuts its clients, and there is a cheaper way."""
    after = stack({"aiven_connection_pool.a": pool("b", pool_size=25)})
    found = change(plan_of(after, recorded(POOL), live(POOL)), "aiven_connection_pool.a")
    assert found.action is Action.REPLACE
    instead = {effect.code: effect.instead for effect in found.effects}
    assert instead["cut-clients"] == "keep pool_name: a, and nothing is replaced"
