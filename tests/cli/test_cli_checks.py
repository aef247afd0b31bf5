"""What the API would refuse at apply is told by plan, at no further request; and connections."""

import pytest
from workbench import Stack, Workbench, database, pg, pool, stack, user

PG = "${aiven_pg.main.service_name}"


def with_pool(plan: str = "startup-4", **more: object) -> Stack:
    return stack(pg={"main": pg(plan=plan)}, connection_pool={"app": pool("app", PG, **more)})


@pytest.fixture
def ready(bench: Workbench) -> Workbench:
    """A service that is there."""
    bench.write(stack(pg={"main": pg()}))
    bench.apply()
    return bench


@pytest.mark.parametrize(
    ("attribute", "hint"),
    [
        ("username", "declare it as an aiven_pg_user"),
        ("database_name", "did you mean 'defaultdb'?"),
    ],
)
def test_a_name_of_nothing_blocks_the_plan_at_its_place(
    ready: Workbench, attribute: str, hint: str
) -> None:
    """The API would say so halfway through; here nothing has begun."""
    named = {"username": "nobody", "database_name": "default_db"}[attribute]
    ready.write(with_pool(**{attribute: named}))
    ran = ready.reconcile("plan")
    assert ran.code == 4
    assert "Named object does not exist" in ran.out
    assert f"aiven_connection_pool.app.{attribute} names the" in ran.said
    assert hint in ran.said
    line = 1 + next(
        n
        for n, text in enumerate((ready.folder / "stack.yaml").read_text().splitlines())
        if named in text
    )
    assert f"stack.yaml:{line}:" in ran.out
    ready.apply(code=4)
    assert ready.pools() == {}


def test_names_of_live_objects_of_others_are_good(ready: Workbench) -> None:
    """Made by hand, known by reading."""
    ready.ok("POST", "/service/pg1/user", {"username": "theirs"})
    ready.ok("POST", "/service/pg1/db", {"database": "theirs"})
    ready.write(with_pool(username="theirs", database_name="theirs"))
    ready.apply()
    assert ready.pools()["app"]["username"] == "theirs"


def test_what_is_named_costs_no_request(ready: Workbench) -> None:
    """The answer that shows the pools shows users and databases too; projects are not looked at."""
    ready.write(with_pool(username="avnadmin", database_name="defaultdb"))
    with ready.counted() as calls:
        assert ready.reconcile("plan").code == 0
    assert calls == {"GET service": 1}


def test_pools_on_somebody_elses_service_cost_one_request(ready: Workbench) -> None:
    """The service itself is not declared: what it gives is read from the same answer."""
    ready.reconcile("state", "rm", "aiven_pg.main")
    ready.write(stack(connection_pool={"app": pool("app", username="avnadmin", pool_size=40)}))
    with ready.counted() as calls:
        plan = ready.plan()
    assert calls == {"GET service": 1}
    (load,) = plan["connections"]
    assert (load["now"], load["after"], load["limit"]) == (0, 40, 100)


def test_a_database_with_a_pool_on_it_is_not_dropped(ready: Workbench) -> None:
    """The API would refuse, with the database's pool still there."""
    pools = {"app": pool("app", PG, "orders")}
    ready.write(
        stack(pg={"main": pg()}, pg_database={"o": database("orders", PG)}, connection_pool=pools)
    )
    ready.apply()
    ready.write(stack(pg={"main": pg()}, connection_pool=pools))
    ran = ready.reconcile("plan")
    assert ran.code == 4
    assert "Named object would be deleted" in ran.out


@pytest.mark.parametrize("plan", ["hobbyist", "free-1-5gb"])
def test_pooling_needs_a_larger_plan(bench: Workbench, plan: str) -> None:
    """Told before anything is made."""
    bench.write(with_pool(plan))
    ran = bench.reconcile("plan")
    assert ran.code == 4
    assert f"the plan {plan} has no connection pooling" in ran.said
    assert "choose the plan startup-4 or higher" in ran.said
    bench.apply(code=4)
    assert bench.services() == []


def test_a_new_service_with_all_it_needs_is_planned_at_once(bench: Workbench) -> None:
    """What the server gives, and what is declared beside."""
    bench.write(
        stack(
            pg={"main": pg()},
            pg_user={"app": user("app", PG)},
            connection_pool={
                "one": pool("one", PG, username="avnadmin"),
                "two": pool("two", PG, username="app"),
            },
        )
    )
    bench.apply()
    assert bench.changes() == {}


def test_connections_are_shown_and_warned_of_but_not_refused(ready: Workbench) -> None:
    """The figures, now, at the worst step and after."""
    ready.write(with_pool(pool_size=60))
    told = ready.reconcile("plan")
    assert " pg1   now 0   peak 60   after 60   of 100 (plan startup-4)   ok" in told.out
    ready.apply()
    ready.write(with_pool(pool_size=120))
    told = ready.reconcile("plan")
    assert told.code == 0
    assert "peak 120   after 120   of 100 (plan startup-4)   over by 20" in told.out
    assert "warning: More connections than the service has" in told.out
    ready.apply()
    assert ready.pools()["app"]["pool_size"] == 120


def test_pools_shrink_before_others_grow(ready: Workbench) -> None:
    """A service that enforces its limit takes the whole plan."""
    sizes = {"a": 90, "b": 10}
    pools = {name: pool(name, PG, pool_size=size) for name, size in sizes.items()}
    ready.write(stack(pg={"main": pg()}, connection_pool=pools))
    ready.apply()
    turned = {name: pool(name, PG, pool_size=100 - size) for name, size in sizes.items()}
    ready.write(stack(pg={"main": pg()}, connection_pool=turned))
    ready.settings(enforce_pool_limit=True)
    try:
        ready.apply()
    finally:
        ready.settings(enforce_pool_limit=False)
    assert {name: found["pool_size"] for name, found in ready.pools().items()} == {"a": 10, "b": 90}
