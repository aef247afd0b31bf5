"""What a run asks of the API, counted by the API."""

import pytest
from workbench import PROJECT, Recorder, Workbench, database, many_pools, pg, pool, stack, user

PG = "${aiven_pg.main.service_name}"


def pools_stack(count: int, **more: object) -> dict[str, object]:
    """One service with a database, a user and so many pools, and a project that is looked up."""
    return stack(
        sections={"data": {"aiven_project": {"here": {"project": PROJECT}}}},
        pg={"main": pg(project="${data.aiven_project.here.project}")},
        pg_database={"main": database("orders", PG)},
        pg_user={"app": user("app", PG)},
        connection_pool=many_pools(count, **more),
    )


@pytest.mark.parametrize("count", [1, 10, 200])
def test_a_plan_reads_a_service_once_whatever_is_on_it(bench: Workbench, count: int) -> None:
    """One GET of the service, one of the project."""
    bench.write(pools_stack(count))
    bench.apply()
    with bench.counted() as calls:
        assert bench.reconcile("plan").code == 0
    assert calls == {"GET service": 1, "GET project": 1}


def test_settling_fifty_pools_takes_few_reads(bench: Workbench) -> None:
    """One for all that were written meanwhile, not one for each."""
    bench.write(stack(pg={"main": pg()}))
    bench.apply()
    bench.write(stack(pg={"main": pg()}, connection_pool=many_pools(50)))
    bench.settings(latency_s=0.03)
    with bench.counted() as calls:
        bench.apply()
    assert calls["POST connection_pool"] == 50
    assert calls["GET service"] <= 25
    assert set(calls) == {"POST connection_pool", "GET service"}


def test_services_are_read_once_each(bench: Workbench) -> None:
    """Three services, nine pools: three GETs."""
    names = [f"pg{n}" for n in range(3)]
    pools = {f"p{n}": pool(f"p{n}", names[n % 3]) for n in range(9)}
    bench.write(stack(pg={name: pg(name) for name in names}, connection_pool=pools))
    bench.apply()
    with bench.counted() as calls:
        bench.reconcile("plan")
    assert calls == {"GET service": 3}


@pytest.mark.parametrize(("declared", "lists"), [({}, 0), ({"lc_ctype": "C"}, 1)])
def test_databases_are_listed_only_where_a_locale_is_declared(
    bench: Workbench, declared: dict[str, str], lists: int
) -> None:
    """In one go, for however many databases."""
    databases = {f"d{n}": database(f"d{n}", PG, **declared) for n in range(5)}
    bench.write(stack(pg={"main": pg()}, pg_database=databases))
    bench.apply()
    with bench.counted() as calls:
        bench.reconcile("plan")
    assert calls == {"GET service": 1, **({"GET db": lists} if lists else {})}


def test_databases_are_listed_page_by_page(bench: Workbench) -> None:
    """250 a page: 300 databases take two."""
    bench.write(stack(pg={"main": pg()}, pg_database={"main": database("main", PG, lc_ctype="C")}))
    bench.apply()
    for n in range(300):
        bench.ok("POST", "/service/pg1/db", {"database": f"d{n}"})
    with bench.counted() as calls:
        assert bench.changes() == {}
    assert calls["GET db"] == 2


@pytest.mark.parametrize(("declared", "lists"), [({}, 0), ({"lc_ctype": "C"}, 1)])
def test_an_import_lists_databases_at_most_once(
    bench: Workbench, declared: dict[str, str], lists: int
) -> None:
    """And not at all where nothing of it would be compared."""
    bench.write(stack(pg={"main": pg()}, pg_database={"main": database("main", PG, **declared)}))
    bench.apply()
    bench.reconcile("state", "rm", "aiven_pg_database.main")
    with bench.counted() as calls:
        bench.reconcile("import", "aiven_pg_database.main", f"{bench.project}/pg1/main")
    assert calls == {"GET service": 1, **({"GET db": lists} if lists else {})}


def test_what_is_no_longer_declared_is_read_with_the_rest(bench: Workbench) -> None:
    """Recorded pools cost no GET of their own."""
    bench.write(pools_stack(10))
    bench.apply()
    bench.write(pools_stack(2))
    with bench.counted() as calls:
        assert len(bench.changes()) == 8
    assert calls == {"GET service": 1, "GET project": 1}


def test_validate_calls_nothing(bench: Workbench) -> None:
    """Offline, without a token."""
    bench.write(pools_stack(3))
    with bench.counted() as calls:
        assert bench.reconcile("validate", AIVEN_TOKEN="").code == 0
    assert calls == {}


def see(request: Recorder, bench: Workbench, *words: str, **environment: str) -> list[str]:
    """Return the queries of the GETs that a command makes."""
    request.queries.clear()
    ran = bench.reconcile(*words, AIVEN_WEB_URL=request.url, **environment)
    assert ran.code == 0, ran.both
    return sorted(set(request.queries))


def test_secrets_are_asked_for_only_where_one_is_declared(
    bench: Workbench, recorder: Recorder
) -> None:
    """Not for a pool, not for password_wo; for a password, and for an output that is revealed."""
    secret = {"variables": {"password": {"type": "string", "writeOnly": True}}}
    uri = {"outputs": {"uri": "${aiven_connection_pool.main.connection_uri}"}}
    given = {"RECONCILE_VAR_password": "long-enough-1"}

    def declare(**more: object) -> None:
        resources = {
            "pg": {"main": pg()},
            "pg_user": {"app": user("app", PG, **more)},
            "connection_pool": {"main": pool("app", PG)},
        }
        bench.write(stack(sections={**secret, **uri}, **resources))

    declare(password_wo="${vars.password}", password_wo_version=1)
    assert see(recorder, bench, "apply", "--auto-approve", **given) == [""]
    assert see(recorder, bench, "plan", **given) == [""]
    assert see(recorder, bench, "output", **given) == [""]
    revealed = ["output", "--name", "uri", "--show-sensitive"]
    assert see(recorder, bench, *revealed, **given) == ["include_secrets=true"]
    declare(password="${vars.password}")
    assert see(recorder, bench, "plan", **given) == ["include_secrets=true"]


def test_an_update_makes_one_write(bench: Workbench) -> None:
    """And one GET before, one after."""
    bench.write(pools_stack(5))
    bench.apply()
    bench.write(pools_stack(5, pool_size=3))
    with bench.counted() as calls:
        bench.apply()
    assert calls["PUT connection_pool"] == 5
    assert set(calls) == {"PUT connection_pool", "GET service", "GET project"}
