"""An API that refuses, is not there, or says no: exit code, what and why, and nothing lost."""

import socket

import pytest
from workbench import Workbench, database, pg, pool, stack, user

READS = ["plan", "apply", "destroy", "refresh", "output"]


def command(name: str) -> list[str]:
    return [name, *(["--auto-approve"] if name in ("apply", "destroy") else [])]


@pytest.fixture
def applied(bench: Workbench) -> Workbench:
    """A service with one pool, an output of it, and another size declared since."""
    outputs = {"outputs": {"mode": "${aiven_connection_pool.main.connection_uri}"}}
    for size in (5, 6):
        bench.write(
            stack(
                sections=outputs,
                pg={"main": pg()},
                connection_pool={"main": pool("app", pool_size=size)},
            )
        )
        if size == 5:
            bench.apply()
    return bench


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("token", ["", "wrong", "  ", "line\nbreak", "sch\u00f6n"])
def test_a_token_that_is_missing_or_wrong_is_told(
    applied: Workbench, name: str, token: str
) -> None:
    """Exit 1; the state stays as it is; the token is not shown."""
    before = applied.state_file.read_bytes()
    ran = applied.reconcile(*command(name), AIVEN_TOKEN=token)
    assert ran.code == 1, ran.both
    assert "error: Not signed in to the API" in ran.err
    assert "AIVEN_TOKEN" in ran.err
    assert token.strip() == "" or token not in ran.said
    assert applied.state_file.read_bytes() == before


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_ends_in_the_middle_stops_the_run(applied: Workbench, status: int) -> None:
    """Nothing more is started, since no call of the run can succeed."""
    body = {"message": "Authentication failed", "errors": [{"message": "Authentication failed"}]}
    applied.fault(method="PUT", status=status, body=body)
    ran = applied.reconcile("apply", "--auto-approve")
    assert ran.code in (1, 6), ran.both
    assert "Not signed in to the API" in ran.said
    applied.apply()
    assert applied.pools()["app"]["pool_size"] == 6


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}", "http://nowhere.invalid"])
def test_an_api_that_is_not_there_is_named(applied: Workbench, url: str) -> None:
    """Connection refused, or a name nobody knows; after a few tries."""
    before = applied.state_file.read_bytes()
    url = url.format(port=free_port())
    ran = applied.reconcile("apply", "--auto-approve", AIVEN_WEB_URL=url)
    assert ran.code == 1, ran.both
    assert url.removeprefix("http://").split(":")[0] in ran.err
    assert "AIVEN_WEB_URL" in ran.err
    assert applied.state_file.read_bytes() == before


@pytest.mark.parametrize(
    "url", ["ftp://example.org", "example.org", "http://", "http://u:p@127.0.0.1:1", "http://[::1"]
)
def test_a_url_that_cannot_be_used_is_told(applied: Workbench, url: str) -> None:
    """And no password in it is shown."""
    ran = applied.reconcile("plan", AIVEN_WEB_URL=url)
    assert ran.code == 1, ran.both
    assert "hint:" in ran.err
    assert "u:p@" not in ran.said


def blocked(bench: Workbench, place: str, *says: str) -> None:
    """The plan is shown with what blocks it, its place and a hint; exit 4; nothing is written."""
    with bench.counted() as calls:
        ran = bench.reconcile("apply", "--auto-approve")
    assert ran.code == 4, ran.both
    assert f"stack.yaml:{place}: error:" in ran.said
    for part in says:
        assert part in ran.said
    assert "hint:" in ran.said
    assert not [call for call in calls if not call.startswith("GET")]


def test_a_pool_on_a_database_there_is_none_of(bench: Workbench) -> None:
    """Told with the plan; once the database is declared, both are made."""
    declared = stack(
        pg={"main": pg()},
        connection_pool={"main": pool("app", "${aiven_pg.main.service_name}", "orders")},
    )
    bench.write(declared)
    blocked(bench, "21:22", "aiven_connection_pool.main.database_name", "pg1/orders")
    declared["resources"]["aiven_pg_database"] = {"orders": database("orders")}
    bench.write(declared)
    bench.apply()
    assert bench.changes() == {}


def test_a_pool_pinned_to_a_user_there_is_none_of(bench: Workbench) -> None:
    """The same for a user."""
    declared = stack(pg={"main": pg()}, connection_pool={"main": pool("app", username="nobody")})
    bench.write(declared)
    blocked(bench, "22:17", "aiven_connection_pool.main.username", "pg1/nobody")
    declared["resources"]["aiven_pg_user"] = {"nobody": user("nobody")}
    bench.write(declared)
    bench.apply()
    assert bench.pools()["app"]["username"] == "nobody"


NO_USER = {
    "message": "Service database username app does not exist",
    "errors": [{"message": "Service database username app does not exist", "status": 403}],
}


