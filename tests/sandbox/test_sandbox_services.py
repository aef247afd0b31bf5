"""Services: their life, their states, their configuration."""

from __future__ import annotations

import re

import pytest
from sandbox_api import Api


def test_service_has_every_key_the_clients_cannot_do_without(api: Api, pg: str) -> None:
    """avn fails with KeyError, the Terraform provider with a nil dereference."""
    service = api.service(pg)
    needed = [
        "service_name",
        "service_type",
        "plan",
        "cloud_name",
        "state",
        "create_time",
        "update_time",
        "components",
        "users",
        "connection_pools",
        "connection_info",
        "maintenance",
        "databases",
        "backups",
        "metadata",
        "user_config",
        "service_uri",
        "service_uri_params",
        "tags",
        "tech_emails",
        "termination_protection",
        "group_list",
        "service_integrations",
        "node_states",
        "node_count",
        "disk_space_mb",
    ]
    assert [key for key in needed if key not in service] == []
    assert isinstance(service["service_uri_params"]["port"], str)
    assert isinstance(service["connection_info"]["pg_params"][0]["port"], str)
    assert all(isinstance(part["port"], int) for part in service["components"])
    assert service["metadata"]["max_connections"] == 100
    assert service["databases"] == ["defaultdb"]
    assert [user["username"] for user in service["users"]] == ["avnadmin"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", service["create_time"])
    assert service["user_config"] == {"ip_filter": ["0.0.0.0/0", "::/0"], "pg_version": "17"}


def test_new_service_is_running_with_a_backup_at_the_next_read(api: Api, pg: str) -> None:
    """Without a backup a create of the Terraform provider hangs until its timeout."""
    service = api.service(pg)
    assert service["state"] == "RUNNING"
    assert len(service["backups"]) == 1
    assert api.ok("GET", f"{pg}/backups")["backups"] == service["backups"]


def test_service_stays_rebuilding_as_long_as_it_is_told(api: Api) -> None:
    """A changed delay counts at once for what is being built."""
    api.hook("PUT", "settings", {"build_delay_s": 3600})
    pg = api.create_service()
    service = api.service(pg)
    assert service["state"] == "REBUILDING"
    assert service["service_uri"].startswith("postgres://avnadmin:")
    assert service["backups"] == []
    assert api.code("POST", f"{pg}/db", {"database": "a"}) == (409, "not_powered")
    api.hook("PUT", "settings", {"build_delay_s": 0, "backup_delay_s": 3600})
    assert (api.service(pg)["state"], api.service(pg)["backups"]) == ("RUNNING", [])
    api.hook("PUT", "settings", {"backup_delay_s": 0})
    assert len(api.service(pg)["backups"]) == 1


def test_list_holds_every_service_of_the_project(api: Api) -> None:
    api.create_service("one")
    api.create_service("two")
    listed = api.ok("GET", f"{api.path}/service?include_secrets=true&limit=999")["services"]
    assert [service["service_name"] for service in listed] == ["one", "two"]
    assert {service["state"] for service in listed} == {"RUNNING"}


def test_same_name_again_is_already_there(api: Api, pg: str) -> None:
    """The Go client takes 409 for "already there" only with these words."""
    body = {"service_name": "pg1", "service_type": "pg", "plan": "hobbyist"}
    assert "already exists" in api.refused(409, "POST", f"{api.path}/service", body)


def test_unknown_service_is_not_found_in_words_the_go_client_does_not_repeat(api: Api) -> None:
    """`Service NAME does not exist` on a POST is repeated for a minute."""
    path = f"{api.path}/service/nope"
    assert api.refused(404, "POST", f"{path}/db", {"database": "a"}) == "Service does not exist"
    assert api.code("GET", path) == (404, "service_not_found")
    assert api.code("GET", "/project/nope/service/nope") == (404, "project_not_found")


def test_deleted_service_takes_all_it_held_along(api: Api, pg: str) -> None:
    api.ok("POST", f"{pg}/db", {"database": "kept"})
    api.ok("DELETE", pg)
    assert api.code("GET", pg)[0] == 404
    api.create_service()
    assert api.service(pg)["databases"] == ["defaultdb"]


def test_protected_service_can_be_neither_deleted_nor_stopped(api: Api, pg: str) -> None:
    api.ok("PUT", pg, {"termination_protection": True})
    text = "Service is protected against termination and shutdown."
    assert api.refused(403, "DELETE", pg).startswith(text)
    assert api.refused(403, "PUT", pg, {"powered": False}).startswith(text)
    api.ok("PUT", pg, {"termination_protection": False})
    api.ok("DELETE", pg)


def test_powered_off_service_shows_what_it_has_and_takes_no_writes(api: Api, pg: str) -> None:
    api.ok("POST", f"{pg}/connection_pool", {"pool_name": "p", "database": "defaultdb"})
    off = api.ok("PUT", pg, {"powered": False})["service"]
    assert (off["state"], off["service_uri"], off["connection_info"]) == ("POWEROFF", None, {})
    assert [pool["pool_name"] for pool in off["connection_pools"]] == ["p"]
    for method, path, body in (
        ("POST", "/db", {"database": "a"}),
        ("DELETE", "/db/defaultdb", None),
        ("POST", "/user", {"username": "u"}),
        ("PUT", "/user/avnadmin", {"operation": "reset-credentials"}),
        ("PUT", "/credentials/reset", None),
        ("POST", "/connection_pool", {"pool_name": "q", "database": "defaultdb"}),
        ("PUT", "/connection_pool/p", {"pool_size": 3}),
        ("DELETE", "/connection_pool/p", None),
    ):
        assert api.code(method, pg + path, body) == (409, "not_powered"), path
    assert api.refused(503, "GET", f"{pg}/db") == "An error occurred. Please try again later."
    assert api.ok("GET", f"{pg}/user/avnadmin")["user"]["username"] == "avnadmin"
    assert api.ok("PUT", pg, {"powered": True})["service"]["state"] == "REBUILDING"
    assert api.service(pg)["state"] == "RUNNING"


def test_new_plan_rebalances_and_brings_its_figures(api: Api, pg: str) -> None:
    moved = api.ok("PUT", pg, {"plan": "business-8", "cloud": "aws-eu-west-1"})["service"]
    assert moved["state"] == "REBALANCING"
    service = api.service(pg)
    assert (service["state"], service["plan"], service["node_count"]) == (
        "RUNNING",
        "business-8",
        2,
    )
    assert service["metadata"]["max_connections"] == 200
    assert service["cloud_name"] == "aws-eu-west-1"
    assert {part["usage"] for part in service["components"]} == {"primary", "replica"}


def test_service_being_rebalanced_still_takes_writes(api: Api, pg: str) -> None:
    api.hook("PUT", "settings", {"build_delay_s": 3600})
    api.ok("PUT", pg, {"plan": "startup-8"})
    api.ok("POST", f"{pg}/db", {"database": "a"})
    assert api.service(pg)["state"] == "REBALANCING"


def test_service_not_yet_built_is_not_made_usable_by_a_new_plan(api: Api) -> None:
    api.hook("PUT", "settings", {"build_delay_s": 3600})
    pg = api.create_service()
    assert api.ok("PUT", pg, {"plan": "startup-8"})["service"]["state"] == "REBUILDING"


def test_update_with_what_is_there_changes_nothing(api: Api, pg: str) -> None:
    """avn always sends plan and user_config, the Terraform provider cloud and powered too."""
    before = api.service(pg)
    body = {
        "plan": before["plan"],
        "cloud": before["cloud_name"],
        "powered": True,
        "project_vpc_id": None,
        "user_config": {},
        "tech_emails": [],
        "termination_protection": False,
    }
    after = api.ok("PUT", f"{pg}?allow_unclean_poweroff=true&limit=999", body)["service"]
    assert after | {"update_time": ""} == before | {"update_time": ""}


def test_maintenance_is_merged(api: Api, pg: str) -> None:
    """avn may send only the day."""
    api.ok("PUT", pg, {"maintenance": {"dow": "sunday", "time": "04:05:06"}})
    api.ok("PUT", pg, {"maintenance": {"dow": "monday"}})
    window = api.service(pg)["maintenance"]
    assert window == {"dow": "monday", "time": "04:05:06", "enabled": True, "updates": []}


def test_upgrade_check_says_whether_a_version_can_be_reached(api: Api, pg: str) -> None:
    """Both forms of the body: the version beside the type, and in an object of its own."""
    up = {"task_type": "upgrade_check", "upgrade_check": {"target_version": "18"}}
    task = api.ok("POST", f"{pg}/task", up)["task"]
    assert task["success"] is True
    assert api.ok("GET", f"{pg}/task/{task['task_id']}")["task"] == task
    down = {"task_type": "upgrade_check", "target_version": "13"}
    assert api.ok("POST", f"{pg}/task", down)["task"]["success"] is False
    assert api.code("GET", f"{pg}/task/nope")[0] == 404


def test_admin_can_be_named_at_create(api: Api) -> None:
    config = {"admin_username": "boss", "admin_password": "correct-horse"}
    service = api.service(api.create_service(user_config=config))
    assert service["users"][0]["username"] == "boss"
    assert "boss:correct-horse@" in service["service_uri"]


def test_disk_stays_within_the_plan(api: Api, pg: str) -> None:
    api.ok("PUT", pg, {"disk_space_mb": 81920 + 10240})
    assert api.service(pg)["disk_space_mb"] == 92160
    for wrong in (1, 81921, 81920 * 4):
        assert "startup-4" in api.refused(400, "PUT", pg, {"disk_space_mb": wrong})
    api.ok("PUT", pg, {"disk_space_mb": 0, "plan": "startup-8"})
    assert api.service(pg)["disk_space_mb"] == 175 * 1024


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"service_name": "x", "service_type": "pg"},
        {"service_name": "X", "service_type": "pg", "plan": "hobbyist"},
        {"service_name": "x\n", "service_type": "pg", "plan": "hobbyist"},
        {"service_name": "x" * 65, "service_type": "pg", "plan": "hobbyist"},
        {"service_name": "x", "service_type": "kafka", "plan": "hobbyist"},
        {"service_name": "x", "service_type": "pg", "plan": "startup-5"},
        {"service_name": "x", "service_type": "pg", "plan": "hobbyist", "cloud": "moon-1"},
        {"service_name": "x", "service_type": "pg", "plan": "hobbyist", "colour": "red"},
        {"service_name": "x", "service_type": "pg", "plan": "hobbyist", "disk_space_mb": "9"},
        {"service_name": "x", "service_type": "pg", "plan": "hobbyist", "maintenance": {"dow": 1}},
        {
            "service_name": "x",
            "service_type": "pg",
            "plan": "hobbyist",
            "maintenance": {"time": "25:00:00"},
        },
    ],
)
def test_wrong_create_makes_nothing(api: Api, body: object) -> None:
    assert api.refused(400, "POST", f"{api.path}/service", body)
    assert api.ok("GET", f"{api.path}/service")["services"] == []


