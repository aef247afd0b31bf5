"""What a service holds: databases, users, connection pools."""

from __future__ import annotations

import pytest
from sandbox_api import Api


def pools(api: Api, pg: str) -> dict[str, dict[str, object]]:
    return {pool["pool_name"]: pool for pool in api.service(pg)["connection_pools"]}


def password(api: Api, pg: str, user: str) -> str:
    return str(api.ok("GET", f"{pg}/user/{user}")["user"]["password"])


# Databases


def test_database_is_listed_with_its_locale(api: Api, pg: str) -> None:
    """The Terraform provider compares the locales after an import."""
    api.ok("POST", f"{pg}/db", {"database": "a", "lc_collate": "C"})
    assert api.ok("GET", f"{pg}/db?limit=999") == {
        "databases": [
            {"database_name": "a", "lc_collate": "C", "lc_ctype": "en_US.UTF-8"},
            {
                "database_name": "defaultdb",
                "lc_collate": "en_US.UTF-8",
                "lc_ctype": "en_US.UTF-8",
            },
        ]
    }


def test_pages_hold_every_database_once(api: Api, pg: str) -> None:
    wanted = sorted([*(f"db{number}" for number in range(11)), "defaultdb"])
    for name in wanted:
        if name != "defaultdb":
            api.ok("POST", f"{pg}/db", {"database": name})
    seen, cursor, pages = [], "", 0
    while True:
        page = api.ok("GET", f"{pg}/db?maxItems=5&after={cursor}")
        seen += [entry["database_name"] for entry in page["databases"]]
        pages += 1
        cursor = page.get("next", "")
        if not cursor:
            break
    assert (seen, pages) == (wanted, 3)


@pytest.mark.parametrize("size", ["0", "251", "x", "-1", "", "1e2"])
def test_page_size_has_limits(api: Api, pg: str, size: str) -> None:
    assert "maxItems" in api.refused(400, "GET", f"{pg}/db?maxItems={size}")


def test_database_refusals(api: Api, pg: str) -> None:
    assert "already exists" in api.refused(409, "POST", f"{pg}/db", {"database": "defaultdb"})
    assert api.code("DELETE", f"{pg}/db/nope") == (404, "database_not_found")
    for wrong in ("", "-a", "a" * 41, "a b", 'a"b', "a\n", 3, None):
        assert api.code("POST", f"{pg}/db", {"database": wrong})[0] == 400, wrong
    assert api.code("POST", f"{pg}/db", {"database": "a", "owner": "me"})[0] == 400


def test_database_under_a_pool_cannot_be_dropped(api: Api, pg: str) -> None:
    api.ok("POST", f"{pg}/db", {"database": "a"})
    api.ok("POST", f"{pg}/connection_pool", {"pool_name": "p", "database": "a"})
    assert "'p'" in api.refused(409, "DELETE", f"{pg}/db/a")
    api.ok("DELETE", f"{pg}/connection_pool/p")
    api.ok("DELETE", f"{pg}/db/a")
    assert api.service(pg)["databases"] == ["defaultdb"]


# Users


def test_user_is_created_with_a_password_and_listed_with_the_service(api: Api, pg: str) -> None:
    made = api.ok("POST", f"{pg}/user", {"username": "u"})["user"]
    assert made["password"].startswith("AVNS_")
    assert made["type"] == "regular"
    assert made["access_control"] == {"pg_allow_replication": False}
    assert api.ok("GET", f"{pg}/user/u?include_secrets=true")["user"] == made
    assert api.service(pg)["users"][1] == made


def test_password_is_reset_in_four_ways(api: Api, pg: str) -> None:
    """The answer is the whole service, not the user."""
    api.ok("POST", f"{pg}/user", {"username": "u"})
    seen = [password(api, pg, "u")]
    chosen = {"operation": "reset-credentials", "new_password": "correct-horse"}
    for path, body in (
        ("/user/u", {"operation": "reset-credentials"}),
        ("/user/u", chosen),
        ("/user/u/credentials/reset", None),
        ("/credentials/reset", None),
    ):
        assert api.ok("PUT", pg + path, body)["service"]["service_name"] == "pg1"
        seen.append(password(api, pg, "u"))
    assert len(set(seen)) == 5
    assert seen[2] == "correct-horse"


