"""What a pool says of itself is what PgBouncer does, seen through psycopg."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psycopg
import pytest
from sandbox_real import Shop, backends, happens, invariant

pytestmark = pytest.mark.real_engine


def test_ten_clients_of_a_transaction_pool_share_two_server_connections(shop: Shop) -> None:
    uri = shop.pool("two", pool_size=2)
    with ExitStack() as stack:
        sessions = [stack.enter_context(shop.connect(uri)) for _ in range(10)]
        assert len(backends(sessions)) == 2
    invariant(shop)


def test_pool_resized_while_in_use_drops_no_client(shop: Shop) -> None:
    uri = shop.pool("resized", pool_size=2)
    with ExitStack() as stack:
        sessions = [stack.enter_context(shop.connect(uri)) for _ in range(10)]
        assert len(backends(sessions)) == 2
        for size in (5, 1):
            body = {"pool_size": size}
            shop.api.ok("PUT", f"{shop.path}/connection_pool/resized", body)
            # Server connections above the size end a moment after they are given back.
            assert happens(lambda size=size: len(backends(sessions)) == size)
        assert all(not session.closed for session in sessions)


def test_statement_mode_refuses_a_transaction(shop: Shop) -> None:
    uri = shop.pool("statements", pool_mode="statement")
    with shop.connect(uri) as session:
        assert session.execute("SELECT 1").fetchone() == (1,)
        with pytest.raises(psycopg.Error, match="transaction blocks not allowed"):
            session.execute("BEGIN")


def test_third_client_of_a_session_pool_of_two_waits(shop: Shop) -> None:
    uri = shop.pool("sessions", pool_mode="session", pool_size=2)
    with ExitStack() as stack, ThreadPoolExecutor(1) as threads:
        first, second, third = (stack.enter_context(shop.connect(uri)) for _ in range(3))
        for session in (first, second):
            session.execute("SELECT 1")
        waiting = threads.submit(third.execute, "SELECT 1")
        time.sleep(0.3)
        assert not waiting.done()
        first.close()
        assert waiting.result(10).fetchone() == (1,)


def test_clients_of_a_deleted_pool_are_cut_and_new_ones_find_nothing(shop: Shop) -> None:
    uri = shop.pool("gone")
    other = shop.pool("stays")
    with shop.connect(uri) as session, shop.connect(other) as bystander:
        session.execute("SELECT 1")
        shop.api.ok("DELETE", f"{shop.path}/connection_pool/gone")
        with pytest.raises(psycopg.OperationalError, match=r"database removed|closed"):
            session.execute("SELECT 1")
        assert bystander.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError, match="no such database"):
        shop.connect(uri)


def test_pinned_pool_runs_as_its_user_and_refuses_all_others(shop: Shop) -> None:
    """Without rules of its own any user who has a password would come in as the forced one."""
    shop.user("pinned")
    other = shop.user("other")
    uri = shop.pool("for-pinned", username="pinned")
    assert shop.ask(uri, "SELECT current_user") == "pinned"
    host = uri.partition("@")[2]
    for login in (f"other:{other}", f"avnadmin:{shop.service()['users'][0]['password']}"):
        with pytest.raises(psycopg.OperationalError, match="rejected"):
            shop.connect(f"postgres://{login}@{host}")


def test_clients_of_a_pool_without_user_come_in_as_themselves(shop: Shop) -> None:
    """And each has a pool of the full size to itself."""
    uri = shop.pool("free", pool_size=1)
    password = shop.user("guest")
    guest = uri.replace(uri[len("postgres://") : uri.index("@")], f"guest:{password}")
    assert shop.ask(uri, "SELECT current_user") == "avnadmin"
    assert shop.ask(guest, "SELECT current_user") == "guest"
    with ExitStack() as stack:
        first, again, second = (
            stack.enter_context(shop.connect(login)) for login in (uri, uri, guest)
        )
        assert len(backends([first, again])) == 1
        with first.transaction(), second.transaction():
            assert len(backends([first, second])) == 2


def test_wrong_password_does_not_come_in(shop: Shop) -> None:
    uri = shop.pool("locked")
    password = uri.partition("avnadmin:")[2].partition("@")[0]
    for wrong in ("AVNS_wrong", ""):
        with pytest.raises(psycopg.OperationalError):
            shop.connect(uri.replace(password, wrong))


@pytest.mark.parametrize("of", ["service_uri", "pool"])
def test_nobody_comes_in_without_tls(shop: Shop, of: str) -> None:
    uri = shop.pool("tls") if of == "pool" else shop.service()["service_uri"]
    with pytest.raises(psycopg.OperationalError, match=r"SSL|no encryption|pg_hba"):
        psycopg.connect(uri.replace("sslmode=require", "sslmode=disable"))


def test_every_uri_the_api_hands_out_opens(shop: Shop) -> None:
    service = shop.service()
    info = service["connection_info"]
    uris = [service["service_uri"], *info["pg"], info["pgbouncer"]]
    uris += [pool["connection_uri"] for pool in service["connection_pools"]]
    for uri in uris:
        with shop.connect(uri, cursor_factory=psycopg.ClientCursor) as session:
            question = "SHOW POOLS" if uri == info["pgbouncer"] else "SELECT 1"
            assert session.execute(question).fetchone()
    params = info["pg_params"][0]
    with psycopg.connect(**params) as session:
        assert session.info.port == service["components"][0]["port"]


def test_new_password_counts_at_once_and_the_old_one_no_more(shop: Shop) -> None:
    shop.user("changing")
    before = shop.pool("changing", username="changing")
    assert shop.ask(before, "SELECT 1") == 1
    body = {"operation": "reset-credentials", "new_password": "a/b:c@d é½ x"}
    shop.api.ok("PUT", f"{shop.path}/user/changing", body)
    after = shop.uri("changing")
    assert after != before
    assert shop.ask(after, "SELECT current_user") == "changing"
    with pytest.raises(psycopg.OperationalError):
        shop.connect(before)


def test_automatic_pools_are_made_for_databases_only_when_asked_for(shop: Shop) -> None:
    uri = shop.pool("named").replace("/named?", "/defaultdb?")
    with pytest.raises(psycopg.OperationalError, match="no such database"):
        shop.connect(uri)
    config = {"pgbouncer": {"autodb_pool_size": 2, "autodb_pool_mode": "session"}}
    shop.api.ok("PUT", shop.path, {"user_config": config})
    assert shop.ask(uri, "SELECT current_database()") == "defaultdb"
    rows = {row["name"]: row for row in shop.console("SHOW DATABASES")}
    assert (rows["defaultdb"]["pool_size"], rows["defaultdb"]["pool_mode"]) == (2, "session")
    shop.api.ok("PUT", shop.path, {"user_config": {"pgbouncer": None}})
    with pytest.raises(psycopg.OperationalError):
        shop.connect(uri)
    invariant(shop)
