"""The user_config of a service: merged, reset, refused."""

from __future__ import annotations

import pytest
from sandbox_api import Api


def test_user_config_is_merged_key_by_key_and_null_resets(api: Api, pg: str) -> None:
    def put(config: object) -> object:
        return api.ok("PUT", pg, {"user_config": config})["service"]["user_config"]

    put({"pg": {"log_min_duration_statement": 5, "idle_in_transaction_session_timeout": 7}})
    put({"pg": {"log_min_duration_statement": None}, "work_mem": 4, "ip_filter": ["10.0.0.0/8"]})
    assert put({"pgbouncer": {"min_pool_size": 1}}) == {
        "ip_filter": ["10.0.0.0/8"],
        "pg": {"idle_in_transaction_session_timeout": 7},
        "pg_version": "17",
        "pgbouncer": {"min_pool_size": 1},
        "work_mem": 4,
    }
    assert put({"pg": None, "pgbouncer": None, "work_mem": None, "ip_filter": None}) == {
        "ip_filter": ["0.0.0.0/0", "::/0"],
        "pg_version": "17",
    }


@pytest.mark.parametrize(
    ("config", "place"),
    [
        ({"nonsense": 1}, "nonsense"),
        ({"work_mem": "4"}, "user_config.work_mem"),
        ({"work_mem": 100000}, "user_config.work_mem"),
        ({"pgbouncer": {"autodb_pool_mode": "never"}}, "user_config.pgbouncer.autodb_pool_mode"),
        ({"pgbouncer": {"nonsense": 1}}, "nonsense"),
        ({"pg": 3}, "user_config.pg"),
        ({"ip_filter": [{"description": "no network"}]}, "user_config.ip_filter.0"),
        ({"migration": {"port": 5432}}, "user_config.migration"),
        ({"admin_username": "late"}, "user_config.admin_username"),
        ({"pg_version": "16"}, "user_config.pg_version"),
    ],
)
def test_wrong_user_config_is_refused_with_its_path(
    api: Api, pg: str, config: object, place: str
) -> None:
    before = api.service(pg)
    assert place in api.refused(400, "PUT", pg, {"user_config": config, "plan": "startup-8"})
    assert api.service(pg) == before


def test_version_goes_up_only(api: Api) -> None:
    old = {"service_name": "x", "service_type": "pg", "plan": "hobbyist"}
    old_version = old | {"user_config": {"pg_version": "12"}}
    text = "Service 'pg' version '12' has reached end of availability and cannot be created"
    assert api.refused(400, "POST", f"{api.path}/service", old_version) == text
    pg = api.create_service(user_config={"pg_version": "15"})
    api.ok("PUT", pg, {"user_config": {"pg_version": "16"}})
    assert api.service(pg)["metadata"]["pg_version"] == "16"
    assert "15" in api.refused(400, "PUT", pg, {"user_config": {"pg_version": "15"}})
