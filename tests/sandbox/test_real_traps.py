"""Traps that only the real programs showed; each was walked into once."""

from __future__ import annotations

import asyncio
import socket
import threading
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from sandbox_real import Shop, invariant

from reconciler.sandbox.account.authority import Authority
from reconciler.sandbox.account.objects import Pool
from reconciler.sandbox.real import tls
from reconciler.sandbox.real.pooler_files import line_of, render_hba, render_lines
from reconciler.sandbox.real.wire import Connection

pytestmark = pytest.mark.real_engine


def test_reload_of_a_broken_file_is_found_out_and_undone(shop: Shop) -> None:
    """RELOAD says that all went well, keeps the old configuration and only logs."""
    shop.pool("before")
    ini = shop.folder() / "pgbouncer.ini"
    # What the engine writes next takes the place of this folder's draft, and fails there.
    draft = ini.with_name("pgbouncer.ini.draft")
    draft.mkdir()
    body = {"pool_name": "lost", "database": "defaultdb"}
    assert shop.api.call("POST", f"{shop.path}/connection_pool", body).status_code >= 500
    draft.rmdir()
    shop.pool("after")
    invariant(shop)


def test_reload_says_nothing_of_a_broken_file(shop: Shop) -> None:
    """The trap itself, on the console: this is why every RELOAD is followed by a look."""
    shop.pool("whole")
    ini = shop.folder() / "pgbouncer.ini"
    good = ini.read_text()
    ini.write_text(good.replace("[pgbouncer]", "a b c = host=x\n[pgbouncer]"))
    port = shop.service()["components"][1]["port"]
    try:
        asyncio.run(_reload(shop, port))
    finally:
        ini.write_text(good)
    invariant(shop)
    shop.pool("next")
    invariant(shop)


async def _reload(shop: Shop, port: int) -> None:
    (sockets,) = {
        line.partition("=")[2].strip()
        for line in (shop.folder() / "pgbouncer.ini").read_text().splitlines()
        if line.startswith("unix_socket_dir ")
    }
    console = await Connection.open(Path(sockets) / f".s.PGSQL.{port}", "-sandbox", "pgbouncer")
    try:
        await console.query("RELOAD")
    finally:
        console.close()


def test_forced_user_is_changed_and_taken_away(shop: Shop) -> None:
    """RELOAD alone would keep the old one: the line has to go and come again."""
    shop.user("first")
    shop.user("second")
    uri = shop.pool("forced", username="first")
    assert shop.ask(uri, "SELECT current_user") == "first"
    for username in ("second", None, "first"):
        shop.api.ok("PUT", f"{shop.path}/connection_pool/forced", {"username": username})
        found = shop.ask(shop.uri("forced"), "SELECT current_user")
        assert found == (username or "avnadmin")
        invariant(shop)


@pytest.mark.parametrize(
    "name", ["all", "replication", "sameuser", "a.b-c_D", "9", "p" * 63, "user"]
)
def test_odd_names_of_pools_are_pools(shop: Shop, name: str) -> None:
    """Some of them are words in rules about who may come in, unless they are quoted."""
    shop.user(f"owner-{name[:9]}")
    uri = shop.pool(name, username=f"owner-{name[:9]}")
    assert shop.ask(uri, "SELECT current_user") == f"owner-{name[:9]}"
    invariant(shop)
    shop.api.ok("DELETE", f"{shop.path}/connection_pool/{name}")


@pytest.mark.parametrize("name", ["pgbouncer", "a b", "a=b", "p'", ";x", "ä", "p" * 64])
def test_bad_name_is_refused_and_blocks_no_later_change(shop: Shop, name: str) -> None:
    body = {"pool_name": name, "database": "defaultdb"}
    assert shop.api.call("POST", f"{shop.path}/connection_pool", body).status_code == 400
    shop.pool("later")
    shop.api.ok("DELETE", f"{shop.path}/connection_pool/later")


