"""A service of the real engine through its life: settings, power, plans, SQL past the API."""

from __future__ import annotations

import os
import signal
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from sandbox_real import Shop, happens, invariant

pytestmark = pytest.mark.real_engine


def wait_running(shop: Shop) -> None:
    assert happens(lambda: shop.service()["state"] == "RUNNING")


def test_settings_of_the_user_config_are_those_of_the_servers(shop: Shop) -> None:
    config = {
        "pg": {
            "log_min_duration_statement": 250,
            "max_stack_depth": 2097152,
            "log_line_prefix": "'%m [%p] %q[user=%u,db=%d,app=%a] '",
            "jit": False,
            "autovacuum_vacuum_scale_factor": 0.5,
        },
        "work_mem": 8,
        "pgbouncer": {
            "server_idle_timeout": 30,
            "min_pool_size": 1,
            "ignore_startup_parameters": ["extra_float_digits", "search_path"],
            "server_reset_query_always": True,
        },
    }
    shop.api.ok("PUT", shop.path, {"user_config": config})
    uri = shop.service()["service_uri"]
    found = {name: shop.ask(uri, f"SHOW {name}") for name in (*config["pg"], "work_mem")}
    assert found == {
        "log_min_duration_statement": "250ms",
        "max_stack_depth": "2MB",
        "log_line_prefix": "%m [%p] %q[user=%u,db=%d,app=%a] ",
        "jit": "off",
        "autovacuum_vacuum_scale_factor": "0.5",
        "work_mem": "8MB",
    }
    console = {row["key"]: row["value"] for row in shop.console("SHOW CONFIG")}
    assert (console["server_idle_timeout"], console["min_pool_size"]) == ("30", "1")
    assert console["server_reset_query_always"] == "1"
    shop.api.ok(
        "PUT", shop.path, {"user_config": {"pg": None, "work_mem": None, "pgbouncer": None}}
    )
    assert shop.ask(uri, "SHOW work_mem") == "4MB"
    assert shop.ask(uri, "SHOW jit") == "on"
    console = {row["key"]: row["value"] for row in shop.console("SHOW CONFIG")}
    assert (console["server_idle_timeout"], console["min_pool_size"]) == ("600", "0")


def test_setting_that_needs_a_restart_has_one_and_pooled_clients_stay(shop: Shop) -> None:
    uri = shop.pool("through-restart")
    with shop.connect(uri) as session:
        session.execute("SELECT 1")
        body = {"user_config": {"pg": {"max_worker_processes": 9}}}
        shop.api.ok("PUT", shop.path, body)
        assert session.execute("SHOW max_worker_processes").fetchone() == ("9",)


def test_setting_the_database_does_not_take_is_refused_and_nothing_changes(shop: Shop) -> None:
    before = shop.service()
    body = {"user_config": {"pg": {"timezone": "Mars/Olympus"}, "work_mem": 9}}
    answer = shop.api.call("PUT", shop.path, body)
    assert (answer.status_code, "timezone" in answer.text) == (503, True)
    after = shop.service()
    assert after == before
    assert shop.ask(after["service_uri"], "SHOW work_mem") == "4MB"


def test_powered_off_service_listens_nowhere_and_comes_back_with_its_data(shop: Shop) -> None:
    shop.user("sleeper")
    uri = shop.pool("asleep", username="sleeper")
    before = shop.service()
    with shop.connect(before["service_uri"]) as session:
        session.execute("CREATE TABLE kept AS SELECT 42 AS n")
    shop.api.ok("PUT", shop.path, {"powered": False})
    shop.api.settle()
    for one in (uri, before["service_uri"]):
        with pytest.raises(psycopg.OperationalError):
            shop.connect(one)
    shop.api.ok("PUT", shop.path, {"powered": True})
    wait_running(shop)
    after = shop.service()
    assert after["service_uri"] == before["service_uri"]
    assert shop.ask(after["service_uri"], "SELECT n FROM kept") == 42
    assert shop.ask(uri, "SELECT current_user") == "sleeper"
    invariant(shop)


def test_new_plan_brings_its_connections_and_pooled_clients_stay(shop: Shop) -> None:
    uri = shop.pool("moving")
    with shop.connect(uri) as session:
        assert session.execute("SHOW max_connections").fetchone() == ("100",)
        moved = shop.api.ok("PUT", shop.path, {"plan": "startup-16"})["service"]
        assert moved["state"] == "REBALANCING"
        # A write while nodes are replaced waits for them, and counts.
        shop.pool("while-moving")
        wait_running(shop)
        assert session.execute("SHOW max_connections").fetchone() == ("400",)
    console = {row["key"]: row["value"] for row in shop.console("SHOW CONFIG")}
    assert console["max_client_conn"] == "8001"  # one is the engine's own
    shop.api.ok("PUT", shop.path, {"plan": "startup-4"})
    wait_running(shop)
    console = {row["key"]: row["value"] for row in shop.console("SHOW CONFIG")}
    assert console["max_client_conn"] == "5001"
    invariant(shop)


