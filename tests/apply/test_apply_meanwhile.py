"""Somebody else changes things between our plan and our call."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from workbench import Stack, Workbench, pg, pool, stack, wait_until

MAIN = "aiven_connection_pool.main"
POOLS = "/service/pg1/connection_pool"
STRANGER = {"pool_name": "app", "database": "defaultdb", "pool_size": 3}


def pool_stack(size: int = 5, **more: object) -> Stack:
    return stack(pg={"main": pg()}, connection_pool={"main": pool("app", pool_size=size, **more)})


@pytest.fixture
def service(bench: Workbench) -> Workbench:
    bench.write(stack(pg={"main": pg()}))
    bench.apply()
    return bench


@contextmanager
def applying(bench: Workbench, method: str) -> Iterator[subprocess.Popen[str]]:
    """Yield an apply whose first call of that method has arrived, and is not worked on yet."""
    bench.fault(method=method, path=POOLS, latency_s=0.7)
    with bench.start("apply", "--auto-approve") as process:
        wait_until(lambda: not bench.hook("GET", "faults")["faults"])
        yield process


def end(process: subprocess.Popen[str], code: int) -> str:
    out, err = process.communicate(timeout=20)
    assert process.returncode == code, out + err
    assert "Traceback" not in err
    return " ".join((out + err).split())


def test_a_stranger_that_was_quicker_is_not_adopted(service: Workbench) -> None:
    """409 without a lost answer of ours: told, not recorded; the next plan refuses it."""
    service.write(pool_stack(5))
    with applying(service, "POST") as process:
        service.ok("POST", "/service/pg1/connection_pool", STRANGER)
        assert "already exists" in end(process, 1)
    assert MAIN not in service.state()
    assert service.changes() == {MAIN: "refuse"}
    assert service.pools()["app"]["pool_size"] == 3


def test_a_stranger_like_ours_is_not_adopted_either(service: Workbench) -> None:
    """Equal values do not make it ours when our call was answered."""
    service.write(pool_stack(3))
    with applying(service, "POST") as process:
        service.ok("POST", "/service/pg1/connection_pool", STRANGER)
        end(process, 1)
    assert service.changes() == {MAIN: "refuse"}


def test_an_object_deleted_before_our_update_is_planned_anew(service: Workbench) -> None:
    """404: failed; the next plan creates it."""
    service.write(pool_stack(5))
    service.apply()
    service.write(pool_stack(6))
    with applying(service, "PUT") as process:
        service.ok("DELETE", "/service/pg1/connection_pool/app")
        end(process, 1)
    assert service.changes() == {MAIN: "create"}
    service.apply()
    assert service.pools()["app"]["pool_size"] == 6


def test_an_object_deleted_before_our_deletion_is_gone_as_wanted(service: Workbench) -> None:
    """404 is what a deletion wants."""
    service.write(pool_stack(5))
    service.apply()
    service.write(stack(pg={"main": pg()}))
    with applying(service, "DELETE") as process:
        service.ok("DELETE", "/service/pg1/connection_pool/app")
        end(process, 0)
    assert service.steps() == []


def test_a_service_deleted_before_its_pool_is_made_is_told(service: Workbench) -> None:
    """404: failed; the next plan makes both again."""
    service.write(pool_stack(5))
    with applying(service, "POST") as process:
        service.ok("DELETE", "/service/pg1")
        end(process, 1)
    assert service.changes() == {MAIN: "create", "aiven_pg.main": "create"}
    service.apply()
    assert service.steps() == []


def test_a_declaration_edited_during_an_apply_waits_for_the_next(service: Workbench) -> None:
    """What was shown is what is done."""
    service.write(pool_stack(5))
    with applying(service, "POST") as process:
        service.write(pool_stack(9))
        end(process, 0)
    assert service.pools()["app"]["pool_size"] == 5
    assert service.changes() == {MAIN: "update"}


def test_a_plan_can_be_made_during_an_apply(service: Workbench) -> None:
    """It reads the journal as it is by then, without a lock and without an error."""
    service.write(pool_stack(5))
    with applying(service, "POST") as process:
        assert service.reconcile("plan").code == 0
        assert service.reconcile("state", "list").code == 0
        end(process, 0)


def test_two_stacks_may_share_a_service(service: Workbench) -> None:
    """One owns the service, the other a pool in it; each sees its own things only."""
    for name in ("web", "jobs"):
        (service.folder / name).mkdir()
        other = stack(connection_pool={"main": pool(name)})
        other["stack"] = name
        service.write(other, f"{name}/stack.yaml")
        service.apply(name)
    assert set(service.pools()) == {"web", "jobs"}
    assert service.steps() == []
    service.destroy("web")
    assert set(service.pools()) == {"jobs"}
    service.destroy()
    assert service.changes("jobs") == {MAIN: "create"}