def test_masked_password_sent_back_overwrites_nothing(api: Api, pg: str) -> None:
    before = password(api, pg, "avnadmin")
    body = {"operation": "reset-credentials", "new_password": "<redacted>"}
    api.ok("PUT", f"{pg}/user/avnadmin", body)
    assert password(api, pg, "avnadmin") == before


def test_replication_is_set_by_access_control(api: Api, pg: str) -> None:
    may = {"access_control": {"pg_allow_replication": True}}
    assert api.ok("POST", f"{pg}/user", {"username": "u", **may})["user"]["access_control"] == {
        "pg_allow_replication": True
    }
    body = {"operation": "set-access-control", "access_control": {"pg_allow_replication": False}}
    api.ok("PUT", f"{pg}/user/u", body)
    user = api.ok("GET", f"{pg}/user/u")["user"]
    assert user["access_control"] == {"pg_allow_replication": False}
    assert api.code("PUT", f"{pg}/user/avnadmin", body) == (403, "permission_denied")


def test_user_refusals(api: Api, pg: str) -> None:
    assert "already exists" in api.refused(409, "POST", f"{pg}/user", {"username": "avnadmin"})
    assert api.code("POST", f"{pg}/user", {"username": "postgres"}) == (400, "username_is_reserved")
    assert api.code("GET", f"{pg}/user/nope") == (404, "user_not_found")
    assert api.code("DELETE", f"{pg}/user/nope") == (404, "user_not_found")
    assert api.code("DELETE", f"{pg}/user/avnadmin")[0] == 403
    for wrong in ("", "-a", "a" * 65, "a b", "a\n", 3):
        assert api.code("POST", f"{pg}/user", {"username": wrong})[0] == 400, wrong
    for body in ({}, {"operation": "x"}, {"operation": "reset-credentials", "new_password": "7"}):
        assert api.code("PUT", f"{pg}/user/avnadmin", body)[0] == 400, body


def test_user_a_pool_is_pinned_to_cannot_be_deleted(api: Api, pg: str) -> None:
    api.ok("POST", f"{pg}/user", {"username": "u"})
    body = {"pool_name": "p", "database": "defaultdb", "username": "u"}
    api.ok("POST", f"{pg}/connection_pool", body)
    assert "'p'" in api.refused(409, "DELETE", f"{pg}/user/u")
    api.ok("PUT", f"{pg}/connection_pool/p", {"username": None})
    api.ok("DELETE", f"{pg}/user/u")


# Connection pools


def test_pool_has_defaults_and_a_uri_of_the_admin(api: Api, pg: str) -> None:
    """The path is the pool's name and the port PgBouncer's, one above the database's."""
    answer = api.ok("POST", f"{pg}/connection_pool", {"pool_name": "p", "database": "defaultdb"})
    assert answer == {"message": "created"}
    service = api.service(pg)
    ports = {part["component"]: part["port"] for part in service["components"]}
    assert ports["pgbouncer"] == ports["pg"] + 1
    host, secret = service["components"][0]["host"], password(api, pg, "avnadmin")
    assert service["connection_pools"] == [
        {
            "connection_uri": f"postgres://avnadmin:{secret}@{host}:{ports['pgbouncer']}/p"
            "?sslmode=require",
            "database": "defaultdb",
            "pool_mode": "transaction",
            "pool_name": "p",
            "pool_size": 10,
            "username": None,
        }
    ]


def test_pinned_pool_has_a_uri_of_its_user_with_the_current_password(api: Api, pg: str) -> None:
    api.ok("POST", f"{pg}/user", {"username": "u"})
    body = {"pool_name": "p", "database": "defaultdb", "username": "u"}
    api.ok("POST", f"{pg}/connection_pool", body)
    reset = {"operation": "reset-credentials", "new_password": "a/b:c@d e"}
    api.ok("PUT", f"{pg}/user/u", reset)
    uri = str(pools(api, pg)["p"]["connection_uri"])
    assert uri.startswith("postgres://u:a%2Fb%3Ac%40d%20e@")


