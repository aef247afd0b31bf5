"""What a plan says that people will feel is what they feel, on real PgBouncer and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from sandbox_real import need_programs
from workbench import Stack, Workbench, database, pg, pool, stack, user

from reconciler.sandbox import Settings, running

pytestmark = pytest.mark.real_engine

PG = "${aiven_pg.main.service_name}"
APP = "${aiven_pg_user.app.username}"
SALES = "${aiven_pg_database.sales.database_name}"
CRM = "${aiven_pg_database.crm.database_name}"
POOL = "aiven_connection_pool.main"


@pytest.fixture(scope="module")
def real_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """One service for all; each test makes its own pool on it."""
    need_programs()
    folder = tmp_path_factory.mktemp("effects")
    (folder / "state").mkdir()
    with running(Settings(engine="real")) as sandbox:
        yield Workbench(sandbox=sandbox, project="my-project", folder=folder)


def shop(pools: dict[str, dict[str, object]], app: str = "app", sales: str = "sales") -> Stack:
    """Two databases, two users and these pools."""
    return stack(
        pg={"main": pg()},
        pg_database={"sales": database(sales, PG), "crm": database("crm", PG)},
        pg_user={"app": user(app, PG), "rep": user("rep", PG)},
        connection_pool=pools,
    )


def one(name: str = "shop", base: str = SALES, **more: object) -> dict[str, dict[str, object]]:
    return {"main": pool(name, PG, base, **{"pool_size": 2, "username": APP, **more})}


IN_PLACE = {"lifecycle": {"update_in_place": True}}


@dataclass(frozen=True)
class Felt:
    """What somebody with an idle session, an open transaction and a new login sees, from before on.

    idle, login: `user@database` of the next query, or "cut" and "refused". work: whether it commits.
    """

    idle: str
    work: str
    login: str


SAME = Felt("app@sales", "commits", "app@sales")

TABLE: list[tuple[str, Stack, Stack, set[str], Felt]] = [
    ("a larger pool", shop(one()), shop(one(pool_size=5)), set(), SAME),
    ("a smaller pool", shop(one(pool_size=9)), shop(one(pool_size=3)), set(), SAME),
    (
        "session mode",
        shop(one(pool_size=9)),
        shop(one(pool_size=9, pool_mode="session")),
        {"semantics"},
        SAME,
    ),
    (
        "another database in place",
        shop(one(**IN_PLACE)),
        shop(one(base=CRM, **IN_PLACE)),
        {"retarget"},
        Felt("app@crm", "commits", "app@crm"),
    ),
    (
        "another database by replacement",
        shop(one()),
        shop(one(base=CRM)),
        {"cut-clients", "refuse-logins"},
        Felt("cut", "aborts", "app@crm"),
    ),
    (
        "another name",
        shop(one()),
        shop(one("store")),
        {"cut-clients", "refuse-logins"},
        Felt("cut", "aborts", "refused"),
    ),
    (
        "no pool any more",
        shop(one()),
        shop({"other": pool("other", PG, CRM)}),
        {"cut-clients", "refuse-logins"},
        Felt("cut", "aborts", "refused"),
    ),
]


@pytest.mark.parametrize(
    ("before", "after", "codes", "felt"),
    [row[1:] for row in TABLE],
    ids=[row[0] for row in TABLE],
)
def test_what_is_told_is_what_is_felt(
    real_bench: Workbench, before: Stack, after: Stack, codes: set[str], felt: Felt
) -> None:
    """The plan's effects, and what becomes of the sessions that were there.

    Another username is not among them: the sandbox cuts the pool's clients then (DIFFERENCES.md).
    """
    arrive(real_bench, before)
    uri = real_bench.pools()["shop"]["connection_uri"]
    with session(uri) as idle, session(uri, autocommit=False) as work:
        assert whose(idle) == "app@sales"
        assert whose(work) == "app@sales"
        real_bench.write(after)
        assert told(real_bench) == codes
        real_bench.apply()
        assert Felt(idle=asked(idle), work=ended(work), login=asked_anew(uri)) == felt


def arrive(bench: Workbench, content: Stack) -> None:
    bench.write(content)
    ran = bench.reconcile("apply", "--auto-approve")
    if ran.code:
        bench.apply("--ack", "data-loss:aiven_pg_database.sales")


def told(bench: Workbench) -> set[str]:
    changes = {change["address"]: change for change in bench.plan()["changes"]}
    return {effect["code"] for effect in changes[POOL]["effects"]}


def session(uri: str, **more: Any) -> psycopg.Connection[Any]:
    return psycopg.connect(
        uri, **{"prepare_threshold": None, "autocommit": True, "connect_timeout": 5, **more}
    )


def whose(found: psycopg.Connection[Any]) -> str:
    row = found.execute("SELECT current_user || '@' || current_database()").fetchone()
    return str(row and row[0])


def asked(found: psycopg.Connection[Any]) -> str:
    try:
        return whose(found)
    except psycopg.Error:
        return "cut"


def ended(found: psycopg.Connection[Any]) -> str:
    try:
        whose(found)
        found.commit()
    except psycopg.Error:
        return "aborts"
    return "commits"


def asked_anew(uri: str) -> str:
    """Return what a new login sees; the password of the user the pool is pinned to may be another."""
    try:
        with session(uri) as found:
            return whose(found)
    except psycopg.Error:
        return "refused"


def test_a_renamed_database_cuts_nobody_who_may_go_over_in_place(real_bench: Workbench) -> None:
    """The next query runs in the new one, which is empty; that is the loss that is told."""
    arrive(real_bench, shop(one(**IN_PLACE)))
    with session(real_bench.pools()["shop"]["connection_uri"]) as idle:
        assert whose(idle) == "app@sales"
        real_bench.write(shop(one(**IN_PLACE), sales="sales2"))
        assert told(real_bench) == {"retarget"}
        real_bench.apply("--ack", "data-loss:aiven_pg_database.sales")
        assert asked(idle) == "app@sales2"