def test_users_may_replicate_when_they_are_allowed_to(shop: Shop) -> None:
    password = shop.user("replica")
    service = shop.service()
    part = service["components"][0]
    login = {
        "host": part["host"], "port": part["port"], "user": "replica", "password": password,
        "dbname": "defaultdb", "sslmode": "require", "replication": "database",
    }  # fmt: skip

    def identify() -> object:
        with psycopg.connect(**login, autocommit=True, cursor_factory=psycopg.ClientCursor) as one:
            return one.execute("IDENTIFY_SYSTEM").fetchone()

    with pytest.raises(psycopg.OperationalError, match="replication"):
        identify()
    may = {"operation": "set-access-control", "access_control": {"pg_allow_replication": True}}
    shop.api.ok("PUT", f"{shop.path}/user/replica", may)
    assert identify()
    invariant(shop)


def test_admin_may_make_things_but_is_no_superuser(shop: Shop) -> None:
    uri = shop.service()["service_uri"]
    with shop.connect(uri) as session:
        session.execute("CREATE ROLE helper NOLOGIN")
        session.execute("DROP ROLE helper")
        session.execute("CREATE SCHEMA mine")
        session.execute("DROP SCHEMA mine")
        row = session.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        assert row.fetchone() == (False,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("ALTER SYSTEM SET work_mem = '1MB'")


def test_what_is_made_by_sql_shows_at_the_api(shop: Shop) -> None:
    with shop.connect(shop.service()["service_uri"]) as session:
        session.execute("CREATE DATABASE by_sql")
        session.execute("CREATE ROLE hand LOGIN PASSWORD 'made-by-hand'")
        service = shop.service()
        assert "by_sql" in service["databases"]
        assert {u["username"]: u["password"] for u in service["users"]}["hand"] == ""
        uri = shop.pool("on-sql", database="by_sql", username="hand")
        uri = uri.replace("hand:@", "hand:made-by-hand@")
        assert shop.ask(uri, "SELECT current_user || current_database()") == "handby_sql"
        shop.api.ok("DELETE", f"{shop.path}/connection_pool/on-sql")
        session.execute("DROP DATABASE by_sql WITH (FORCE)")
        session.execute("DROP ROLE hand")
    service = shop.service()
    assert "by_sql" not in service["databases"]
    assert "hand" not in {user["username"] for user in service["users"]}
    invariant(shop)


def test_password_changed_by_sql_is_shown_no_more_and_works_in_pools(shop: Shop) -> None:
    """Aiven shows an empty one too, once it notices."""
    shop.user("rebel")
    uri = shop.pool("rebel", username="rebel")
    with shop.connect(shop.service()["service_uri"]) as session:
        session.execute("ALTER ROLE rebel PASSWORD 'own-choice'")
    user = shop.api.ok("GET", f"{shop.path}/user/rebel")["user"]
    assert user["password"] == ""
    chosen = uri.replace(uri[uri.index("rebel:") : uri.index("@")], "rebel:own-choice")
    assert shop.ask(chosen, "SELECT current_user") == "rebel"
    shop.api.ok("PUT", f"{shop.path}/user/rebel/credentials/reset")
    assert shop.ask(shop.uri("rebel"), "SELECT current_user") == "rebel"


@pytest.mark.parametrize("program", ["postgres", "pgbouncer"])
def test_daemon_that_is_killed_is_started_again(shop: Shop, program: str) -> None:
    uri = shop.pool(f"after-{program}")
    pid = daemon(shop, program)
    os.kill(pid, signal.SIGKILL)

    def is_back() -> bool:
        try:
            return shop.ask(uri, "SELECT 1") == 1
        except psycopg.OperationalError:
            return False

    assert happens(is_back, 15)
    assert daemon(shop, program) != pid
    invariant(shop)


def daemon(shop: Shop, program: str) -> int:
    """Return the pid of the shop's postmaster or pooler."""
    folder = str(shop.folder())
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        is_it = words[0].endswith(f"/{program}".encode())
        if is_it and any(word.startswith(folder.encode()) for word in words):
            return int(entry.name)
    raise AssertionError(f"no {program} in {folder}")


@pytest.mark.parametrize("component", ["pg", "pgbouncer"])
def test_service_whose_port_is_taken_is_not_called_running(shop: Shop, component: str) -> None:
    """PgBouncer 1.18 runs on without its port, and would answer to nobody."""
    ports = {part["component"]: part["port"] for part in shop.service()["components"]}
    shop.api.ok("PUT", shop.path, {"powered": False})
    shop.api.settle()
    with socket.socket() as thief:
        # Our own hold on the port keeps out whoever does not ask for this.
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        thief.bind(("127.0.0.1", ports[component]))
        thief.listen()
        shop.api.ok("PUT", shop.path, {"powered": True})
        assert happens(lambda: any(one["problem"] for one in shop.api.running().values()), 20)
        assert shop.api.ok("GET", shop.path)["service"]["state"] == "REBUILDING"
    wait_running(shop)
    assert all(not one["problem"] for one in shop.api.running().values())
    invariant(shop)


def test_two_hundred_clients_wait_for_their_turn_on_one_connection(shop: Shop) -> None:
    uri = shop.pool("crowd", pool_size=1)
    with ExitStack() as stack:
        sessions = [stack.enter_context(shop.connect(uri)) for _ in range(200)]
        begun = time.monotonic()
        assert {s.execute("SELECT pg_backend_pid()").fetchone() for s in sessions} != set()
        assert time.monotonic() - begun < 10
        row = next(one for one in shop.console("SHOW POOLS") if one["database"] == "crowd")
        assert row["cl_active"] == 200
