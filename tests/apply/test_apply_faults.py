"""Calls that end badly: what is safe is sent again, what is not is settled by reading."""

import time

import pytest
from workbench import Stack, Workbench, pg, pool, stack

POOLS = "/service/pg1/connection_pool"
MAIN = "aiven_connection_pool.main"


def pool_stack(size: int = 5, name: str = "app", **more: object) -> Stack:
    return stack(pg={"main": pg()}, connection_pool={"main": pool(name, pool_size=size, **more)})


@pytest.fixture
def service(bench: Workbench) -> Workbench:
    """A service that was applied."""
    bench.write(stack(pg={"main": pg()}))
    bench.apply()
    return bench


@pytest.fixture
def applied(service: Workbench) -> Workbench:
    """A pool of 5 that was applied, and is to have 6."""
    service.write(pool_stack(5))
    service.apply()
    service.write(pool_stack(6))
    return service


def arrived(bench: Workbench, size: int) -> None:
    """One pool of that size, recorded, and nothing left to do."""
    assert {name: one["pool_size"] for name, one in bench.pools().items()} == {"app": size}
    assert bench.state()[MAIN]["attributes"]["pool_size"] == size
    assert bench.steps() == []


LOST = {
    "500 after the work": {"status": 500, "when": "after"},
    "500 instead of it": {"status": 500},
    "502 after the work": {"status": 502, "when": "after"},
    "reply lost after the work": {"drop": True, "when": "after"},
    "cut before the work": {"drop": True},
    "200 that is no answer": {"status": 200, "when": "after", "body": {"errors": ["what?"]}},
}


@pytest.mark.parametrize("name", LOST)
def test_a_create_whose_outcome_nobody_saw_is_made_exactly_once(
    service: Workbench, name: str
) -> None:
    """The pool is read: there, so it is ours; not there, so it is sent once more."""
    service.write(pool_stack(5))
    service.fault(method="POST", path=f"{POOLS}$", **LOST[name])
    with service.counted() as calls:
        service.apply()
    was_done = LOST[name].get("when") == "after"
    assert calls["POST connection_pool"] == (1 if was_done else 2)
    arrived(service, 5)


@pytest.mark.parametrize("name", LOST)
def test_an_update_whose_outcome_nobody_saw_arrives(applied: Workbench, name: str) -> None:
    """Read back: as wanted, so it is done; else sent once more."""
    applied.fault(method="PUT", path=f"{POOLS}/app$", **LOST[name])
    applied.apply()
    arrived(applied, 6)


@pytest.mark.parametrize("name", LOST)
def test_a_deletion_whose_outcome_nobody_saw_is_finished(applied: Workbench, name: str) -> None:
    """Gone is done; else this run or the next one sends it once more."""
    applied.write(stack(pg={"main": pg()}))
    applied.fault(method="DELETE", path=f"{POOLS}/app$", **LOST[name])
    ran = applied.reconcile("apply", "--auto-approve")
    assert ran.code in (0, 6), ran.both
    if ran.code == 6:
        assert "may or may not have been done" in ran.said
        applied.apply()
    assert applied.pools() == {}
    assert list(applied.state()) == ["aiven_pg.main"]
    assert applied.steps() == []


@pytest.mark.parametrize("name", LOST)
def test_a_service_whose_creation_nobody_saw_is_made_exactly_once(
    bench: Workbench, name: str
) -> None:
    """The dearest of all duplicates; a 409 of our own is no stranger's."""
    bench.write(stack(pg={"main": pg()}))
    bench.fault(method="POST", path=f"{bench.project}/service$", **LOST[name])
    bench.apply()
    assert bench.services() == ["pg1"]
    assert bench.steps() == []


def test_a_create_that_stays_unknown_is_settled_by_the_next_run(service: Workbench) -> None:
    """The reply is lost and reading fails too: exit 6, the intent stays, the next run adopts."""
    service.write(pool_stack(5, timeouts={"create": "1s"}))
    service.fault(method="POST", path=f"{POOLS}$", drop=True, when="after")
    refusal = {"message": "Not now", "errors": [{"message": "Not now"}]}
    service.fault(method="GET", path="/service/pg1$", status=400, body=refusal, count=50, skip=1)
    ran = service.apply(code=6)
    assert "reconcile apply" in ran.said
    service.hook("DELETE", "faults")
    assert set(service.pools()) == {"app"}
    told = service.reconcile("plan")
    assert told.code == 0, told.both
    with service.counted() as calls:
        service.apply()
    assert "POST connection_pool" not in calls
    arrived(service, 5)


