"""The life of a connection pool, with and without a user, through the command line and the real API."""

import pytest
from workbench import Stack, Workbench, database, pg, pool, stack, user

POOL = "aiven_connection_pool.main"


def pool_stack(name: str = "app", **more: object) -> Stack:
    """A service with a database, a user and one pool that refers to each."""
    return stack(
        pg={"main": pg()},
        pg_database={"main": database("orders", "${aiven_pg.main.service_name}")},
        pg_user={"app": user("app_user", "${aiven_pg.main.service_name}")},
        connection_pool={
            "main": pool(
                name,
                "${aiven_pg.main.service_name}",
                "${aiven_pg_database.main.database_name}",
                **more,
            )
        },
    )


BY_REFERENCE = "${aiven_pg_user.app.username}"


@pytest.mark.parametrize("username", [None, BY_REFERENCE, "app_user", "avnadmin"])
def test_a_pool_is_made_grown_and_destroyed(bench: Workbench, username: str | None) -> None:
    """25 → 42 in place, whoever its clients run as; every plan after an apply is empty."""
    pin = {} if username is None else {"username": username}
    pinned = "app_user" if username == BY_REFERENCE else username
    bench.write(pool_stack(pool_size=25, **pin))
    assert bench.changes() == {
        POOL: "create",
        "aiven_pg.main": "create",
        "aiven_pg_database.main": "create",
        "aiven_pg_user.app": "create",
    }
    bench.apply()
    assert bench.changes() == {}
    made = bench.pools()["app"]
    assert (made["pool_size"], made["pool_mode"], made["username"], made["database"]) == (
        25,
        "transaction",
        pinned,
        "orders",
    )

    bench.write(pool_stack(pool_size=42, **pin))
    assert bench.changes() == {POOL: "update"}
    bench.apply()
    assert bench.changes() == {}
    assert bench.pools()["app"] == {
        **made,
        "pool_size": 42,
        "connection_uri": made["connection_uri"],
    }

    bench.destroy()
    assert bench.services() == []
    assert bench.state() == {}


def test_defaults_are_sent_and_are_not_drift(bench: Workbench) -> None:
    """What is not declared is the schema's default."""
    bench.write(pool_stack())
    bench.apply()
    made = bench.pools()["app"]
    assert (made["pool_size"], made["pool_mode"], made["username"]) == (10, "transaction", None)
    bench.write(pool_stack(pool_size=10, pool_mode="transaction"))
    assert bench.changes() == {}


def test_a_removed_attribute_goes_back_to_its_default(bench: Workbench) -> None:
    """pool_size and pool_mode have one; both are sent."""
    bench.write(pool_stack(pool_size=3, pool_mode="session"))
    bench.apply()
    bench.write(pool_stack())
    bench.apply()
    made = bench.pools()["app"]
    assert (made["pool_size"], made["pool_mode"]) == (10, "transaction")
    assert bench.changes() == {}


def test_a_pool_is_unpinned_when_its_username_is_removed(bench: Workbench) -> None:
    """null is sent, so that it is unpinned at the API; the Terraform provider cannot do that."""
    bench.write(pool_stack(username=BY_REFERENCE))
    bench.apply()
    assert bench.pools()["app"]["username"] == "app_user"
    bench.write(pool_stack())
    (change,) = [c for c in bench.plan()["changes"] if c["address"] == POOL]
    assert [(f["path"], f["before"], f["after"]) for f in change["fields"]] == [
        (["username"], "app_user", None)
    ]
    bench.apply()
    assert bench.pools()["app"]["username"] is None
    assert bench.changes() == {}


def test_a_username_pinned_by_hand_is_drift(bench: Workbench) -> None:
    """Not declared means unset, so somebody's pin is reverted."""
    bench.write(pool_stack())
    bench.apply()
    bench.ok("PUT", "/service/pg1/connection_pool/app", {"username": "avnadmin"})
    assert bench.reconcile("plan", "--detailed-exitcode").code == 3
    bench.apply()
    assert bench.pools()["app"]["username"] is None


def test_a_renamed_pool_is_replaced(bench: Workbench) -> None:
    """The old name is gone, the new one has what the old one had."""
    bench.write(pool_stack(pool_size=25))
    bench.apply()
    bench.write(pool_stack("app-v2", pool_size=25))
    assert bench.changes() == {POOL: "replace"}
    bench.apply()
    assert set(bench.pools()) == {"app-v2"}
    assert bench.pools()["app-v2"]["pool_size"] == 25
    assert bench.state()[POOL]["identity"] == f"{bench.project}/pg1/app-v2"
    assert bench.changes() == {}


def test_a_pool_for_another_database_is_replaced(bench: Workbench) -> None:
    """database_name is fixed by default although the API could change it."""
    bench.write(pool_stack())
    bench.apply()
    changed = pool_stack()
    changed["resources"]["aiven_connection_pool"]["main"]["database_name"] = "defaultdb"
    bench.write(changed)
    assert bench.changes() == {POOL: "replace"}
    bench.apply()
    assert bench.pools()["app"]["database"] == "defaultdb"
    assert bench.changes() == {}


