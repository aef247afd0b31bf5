"""What the API would refuse at apply is told by the plan."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from deciding import verdicts
from planning import KINDS, database, live, pg, pool, recorded, seen, stack, user

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.live import ABSENT, LiveObject, ObjectKey, Presence
from reconciler.model.location import Location, Path
from reconciler.model.resource import Stack
from reconciler.model.state import State
from reconciler.plan.checks import check

Resources = Mapping[str, Mapping[str, object]]
SERVICE, DATABASE, USER = "aiven_pg.s", "aiven_pg_database.d", "aiven_pg_user.u"
POOL = "aiven_connection_pool.p"
BASE: dict[str, dict[str, object]] = {SERVICE: pg(), DATABASE: database("d"), USER: user("u")}
THERE = {**BASE, POOL: pool("p", username="u")}


def problems(
    declared: Stack | Resources,
    state: State | None = None,
    objects: Mapping[ObjectKey, LiveObject] | None = None,
) -> list[Diagnostic]:
    found = verdicts(
        declared if isinstance(declared, Stack) else stack(declared), state, objects or {}
    )
    return list(check(found.decided, found.live, KINDS))


def changed(before: Resources, after: Resources, more: Resources | None = None) -> list[Diagnostic]:
    """Go from recorded and live resources to others; `more` is live, but nobody's."""
    return problems(after, recorded(before), {**live(before), **live(more or {}), **GONE})


def absent(*addresses: str) -> dict[ObjectKey, LiveObject]:
    """What was read and is not there, by the addresses of `NAMED`."""
    return {NAMED[address]: ABSENT for address in addresses}


NAMED: dict[str, ObjectKey] = {
    "service": ("aiven_pg", "p/s"),
    "database": ("aiven_pg_database", "p/s/missing"),
    "user": ("aiven_pg_user", "p/s/missing"),
}
GONE = absent("database", "user")


def about(found: list[Diagnostic]) -> list[tuple[str, str]]:
    return [(problem.summary, problem.detail.partition(" names")[0]) for problem in found]


def test_names_of_declared_objects_are_good() -> None:
    """They will be there, since they are made first."""
    assert problems(THERE) == []
    assert changed(THERE, THERE) == []


@pytest.mark.parametrize(
    ("attributes", "named"),
    [
        ({"username": "missing"}, "username"),
        ({"database_name": "missing"}, "database_name"),
    ],
)
def test_a_new_pool_that_names_nothing_is_an_error(
    attributes: dict[str, object], named: str
) -> None:
    """The API would say so only after the steps before it."""
    found = changed(BASE, {**BASE, POOL: pool("p", **attributes)})
    assert about(found) == [("Named object does not exist", f"{POOL}.{named}")]
    assert found[0].severity == "error"


@pytest.mark.parametrize("attribute", ["username", "database_name"])
def test_a_pool_that_comes_to_name_nothing_is_an_error(attribute: str) -> None:
    """Also where the pool itself exists, in place or by replacement."""
    found = changed(THERE, {**THERE, POOL: {**THERE[POOL], attribute: "missing"}})
    assert about(found) == [("Named object does not exist", f"{POOL}.{attribute}")]


def test_an_error_stands_at_the_attribute() -> None:
    """Where the name is written."""

    class Lines:
        def at(self, path: Path) -> Location:
            return Location("pools.yaml", {"username": 7}.get(str(path[0]), 1))

        key_at = at

    declared = stack({**BASE, POOL: pool("p", username="missing")})
    resources = dict(declared.resources)
    address = next(a for a in resources if a == POOL)
    resources[address] = replace(resources[address], places=Lines())
    (found,) = problems(
        replace(declared, resources=resources), recorded(BASE), {**live(BASE), **GONE}
    )
    assert found.location == Location("pools.yaml", 7)


def test_a_live_object_need_not_be_declared() -> None:
    """Somebody else's user is as good."""
    more = {"aiven_pg_user.x": user("theirs"), "aiven_pg_database.x": database("theirs")}
    theirs = pool("p", database_name="theirs", username="theirs")
    assert changed(BASE, {**BASE, POOL: theirs}, more) == []


def test_a_near_name_is_guessed() -> None:
    """Of the same kind on the same service, declared or live."""
    more = {"aiven_pg_user.x": user("missin")}
    (found,) = changed(BASE, {**BASE, POOL: pool("p", username="missing")}, more)
    assert found.hint == "did you mean 'missin'?"
    (lonely,) = changed(BASE, {**BASE, POOL: pool("p", username="missing")})
    assert lonely.hint == "declare it as an aiven_pg_user, or name another"


@pytest.mark.parametrize(
    "objects",
    [{}, {NAMED["user"]: LiveObject(presence=Presence.UNKNOWN, why="403")}],
    ids=["not read", "not readable"],
)
def test_nothing_is_claimed_of_what_is_not_known(objects: dict[ObjectKey, LiveObject]) -> None:
    """The API has the last word where the plan has not looked."""
    declared = {**BASE, POOL: pool("p", username="missing")}
    assert problems(declared, recorded(BASE), {**live(BASE), **objects}) == []


def test_a_pool_that_is_left_alone_is_not_examined() -> None:
    """Its user was deleted by hand; nothing is sent for the pool, so nothing would be refused."""
    dangling = {**BASE, POOL: pool("p", username="missing")}
    assert changed(dangling, dangling) == []
    resized = {**dangling, POOL: {**dangling[POOL], "pool_size": 20}}
    assert changed(dangling, resized) == []


