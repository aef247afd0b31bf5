"""What is stopped whatever was declared."""

import pytest
from planning import PLACE, live, pg, plan_of, pool, recorded, stack

from reconciler.model.address import Address
from reconciler.model.plan import Plan
from reconciler.model.resource import Removal, Stack
from reconciler.plan.guard import deletions_to_allow, refuse_deletions

SERVICE = "aiven_pg.s"
Resources = dict[str, dict[str, object]]


def pools(number: int, **attributes: object) -> Resources:
    return {f"aiven_connection_pool.p{n}": pool(f"p{n}", **attributes) for n in range(number)}


def going(there: Resources, declared: Resources, *, destroy: bool = False) -> Plan:
    return plan_of(stack(declared), recorded(there), live(there), destroy=destroy)


def to_allow(there: Resources, declared: Resources) -> int:
    return deletions_to_allow(going(there, declared).changes, len(there), destroy=False)


@pytest.mark.parametrize(
    ("recorded_pools", "kept", "needed"),
    [
        (9, 9, 0),
        (9, 6, 0),
        (9, 5, 4),
        (8, 0, 0),
        (99, 69, 0),
        (99, 68, 31),
        (19, 13, 0),
        (19, 12, 7),
    ],
)
def test_many_deletions_are_allowed_by_number(recorded_pools: int, kept: int, needed: int) -> None:
    """More than 30 % of ten or more; the service counts among the recorded."""
    there = {SERVICE: pg(), **pools(recorded_pools)}
    assert to_allow(there, {SERVICE: pg(), **pools(kept)}) == needed


def test_replacements_count_as_deletions() -> None:
    """Two pools go and two are renamed, of eleven."""
    there = {SERVICE: pg(), **pools(10)}
    renamed = {f"aiven_connection_pool.p{n}": pool(f"q{n}") for n in range(2)}
    assert to_allow(there, {SERVICE: pg(), **pools(8), **renamed}) == 4


def test_what_lies_in_a_deleted_container_counts() -> None:
    """One service goes, and its eleven pools with it."""
    other = {**pg(), "service_name": "t"}
    there = {SERVICE: pg(), "aiven_pg.t": other, **pools(11)}
    assert to_allow(there, {"aiven_pg.t": other}) == 12


def test_destroy_is_its_own_allowance() -> None:
    """It says that all goes."""
    there = {SERVICE: pg(), **pools(20)}
    changes = going(there, {}, destroy=True).changes
    assert deletions_to_allow(changes, len(there), destroy=True) == 0


@pytest.mark.parametrize(("allowed", "problems"), [(0, 1), (3, 1), (4, 0), (100, 0)])
def test_the_number_must_reach(allowed: int, problems: int) -> None:
    """As many as there are, or more."""
    assert len(refuse_deletions(4, allowed, 10)) == problems


def test_the_refusal_says_the_figures_and_the_flag() -> None:
    """How many of how many, in percent, and what to type."""
    (problem,) = refuse_deletions(4, 0, 11)
    assert "4 of 11 recorded resources" in problem.detail
    assert "36 %" in problem.detail
    assert problem.hint == "add --allow-delete 4, if that is meant"
    (fewer,) = refuse_deletions(4, 2, 11)
    assert "--allow-delete 2 allows fewer" in fewer.detail


def test_an_empty_stack_is_taken_for_a_mistake() -> None:
    """Against a state that holds something; destroy is how to say it."""
    there = {SERVICE: pg()}
    assert going(there, {}).is_blocked
    assert not going(there, {}, destroy=True).is_blocked
    assert not plan_of(stack({})).is_blocked


def test_a_stack_of_nothing_but_removals_is_no_mistake() -> None:
    """Everything is released, nothing is deleted."""
    there = {SERVICE: pg()}
    released = Stack(
        name="test", location=PLACE, removals=(Removal(source=Address(SERVICE), location=PLACE),)
    )
    plan = plan_of(released, recorded(there), live(there))
    assert [(c.action, plan.is_blocked) for c in plan.changes] == [("forget", False)]