@pytest.mark.parametrize("after", [1, "1", "Wed, 21 Oct 2015 07:28:00 GMT", "soon", -5])
def test_too_many_requests_waits_as_asked_and_goes_on(service: Workbench, after: object) -> None:
    """429 was not done, so any method is sent again; nonsense in the header is survived."""
    service.write(pool_stack(5))
    service.fault(method="POST", path=f"{POOLS}$", status=429, retry_after=after)
    began = time.monotonic()
    service.apply()
    if after in (1, "1"):
        assert time.monotonic() - began >= 1
    arrived(service, 5)


def test_a_wait_longer_than_the_deadline_is_not_waited_for(service: Workbench) -> None:
    """Told at once, with the deadline; nothing is left open."""
    service.write(pool_stack(5, timeouts={"create": "2s"}))
    service.fault(method="POST", path=f"{POOLS}$", status=429, retry_after=3600)
    began = time.monotonic()
    ran = service.reconcile("apply", "--auto-approve")
    assert time.monotonic() - began < 2
    assert ran.code == 1, ran.both
    assert "did not end within 2s" in ran.said
    service.apply()
    arrived(service, 5)


def test_a_read_that_fails_is_tried_again(applied: Workbench) -> None:
    """Twice 503, once cut: the plan comes all the same."""
    applied.fault(method="GET", path="/service/pg1$", status=503, count=2)
    applied.fault(method="GET", path="/service/pg1$", drop=True)
    applied.apply()
    arrived(applied, 6)


def test_an_answer_slower_than_the_deadline_is_unknown_and_then_settled(
    service: Workbench,
) -> None:
    """The write may be under way: exit 6; the next run reads and keeps what was done."""
    service.write(pool_stack(5, timeouts={"create": "500ms"}))
    service.fault(method="POST", path=f"{POOLS}$", latency_s=1.5, when="after")
    began = time.monotonic()
    ran = service.reconcile("apply", "--auto-approve")
    assert time.monotonic() - began < 1.4
    assert ran.code == 6, ran.both
    time.sleep(1.2)
    service.write(pool_stack(5))
    service.apply()
    arrived(service, 5)


def test_a_slow_api_is_no_failure(bench: Workbench) -> None:
    """100 ms for each call, with deadlines that allow for it."""
    bench.settings(latency_s=0.1)
    bench.write(pool_stack(5, timeouts={"default": "10s"}, depends_on=["aiven_pg.main"]))
    bench.apply()
    bench.settings(latency_s=0)
    arrived(bench, 5)


def test_a_service_that_reads_strangely_while_it_is_built_is_awaited(bench: Workbench) -> None:
    """404 and 403 right after the create are "not yet"."""
    refusal = {"message": "Not a project member", "errors": [{"message": "Not a project member"}]}
    gone = {"message": "Service does not exist", "errors": [{"message": "Service does not exist"}]}
    bench.write(stack(pg={"main": pg()}))
    for status, body in ((404, gone), (403, refusal)):
        bench.fault(method="GET", path="/service/pg1$", status=status, body=body, skip=1)
    bench.apply()
    assert bench.services() == ["pg1"]
    assert bench.steps() == []


def test_a_fault_in_the_middle_of_fifty_pools_costs_nothing(service: Workbench) -> None:
    """Replies lost, refusals to hurry, failures: each pool once, at the latest after the next run."""
    pools = {f"p{n}": pool(f"pool-{n}") for n in range(50)}
    service.write(stack(pg={"main": pg()}, connection_pool=pools))
    for skip, fault in enumerate(
        (
            {"drop": True, "when": "after", "count": 5},
            {"status": 429, "retry_after": 1},
            {"status": 500, "when": "after", "count": 5},
            {"drop": True, "count": 3},
        )
    ):
        service.fault(method="POST", path=f"{POOLS}$", skip=skip * 3, **fault)
    assert service.reconcile("apply", "--auto-approve").code in (0, 6)
    service.hook("DELETE", "faults")
    service.apply()
    assert len(service.pools()) == 50
    assert service.steps() == []
