"""Connections: now, at the worst step and after; and who gives back before others take."""

import pytest
from deciding import Verdicts, verdicts
from hypothesis import given
from hypothesis import strategies as st
from planning import PLACE, live, pg, pool, recorded, seen, stack

from reconciler.model.live import LiveObject, ObjectKey
from reconciler.model.plan import Connections
from reconciler.model.state import Op
from reconciler.plan.capacity import crowded

SERVICE = "aiven_pg.s"
Attributes = dict[str, object]


def pools(sizes: dict[str, int]) -> dict[str, Attributes]:
    return {f"aiven_connection_pool.{name}": pool(name, pool_size=n) for name, n in sizes.items()}


def service_live(most: int = 100, **attributes: object) -> dict[ObjectKey, LiveObject]:
    return {("aiven_pg", "p/s"): seen("aiven_pg", **pg(max_connections=most, **attributes))}


def resized(
    before: dict[str, int],
    after: dict[str, int],
    *,
    was: Attributes | None = None,
    becomes: Attributes | None = None,
    most: int = 100,
) -> Verdicts:
    """Go from pools to pools on one service, which may change too."""
    was = pg() if was is None else was
    return verdicts(
        stack({SERVICE: was if becomes is None else becomes, **pools(after)}),
        recorded({SERVICE: was, **pools(before)}),
        {
            **live(pools(before)),
            ("aiven_pg", "p/s"): seen("aiven_pg", **{**was, "max_connections": most}),
        },
    )


def told(found: Verdicts) -> tuple[int, int, int, int | None, int]:
    (one,) = found.connections
    return one.now, one.peak, one.after, one.limit, one.over


@pytest.mark.parametrize(
    ("before", "after", "figures"),
    [
        ({"a": 40}, {"a": 40}, (40, 40, 40, 100, 0)),
        ({"a": 40}, {"a": 60}, (40, 60, 60, 100, 0)),
        ({"a": 60}, {"a": 40}, (60, 60, 40, 100, 0)),
        ({}, {"a": 10, "b": 20}, (0, 30, 30, 100, 0)),
        ({"a": 10, "b": 20}, {}, (30, 30, 0, 100, 0)),
        ({"a": 90, "b": 10}, {"a": 10, "b": 90}, (100, 100, 100, 100, 0)),
        ({"a": 80}, {"a": 120}, (80, 120, 120, 100, 20)),
        ({"a": 80, "b": 20}, {"a": 100, "c": 50}, (100, 150, 150, 100, 50)),
        ({"a": 150}, {"a": 150}, (150, 150, 150, 100, 50)),
        ({"a": 150, "b": 50}, {"a": 90}, (200, 200, 90, 100, 0)),
        ({"a": 150}, {"a": 120}, (150, 150, 120, 100, 20)),
    ],
)
def test_figures_are_the_sums_of_pool_sizes(
    before: dict[str, int], after: dict[str, int], figures: tuple[int, ...]
) -> None:
    """Now, at the worst step, after, of how many, and by how many too many.

    A plan that mends what was too many is not blamed for how it found things.
    """
    assert told(resized(before, after)) == figures


def test_a_larger_plan_gives_more() -> None:
    """The limit after is the new plan's, and the pools grow only once it is there."""
    found = resized({"a": 80}, {"a": 180}, becomes=pg(plan="startup-8"))
    assert told(found) == (80, 180, 180, 200, 0)
    assert found.connections[0].basis == "plan startup-8"


def test_a_smaller_plan_is_too_small_until_pools_have_shrunk() -> None:
    """A pool waits for its service, so there is a step at which too many may be asked for."""
    found = resized(
        {"a": 180}, {"a": 80}, was=pg(plan="startup-8"), becomes=pg(plan="startup-4"), most=200
    )
    assert told(found) == (180, 180, 80, 100, 80)


def test_an_option_of_the_service_decides_over_its_plan() -> None:
    """max_connections in pg_user_config, whether it is changed or declared from the start."""
    option = pg(pg_user_config={"pg": {"max_connections": 150}})
    found = resized({"a": 80}, {"a": 140}, becomes=option)
    assert told(found) == (80, 140, 140, 150, 0)
    assert found.connections[0].basis == "declared"
    fresh = verdicts(stack({SERVICE: option, **pools({"a": 160})}))
    assert told(fresh) == (0, 160, 160, 150, 10)


