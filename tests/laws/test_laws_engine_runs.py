"""Laws of what was reviewed and what runs, over random stacks, against a real sandbox."""

import json
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from random_stacks import stacks
from test_laws_whole_runs import few, fresh
from workbench import Stack, Workbench

REFUSAL = {"message": "No, thanks", "errors": [{"message": "No, thanks"}]}


def reviewed(bench: Workbench, one: Stack, other: Stack) -> tuple[Workbench, dict[str, Any]]:
    """Apply one stack, put the other in its place, and return its plan, written to plan.json."""
    example = fresh(bench)
    example.write(one)
    example.apply()
    example.write(other)
    assert example.reconcile("plan", "--out", "plan.json").code in (0, 4)
    plan = json.loads((example.folder / "plan.json").read_text())
    assume(plan["changes"])
    return example, plan


def acks(plan: dict[str, Any]) -> list[str]:
    return [word for ack in plan["acks"] for word in ("--ack", ack)] + ["--allow-delete", "100"]


@few(6)
@given(one=stacks(), other=stacks(), data=st.data())
def test_an_approval_does_not_cover_what_somebody_touched(
    bench: Workbench, one: Stack, other: Stack, data: st.DataObject
) -> None:
    """A pool that the plan changes or deletes has another size meanwhile: exit 5, and it is named."""
    example, plan = reviewed(bench, one, other)
    touched = [
        change
        for change in plan["changes"]
        if change["action"] in ("update", "replace", "delete")
        and "pool_size" in (change["precondition"] or {})
    ]
    assume(touched)
    change = data.draw(st.sampled_from(touched))
    _, service, pool = _identity(example, change)
    size = change["precondition"]["pool_size"] + 1
    example.ok("PUT", f"/service/{service}/connection_pool/{pool}", {"pool_size": size})
    ran = example.reconcile("apply", "plan.json", *acks(plan))
    assert ran.code == 5, ran.both
    assert f"live {change['address']}.pool_size {size - 1} → {size}" in ran.said


def _identity(bench: Workbench, change: dict[str, Any]) -> list[str]:
    """Return the parts of the identity the object has now."""
    recorded = bench.state()[change["address"]]
    return str(recorded["identity"]).split("/")


@few(6)
@given(one=stacks(), other=stacks())
def test_an_approval_covers_its_plan_whatever_happens_elsewhere(
    bench: Workbench, one: Stack, other: Stack
) -> None:
    """Somebody makes a user that nobody declares: the plan file goes on, and arrives."""
    example, plan = reviewed(bench, one, other)
    assume(any(change["steps"] for change in plan["changes"]))
    for service in example.services():
        example.ok("POST", f"/service/{service}/user", {"username": "stranger"})
    ran = example.reconcile("apply", "plan.json", *acks(plan))
    assert ran.code == 0, ran.both
    assert example.steps() == []


@few(6)
@given(one=stacks(), other=stacks(), cut=st.integers(0, 4))
def test_the_rest_of_an_approved_plan_runs_under_the_same_approval(
    bench: Workbench, one: Stack, other: Stack, cut: int
) -> None:
    """From some write on everything is refused; once that is mended the same digest is enough.

    Not where a step of several calls was cut between them: its object looks as nobody approved it.
    """
    example, plan = reviewed(bench, one, other)
    words = ("apply", "--approve", plan["digest"], *acks(plan))
    for method in ("POST", "PUT", "DELETE"):
        example.fault(method=method, path="/", skip=cut, count=500, status=400, body=REFUSAL)
    first = example.reconcile(*words, "--json")
    example.hook("DELETE", "faults")
    if first.code == 0:
        return
    told = [(event["event"], event.get("step")) for event in first.events()]
    is_half_sent = any(("step_sent", step) in told for name, step in told if name == "step_failed")
    assert example.reconcile("plan", "--out", "rest.json").code in (0, 4)
    rest = json.loads((example.folder / "rest.json").read_text())
    ran = example.reconcile("apply", "--approve", plan["digest"], *acks(rest))
    assert ran.code == (5 if is_half_sent else 0), (first.both, ran.both)
    assert is_half_sent or example.steps() == []
