"""Loss of data is said by name, and nothing else is."""

import pytest
from planning import KINDS, database, live, pg, plan_of, pool, recorded, stack, user

from reconciler.model.plan import Plan
from reconciler.plan.acks import refuse_acks, required

SERVICE, DATABASE = "aiven_pg.s", "aiven_pg_database.d"
ALL: dict[str, dict[str, object]] = {
    SERVICE: pg(),
    DATABASE: database("d"),
    "aiven_pg_user.u": user("u"),
    "aiven_connection_pool.p": pool("p", username="u"),
}


def going_to(
    declared: dict[str, dict[str, object]], there: dict[str, dict[str, object]] | None = None
) -> Plan:
    there = ALL if there is None else there
    return plan_of(stack(declared), recorded(ALL), live(there), destroy=not declared)


def acks(plan: Plan) -> tuple[str, ...]:
    return required(plan.changes, KINDS)


def without(*addresses: str) -> dict[str, dict[str, object]]:
    return {address: found for address, found in ALL.items() if address not in addresses}


def test_nothing_to_say_where_no_data_goes() -> None:
    """Neither for no change at all, nor for a pool, a user, or another plan."""
    assert acks(going_to(ALL)) == ()
    assert acks(going_to(without("aiven_connection_pool.p", "aiven_pg_user.u"))) == ()
    assert acks(going_to({**ALL, SERVICE: pg(plan="startup-8")})) == ()


def test_a_database_that_goes_is_named() -> None:
    """Deleted or replaced comes to the same."""
    assert acks(going_to(without(DATABASE, "aiven_connection_pool.p"))) == (
        f"data-loss:{DATABASE}",
    )
    replaced = {**ALL, DATABASE: database("d", lc_collate="C")}
    there = {**ALL, DATABASE: database("d", lc_collate="en_US.UTF-8")}
    assert acks(going_to(replaced, there)) == (f"data-loss:{DATABASE}",)


def test_a_service_speaks_for_what_lies_in_it() -> None:
    """One ack for the service covers its databases, deleted or replaced with it."""
    assert acks(going_to({})) == (f"data-loss:{SERVICE}",)
    moved = {address: {**found, "service_name": "t"} for address, found in ALL.items()}
    assert acks(going_to(moved)) == (f"data-loss:{SERVICE}",)


def test_what_is_gone_already_is_only_forgotten() -> None:
    """Its data cannot be lost again."""
    assert acks(going_to(without(DATABASE, "aiven_connection_pool.p"), {SERVICE: pg()})) == ()


def test_a_missing_ack_names_the_flag_and_what_is_lost() -> None:
    """What to type, and what for."""
    plan = going_to(without(DATABASE, "aiven_connection_pool.p"))
    (problem,) = refuse_acks(acks(plan), (), plan.changes)
    assert problem.summary == "Loss of data is not acknowledged"
    assert (
        problem.detail == f"{DATABASE} would be deleted: the database d goes with everything in it."
    )
    assert problem.hint == f"add --ack data-loss:{DATABASE}, if that is meant"


def test_a_key_in_an_address_is_quoted_for_the_shell() -> None:
    """So that the hint can be copied."""
    keyed = 'aiven_pg_database.d["a b"]'
    there = {SERVICE: pg(), keyed: database("d")}
    plan = plan_of(stack({SERVICE: pg()}), recorded(there), live(there))
    (problem,) = refuse_acks(acks(plan), (), plan.changes)
    assert problem.hint == f"add --ack 'data-loss:{keyed}', if that is meant"


@pytest.mark.parametrize(
    ("given", "summaries"),
    [
        ([f"data-loss:{DATABASE}"], []),
        ([f"data-loss:{DATABASE}"] * 2, []),
        (
            [f"cut-clients:{DATABASE}"],
            ["Loss of data is not acknowledged", "Nothing to acknowledge"],
        ),
        (
            [f"data-loss:{DATABASE}", f"data-loss:{SERVICE}"],
            ["Nothing to acknowledge"],
        ),
    ],
)
def test_acks_are_those_that_are_needed(given: list[str], summaries: list[str]) -> None:
    """No fewer, and no more: one left in a script would agree to what nobody has seen."""
    plan = going_to(without(DATABASE, "aiven_connection_pool.p"))
    found = refuse_acks(acks(plan), given, plan.changes)
    assert [problem.summary for problem in found] == summaries
