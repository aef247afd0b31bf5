"""Looking into the state and mending it: none of this changes an object."""

import json

import pytest
from workbench import Workbench, pg, pool, stack

POOL = "aiven_connection_pool.main"


@pytest.fixture
def applied(bench: Workbench) -> Workbench:
    bench.write(stack(pg={"main": pg()}, connection_pool={"main": pool("app")}))
    bench.apply()
    return bench


def test_what_is_recorded_is_listed_and_shown(applied: Workbench) -> None:
    """Address and id; the record as JSON."""
    listed = applied.reconcile("state", "list").out
    assert f"{POOL}  {applied.project}/pg1/app" in listed
    shown = json.loads(applied.reconcile("state", "show", POOL).out)
    assert (shown["identity"], shown["attributes"]["pool_name"]) == (
        f"{applied.project}/pg1/app",
        "app",
    )


def test_a_moved_record_follows_its_renamed_declaration(applied: Workbench) -> None:
    """Renamed in YAML and in the state: nothing to do."""
    applied.write(stack(pg={"main": pg()}, connection_pool={"orders": pool("app")}))
    assert applied.changes() == {POOL: "delete", "aiven_connection_pool.orders": "refuse"}
    assert applied.reconcile("state", "mv", POOL, "aiven_connection_pool.orders").code == 0
    assert applied.changes() == {}


def test_dependencies_follow_a_moved_record(applied: Workbench) -> None:
    """A destroy after the move still deletes in order, in one run."""
    applied.write(stack(pg={"renamed": pg()}, connection_pool={"main": pool("app")}))
    assert applied.reconcile("state", "mv", "aiven_pg.main", "aiven_pg.renamed").code == 0
    assert applied.changes() == {}
    applied.destroy()
    assert applied.services() == []
    assert applied.state() == {}


MISTAKES = {
    "show, not recorded": (["show", "aiven_connection_pool.mian"], f"did you mean '{POOL}'?"),
    "rm, not recorded": (["rm", "aiven_pg.nothing"], "aiven_pg.nothing"),
    "mv, not recorded": (["mv", "aiven_pg.nothing", "aiven_pg.other"], "aiven_pg.nothing"),
    "mv, taken": (["mv", "aiven_pg.main", "aiven_pg.main"], "recorded already"),
    "mv, another kind": (["mv", "aiven_pg.main", "aiven_pg_user.main"], "keeps its kind"),
    "mv, no address": (["mv", "aiven_pg.main", "main"], "kind.name"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_with_the_state_changes_nothing(applied: Workbench, name: str) -> None:
    """Exit 1 and a hint; the file stays as it is."""
    words, says = MISTAKES[name]
    before = applied.state_file.read_bytes()
    ran = applied.reconcile("state", *words)
    assert ran.code == 1, ran.both
    assert says in ran.said
    assert applied.state_file.read_bytes() == before


IMPORTS = {
    "not declared": (["aiven_connection_pool.mian", "{p}/pg1/app"], f"did you mean '{POOL}'?"),
    "not an id": ([POOL, "app"], "PROJECT/SERVICE_NAME/POOL_NAME"),
    "recorded already": ([POOL, "{p}/pg1/app"], "is recorded as"),
}


@pytest.mark.parametrize("name", IMPORTS)
def test_an_import_that_cannot_be_is_refused(applied: Workbench, name: str) -> None:
    """Exit 1 and what to type instead; nothing is recorded."""
    words, says = IMPORTS[name]
    before = applied.state()
    ran = applied.reconcile("import", *(word.format(p=applied.project) for word in words))
    assert ran.code == 1, ran.both
    assert says in ran.said
    assert "hint:" in ran.err
    assert applied.state() == before


def test_an_object_belongs_to_one_address_only(applied: Workbench) -> None:
    """Two declarations of one pool: the second cannot take it."""
    applied.write(
        stack(pg={"main": pg()}, connection_pool={"main": pool("app"), "twin": pool("app")})
    )
    ran = applied.reconcile("import", "aiven_connection_pool.twin", f"{applied.project}/pg1/app")
    assert ran.code == 1, ran.both
    assert POOL in ran.said


def test_an_import_of_nothing_or_of_another_is_refused(applied: Workbench) -> None:
    """Not there; there, but not what is declared."""
    applied.reconcile("state", "rm", POOL)
    other = applied.reconcile("import", POOL, f"{applied.project}/pg1/other")
    assert other.code == 1
    assert f"reconcile import '{POOL}' {applied.project}/pg1/app" in other.said
    applied.ok("DELETE", "/service/pg1/connection_pool/app")
    gone = applied.reconcile("import", POOL, f"{applied.project}/pg1/app")
    assert gone.code == 1
    assert "There is no" in gone.said
    assert POOL not in applied.state()


def test_outputs_are_printed_and_secrets_only_one_by_one(bench: Workbench) -> None:
    """Read at that moment; masked unless named with --show-sensitive."""
    outputs = {
        "uri": "${aiven_connection_pool.main.connection_uri}",
        "text": "size ${aiven_connection_pool.main.pool_size} on ${aiven_pg.main.service_name}",
        "size": "${aiven_connection_pool.main.pool_size}",
    }
    bench.write(
        stack(
            sections={"outputs": outputs},
            pg={"main": pg()},
            connection_pool={"main": pool("app", pool_size=7)},
        )
    )
    early = bench.reconcile("output", "--name", "uri")
    assert early.code == 1
    assert "reconcile apply" in early.said
    bench.apply()
    uri = bench.pools()["app"]["connection_uri"]
    for words in ([], ["--json"], ["--name", "uri"]):
        ran = bench.reconcile("output", *words)
        assert ran.code == 0, ran.both
        assert uri not in ran.both
    shown = bench.reconcile("output", "--json")
    assert json.loads(shown.out)["text"] == "size 7 on pg1"
    assert bench.reconcile("output", "--name", "uri", "--show-sensitive").out == f"{uri}\n"
    assert bench.reconcile("output", "--name", "size").out == "7\n"
    unknown = bench.reconcile("output", "--name", "urii")
    assert (unknown.code, "did you mean 'uri'?" in unknown.said) == (1, True)
