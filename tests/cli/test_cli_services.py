"""The life of a service: plans, tags, windows, disks, protection and its many options."""

from typing import Any

import pytest
from workbench import Stack, Workbench, pg, pool, stack

MAIN = "aiven_pg.main"


def service_stack(**more: object) -> Stack:
    return stack(pg={"main": pg(**more)})


def only_change(bench: Workbench) -> dict[str, Any]:
    (change,) = [c for c in bench.plan()["changes"] if c["action"] != "no-op"]
    return dict(change)


def arrive(bench: Workbench, **attributes: object) -> None:
    """Apply a service with these attributes; its plan is empty afterwards."""
    bench.write(service_stack(**attributes))
    bench.apply()
    assert bench.changes() == {}


def test_a_service_changes_its_plan_in_place(bench: Workbench) -> None:
    """And is awaited until it runs again."""
    arrive(bench)
    bench.settings(build_delay_s=0.3)
    bench.write(service_stack(plan="business-8"))
    assert only_change(bench)["action"] == "update"
    bench.apply()
    assert (bench.service()["plan"], bench.service()["state"]) == ("business-8", "RUNNING")
    assert bench.changes() == {}


def test_tags_are_set_changed_and_taken_away(bench: Workbench) -> None:
    """All of them are ours: one that somebody added is drift."""
    arrive(bench, tags={"team": "payments", "env": "prod"})
    assert bench.ok("GET", "/service/pg1/tags")["tags"] == {"team": "payments", "env": "prod"}
    arrive(bench, tags={"team": "billing"})
    assert bench.ok("GET", "/service/pg1/tags")["tags"] == {"team": "billing"}
    bench.ok("PUT", "/service/pg1/tags", {"tags": {"team": "billing", "who": "me"}})
    assert only_change(bench)["reason"] == "drifted"
    arrive(bench)
    assert bench.ok("GET", "/service/pg1/tags")["tags"] == {}


def test_the_maintenance_window_is_the_servers_until_it_is_declared(bench: Workbench) -> None:
    """Day and time; what is no longer declared stays as it is."""
    arrive(bench)
    arrive(bench, maintenance_window_dow="sunday", maintenance_window_time="03:30:00")
    window = bench.service()["maintenance"]
    assert (window["dow"], window["time"]) == ("sunday", "03:30:00")
    bench.ok("PUT", "/service/pg1", {"maintenance": {"dow": "friday", "time": "03:30:00"}})
    assert only_change(bench)["reason"] == "drifted"
    arrive(bench)


def test_disk_space_is_compared_in_its_own_unit(bench: Workbench) -> None:
    """80GiB and 80G mean the same; more is an update in place."""
    arrive(bench, disk_space="80GiB")
    bench.write(service_stack(disk_space="80G"))
    assert bench.changes() == {}
    arrive(bench, disk_space="90GiB")
    assert bench.service()["disk_space_mb"] == 90 * 1024
    bench.write(service_stack())
    assert bench.changes() == {}


def test_a_protected_service_is_not_deleted_and_its_pools_stay(bench: Workbench) -> None:
    """The API refuses; the error says what to do; nothing is half destroyed."""
    declared = stack(
        pg={"main": pg(termination_protection=True)},
        connection_pool={"main": pool("app", "${aiven_pg.main.service_name}")},
    )
    bench.write(declared)
    bench.apply()
    ran = bench.attempt("destroy")
    assert ran.code in (1, 4), ran.both
    assert "termination_protection" in ran.both or "protected against termination" in ran.both
    assert "hint:" in ran.both
    assert bench.services() == ["pg1"]
    assert set(bench.pools()) == {"app"}
    assert set(bench.state()) == {MAIN, "aiven_connection_pool.main"}
    assert bench.changes() == {}
    declared["resources"]["aiven_pg"]["main"]["termination_protection"] = False
    bench.write(declared)
    bench.apply()
    bench.destroy()
    assert bench.services() == []


def test_options_are_set_changed_and_reset(bench: Workbench) -> None:
    """Only declared keys are ours; one that is no longer declared goes back to the server's default."""
    arrive(bench, pg_user_config={"work_mem": 64, "pgbouncer": {"server_idle_timeout": 60}})
    config = bench.service()["user_config"]
    assert (config["work_mem"], config["pgbouncer"]["server_idle_timeout"]) == (64, 60)
    arrive(bench, pg_user_config={"pg": {"jit": False}, "pgbouncer": {"server_idle_timeout": 90}})
    config = bench.service()["user_config"]
    assert (config["pg"]["jit"], config["pgbouncer"]["server_idle_timeout"]) == (False, 90)
    assert config.get("work_mem") is None
    arrive(bench, pg_user_config={"pgbouncer": {"server_idle_timeout": 90}})
    arrive(bench)
    config = bench.service()["user_config"]
    assert not config.get("pgbouncer", {}).get("server_idle_timeout")