def test_update_changes_what_it_names_and_only_null_unpins(api: Api, pg: str) -> None:
    api.ok("POST", f"{pg}/user", {"username": "u"})
    api.ok("POST", f"{pg}/db", {"database": "a"})
    body = {"pool_name": "p", "database": "defaultdb", "username": "u"}
    api.ok("POST", f"{pg}/connection_pool", body)

    def put(change: object) -> tuple[object, ...]:
        api.ok("PUT", f"{pg}/connection_pool/p", change)
        pool = pools(api, pg)["p"]
        return pool["database"], pool["pool_mode"], pool["pool_size"], pool["username"]

    assert put({}) == ("defaultdb", "transaction", 10, "u")
    assert put({"pool_size": 3}) == ("defaultdb", "transaction", 3, "u")
    assert put({"username": None, "pool_mode": "session"}) == ("defaultdb", "session", 3, None)
    assert put({"username": "u", "database": "a"}) == ("a", "session", 3, "u")


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"pool_name": "taken"}, (409, "pg_pool_already_exists")),
        ({"database": "nope"}, (400, "pg_pool_invalid_database")),
        ({"username": "nope"}, (403, "")),
        ({"pool_name": "pgbouncer"}, (400, "pg_pool_invalid_name")),
        ({"pool_name": "a b"}, (400, "pg_pool_invalid_name")),
        ({"pool_name": "a\n"}, (400, "pg_pool_invalid_name")),
        ({"pool_name": "p" * 64}, (400, "")),
        ({"pool_size": 0}, (400, "")),
        ({"pool_size": 10001}, (400, "")),
        ({"pool_size": "10"}, (400, "")),
        ({"pool_size": True}, (400, "")),
        ({"pool_mode": "never"}, (400, "")),
        ({"pool_mode": None}, (400, "")),
        ({"colour": "red"}, (400, "")),
    ],
)
def test_wrong_pool_is_refused_and_not_made(
    api: Api, pg: str, change: dict[str, object], answer: tuple[int, str]
) -> None:
    api.ok("POST", f"{pg}/connection_pool", {"pool_name": "taken", "database": "defaultdb"})
    body = {"pool_name": "p", "database": "defaultdb", **change}
    assert api.code("POST", f"{pg}/connection_pool", body) == answer
    assert list(pools(api, pg)) == ["taken"]
    if "pool_name" not in change:
        before = pools(api, pg)
        assert api.code("PUT", f"{pg}/connection_pool/taken", change) == answer
        assert pools(api, pg) == before


def test_texts_of_pool_refusals_are_the_recorded_ones(api: Api, pg: str) -> None:
    body = {"pool_name": "p", "database": "defaultdb", "username": "who"}
    text = "Service database username who does not exist"
    assert api.refused(403, "POST", f"{pg}/connection_pool", body) == text
    api.ok("POST", f"{pg}/connection_pool", {"pool_name": "p", "database": "defaultdb"})
    assert "already exists" in api.refused(409, "POST", f"{pg}/connection_pool", body)
    assert api.code("PUT", f"{pg}/connection_pool/nope", {}) == (404, "pg_pool_not_found")
    assert api.code("DELETE", f"{pg}/connection_pool/nope") == (404, "pg_pool_not_found")


@pytest.mark.parametrize("plan", ["hobbyist", "free-1-5gb"])
def test_small_plans_have_no_pools(api: Api, plan: str) -> None:
    pg = api.create_service(plan=plan)
    body = {"pool_name": "p", "database": "defaultdb"}
    text = "Current service plan does not include the connection pooling option. "
    assert api.refused(403, "POST", f"{pg}/connection_pool", body).startswith(text)


def test_pools_may_be_held_to_the_connections_of_the_plan(api: Api, pg: str) -> None:
    body = {"database": "defaultdb", "pool_size": 60}
    api.ok("POST", f"{pg}/connection_pool", {"pool_name": "a", **body})
    api.hook("PUT", "settings", {"enforce_pool_limit": True})
    b = {"pool_name": "b", **body}
    assert api.code("POST", f"{pg}/connection_pool", b) == (400, "pg_pool_too_big")
    api.ok("PUT", f"{pg}/connection_pool/a", {"pool_size": 100})
    api.hook("PUT", "settings", {"enforce_pool_limit": False})
    api.ok("POST", f"{pg}/connection_pool", b)
