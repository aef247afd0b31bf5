"""`reconcile explain`: where a value comes from, and what becomes of it."""

import pytest
from workbench import Ran, Workbench, database, pg, pool, stack, user

POOL = 'aiven_connection_pool.team["orders"]'


@pytest.fixture
def applied(bench: Workbench) -> Workbench:
    """A service, a user and two pools, applied; then one pool shall be larger."""
    content = stack(
        sections={
            "variables": {"size": {"type": "integer", "default": 5}},
            "locals": {"sizes": {"orders": "${vars.size}", "billing": 3}},
            "defaults": {"aiven_connection_pool": {"pool_mode": "session"}},
        },
        pg={"main": pg()},
        pg_user={"app": user("app", "${aiven_pg.main.service_name}", password="hunter2hunter2")},
        pg_database={"main": database("main", "${aiven_pg.main.service_name}")},
        connection_pool={
            "team": pool(
                "${each.key}",
                "${aiven_pg.main.service_name}",
                "${aiven_pg_database.main.database_name}",
                for_each="${locals.sizes}",
                pool_size="${each.value}",
                username="${aiven_pg_user.app.username}",
            )
        },
    )
    bench.write(content)
    bench.apply()
    return bench


def explain(bench: Workbench, *words: str, code: int = 0) -> Ran:
    ran = bench.reconcile("explain", *words)
    assert ran.code == code, ran.both
    assert max(map(len, ran.out.splitlines()), default=0) <= 80
    assert "hunter2" not in ran.both
    return ran


def test_a_value_is_followed_to_where_it_was_given(applied: Workbench) -> None:
    """Attribute, for_each, local and the option, each with its file and line."""
    said = explain(applied, f"{POOL}.pool_size", "--offline", "--var", "size=7").said
    chain = ["pool_size = 7", "attribute stack.yaml:", "for_each each.value of", "locals.sizes"]
    places = [said.index(part) for part in [*chain, "vars.size from --var size"]]
    assert places == sorted(places)


def test_what_is_planned_is_told_with_its_reason(applied: Workbench) -> None:
    """What differs, the step, and who is waited for."""
    said = explain(applied, f"{POOL}.pool_size", "--var", "size=7").said
    assert "update desired changed" in said
    assert "pool_size: 5 → 7" in said
    assert "step 1: update, within 20m" in said


def test_only_what_concerns_the_attribute_is_told(applied: Workbench) -> None:
    """Another attribute that differs is not its business."""
    said = explain(applied, f"{POOL}.pool_mode", "--var", "size=7").said
    assert "defaults.aiven_connection_pool.pool_mode" in said
    assert "differs" not in said


def test_neighbours_and_deadlines_are_told(applied: Workbench) -> None:
    """Both ways, with the attributes that make them neighbours."""
    said = explain(applied, "aiven_pg_user.app").said
    assert "no-op" in said
    assert "waits for aiven_pg.main by service_name" in said
    assert f'waited for by aiven_connection_pool.team["billing"] by username {POOL}' in said
    assert "timeouts create 20m (default)" in said
    assert "password = (secret)" in said


def test_drift_is_told_as_somebody_elses(applied: Workbench) -> None:
    """Recorded against live."""
    path = "/service/pg1/connection_pool/orders"
    applied.ok("PUT", path, {"pool_size": 9, "pool_mode": "session", "database": "main"})
    said = explain(applied, f"{POOL}.pool_size").said
    assert "drift pool_size: 5 → 9, by somebody else" in said


def test_what_is_no_longer_declared_is_explained_too(applied: Workbench) -> None:
    """It is going to be deleted; there is no line to point to."""
    applied.write(stack(pg={"main": pg()}))
    said = explain(applied, "aiven_pg_user.app").said
    assert "no longer declared" in said
    assert "delete" in said


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("aiven_pg_user.ap", "did you mean 'aiven_pg_user.app'?"),
        ("aiven_connection_pool.team", "did you mean 'aiven_connection_pool.team[\"billing\"]'?"),
        ("aiven_pg_user.app.usernam", "did you mean 'username'?"),
        ("nonsense", "such as aiven_connection_pool.main"),
        ("vars.size * 2", "such as aiven_connection_pool.main"),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(
    applied: Workbench, typed: str, hint: str
) -> None:
    """Addresses, keys and attributes."""
    assert hint in explain(applied, typed, "--offline", code=1).said
