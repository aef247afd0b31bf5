"""The ordering rules, situation by situation."""

import pytest
from planning import change, database, live, pg, plan_of, pool, recorded, stack, steps, user

from reconciler.model.plan import Action
from reconciler.plan.build import CyclicPlanError

ALL = {
    "aiven_pg.s": pg(),
    "aiven_pg_database.d": database("d"),
    "aiven_pg_user.u": user("u"),
    "aiven_connection_pool.a": pool("a", username="u"),
}
NEEDS = {
    "aiven_pg_database.d": ["aiven_pg.s"],
    "aiven_pg_user.u": ["aiven_pg.s"],
    "aiven_connection_pool.a": ["aiven_pg.s", "aiven_pg_database.d", "aiven_pg_user.u"],
}


def test_literal_names_are_references() -> None:
    """A pool that names a declared database, user and service in plain text comes after them."""
    assert steps(plan_of(stack(ALL))) == [
        "create aiven_pg.s",
        "create aiven_pg_database.d",
        "create aiven_pg_user.u",
        "create aiven_connection_pool.a",
    ]


def test_depends_on_is_an_edge() -> None:
    """depends_on orders what no attribute connects."""
    declared = stack(
        {"aiven_pg_user.a": user("a"), "aiven_pg_user.b": user("b")},
        depends_on={"aiven_pg_user.a": ["aiven_pg_user.b"]},
    )
    assert steps(plan_of(declared)) == ["create aiven_pg_user.b", "create aiven_pg_user.a"]


def test_what_lies_in_a_deleted_service_goes_with_it() -> None:
    """No call for each pool: should the service refuse to go, its pools must still be there."""
    plan = plan_of(stack({}), recorded(ALL, depends_on=NEEDS), live(ALL), destroy=True)
    assert steps(plan) == [
        "delete aiven_pg.s",
        "forget aiven_connection_pool.a",
        "forget aiven_pg_database.d",
        "forget aiven_pg_user.u",
    ]
    assert change(plan, "aiven_connection_pool.a").reason == "to be destroyed, goes with aiven_pg.s"


def test_delete_before_what_it_refers_to() -> None:
    """The order comes from the state: the YAML is gone."""
    kept = {"aiven_pg.s": ALL["aiven_pg.s"]}
    plan = plan_of(stack(kept), recorded(ALL, depends_on=NEEDS), live(ALL))
    assert steps(plan) == [
        "delete aiven_connection_pool.a",
        "delete aiven_pg_database.d",
        "delete aiven_pg_user.u",
    ]


def test_replacing_a_service_makes_what_it_contains_again() -> None:
    """The children are gone with it and are created after it."""
    renamed = {
        address: {**attributes, "service_name": "new"} for address, attributes in ALL.items()
    }
    plan = plan_of(stack(renamed), recorded(ALL, depends_on=NEEDS), live(ALL))
    assert steps(plan) == [
        "delete aiven_pg.s",
        "create aiven_pg.s",
        "create aiven_pg_database.d",
        "create aiven_pg_user.u",
        "create aiven_connection_pool.a",
    ]


def test_replacing_a_database_replaces_the_pools_on_it() -> None:
    """The pool's database_name is force-new; the pool goes first and comes last."""
    before = {**ALL, "aiven_pg_database.d": database("d", lc_collate="C")}
    after = {**ALL, "aiven_pg_database.d": database("d", lc_collate="de_DE.UTF-8")}
    plan = plan_of(stack(after), recorded(before, depends_on=NEEDS), live(before))
    assert steps(plan) == [
        "delete aiven_connection_pool.a",
        "delete aiven_pg_database.d",
        "create aiven_pg_database.d",
        "create aiven_connection_pool.a",
    ]
    assert change(plan, "aiven_connection_pool.a").reason == "aiven_pg_database.d is replaced"


def test_let_go_before_delete() -> None:
    """A pool that stops using a user is updated before that user is deleted."""
    after = {k: v for k, v in ALL.items() if k != "aiven_pg_user.u"}
    after["aiven_connection_pool.a"] = pool("a")
    plan = plan_of(stack(after), recorded(ALL, depends_on=NEEDS), live(ALL))
    assert steps(plan) == ["update aiven_connection_pool.a", "delete aiven_pg_user.u"]


def test_declared_in_a_container_that_is_deleted_is_refused() -> None:
    """A pool that stays declared must not vanish because its service was taken out of the YAML."""
    kept = {k: v for k, v in ALL.items() if k != "aiven_pg.s"}
    plan = plan_of(stack(kept), recorded(ALL, depends_on=NEEDS), live(ALL))
    assert change(plan, "aiven_connection_pool.a").action is Action.REFUSE
    assert plan.is_blocked


def test_a_cycle_is_named_in_full() -> None:
    """`a → b → a`, as an attribute of the error too."""
    declared = stack(
        {"aiven_pg_user.a": user("a"), "aiven_pg_user.b": user("b")},
        depends_on={
            "aiven_pg_user.a": ["aiven_pg_user.b"],
            "aiven_pg_user.b": ["aiven_pg_user.a"],
        },
    )
    with pytest.raises(CyclicPlanError) as caught:
        plan_of(declared)
    assert caught.value.cycle[0] == caught.value.cycle[-1]
    assert set(caught.value.cycle) == {"aiven_pg_user.a", "aiven_pg_user.b"}


def test_the_order_does_not_depend_on_the_order_of_keys() -> None:
    """Any order of keys gives the same steps and the same digest."""
    one = plan_of(stack(ALL))
    other = plan_of(stack(dict(reversed(ALL.items()))))
    assert (steps(one), one.digest) == (steps(other), other.digest)