def test_the_live_limit_counts_before_the_plans_name() -> None:
    """What the service says of itself is so."""
    (one,) = resized({"a": 80}, {"a": 80}, most=120).connections
    assert (one.limit, one.basis) == (120, "live")


def test_a_new_service_is_judged_by_its_plan() -> None:
    """Nothing is live yet; the plan's name tells."""
    found = verdicts(stack({SERVICE: pg(plan="startup-4"), **pools({"a": 60, "b": 60})}))
    assert told(found) == (0, 120, 120, 100, 20)
    assert found.connections[0].service == "p/s"


def test_a_service_of_somebody_else_counts_by_what_was_read_of_it() -> None:
    """Pools on a service that this stack does not declare; with nothing read there is no limit."""
    declared = stack(pools({"a": 160}))
    assert told(verdicts(declared, None, service_live(200))) == (0, 160, 160, 200, 0)
    assert told(verdicts(declared)) == (0, 160, 160, None, 0)


def test_a_pool_that_is_refused_counts_as_it_is() -> None:
    """Somebody else's pool takes its connections all the same."""
    declared = stack({SERVICE: pg(), **pools({"a": 10, "b": 20})})
    objects = {**service_live(), **live(pools({"b": 70}))}
    assert told(verdicts(declared, recorded({SERVICE: pg()}), objects)) == (70, 80, 80, 100, 0)


def test_a_pool_whose_size_was_changed_by_hand_counts_as_it_is_live() -> None:
    """Now is what the API says, not what was recorded."""
    declared = stack({SERVICE: pg(), **pools({"a": 30})})
    state = recorded({SERVICE: pg(), **pools({"a": 30})})
    assert told(verdicts(declared, state, {**service_live(), **live(pools({"a": 50}))})) == (
        50,
        50,
        30,
        100,
        0,
    )


def test_a_pool_without_a_size_takes_the_default() -> None:
    """Ten, by the kind file."""
    declared = stack({SERVICE: pg(), "aiven_connection_pool.a": pool("a")})
    assert told(verdicts(declared)) == (0, 10, 10, 100, 0)


def test_a_service_that_goes_takes_its_figures_along() -> None:
    """Nobody needs to know how full a service is that is deleted."""
    state = recorded({SERVICE: pg(), **pools({"a": 30})})
    objects = {**service_live(), **live(pools({"a": 30}))}
    assert verdicts(stack({}), state, objects).connections == ()


def test_a_replaced_service_starts_empty() -> None:
    """Its pools went with it, and are made again on the new one."""
    other = {**pg(), "service_name": "t"}
    state = recorded({SERVICE: pg(), **pools({"a": 30})})
    moved = stack(
        {
            SERVICE: other,
            "aiven_connection_pool.a": {**pool("a", pool_size=30), "service_name": "t"},
        }
    )
    found = verdicts(moved, state, {**service_live(), **live(pools({"a": 30}))})
    assert [(c.service, c.now, c.peak, c.after) for c in found.connections] == [("p/t", 0, 30, 30)]


def test_a_pool_that_moves_to_another_service_counts_at_both() -> None:
    """It gives back here and takes there."""
    other = {**pg(), "service_name": "t"}
    declared = stack(
        {
            SERVICE: pg(),
            "aiven_pg.t": other,
            "aiven_connection_pool.a": {**pool("a", pool_size=30), "service_name": "t"},
        }
    )
    state = recorded({SERVICE: pg(), "aiven_pg.t": other, **pools({"a": 30})})
    found = verdicts(
        declared, state, {**live({SERVICE: pg(), "aiven_pg.t": other, **pools({"a": 30})})}
    )
    assert [(c.service, c.now, c.peak, c.after) for c in found.connections] == [
        ("p/s", 30, 30, 0),
        ("p/t", 0, 30, 30),
    ]


def test_kinds_that_take_nothing_have_no_figures() -> None:
    """A stack without pools says nothing of connections."""
    assert verdicts(stack({SERVICE: pg()})).connections == ()


