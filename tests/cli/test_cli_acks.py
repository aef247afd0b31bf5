"""Loss of data by name, mass deletion by number: from the plan to apply and back."""

import json
import shlex

import pytest
from workbench import Stack, Workbench, database, many_pools, pg, stack

DATABASE = "aiven_pg_database.orders"
SERVICE = "aiven_pg.main"
ORDERS = {"orders": database("orders", "${aiven_pg.main.service_name}")}


def with_database(*, kept: bool = True) -> Stack:
    return stack(pg={"main": pg()}, pg_database=ORDERS if kept else {})


@pytest.fixture
def losing(bench: Workbench) -> Workbench:
    """A stack that is about to lose a database."""
    bench.write(with_database())
    bench.apply()
    bench.write(with_database(kept=False))
    return bench


def test_plan_shows_what_apply_needs_and_is_not_blocked(losing: Workbench) -> None:
    """The flag stands in the plan, and in the command to type."""
    ran = losing.reconcile("plan")
    assert ran.code == 0
    assert f"--ack data-loss:{DATABASE}" in ran.out
    assert ran.out.splitlines()[-1] == f"  reconcile apply --ack data-loss:{DATABASE}"
    assert losing.plan()["acks"] == [f"data-loss:{DATABASE}"]


def test_the_command_of_the_plan_is_enough(losing: Workbench) -> None:
    """Typed as it stands, with somebody to say yes."""
    last = losing.reconcile("plan").out.splitlines()[-1]
    words = shlex.split(last)[1:]
    assert losing.reconcile(*words, "--auto-approve").code == 0
    assert losing.changes() == {}


@pytest.mark.parametrize("how", ["--auto-approve", "--approve"])
def test_a_yes_does_not_stand_for_an_ack(losing: Workbench, how: str) -> None:
    """Nor does the approval of the very plan; nothing is changed."""
    words = [how, losing.plan()["digest"]] if how == "--approve" else [how]
    ran = losing.reconcile("apply", *words)
    assert ran.code == 4
    assert f"add --ack data-loss:{DATABASE}, if that is meant" in ran.err
    assert losing.changes() == {DATABASE: "delete"}


def test_a_plan_file_needs_its_acks_too(losing: Workbench) -> None:
    """What show tells to type carries them."""
    losing.reconcile("plan", "--out", "plan.json")
    assert losing.reconcile("apply", "plan.json").code == 4
    last = losing.reconcile("show", "plan.json").out.splitlines()[-1]
    assert last == f"  reconcile apply plan.json --ack data-loss:{DATABASE}"
    assert losing.reconcile(*shlex.split(last)[1:]).code == 0


def test_machines_get_the_same_refusal(losing: Workbench) -> None:
    """With --json stdout stays for events."""
    ran = losing.reconcile("apply", "--auto-approve", "--json")
    assert (ran.code, ran.out) == (4, "")
    assert f"--ack data-loss:{DATABASE}" in ran.err


def test_an_ack_that_is_left_over_is_refused(losing: Workbench) -> None:
    """It would say yes to what nobody has looked at."""
    acks = ["--ack", f"data-loss:{DATABASE}", "--ack", f"data-loss:{SERVICE}"]
    ran = losing.reconcile("apply", "--auto-approve", *acks)
    assert ran.code == 4
    assert f"leave --ack data-loss:{SERVICE} out" in ran.err
    assert losing.changes() == {DATABASE: "delete"}


def test_acks_do_not_disturb_where_nothing_is_to_be_done(bench: Workbench) -> None:
    """The same command once more is no mistake."""
    bench.write(with_database())
    bench.apply()
    ran = bench.reconcile("apply", "--auto-approve", "--ack", f"data-loss:{DATABASE}")
    assert ran.code == 0


@pytest.mark.parametrize("ack", ["data-loss", "data-loss:", ":aiven_pg.main", "data-loss:main", ""])
def test_an_ack_that_names_nothing_is_wrong_usage(bench: Workbench, ack: str) -> None:
    """EFFECT:ADDRESS."""
    bench.write(with_database())
    ran = bench.reconcile("apply", "--auto-approve", "--ack", ack)
    assert ran.code == 64
    assert "EFFECT:ADDRESS" in ran.err


def test_destroy_needs_the_ack_of_the_service_only(bench: Workbench) -> None:
    """It covers the databases in it."""
    bench.write(with_database())
    bench.apply()
    ran = bench.reconcile("destroy", "--auto-approve")
    assert ran.code == 4
    assert f"--ack data-loss:{SERVICE}" in ran.err
    assert DATABASE not in ran.err
    ran = bench.reconcile("destroy", "--auto-approve", "--ack", f"data-loss:{SERVICE}")
    assert ran.code == 0
    assert bench.services() == []


def test_what_is_left_after_a_failure_names_the_acks_that_are_left(bench: Workbench) -> None:
    """Of two databases one went; the next command speaks of the other."""
    two = {"one": database("one"), "two": database("two")}
    bench.write(stack(pg={"main": pg()}, pg_database=two))
    bench.apply()
    bench.write(stack(pg={"main": pg()}))
    bench.fault(method="DELETE", path=f"{bench.project}/service/pg1/db/two", status=400, count=1)
    acks = [f"--ack=data-loss:aiven_pg_database.{name}" for name in two]
    ran = bench.reconcile("apply", "--auto-approve", *acks)
    assert ran.code == 6, ran.both
    last = ran.out.splitlines()[-1]
    assert last == "  reconcile apply --ack data-loss:aiven_pg_database.two"
    assert bench.reconcile(*shlex.split(last)[1:], "--auto-approve").code == 0


def test_many_deletions_need_their_number(bench: Workbench) -> None:
    """Four of eleven; three are too few, more than four are fine."""
    bench.write(stack(pg={"main": pg()}, connection_pool=many_pools(10)))
    bench.apply()
    bench.write(stack(pg={"main": pg()}, connection_pool=many_pools(6)))
    told = bench.reconcile("plan")
    assert told.code == 0
    assert "4 of 11 recorded resources are deleted or replaced" in told.said
    assert told.out.splitlines()[-1] == "  reconcile apply --allow-delete 4"
    for words in ([], ["--allow-delete", "3"]):
        ran = bench.reconcile("apply", "--auto-approve", *words)
        assert ran.code == 4
        assert "4 of 11 recorded resources would be deleted or replaced, which is 36 %" in ran.said
        assert "add --allow-delete 4" in ran.err
    assert len(bench.pools()) == 10
    assert bench.reconcile("apply", "--auto-approve", "--allow-delete", "5").code == 0
    assert len(bench.pools()) == 6


def test_destroy_needs_no_number(bench: Workbench) -> None:
    """It says that all goes."""
    bench.write(stack(pg={"main": pg()}, connection_pool=many_pools(10)))
    bench.apply()
    assert (
        json.loads(bench.reconcile("plan", "--destroy", "--format", "json").out)["allow_delete"]
        == 0
    )
    ran = bench.reconcile("destroy", "--auto-approve", "--ack", f"data-loss:{SERVICE}")
    assert ran.code == 0, ran.both