def test_create_takes_what_the_terraform_provider_sends(api: Api) -> None:
    service = api.service(
        api.create_service(
            cloud="google-europe-west1",
            disk_space_mb=81920,
            maintenance={"dow": "friday", "time": "01:00:00"},
            project_vpc_id=None,
            service_integrations=[],
            static_ips=[],
            tech_emails=[{"email": "a@example.org"}],
            termination_protection=False,
            user_config={"ip_filter": [{"network": "10.0.0.0/8", "description": "us"}]},
        )
    )
    assert service["tech_emails"] == [{"email": "a@example.org"}]
    assert service["user_config"]["ip_filter"][0]["description"] == "us"


def test_replica_needs_its_source(api: Api, pg: str) -> None:
    link = {"integration_type": "read_replica", "source_service": "pg1"}
    replica = api.service(api.create_service("replica", service_integrations=[link]))
    assert replica["service_integrations"][0]["source_service"] == "pg1"
    body = {"service_name": "r2", "service_type": "pg", "plan": "startup-4"}
    body["service_integrations"] = [link | {"source_service": "nope"}]
    assert api.code("POST", f"{api.path}/service", body)[0] == 404


def test_tags_are_replaced_by_put_and_merged_by_patch(api: Api, pg: str) -> None:
    api.ok("PUT", f"{pg}/tags", {"tags": {"a": "1", "b": "2"}})
    api.ok("PATCH", f"{pg}/tags", {"tags": {"a": None, "c": "3"}})
    assert api.ok("GET", f"{pg}/tags")["tags"] == {"b": "2", "c": "3"}
    assert api.service(pg)["tags"] == {"b": "2", "c": "3"}
    assert api.ok("PUT", f"{pg}/tags", {"tags": {}})["message"]
    assert api.ok("GET", f"{pg}/tags")["tags"] == {}


def test_maintenance_and_migration_answer_what_avn_prints(api: Api, pg: str) -> None:
    assert api.ok("PUT", f"{pg}/maintenance/start")["message"]
    assert api.ok("GET", f"{pg}/migration")["migration"]["status"] == "done"
