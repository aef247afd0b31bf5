"""The life of a database: where nothing can change in place, and locales are only looked up when declared."""

import pytest
from workbench import Stack, Workbench, database, pg, stack

MAIN = "aiven_pg_database.main"


def database_stack(name: str = "orders", **more: object) -> Stack:
    return stack(
        pg={"main": pg()},
        pg_database={"main": database(name, "${aiven_pg.main.service_name}", **more)},
    )


def databases(bench: Workbench) -> dict[str, dict[str, str]]:
    found = bench.ok("GET", "/service/pg1/db")["databases"]
    return {one["database_name"]: one for one in found}


@pytest.mark.parametrize("locale", [{}, {"lc_collate": "C"}, {"lc_collate": "C", "lc_ctype": "C"}])
def test_a_database_is_made_and_stays_as_it_is(bench: Workbench, locale: dict[str, str]) -> None:
    """With the locale that was declared, or the server's own."""
    bench.write(database_stack(**locale))
    bench.apply()
    usual = {"lc_collate": "en_US.UTF-8", "lc_ctype": "en_US.UTF-8"}
    assert databases(bench)["orders"] == {"database_name": "orders", **usual, **locale}
    assert bench.changes() == {}
    bench.destroy()
    assert bench.services() == []


def test_the_servers_locale_is_left_alone_once_it_is_no_longer_declared(bench: Workbench) -> None:
    """Declared before, unset now: it cannot be unset, and nobody wants it otherwise."""
    bench.write(database_stack(lc_collate="C"))
    bench.apply()
    bench.write(database_stack())
    assert bench.changes() == {}


def test_another_locale_replaces_the_database_and_says_what_is_lost(bench: Workbench) -> None:
    """LC_COLLATE is fixed for a database's life."""
    bench.write(database_stack())
    bench.apply()
    bench.write(database_stack(lc_collate="C"))
    (change,) = [c for c in bench.plan()["changes"] if c["action"] != "no-op"]
    assert change["action"] == "replace"
    assert [effect["code"] for effect in change["effects"]] == ["data-loss"]
    bench.apply()
    assert databases(bench)["orders"]["lc_collate"] == "C"
    assert bench.changes() == {}


def test_declaring_the_locale_that_is_there_changes_nothing(bench: Workbench) -> None:
    """Compared with what the list of databases says."""
    bench.write(database_stack())
    bench.apply()
    bench.write(database_stack(lc_collate="en_US.UTF-8"))
    assert bench.changes() == {}
    bench.apply()
    assert bench.steps() == []


@pytest.mark.parametrize("locale", [{}, {"lc_collate": "C"}])
def test_an_imported_database_has_an_empty_plan(bench: Workbench, locale: dict[str, str]) -> None:
    """Whether or not its locale is declared."""
    bench.write(database_stack(**locale))
    bench.apply()
    bench.reconcile("state", "rm", MAIN)
    ran = bench.reconcile("import", MAIN, f"{bench.project}/pg1/orders")
    assert ran.code == 0, ran.both
    assert bench.changes() == {}


def test_a_renamed_database_is_replaced(bench: Workbench) -> None:
    """Deleted first: the API would take both, but the plan says replace."""
    bench.write(database_stack())
    bench.apply()
    bench.write(database_stack("orders_v2"))
    assert bench.changes() == {MAIN: "replace"}
    bench.apply()
    assert set(databases(bench)) == {"defaultdb", "orders_v2"}


def test_the_database_every_service_has_can_be_imported(bench: Workbench) -> None:
    """defaultdb is there from the start; declaring it is refused until it is imported."""
    bench.write(stack(pg={"main": pg()}))
    bench.apply()
    bench.write(database_stack("defaultdb"))
    assert bench.changes() == {MAIN: "refuse"}
    assert bench.reconcile("import", MAIN, f"{bench.project}/pg1/defaultdb").code == 0
    assert bench.changes() == {}