def test_a_user_that_shows_late_is_waited_for(bench: Workbench) -> None:
    """403 right after the user was made is sent again for a while."""
    declared = stack(
        pg={"main": pg()},
        pg_user={"app": user("app")},
        connection_pool={"main": pool("app", username="app")},
    )
    bench.write(declared)
    bench.fault(method="POST", path=f"{bench.project}/.*/connection_pool", status=403, body=NO_USER)
    bench.apply()
    assert bench.pools()["app"]["username"] == "app"


def test_a_user_that_never_shows_is_told_with_the_kinds_hint(bench: Workbench) -> None:
    """For as long as the operation may take; the rest is done."""
    declared = stack(
        pg={"main": pg()},
        pg_user={"app": user("app")},
        connection_pool={"main": pool("app", username="app", timeouts={"create": "1500ms"})},
    )
    bench.write(declared)
    bench.fault(
        method="POST",
        path=f"{bench.project}/.*/connection_pool",
        status=403,
        body=NO_USER,
        count=50,
    )
    ran = bench.apply(code=6)
    assert "username app does not exist" in ran.said
    assert "hint: declare the user as an aiven_pg_user" in ran.said


def test_a_plan_without_pooling(bench: Workbench) -> None:
    """hobbyist: told with the plan to choose."""
    declared = stack(
        pg={"main": pg(plan="hobbyist")},
        connection_pool={"main": pool("app", "${aiven_pg.main.service_name}")},
    )
    bench.write(declared)
    blocked(bench, "13:13", "hobbyist", "choose the plan startup-4 or higher")
    declared["resources"]["aiven_pg"]["main"]["plan"] = "startup-4"
    bench.write(declared)
    bench.apply()
    assert set(bench.pools()) == {"app"}


def test_a_service_that_never_settles_names_its_deadline_and_is_taken_up(bench: Workbench) -> None:
    """Recorded before the wait, so the next run waits on without a second create."""
    bench.settings(build_delay_s=1000)
    declared = stack(
        pg={"main": pg(timeouts={"create": "600ms"})},
        connection_pool={"main": pool("app", "${aiven_pg.main.service_name}")},
    )
    bench.write(declared)
    ran = bench.reconcile("apply", "--auto-approve")
    assert ran.code in (1, 6), ran.both
    assert "Deadline passed" in ran.said
    assert "600ms" in ran.said
    assert "state is REBUILDING" in ran.said
    assert "aiven_pg.main" in bench.state()
    assert "aiven_connection_pool.main" not in bench.state()
    again = bench.reconcile("apply", "--auto-approve")
    assert "600ms" in again.said
    bench.settings(build_delay_s=0)
    with bench.counted() as calls:
        bench.apply()
    assert [name for name in calls if name.startswith("POST")] == ["POST connection_pool"]
    assert bench.changes() == {}


def test_a_name_that_is_taken_is_refused_before_anything_is_written(bench: Workbench) -> None:
    """Somebody else's pool is never adopted; exit 4."""
    bench.write(stack(pg={"main": pg()}))
    bench.apply()
    bench.ok("POST", "/service/pg1/connection_pool", {"pool_name": "app", "database": "defaultdb"})
    bench.write(stack(pg={"main": pg(tags={"a": "b"})}, connection_pool={"main": pool("app")}))
    with bench.counted() as calls:
        ran = bench.reconcile("apply", "--auto-approve")
    assert ran.code == 4, ran.both
    assert "Object exists already" in ran.said
    assert calls == {"GET service": 1}


def test_what_cannot_be_read_is_unknown_and_blocks(applied: Workbench) -> None:
    """403 is never "not there": nothing is planned for it, exit 4, nothing is written."""
    body = {"message": "Permission denied", "errors": [{"message": "Permission denied"}]}
    applied.fault(method="GET", path=f"{applied.project}/service/pg1$", status=403, body=body)
    with applied.counted() as calls:
        ran = applied.reconcile("apply", "--auto-approve")
    assert ran.code == 4, ran.both
    assert "could not be read" in ran.said
    assert "Permission denied" in ran.said
    assert set(calls) == {"GET service"}


HOSTILE = {
    "a page of some portal": {"status": 200, "body": {"login": "please"}},
    "an error without a message": {"status": 404, "body": {"detail": "nope"}},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_an_answer_that_is_not_the_apis_is_never_taken_for_absence(
    applied: Workbench, name: str
) -> None:
    """Neither a strange 200 nor a strange 404 makes a plan that creates or deletes."""
    applied.fault(method="GET", count=20, **HOSTILE[name])
    ran = applied.reconcile("plan")
    assert ran.code in (1, 4), ran.both
    assert "create" not in ran.out
    assert "hint:" in ran.both or "could not be read" in ran.said