def test_a_pool_removed_outside_is_planned_and_made_again(bench: Workbench) -> None:
    """Reason: deleted outside."""
    bench.write(pool_stack(pool_size=25))
    bench.apply()
    bench.ok("DELETE", "/service/pg1/connection_pool/app")
    (change,) = [c for c in bench.plan()["changes"] if c["action"] != "no-op"]
    assert (change["address"], change["action"], change["reason"]) == (
        POOL,
        "create",
        "deleted outside",
    )
    bench.apply()
    assert bench.pools()["app"]["pool_size"] == 25
    assert bench.changes() == {}


def test_children_of_a_service_that_is_gone_are_planned_again(bench: Workbench) -> None:
    """Service gone, so are its database, user and pool; all four come back."""
    bench.write(pool_stack(username=BY_REFERENCE))
    bench.apply()
    bench.ok("DELETE", "/service/pg1")
    plan = bench.plan()
    assert {(c["action"], c["reason"]) for c in plan["changes"]} == {("create", "deleted outside")}
    assert len(plan["changes"]) == 4
    bench.apply()
    assert bench.pools()["app"]["username"] == "app_user"
    assert bench.changes() == {}


def test_refresh_forgets_what_is_gone(bench: Workbench) -> None:
    """It changes nothing at the API; the next plan creates as if it had never been."""
    bench.write(pool_stack())
    bench.apply()
    bench.ok("DELETE", "/service/pg1/connection_pool/app")
    assert bench.reconcile("refresh").code == 0
    assert POOL not in bench.state()
    (change,) = [c for c in bench.plan()["changes"] if c["action"] != "no-op"]
    assert (change["action"], change["reason"]) == ("create", "not recorded")


def test_a_changed_pool_is_shown_as_drift_and_reverted(bench: Workbench) -> None:
    """Exit 3: only drift. The plan says what was applied and what is live."""
    bench.write(pool_stack(pool_size=25))
    bench.apply()
    bench.ok("PUT", "/service/pg1/connection_pool/app", {"pool_size": 40})
    ran = bench.reconcile("plan", "--detailed-exitcode")
    assert ran.code == 3
    assert "pool_size 40 → 25" in ran.out
    (change,) = [c for c in bench.plan()["changes"] if c["action"] != "no-op"]
    assert (change["reason"], change["drift"][0]["recorded"], change["drift"][0]["live"]) == (
        "drifted",
        25,
        40,
    )
    bench.apply()
    assert bench.pools()["app"]["pool_size"] == 25


def test_live_that_is_already_as_declared_only_brings_the_record_up_to_date(
    bench: Workbench,
) -> None:
    """Somebody made the change by hand before it was declared: no write is sent."""
    bench.write(pool_stack(pool_size=25))
    bench.apply()
    bench.ok("PUT", "/service/pg1/connection_pool/app", {"pool_size": 42})
    bench.write(pool_stack(pool_size=42))
    with bench.counted() as calls:
        bench.apply()
    assert calls == {"GET service": 1}
    assert bench.state()[POOL]["attributes"]["pool_size"] == 42
    assert bench.changes() == {}


@pytest.mark.parametrize("username", [None, BY_REFERENCE])
def test_an_imported_pool_has_an_empty_plan(bench: Workbench, username: str | None) -> None:
    """Recorded by its id; before that it is refused, because somebody else may have made it."""
    pin = {} if username is None else {"username": username}
    bench.write(pool_stack(pool_size=25, **pin))
    bench.apply()
    assert bench.reconcile("state", "rm", POOL).code == 0
    assert bench.changes() == {POOL: "refuse"}
    refused = bench.reconcile("apply", "--auto-approve")
    assert refused.code == 4
    identity = f"{bench.project}/pg1/app"
    assert f"reconcile import '{POOL}' {identity}" in refused.out
    before = bench.pools()["app"]
    ran = bench.reconcile("import", POOL, identity)
    assert ran.code == 0, ran.both
    assert bench.pools()["app"] == before
    assert bench.changes() == {}


def test_what_differs_from_an_imported_pool_is_the_next_plan(bench: Workbench) -> None:
    """An import takes nothing over and changes nothing."""
    bench.write(pool_stack(pool_size=25))
    bench.apply()
    bench.reconcile("state", "rm", POOL)
    bench.write(pool_stack(pool_size=42, username="avnadmin"))
    assert bench.reconcile("import", POOL, f"{bench.project}/pg1/app").code == 0
    (change,) = [c for c in bench.plan()["changes"] if c["action"] != "no-op"]
    assert change["action"] == "update"
    assert [(f["path"], f["before"], f["after"]) for f in change["fields"]] == [
        (["pool_size"], 25, 42),
        (["username"], None, "avnadmin"),
    ]
    bench.apply()
    assert bench.changes() == {}


