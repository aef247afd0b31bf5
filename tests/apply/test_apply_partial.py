"""When some steps fail: the rest is done, the state says exactly what is, the next run finishes."""

from workbench import Stack, Workbench, database, many_pools, pg, pool, stack, user

PG = "${aiven_pg.main.service_name}"
REFUSAL = {"message": "No, thanks", "errors": [{"message": "No, thanks", "status": 400}]}


def pools_at(bench: Workbench) -> set[str]:
    """The pools there are must be those that are recorded."""
    found = set(bench.pools())
    recorded = {
        one["attributes"]["pool_name"]
        for address, one in bench.state().items()
        if address.startswith("aiven_connection_pool.")
    }
    assert found == recorded
    return found


def test_one_refused_pool_does_not_hold_back_the_others(bench: Workbench) -> None:
    """Exit 6; what is done is recorded, what failed is told; the next run makes only that."""
    bench.write(stack(pg={"main": pg()}, connection_pool=many_pools(8)))
    bench.fault(method="POST", path=f"{bench.project}/.*/connection_pool", status=400, body=REFUSAL)
    ran = bench.apply(code=6)
    assert "No, thanks" in ran.said
    assert "1 failed" in ran.said
    assert len(pools_at(bench)) == 7
    assert list(bench.changes().values()) == ["create"]
    with bench.counted() as calls:
        bench.apply()
    assert calls["POST connection_pool"] == 1
    assert len(pools_at(bench)) == 8
    assert bench.steps() == []


def chain() -> Stack:
    """A database with a pool on it, and a user that nothing needs."""
    return stack(
        pg={"main": pg()},
        pg_database={"orders": database("orders", PG)},
        pg_user={"app": user("app", PG)},
        connection_pool={
            "on_it": pool("on-it", PG, "${aiven_pg_database.orders.database_name}"),
            "beside": pool("beside", PG),
        },
    )


def test_what_needs_a_failed_step_is_not_started(bench: Workbench) -> None:
    """The pool on the database that was refused waits for the next run; the rest is done."""
    bench.write(chain())
    bench.fault(method="POST", path=f"{bench.project}/.*/db$", status=400, body=REFUSAL)
    with bench.counted() as calls:
        ran = bench.apply("--json", code=6)
    assert calls["POST connection_pool"] == 1
    ends = {e.get("address"): e["event"] for e in ran.events() if e["event"] != "settle"}
    assert ends["aiven_pg_database.orders"] == "step_failed"
    assert "aiven_connection_pool.on_it" not in ends
    assert pools_at(bench) == {"beside"}
    told = bench.reconcile("plan").out
    assert "2 to create" in told
    bench.apply()
    assert bench.steps() == []


def test_not_started_is_told(bench: Workbench) -> None:
    """In the summary, with what to type to go on."""
    bench.write(chain())
    bench.fault(method="POST", path=f"{bench.project}/.*/db$", status=400, body=REFUSAL)
    ran = bench.apply(code=6)
    assert "1 not started" in ran.said
    assert "reconcile apply" in ran.out.splitlines()[-1]


def test_nothing_done_is_exit_1(bench: Workbench) -> None:
    """The first step is refused and all hang on it: nothing was changed, nothing is recorded."""
    bench.write(chain())
    bench.fault(method="POST", path=f"{bench.project}/service$", status=400, body=REFUSAL)
    with bench.counted() as calls:
        bench.apply(code=1)
    assert [call for call in calls if not call.startswith("GET")] == ["POST service"]
    assert bench.state() == {}
    bench.apply()
    assert bench.steps() == []


def test_a_refused_update_leaves_the_old_record(bench: Workbench) -> None:
    """The next plan shows the same update."""
    bench.write(stack(pg={"main": pg()}, connection_pool=many_pools(3, pool_size=5)))
    bench.apply()
    bench.write(stack(pg={"main": pg()}, connection_pool=many_pools(3, pool_size=6)))
    bench.fault(method="PUT", path="connection_pool/pool-1$", status=400, body=REFUSAL)
    bench.apply(code=6)
    sizes = {a: r["attributes"].get("pool_size") for a, r in bench.state().items()}
    assert sizes == {
        "aiven_pg.main": None,
        "aiven_connection_pool.p0": 6,
        "aiven_connection_pool.p1": 5,
        "aiven_connection_pool.p2": 6,
    }
    assert bench.changes() == {"aiven_connection_pool.p1": "update"}
    bench.apply()
    assert bench.steps() == []


def test_a_refused_deletion_keeps_the_record(bench: Workbench) -> None:
    """It is still there and still ours."""
    bench.write(stack(pg={"main": pg()}, connection_pool=many_pools(3)))
    bench.apply()
    bench.write(stack(pg={"main": pg()}))
    bench.fault(method="DELETE", path="connection_pool/pool-1$", status=400, body=REFUSAL)
    bench.apply(code=6)
    assert pools_at(bench) == {"pool-1"}
    bench.apply()
    assert pools_at(bench) == set()


def test_a_replace_cut_in_two_is_finished_by_the_next_run(bench: Workbench) -> None:
    """Deleted, and the new one refused: it is recorded as gone, and created next time."""
    bench.write(stack(pg={"main": pg()}, connection_pool={"main": pool("old")}))
    bench.apply()
    bench.write(stack(pg={"main": pg()}, connection_pool={"main": pool("new")}))
    bench.fault(method="POST", path=f"{bench.project}/.*/connection_pool", status=400, body=REFUSAL)
    bench.apply(code=6)
    assert pools_at(bench) == set()
    assert bench.changes() == {"aiven_connection_pool.main": "create"}
    bench.apply()
    assert pools_at(bench) == {"new"}


def test_a_user_whose_password_was_refused_is_recorded_without_it(bench: Workbench) -> None:
    """POST done, reset refused: the user is ours, and the next run sets the password."""
    secret = {"variables": {"password": {"type": "string", "writeOnly": True}}}
    declared = {"password_wo": "${vars.password}", "password_wo_version": 1}
    bench.write(
        stack(sections=secret, pg={"main": pg()}, pg_user={"app": user("app", PG, **declared)})
    )
    bench.fault(method="PUT", path=f"{bench.project}/.*/user/app", status=400, body=REFUSAL)
    given = {"RECONCILE_VAR_password": "canary-password-1"}
    bench.apply(code=6, **given)
    assert "aiven_pg_user.app" in bench.state()
    assert bench.changes(**given) == {"aiven_pg_user.app": "update"}
    with bench.counted() as calls:
        bench.apply(**given)
    assert "POST user" not in calls
    assert bench.users()["app"]["password"] == "canary-password-1"
    assert bench.steps(**given) == []


def test_a_destroy_that_was_partly_refused_is_finished_by_the_next(bench: Workbench) -> None:
    """Two services; one is refused once."""
    bench.write(stack(pg={"main": pg(), "other": pg("pg2")}, connection_pool=many_pools(2)))
    bench.apply()
    bench.fault(method="DELETE", path="/service/pg1$", status=400, body=REFUSAL)
    bench.destroy(code=6)
    assert bench.services() == ["pg1"]
    assert set(bench.state()) == {
        "aiven_pg.main",
        "aiven_connection_pool.p0",
        "aiven_connection_pool.p1",
    }
    bench.destroy()
    assert bench.services() == []
    assert bench.state() == {}
