"""lifecycle, moved, import, removed and the scope of a plan, situation by situation."""

from dataclasses import replace

import pytest
from planning import (
    PLACE,
    change,
    database,
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
from reconciler.model.plan import Action
from reconciler.model.resource import Import, Lifecycle, Move, Removal, Stack, Trigger
from reconciler.plan.scope import NoSuchAddressError, Scope

A = "aiven_connection_pool.a"
POOL = {A: pool("a", pool_size=25)}
ALL = {
    "aiven_pg.s": pg(),
    "aiven_pg_database.d": database("d"),
    "aiven_pg_user.u": user("u"),
    A: pool("a", username="u"),
}
NEEDS = {
    "aiven_pg_database.d": ["aiven_pg.s"],
    "aiven_pg_user.u": ["aiven_pg.s"],
    A: ["aiven_pg.s", "aiven_pg_database.d", "aiven_pg_user.u"],
}


def with_lifecycle(declared: Stack, address: str, **lifecycle: object) -> Stack:
    key = Address(address)
    resource = replace(declared.resources[key], lifecycle=Lifecycle(**lifecycle))  # type: ignore[arg-type]
    return replace(declared, resources={**declared.resources, key: resource})


# ignore_changes


def test_an_ignored_attribute_is_neither_changed_nor_drift() -> None:
    """Somebody else tunes it."""
    declared = with_lifecycle(stack(POOL), A, ignore_changes=(("pool_size",),))
    plan = plan_of(declared, recorded(POOL), live({A: pool("a", pool_size=3)}))
    assert (plan.has_changes, change(plan, A).drift) == (False, ())


def test_an_ignored_attribute_is_still_sent_when_the_object_is_made() -> None:
    """Ignoring is for what exists."""
    declared = with_lifecycle(stack(POOL), A, ignore_changes=(("pool_size",),))
    assert [f.path for f in change(plan_of(declared), A).fields][-1] == ("pool_size",)


def test_an_ignored_force_new_attribute_replaces_nothing() -> None:
    """Not even a change that could only be made by a replace."""
    declared = with_lifecycle(stack(POOL), A, ignore_changes=(("database_name",),))
    moved = live({A: pool("a", pool_size=25, database_name="elsewhere")})
    assert not plan_of(declared, recorded(POOL), moved).has_changes


def test_part_of_a_merged_object_can_be_ignored() -> None:
    """The rest of it is compared."""
    config = {"work_mem": 8, "pg_version": "17"}
    before = {"aiven_pg.s": pg(pg_user_config=config)}
    declared = with_lifecycle(
        stack(before), "aiven_pg.s", ignore_changes=(("pg_user_config", "work_mem"),)
    )
    shown = pg(pg_user_config={"work_mem": 64, "pg_version": "16"})
    objects = {("aiven_pg", "p/s"): seen("aiven_pg", **shown)}
    found = change(plan_of(declared, recorded(before), objects), "aiven_pg.s")
    assert [f.path for f in found.fields] == [("pg_user_config", "pg_version")]


# update_in_place


def test_a_pools_database_changes_without_cutting_a_client() -> None:
    """The API could do it all along."""
    declared = with_lifecycle(stack({A: pool("a", database_name="e")}), A, update_in_place=True)
    before = {A: pool("a")}
    plan = plan_of(
        declared,
        recorded(before),
        {**live(before), **live({"aiven_pg_database.e": database("e")})},
    )
    found = change(plan, A)
    assert (found.action, steps(plan)) == (Action.UPDATE, [f"update {A}"])
    assert [f.forces_replace for f in found.fields] == [False]


def test_update_in_place_does_not_rename() -> None:
    """Only what the kind says can be updated."""
    declared = with_lifecycle(stack({A: pool("b", pool_size=25)}), A, update_in_place=True)
    assert change(plan_of(declared, recorded(POOL), live(POOL)), A).action is Action.REPLACE


# create_before_destroy


def test_a_renamed_pool_can_be_made_before_the_old_one_goes() -> None:
    """Nobody is left without a pool to connect to."""
    declared = with_lifecycle(stack({A: pool("b", pool_size=25)}), A, create_before_destroy=True)
    plan = plan_of(declared, recorded(POOL), live(POOL))
    assert [(s.op.value, s.identity) for s in plan.steps] == [
        ("create", "p/s/b"),
        ("delete", "p/s/a"),
    ]


def test_it_cannot_when_the_name_stays() -> None:
    """Two of one name cannot exist at once."""
    declared = with_lifecycle(
        stack({A: pool("a", database_name="e", pool_size=25)}), A, create_before_destroy=True
    )
    plan = plan_of(declared, recorded(POOL), live(POOL))
    assert "Cannot be created before it is destroyed" in [d.summary for d in plan.diagnostics]
    assert plan.is_blocked


def test_what_it_needs_is_made_first_too() -> None:
    """A renamed database under a renamed pool: both new ones, then both old ones."""
    before = {"aiven_pg_database.d": database("d"), A: pool("a")}
    after = {"aiven_pg_database.d": database("e"), A: pool("b", database_name="e")}
    declared = with_lifecycle(stack(after), A, create_before_destroy=True)
    state = recorded(before, depends_on={A: ["aiven_pg_database.d"]})
    plan = plan_of(declared, state, live(before))
    assert [(s.op.value, s.identity) for s in plan.steps] == [
        ("create", "p/s/e"),
        ("create", "p/s/b"),
        ("delete", "p/s/a"),
        ("delete", "p/s/d"),
    ]


def test_a_service_made_first_goes_last() -> None:
    """What lies in it is made in the new one before the old one goes."""
    renamed = {a: {**attributes, "service_name": "new"} for a, attributes in ALL.items()}
    declared = with_lifecycle(stack(renamed), "aiven_pg.s", create_before_destroy=True)
    plan = plan_of(declared, recorded(ALL, depends_on=NEEDS), live(ALL))
    assert steps(plan)[0] == "create aiven_pg.s"
    assert steps(plan)[-1] == "delete aiven_pg.s"


# replace_triggered_by


def test_a_trigger_replaces() -> None:
    """Whatever changes about the user, the pool is made anew."""
    after = {**ALL, "aiven_pg_user.u": user("u", pg_allow_replication=True)}
    trigger = Trigger(target=Address("aiven_pg_user.u"))
    declared = with_lifecycle(stack(after), A, replace_triggered_by=(trigger,))
    objects = {
        **live(ALL),
        ("aiven_pg_user", "p/s/u"): seen("aiven_pg_user", **user("u"), pg_allow_replication=False),
    }
    found = change(plan_of(declared, recorded(ALL, depends_on=NEEDS), objects), A)
    assert (found.action, found.reason) == (Action.REPLACE, "triggered by aiven_pg_user.u")


@pytest.mark.parametrize(
    ("attribute", "action"), [("plan", Action.REPLACE), ("tags", Action.NO_OP)]
)
def test_a_trigger_on_one_attribute_heeds_only_that_one(attribute: str, action: Action) -> None:
    """The service's plan changes, its tags do not."""
    after = {**ALL, "aiven_pg.s": pg(plan="startup-8")}
    trigger = Trigger(target=Address("aiven_pg.s"), attribute=attribute)
    declared = with_lifecycle(stack(after), A, replace_triggered_by=(trigger,))
    plan = plan_of(declared, recorded(ALL, depends_on=NEEDS), live(ALL))
    assert change(plan, A).action is action


# moved


def moving(declared: Stack, source: str, target: str) -> Stack:
    block = Move(source=Address(source), target=Address(target), location=PLACE)
    return replace(declared, moves=(block,))


def test_a_moved_address_is_no_change_of_the_object() -> None:
    """The record follows the name."""
    declared = moving(stack({"aiven_connection_pool.b": POOL[A]}), A, "aiven_connection_pool.b")
    plan = plan_of(declared, recorded(POOL), live(POOL))
    found = change(plan, "aiven_connection_pool.b")
    assert (found.action, found.moved_from, plan.steps) == (Action.NO_OP, A, ())
    assert plan.rewrites == {
        "aiven_connection_pool.b": recorded(POOL).resources[Address(A)],
        A: None,
    }
    assert plan.has_changes


def test_a_move_without_a_key_takes_every_key_along() -> None:
    """`team` becomes `squad`, key by key."""
    old = {f'aiven_connection_pool.team["{k}"]': pool(k) for k in ("x", "y")}
    new = {f'aiven_connection_pool.squad["{k}"]': pool(k) for k in ("x", "y")}
    declared = moving(stack(new), "aiven_connection_pool.team", "aiven_connection_pool.squad")
    plan = plan_of(declared, recorded(old), live(old))
    assert {c.address: c.moved_from for c in plan.changes} == dict(zip(new, old, strict=True))


def test_dependants_of_a_moved_address_are_rewritten_with_it() -> None:
    """Nothing is left to record afterwards."""
    after = {("aiven_pg.t" if a == "aiven_pg.s" else a): v for a, v in ALL.items()}
    declared = moving(stack(after), "aiven_pg.s", "aiven_pg.t")
    plan = plan_of(declared, recorded(ALL, depends_on=NEEDS), live(ALL))
    assert plan.steps == ()
    assert set(plan.rewrites) == {"aiven_pg.s", "aiven_pg.t", *(set(ALL) - {"aiven_pg.s"})}


def test_a_move_that_was_made_already_is_nothing() -> None:
    """The block may stay."""
    declared = moving(stack({"aiven_connection_pool.b": POOL[A]}), A, "aiven_connection_pool.b")
    state = recorded({"aiven_connection_pool.b": POOL[A]})
    assert not plan_of(declared, state, live(POOL)).has_changes


def test_a_move_to_an_address_that_is_recorded_is_refused() -> None:
    """One of the two records would be lost."""
    both = {A: pool("a"), "aiven_connection_pool.b": pool("b")}
    declared = moving(stack({"aiven_connection_pool.b": pool("b")}), A, "aiven_connection_pool.b")
    plan = plan_of(declared, recorded(both), live(both))
    assert [d.summary for d in plan.diagnostics] == ["Address is recorded already"]


# import


def importing(declared: Stack, target: str, identity: str) -> Stack:
    block = Import(target=Address(target), identity=identity, location=PLACE)
    return replace(declared, imports=(block,))


def test_an_imported_object_as_declared_is_only_recorded() -> None:
    """Adopted, nothing sent."""
    plan = plan_of(importing(stack(POOL), A, "p/s/a"), None, live(POOL))
    assert (change(plan, A).action, steps(plan)) == (Action.ADOPT, [f"record {A}"])


def test_an_imported_object_that_differs_is_recorded_and_changed() -> None:
    """What it was is recorded first, so that a cut between the two loses nothing."""
    plan = plan_of(importing(stack(POOL), A, "p/s/a"), None, live({A: pool("a", pool_size=3)}))
    found = change(plan, A)
    assert (found.action, found.reason) == (Action.UPDATE, "imported, desired changed")
    assert steps(plan) == [f"record {A}", f"update {A}"]
    assert found.adopted is not None
    assert found.adopted.attributes["pool_size"] == 3


@pytest.mark.parametrize(
    ("state", "identity", "summary"),
    [
        (POOL, "p/s/a", "Imported already"),
        (POOL, "p/s/b", "Address is recorded already"),
        ({"aiven_connection_pool.z": pool("a")}, "p/s/a", "Object is recorded already"),
        ({}, "p/s/other", "Declaration names another object"),
    ],
)
def test_an_import_that_cannot_be(
    state: dict[str, dict[str, object]], identity: str, summary: str
) -> None:
    """Each its own message, at the block."""
    plan = plan_of(importing(stack(POOL), A, identity), recorded(state), live(POOL))
    assert (summary, PLACE) in [(d.summary, d.location) for d in plan.diagnostics]


def test_an_import_of_what_is_not_there() -> None:
    """It would otherwise be created, which is not what was asked."""
    plan = plan_of(importing(stack(POOL), A, "p/s/a"))
    assert [d.summary for d in plan.diagnostics] == ["Object does not exist"]


# removed


def test_a_removed_resource_is_forgotten_and_its_object_stays() -> None:
    """Released from management."""
    block = Removal(source=Address(A), location=PLACE)
    declared = replace(stack({"aiven_pg_user.u": user("u")}), removals=(block,))
    both = {**POOL, "aiven_pg_user.u": user("u")}
    plan = plan_of(declared, recorded(both), live(both))
    found = change(plan, A)
    assert (found.action, found.reason) == (Action.FORGET, "released from management")
    assert steps(plan) == [f"forget {A}"]


def test_what_is_released_must_not_lie_in_something_deleted() -> None:
    """It would be forgotten and then vanish."""
    block = Removal(source=Address(A), location=PLACE)
    declared = replace(stack({"aiven_pg_user.other": user("o")}), removals=(block,))
    both = {"aiven_pg.s": pg(), **POOL}
    plan = plan_of(declared, recorded(both), live(both))
    assert change(plan, A).action is Action.REFUSE


# --replace, --target, --exclude, --refresh-only


def test_a_requested_replacement() -> None:
    """Asked for by name."""
    plan = plan_of(stack(POOL), recorded(POOL), live(POOL), scope=Scope(replace=(A,)))
    assert (change(plan, A).action, change(plan, A).reason) == (Action.REPLACE, "requested")


def test_a_target_pulls_in_what_it_needs() -> None:
    """And nothing else."""
    plan = plan_of(stack(ALL), scope=Scope(targets=("aiven_pg_user.u",)))
    assert plan.limited_to == ("aiven_pg.s", "aiven_pg_user.u")
    assert steps(plan) == ["create aiven_pg.s", "create aiven_pg_user.u"]


def test_an_exclusion_leaves_out_what_needs_it() -> None:
    """A pool cannot be made without its user."""
    plan = plan_of(stack(ALL), scope=Scope(excludes=("aiven_pg_user.u",)))
    assert plan.limited_to == ("aiven_pg.s", "aiven_pg_database.d")


def test_a_target_inside_a_deleted_service_is_deleted_by_itself() -> None:
    """Asking for one pool must not take its service along."""
    plan = plan_of(
        stack({}),
        recorded(ALL, depends_on=NEEDS),
        live(ALL),
        scope=Scope(destroy=True, targets=(A,)),
    )
    assert steps(plan) == [f"delete {A}"]


@pytest.mark.parametrize("flag", ["targets", "excludes", "replace"])
def test_a_flag_that_matches_nothing(flag: str) -> None:
    """With the nearest name."""
    with pytest.raises(NoSuchAddressError) as caught:
        plan_of(stack(POOL), scope=Scope(**{flag: ("aiven_connection_pool.aa",)}))
    assert caught.value.diagnostics[0].hint == f"did you mean '{A}'?"


def test_a_refresh_only_forgets_what_is_gone_and_shows_drift() -> None:
    """It changes nothing else, and takes no live value over."""
    state = recorded({**POOL, "aiven_pg_user.u": user("u")})
    plan = plan_of(
        stack({**POOL, "aiven_pg_user.u": user("u")}),
        state,
        live({A: pool("a", pool_size=3)}),
        scope=Scope(refresh_only=True),
    )
    assert steps(plan) == ["forget aiven_pg_user.u"]
    assert [(d.recorded, d.live) for d in change(plan, A).drift] == [(25, 3)]