# The order.


def test_pools_shrink_and_go_before_others_grow_and_come() -> None:
    """So the sum never rises above both ends where it can be helped."""
    found = resized({"a": 90, "b": 10, "d": 50}, {"a": 10, "b": 90, "c": 50})
    ops = [line.replace("aiven_connection_pool.", "") for line in found.walk]
    assert set(ops[:2]) == {"delete d", "update a"}
    assert set(ops[2:]) == {"create c", "update b"}
    assert told(found) == (150, 150, 150, 100, 50)


def test_a_replaced_pool_is_not_kept_waiting_between_its_steps() -> None:
    """Nobody can log in between the two, so all waiting is done before the first of them."""
    renamed = {"aiven_connection_pool.a": pool("z", pool_size=40)}
    found = verdicts(
        stack({SERVICE: pg(), **renamed, **pools({"b": 10})}),
        recorded({SERVICE: pg(), **pools({"a": 30, "b": 60})}),
        {**service_live(), **live(pools({"a": 30, "b": 60}))},
    )
    steps = {f"{s.op} {s.address.name}": s for s in found.steps}
    assert steps["update b"].n in steps["delete a"].needs
    assert [s.op for s in found.steps if s.address.name == "a"] == [Op.DELETE, Op.CREATE]
    assert steps["create a"].n == steps["delete a"].n + 1


def test_an_order_that_was_asked_for_wins() -> None:
    """What depends_on says is not to be turned round, nor is it a cycle."""
    before, after = pools({"a": 90, "b": 10}), pools({"a": 10, "b": 90})
    needs = {"aiven_connection_pool.a": ["aiven_connection_pool.b"]}
    found = verdicts(
        stack({SERVICE: pg(), **after}, depends_on=needs),
        recorded({SERVICE: pg(), **before}),
        {**service_live(), **live(before)},
    )
    assert found.walk == ["update aiven_connection_pool.b", "update aiven_connection_pool.a"]
    assert told(found)[1] == 180


def test_many_pools_make_no_more_edges_than_steps() -> None:
    """A hundred that shrink and a hundred that grow, and not ten thousand waits."""
    names = [f"n{i}" for i in range(200)]
    before = {name: 10 + i % 2 for i, name in enumerate(names)}
    after = {name: 11 - i % 2 for i, name in enumerate(names)}
    found = resized(before, after, most=100000)
    assert sum(len(step.needs) for step in found.steps) < 3 * len(names)
    assert told(found)[1] == told(found)[0]


# The warning.


def test_too_many_connections_are_warned_of_with_the_figures() -> None:
    """Never a refusal: PgBouncer queues."""
    found = resized({"a": 80}, {"a": 120})
    (warning,) = crowded(found.connections, found.decided)
    assert warning.severity == "warning"
    assert warning.location == PLACE
    for figure in ("80", "120", "100", "20 too many", "plan startup-4"):
        assert figure in warning.detail


def test_no_warning_without_a_limit_or_below_it() -> None:
    """What is not known is not claimed."""
    for found in (resized({"a": 80}, {"a": 100}), verdicts(stack(pools({"a": 5000})))):
        assert crowded(found.connections, found.decided) == ()


sizes = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 60), max_size=6)


@given(sizes, sizes)
def test_the_peak_is_the_largest_sum_of_any_prefix(
    before: dict[str, int], after: dict[str, int]
) -> None:
    """Walked step by step as the API would see it; and with no other wishes no larger than both ends."""
    found = resized(before, after)
    if not before and not after:
        assert found.connections == ()
        return
    there = {f"aiven_connection_pool.{name}": size for name, size in before.items()}
    wanted = {f"aiven_connection_pool.{name}": size for name, size in after.items()}
    sums = [sum(there.values())]
    for step in found.steps:
        if step.op is Op.DELETE:
            del there[step.address]
        elif step.op in (Op.CREATE, Op.UPDATE):
            there[step.address] = wanted[step.address]
        sums.append(sum(there.values()))
    (one,) = found.connections
    assert (one.now, one.peak, one.after) == (sums[0], max(sums), sums[-1])
    assert one.peak == max(one.now, one.after)
    assert isinstance(one, Connections)
