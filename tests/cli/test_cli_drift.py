"""`reconcile drift`: recorded against live, with what is declared beside it."""

import json

import pytest
from workbench import Workbench, many_pools, pg, pool, stack

POOL = "aiven_connection_pool.main"
SERVICE = "${aiven_pg.main.service_name}"


def with_pool(**more: object) -> dict[str, object]:
    return stack(pg={"main": pg()}, connection_pool={"main": pool("app", SERVICE, **more)})


def change_pool(bench: Workbench, name: str = "app", **values: object) -> None:
    """Change a pool as somebody else would."""
    bench.ok("PUT", f"/service/pg1/connection_pool/{name}", values)


def drift(bench: Workbench, code: int, *words: str) -> list[dict[str, object]]:
    """Return the objects of the JSON report; the exit code must be as given."""
    ran = bench.reconcile("drift", "--format", "json", *words)
    assert ran.code == code, ran.both
    report = json.loads(ran.out)
    assert (report["format"], report["drifted"]) == ("reconcile.drift/v1", code == 3)
    objects: list[dict[str, object]] = report["objects"]
    return objects


def test_nothing_recorded_is_no_drift(bench: Workbench) -> None:
    """Before the first apply there is nothing to compare."""
    bench.write(with_pool())
    assert drift(bench, 0) == []
    assert "No drift" in bench.reconcile("drift").out


def test_no_drift_after_an_apply(bench: Workbench) -> None:
    """Also when the declaration has changed since: that is a change, not drift."""
    bench.write(with_pool(pool_size=25))
    bench.apply()
    assert drift(bench, 0) == []
    bench.write(with_pool(pool_size=30))
    assert drift(bench, 0) == []


def test_each_service_is_read_once(bench: Workbench) -> None:
    """As plan does."""
    bench.write(with_pool())
    bench.apply()
    with bench.counted() as calls:
        drift(bench, 0)
    assert calls == {"GET service": 1}


def test_somebody_elses_change_is_drift(bench: Workbench) -> None:
    """What was last applied, what is live, and the place of the value."""
    bench.write(with_pool(pool_size=25))
    bench.apply()
    change_pool(bench, pool_size=40)
    [found] = drift(bench, 3)
    assert (found["address"], found["standing"]) == (POOL, "differs")
    assert found["drift"] == [
        {"path": ["pool_size"], "sensitive": False, "recorded": 25, "live": 40}
    ]
    assert found["source"]["file"] == "stack.yaml"  # type: ignore[index]


def test_what_is_declared_by_now_is_told_beside_it(bench: Workbench) -> None:
    """Three sides: 25 was applied, 40 is live, 30 is declared."""
    bench.write(with_pool(pool_size=25))
    bench.apply()
    change_pool(bench, pool_size=40)
    bench.write(with_pool(pool_size=30))
    [found] = drift(bench, 3)
    assert found["drift"] == [
        {"path": ["pool_size"], "sensitive": False, "recorded": 25, "live": 40, "declared": 30}
    ]
    bench.write(with_pool(pool_size=40))
    [found] = drift(bench, 3)
    assert found["drift"][0]["declared"] == 40  # type: ignore[index]


def test_a_default_that_was_changed_is_drift(bench: Workbench) -> None:
    """Not declared means the schema's default."""
    bench.write(with_pool())
    bench.apply()
    change_pool(bench, pool_mode="session", username="avnadmin")
    [found] = drift(bench, 3)
    assert [(d["recorded"], d["live"]) for d in found["drift"]] == [  # type: ignore[attr-defined]
        ("transaction", "session"),
        (None, "avnadmin"),
    ]


def test_gone_objects_are_drift(bench: Workbench) -> None:
    """Deleted by somebody else, declared still or not."""
    bench.write(with_pool())
    bench.apply()
    bench.ok("DELETE", "/service/pg1/connection_pool/app")
    [found] = drift(bench, 3)
    assert (found["address"], found["standing"], found["drift"]) == (POOL, "gone", [])
    bench.write(stack(pg={"main": pg()}))
    [found] = drift(bench, 3)
    assert (found["standing"], found["declared"], found["source"]) == ("gone", False, None)


def test_what_cannot_be_read_exits_4(bench: Workbench) -> None:
    """Neither drift nor none: not known."""
    bench.write(with_pool())
    bench.apply()
    bench.fault(method="GET", path=f"{bench.project}/service/pg1", status=403)
    ran = bench.reconcile("drift")
    assert ran.code == 4
    assert "2 could not be read" in ran.out
    assert "answered 403" in ran.said


def test_a_stack_with_errors_exits_1(bench: Workbench) -> None:
    """The loader's diagnostics."""
    bench.write("stack: test\nresources: {aiven_pg: {main: {plan: 4}}}\n")
    ran = bench.reconcile("drift")
    assert (ran.code, ran.out) == (1, "")


def test_what_to_type_is_said(bench: Workbench) -> None:
    """Revert or keep; drift and its places as in a plan."""
    bench.write(
        stack(
            pg={"main": pg()},
            connection_pool={
                "big": pool("big", SERVICE, pool_size=40),
                "gone": pool("gone", SERVICE),
                "main": pool("app", SERVICE, pool_size=25),
            },
        )
    )
    bench.apply()
    change_pool(bench, pool_size=40)
    change_pool(bench, "big", pool_size=30, pool_mode="session")
    bench.ok("DELETE", "/service/pg1/connection_pool/gone")
    ran = bench.reconcile("drift")
    assert ran.code == 3
    for typed in (
        "reconcile apply",
        f"reconcile accept {POOL}.pool_size",
        "reconcile accept aiven_connection_pool.big.pool_mode",
        "reconcile refresh",
    ):
        assert f"  {typed}\n" in ran.out
    assert "pool_size 25 → 40" in ran.said
    assert f"{bench.project}/pg1/gone no longer exists" in ran.said


def test_equal_drift_shares_a_row(bench: Workbench) -> None:
    """Somebody changed all pools alike: one fact with many names."""
    bench.write(stack(pg={"main": pg()}, connection_pool=many_pools(5)))
    bench.apply()
    for n in range(5):
        change_pool(bench, f"pool-{n}", pool_size=11)
    out = bench.reconcile("drift").out
    assert "aiven_connection_pool × 5" in out
    assert "p0, p1, p2, p3, p4" in out
    assert out.count("pool_size 10 → 11") == 1


@pytest.mark.parametrize("words", [["--format", "xml"], ["--nonsense"]])
def test_wrong_usage_is_64(bench: Workbench, words: list[str]) -> None:
    assert bench.reconcile("drift", *words).code == 64


def test_a_moved_resource_drifts_under_its_new_address(bench: Workbench) -> None:
    """Before the move was applied."""
    bench.write(with_pool(pool_size=25))
    bench.apply()
    change_pool(bench, pool_size=40)
    moved = stack(
        sections={"moved": [{"from": POOL, "to": "aiven_connection_pool.app"}]},
        pg={"main": pg()},
        connection_pool={"app": pool("app", SERVICE, pool_size=25)},
    )
    bench.write(moved)
    [found] = drift(bench, 3)
    assert (found["address"], found["declared"]) == ("aiven_connection_pool.app", True)