@pytest.mark.parametrize(("gone", "named"), [(USER, "username"), (DATABASE, "database_name")])
def test_what_a_pool_still_names_is_not_deleted(gone: str, named: str) -> None:
    """PgBouncer holds it open: the API refuses to drop it."""
    kept = {address: found for address, found in THERE.items() if address != gone}
    found = changed(THERE, kept)
    assert about(found) == [("Named object would be deleted", f"{POOL}.{named}")]
    assert f"{gone}: no longer declared" in found[0].detail
    assert found[0].hint == f"keep {gone} declared, or let {named} name another"


def test_what_a_pool_no_longer_names_may_go() -> None:
    """It is let go of first."""
    kept = {SERVICE: pg(), DATABASE: database("d"), POOL: pool("p")}
    assert changed(THERE, kept) == []


def test_a_missing_service_is_told_once() -> None:
    """What would lie in it is missing too, and that is the same mistake."""
    declared = {POOL: pool("p", database_name="missing", username="missing")}
    (found,) = problems(declared, None, {**absent("service"), **GONE})
    assert found.detail.startswith(f"{POOL}.service_name names the aiven_pg p/s")


def test_projects_are_not_looked_at() -> None:
    """They can only be looked up, and a read of them costs a request."""
    assert problems({SERVICE: pg()}) == []


# What a new service brings along.


@pytest.mark.parametrize(
    ("attributes", "names"),
    [
        ({"database_name": "defaultdb", "username": "avnadmin"}, []),
        ({"database_name": "d", "username": "avnadmin"}, ["database_name"]),
        ({"database_name": "defaultdb", "username": "u"}, ["username"]),
    ],
)
def test_a_new_service_has_what_the_server_gives(
    attributes: dict[str, object], names: list[str]
) -> None:
    """A database and a user, and no others."""
    found = problems({SERVICE: pg(), POOL: pool("p", **attributes)})
    assert [problem.detail.split()[0] for problem in found] == [f"{POOL}.{name}" for name in names]


@pytest.mark.parametrize(
    "option",
    [
        {"pg_user_config": {"service_to_fork_from": "other"}},
        {
            "service_integrations": [
                {"integration_type": "read_replica", "source_service_name": "o"}
            ]
        },
    ],
    ids=["fork", "replica"],
)
def test_a_copy_of_a_service_may_have_anything(option: dict[str, object]) -> None:
    """Nobody can say what the other service holds."""
    named = pool("p", database_name="theirs", username="theirs")
    assert problems({SERVICE: pg(**option), POOL: named}) == []


def test_a_service_may_name_its_own_admin() -> None:
    """Then avnadmin is not known to be there, and the named one is not known not to be."""
    own = pg(pg_user_config={"admin_username": "boss"})
    assert (
        problems({SERVICE: own, POOL: pool("p", database_name="defaultdb", username="boss")}) == []
    )


def test_a_replaced_service_has_nothing_of_the_old_one() -> None:
    """What nobody declares does not come back."""
    old = {SERVICE: pg(), POOL: pool("p", username="theirs", database_name="defaultdb")}
    new = {address: {**found, "service_name": "t"} for address, found in old.items()}
    more = live({"aiven_pg_user.x": user("theirs"), "aiven_pg_database.x": database("defaultdb")})
    (found,) = problems(new, recorded(old), {**live(old), **more})
    assert found.detail.startswith(f"{POOL}.username names the aiven_pg_user p/t/theirs")


# What it lies in.


@pytest.mark.parametrize(
    ("plan", "is_good"),
    [("hobbyist", False), ("free-1-5gb", False), ("startup-4", True), ("business-8", True)],
)
def test_pooling_needs_startup_or_higher(plan: str, is_good: bool) -> None:
    """Of a declared service by its declaration, of another by what is live."""
    named = pool("p", database_name="defaultdb")
    declared = problems({SERVICE: pg(plan=plan), POOL: named})
    theirs = problems({POOL: named}, None, {NAMED["service"]: seen("aiven_pg", **pg(plan=plan))})
    for found in (declared, theirs):
        assert [problem.summary for problem in found] == (
            [] if is_good else ["Not possible in what it lies in"]
        )
        assert is_good or plan in found[0].detail


def test_a_service_made_larger_for_its_pools_is_good() -> None:
    """What is wanted counts, not what is live."""
    old, new = {SERVICE: pg(plan="hobbyist")}, {SERVICE: pg(plan="startup-4"), POOL: pool("p")}
    assert [p.summary for p in changed(old, {**new, DATABASE: database("d")})] == []


def test_a_service_made_too_small_for_its_pools_is_an_error() -> None:
    """Also for pools that do not change themselves."""
    found = changed(THERE, {**THERE, SERVICE: pg(plan="hobbyist")})
    assert [problem.summary for problem in found] == ["Not possible in what it lies in"]
    assert found[0].hint == "choose the plan startup-4 or higher for the service"


def test_pools_on_a_plan_without_pooling_that_nobody_touches_are_left_alone() -> None:
    """Nothing is sent, so nothing would be refused."""
    odd = {**THERE, SERVICE: pg(plan="hobbyist")}
    assert changed(odd, odd) == []