def test_options_somebody_else_set_are_left_alone(bench: Workbench) -> None:
    """What was never declared is not drift."""
    arrive(bench, pg_user_config={"work_mem": 64})
    bench.ok("PUT", "/service/pg1", {"user_config": {"pg": {"jit": False}}})
    assert bench.changes() == {}
    bench.ok("PUT", "/service/pg1", {"user_config": {"work_mem": 32}})
    change = only_change(bench)
    assert (change["reason"], change["fields"][0]["path"]) == (
        "drifted",
        ["pg_user_config", "work_mem"],
    )
    bench.apply()
    config = bench.service()["user_config"]
    assert (config["work_mem"], config["pg"]) == (64, {"jit": False})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["10.0.0.0/8"], [{"network": "10.0.0.0/8"}]),
        (["10.0.0.0/8", "192.168.1.1/32"], ["192.168.1.1/32", "10.0.0.0/8"]),
    ],
)
def test_networks_may_be_spelled_either_way(
    bench: Workbench, one: list[object], other: list[object]
) -> None:
    """Text or object, in any order: the same networks are the same."""
    arrive(bench, pg_user_config={"ip_filter": one})
    bench.write(service_stack(pg_user_config={"ip_filter": other}))
    assert bench.changes() == {}


def test_networks_that_are_no_longer_declared_are_everybody_again(bench: Workbench) -> None:
    """As the schema says; the default the server then shows is no drift."""
    arrive(bench, pg_user_config={"ip_filter": ["10.0.0.0/8"]})
    assert bench.service()["user_config"]["ip_filter"] == ["10.0.0.0/8"]
    arrive(bench)
    assert set(bench.service()["user_config"].get("ip_filter", ["0.0.0.0/0"])) & {"0.0.0.0/0"}


def test_a_service_that_is_powered_off_stays_off(bench: Workbench) -> None:
    """An update of something else does not power it on, and is not awaited as if it did."""
    arrive(bench)
    bench.ok("PUT", "/service/pg1", {"powered": False})
    assert bench.service()["state"] == "POWEROFF"
    assert bench.changes() == {}
    bench.write(service_stack(tags={"team": "payments"}, maintenance_window_dow="sunday"))
    bench.apply()
    assert bench.service()["state"] == "POWEROFF"
    assert bench.ok("GET", "/service/pg1/tags")["tags"] == {"team": "payments"}
    assert bench.changes() == {}


def test_a_pool_on_a_service_that_is_off_says_what_to_do(bench: Workbench) -> None:
    """409: not powered on; the hint is the kind's."""
    arrive(bench)
    bench.ok("PUT", "/service/pg1", {"powered": False})
    bench.write(stack(pg={"main": pg()}, connection_pool={"main": pool("app")}))
    ran = bench.reconcile("apply", "--auto-approve")
    assert ran.code == 1, ran.both
    assert "not powered on" in ran.both
    assert "hint: power the service on" in ran.both
    assert list(bench.state()) == [MAIN]


def replica_stack(**more: object) -> Stack:
    follows = {"integration_type": "read_replica", "source_service_name": "pg1"}
    return stack(
        pg={
            "main": pg(),
            "replica": pg(
                "pg2", depends_on=["aiven_pg.main"], service_integrations=[follows], **more
            ),
        },
    )


def test_a_replica_is_made_as_such_and_cannot_become_one_later(bench: Workbench) -> None:
    """service_integrations are taken at creation only; a change of them is refused before any call."""
    bench.write(replica_stack())
    bench.apply()
    assert bench.changes() == {}
    changed = replica_stack()
    changed["resources"]["aiven_pg"]["replica"]["service_integrations"][0]["integration_type"] = (
        "disaster_recovery"
    )
    bench.write(changed)
    with bench.counted() as calls:
        ran = bench.reconcile("apply", "--auto-approve")
    assert ran.code == 4, ran.both
    assert "Can only be set when the object is made" in ran.both
    assert not [name for name in calls if not name.startswith("GET")]


def test_a_renamed_service_is_replaced_and_says_what_is_lost(bench: Workbench) -> None:
    """With its effect: the data is gone."""
    arrive(bench)
    bench.write(stack(pg={"main": pg("pg2")}))
    change = only_change(bench)
    assert change["action"] == "replace"
    assert "data-loss" in [effect["code"] for effect in change["effects"]]
    bench.apply()
    assert bench.services() == ["pg2"]


def test_an_imported_service_has_an_empty_plan(bench: Workbench) -> None:
    """Whatever the server filled in beside what is declared."""
    bench.ok("POST", "/service", {"service_name": "pg1", "service_type": "pg", "plan": "startup-4"})
    bench.write(service_stack(cloud_name="google-europe-west1"))
    assert bench.changes() == {MAIN: "refuse"}
    ran = bench.reconcile("import", MAIN, f"{bench.project}/pg1")
    assert ran.code == 0, ran.both
    assert bench.changes() == {}


def test_a_service_under_construction_is_awaited(bench: Workbench) -> None:
    """What needs it starts when it runs, not before."""
    bench.settings(build_delay_s=0.4)
    bench.write(
        stack(
            pg={"main": pg()},
            connection_pool={"main": pool("app", "${aiven_pg.main.service_name}")},
        )
    )
    bench.apply()
    assert bench.service()["state"] == "RUNNING"
    assert set(bench.pools()) == {"app"}