def test_a_pool_is_read_back_as_data(bench: Workbench) -> None:
    """By its identity; its attributes serve outputs and other resources."""
    bench.write(pool_stack(pool_size=25, username=BY_REFERENCE))
    bench.apply()
    reader = stack(
        sections={
            "data": {
                "aiven_connection_pool": {
                    "app": {
                        "project": "${vars.project}",
                        "service_name": "pg1",
                        "pool_name": "app",
                    }
                }
            },
            "outputs": {
                "size": "${data.aiven_connection_pool.app.pool_size}",
                "who": "${data.aiven_connection_pool.app.username}",
                "uri": "${data.aiven_connection_pool.app.connection_uri}",
            },
        },
        connection_pool={
            "copy": pool("copy", pool_size="${data.aiven_connection_pool.app.pool_size}")
        },
    )
    reader["stack"] = "reader"
    other = bench.folder / "reader"
    other.mkdir()
    bench.write(reader, "reader/stack.yaml")
    outputs = bench.reconcile("output", "reader", "--json")
    assert outputs.code == 0, outputs.both
    assert '"size": 25' in outputs.out
    assert '"who": "app_user"' in outputs.out
    uri = bench.pools()["app"]["connection_uri"]
    assert uri not in outputs.both
    shown = bench.reconcile("output", "reader", "--name", "uri", "--show-sensitive")
    assert shown.out == f"{uri}\n"
    bench.apply("reader")
    assert bench.pools()["copy"]["pool_size"] == 25
    assert bench.changes("reader") == {}


def test_a_protected_pool_blocks_its_deletion_and_that_of_everything(bench: Workbench) -> None:
    """prevent_destroy: exit 4, nothing is touched, also when the declaration is gone."""
    bench.write(pool_stack(lifecycle={"prevent_destroy": True}))
    bench.apply()
    bench.destroy(code=4)
    renamed = pool_stack("app-v2", lifecycle={"prevent_destroy": True})
    bench.write(renamed)
    bench.apply(code=4)
    without = pool_stack()
    del without["resources"]["aiven_connection_pool"]
    bench.write(without)
    bench.apply(code=4)
    assert set(bench.pools()) == {"app"}


def test_a_pool_no_longer_declared_is_deleted(bench: Workbench) -> None:
    """With its database and user, each before what it refers to; the service stays."""
    bench.write(pool_stack(username=BY_REFERENCE))
    bench.apply()
    bench.write(stack(pg={"main": pg()}))
    assert bench.changes() == {
        POOL: "delete",
        "aiven_pg_database.main": "delete",
        "aiven_pg_user.app": "delete",
    }
    bench.apply()
    assert bench.pools() == {}
    assert bench.service()["databases"] == ["defaultdb"]
    assert list(bench.users()) == ["avnadmin"]
    assert list(bench.state()) == ["aiven_pg.main"]


def test_a_user_is_let_go_of_before_it_is_deleted(bench: Workbench) -> None:
    """The API refuses to delete a user that a pool is pinned to, so the pool is changed first."""
    bench.write(pool_stack(username=BY_REFERENCE))
    bench.apply()
    without = pool_stack()
    del without["resources"]["aiven_pg_user"]
    bench.write(without)
    assert bench.changes() == {POOL: "update", "aiven_pg_user.app": "delete"}
    bench.apply()
    assert bench.pools()["app"]["username"] is None
    assert list(bench.users()) == ["avnadmin"]


def test_a_service_that_is_replaced_takes_its_children_along(bench: Workbench) -> None:
    """They vanish with it and are made again on the new one, without a call to delete each."""
    bench.write(pool_stack(pool_size=25, username=BY_REFERENCE))
    bench.apply()
    renamed = pool_stack(pool_size=25, username=BY_REFERENCE)
    renamed["resources"]["aiven_pg"]["main"]["service_name"] = "pg2"
    bench.write(renamed)
    assert set(bench.changes().values()) == {"replace"}
    with bench.counted() as calls:
        bench.apply()
    assert [name for name in calls if name.startswith("DELETE")] == ["DELETE service"]
    assert bench.services() == ["pg2"]
    assert bench.pools("pg2")["app"]["pool_size"] == 25
    assert bench.changes() == {}


def test_a_pool_moves_out_of_a_service_that_is_deleted(bench: Workbench) -> None:
    """It vanishes with the old service and is made on the other one."""
    both = stack(
        pg={"old": pg(), "new": pg("pg2")},
        connection_pool={"main": pool("app", "${aiven_pg.old.service_name}")},
    )
    bench.write(both)
    bench.apply()
    bench.write(
        stack(
            pg={"new": pg("pg2")},
            connection_pool={"main": pool("app", "${aiven_pg.new.service_name}")},
        )
    )
    assert bench.changes() == {POOL: "replace", "aiven_pg.old": "delete"}
    bench.apply()
    assert bench.services() == ["pg2"]
    assert set(bench.pools("pg2")) == {"app"}
    assert bench.steps() == []


def test_a_pool_that_stays_in_a_service_that_is_deleted_is_refused(bench: Workbench) -> None:
    """Declared with a literal name, it would vanish: exit 4, and nothing is touched."""
    bench.write(stack(pg={"main": pg()}, connection_pool={"main": pool("app")}))
    bench.apply()
    bench.write(stack(connection_pool={"main": pool("app")}))
    assert bench.changes() == {POOL: "refuse", "aiven_pg.main": "delete"}
    bench.apply(code=4)
    assert set(bench.pools()) == {"app"}