def test_port_that_somebody_else_answers_on_is_not_taken_for_ours() -> None:
    """PgBouncer 1.18 goes on running when its port is taken: only its certificate tells."""
    authority = Authority()
    name = tls.own_name(15433)
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        threading.Thread(target=_say_no, args=(stranger,), daemon=True).start()
        assert not asyncio.run(tls.answers(port, name, authority.certificate()))
    assert not asyncio.run(tls.answers(port, name, authority.certificate()))


def _say_no(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(8)
        connection.send(b"N")


def test_service_of_another_name_or_authority_is_not_taken_for_ours(shop: Shop) -> None:
    port = shop.service()["components"][1]["port"]
    ca = shop.ca.read_text()
    assert asyncio.run(tls.answers(port, tls.own_name(port - 1), ca))
    assert not asyncio.run(tls.answers(port, tls.own_name(port), ca))
    assert not asyncio.run(tls.answers(port, tls.own_name(port - 1), Authority().certificate()))


def test_database_that_clients_are_in_is_dropped_all_the_same(shop: Shop) -> None:
    shop.api.ok("POST", f"{shop.path}/db", {"database": "busy"})
    uri = shop.pool("on-busy", database="busy")
    direct = shop.service()["service_uri"].replace("/defaultdb?", "/busy?")
    assert shop.ask(uri, "SELECT current_database()") == "busy"
    with shop.connect(direct) as session:
        session.execute("CREATE TABLE t ()")
        assert shop.api.call("DELETE", f"{shop.path}/db/busy").status_code == 409
        shop.api.ok("DELETE", f"{shop.path}/connection_pool/on-busy")
        shop.api.ok("DELETE", f"{shop.path}/db/busy")
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
    invariant(shop)


def test_user_who_owns_things_is_deleted_and_the_admin_has_them(shop: Shop) -> None:
    password = shop.user("owner")
    uri = shop.service()["service_uri"]
    with shop.connect(uri) as session:
        session.execute("CREATE SCHEMA of_owner AUTHORIZATION owner")
    login = uri.replace(uri[len("postgres://") : uri.index("@")], f"owner:{password}")
    with shop.connect(login) as session:
        session.execute("CREATE TABLE of_owner.t (n int)")
        session.execute("INSERT INTO of_owner.t VALUES (7)")
        shop.api.ok("DELETE", f"{shop.path}/user/owner")
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
    assert shop.ask(uri, "SELECT n FROM of_owner.t") == 7
    with shop.connect(uri) as session:
        session.execute("DROP SCHEMA of_owner CASCADE")
    invariant(shop)


def test_files_hold_no_plain_password_and_are_their_owners_only(shop: Shop) -> None:
    password = shop.user("quiet")
    shop.pool("quiet", username="quiet")
    for path in shop.folder().iterdir():
        if path.is_file():
            assert path.stat().st_mode & 0o077 == 0, path.name
            assert password not in path.read_text(errors="replace"), path.name
    assert '"quiet" "SCRAM-SHA-256$' in (shop.folder() / "userlist.txt").read_text()


def test_lines_of_a_pool_quote_what_they_hold() -> None:
    pool = Pool(name="p", database="it's", mode="session", size=3, username='q"')
    lines = {"p": line_of(pool)}
    assert "dbname='it''s' pool_mode=session pool_size=3 user='q\"'" in render_lines("", lines)
    assert 'hostssl "p" "q""" 127.0.0.1/32 scram-sha-256' in render_hba("avnadmin", lines)


def test_prepared_statements_are_told_only_to_a_pooler_that_knows_them() -> None:
    """On 1.18 the setting alone would make RELOAD fail, without a word."""
    from reconciler.sandbox.real.options import pooler_options

    service = SimpleNamespace(plan="startup-4", user_config={"pgbouncer": {}})
    assert "max_prepared_statements" not in pooler_options(service, (1, 18))
    assert pooler_options(service, (1, 21))["max_prepared_statements"] == "100"
