"""Plan files: apply carries out that plan or nothing; exit 5 says what moved."""

import json
from typing import Any

import pytest
from workbench import Stack, Workbench, pg, pool, stack

POOL = "aiven_connection_pool.main"


def pool_stack(size: int = 5, **more: object) -> Stack:
    return stack(pg={"main": pg(**more)}, connection_pool={"main": pool("app", pool_size=size)})


@pytest.fixture
def planned(bench: Workbench) -> Workbench:
    """A pool of 5 that was applied, and a plan file that makes it 6."""
    bench.write(pool_stack())
    bench.apply()
    bench.write(pool_stack(6))
    ran = bench.reconcile("plan", "--out", "plan.json")
    assert ran.code == 0
    assert ran.out.endswith("  reconcile apply plan.json\n")
    return bench


def plan_file(bench: Workbench) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((bench.folder / "plan.json").read_text())
    return found


def test_a_plan_file_is_consent_to_itself(planned: Workbench) -> None:
    """No question, no flag."""
    ran = planned.reconcile("apply", "plan.json")
    assert ran.code == 0, ran.both
    assert planned.pools()["app"]["pool_size"] == 6


def test_an_applied_plan_has_nothing_left_to_do(planned: Workbench) -> None:
    """A replay writes nothing, whatever its exit code says about being stale."""
    planned.reconcile("apply", "plan.json")
    with planned.counted() as calls:
        ran = planned.reconcile("apply", "plan.json")
    assert ran.code in (0, 5), ran.both
    assert calls == {"GET service": 1}


def test_its_digest_does_as_well(planned: Workbench) -> None:
    """The whole of it; its first digits are a name only."""
    digest = plan_file(planned)["digest"]
    short = planned.reconcile("apply", "--approve", digest[:8])
    assert short.code == 64
    assert "whole digest" in short.said
    assert planned.reconcile("apply", "--approve", "0" * 64).code == 5
    assert planned.pools()["app"]["pool_size"] == 5
    assert planned.reconcile("apply", "--approve", digest).code == 0
    assert planned.pools()["app"]["pool_size"] == 6


def stale(bench: Workbench, *names: str) -> None:
    """Applying the plan file writes nothing, exits 5 and names what moved."""
    before = bench.pools()
    with bench.counted() as calls:
        ran = bench.reconcile("apply", "plan.json")
    assert ran.code == 5, ran.both
    for name in names:
        assert name in ran.said
    assert "hint:" in ran.err
    assert not [call for call in calls if not call.startswith("GET")]
    assert bench.pools() == before


def test_a_changed_declaration_makes_it_stale(planned: Workbench) -> None:
    """Another size than was reviewed."""
    planned.write(pool_stack(7))
    stale(planned, POOL)


def test_a_changed_object_makes_it_stale(planned: Workbench) -> None:
    """Somebody touched the pool in between."""
    planned.ok("PUT", "/service/pg1/connection_pool/app", {"pool_mode": "session"})
    stale(planned, POOL)


def test_another_change_makes_it_stale(planned: Workbench) -> None:
    """What was not reviewed is not done along with what was."""
    planned.write(pool_stack(6, tags={"a": "b"}))
    stale(planned, "aiven_pg.main")


def test_a_comment_or_another_order_does_not(planned: Workbench) -> None:
    """Nor does the place of a line, nor a state that was written since."""
    text = (planned.folder / "stack.yaml").read_text()
    planned.write("# moved down\n\n" + text)
    planned.reconcile("state", "mv", "aiven_pg.main", "aiven_pg.away")
    planned.reconcile("state", "mv", "aiven_pg.away", "aiven_pg.main")
    ran = planned.reconcile("apply", "plan.json")
    assert ran.code == 0, ran.both


def test_an_untouched_object_may_change_meanwhile(planned: Workbench) -> None:
    """The plan does not hang on what it does not touch."""
    body = {"pool_name": "stranger", "database": "defaultdb"}
    planned.ok("POST", "/service/pg1/connection_pool", body)
    assert planned.reconcile("apply", "plan.json").code == 0


def test_an_edited_plan_file_is_refused(planned: Workbench) -> None:
    """Whether or not its digest was mended along."""
    content = plan_file(planned)
    (change,) = [c for c in content["changes"] if c["address"] == POOL]
    change["fields"][0]["after"] = 9000
    (planned.folder / "plan.json").write_text(json.dumps(content))
    ran = planned.reconcile("apply", "plan.json")
    assert ran.code in (0, 1, 5), ran.both
    assert planned.pools()["app"]["pool_size"] in (5, 6)
    content["digest"] = "0" * 64
    (planned.folder / "plan.json").write_text(json.dumps(content))
    stale(planned)


def test_a_plan_of_another_stack_is_refused(planned: Workbench) -> None:
    """The path it names holds something else now."""
    planned.write({**pool_stack(6), "stack": "other"})
    ran = planned.reconcile("apply", "plan.json")
    assert ran.code in (4, 5), ran.both
    assert planned.pools()["app"]["pool_size"] == 5


def test_a_plan_to_destroy_destroys(planned: Workbench) -> None:
    """Its file says so; what is lost must be said by name all the same."""
    assert planned.reconcile("plan", "--destroy", "--out", "plan.json").code == 0
    assert planned.reconcile("apply", "plan.json").code == 4
    ran = planned.reconcile("apply", "plan.json", "--ack", "data-loss:aiven_pg.main")
    assert ran.code == 0, ran.both
    assert planned.services() == []


def test_variables_of_the_plan_must_be_given_again(planned: Workbench) -> None:
    """They are not in the file, since they may be secret: without them it is another plan."""
    declared = pool_stack()
    declared["variables"]["size"] = {"type": "integer", "default": 6}
    declared["resources"]["aiven_connection_pool"]["main"]["pool_size"] = "${vars.size}"
    planned.write(declared)
    planned.reconcile("plan", "--var", "size=8", "--out", "plan.json")
    stale(planned, POOL)
    ran = planned.reconcile("apply", "plan.json", "--var", "size=8")
    assert ran.code == 0, ran.both
    assert planned.pools()["app"]["pool_size"] == 8


NO_PLANS = {
    "missing": None,
    "empty": "",
    "not JSON": "{",
    "another format": '{"format": "reconcile.plan/v9"}',
    "something else": '{"hello": "world"}',
    "a list": "[]",
    "half": '{"format": "reconcile.plan/v1", "stack": "test"}',
    "binary": "\x00\x01\u00ff",
}


@pytest.mark.parametrize("name", NO_PLANS)
@pytest.mark.parametrize("command", ["apply", "show"])
def test_what_is_no_plan_file_is_told(bench: Workbench, name: str, command: str) -> None:
    """Exit 1, its name, a hint; nothing is called."""
    bench.write(pool_stack())
    content = NO_PLANS[name]
    if content is not None:
        (bench.folder / "plan.json").write_text(content, encoding="utf-8")
    with bench.counted() as calls:
        ran = bench.reconcile(command, "plan.json")
    assert ran.code == 1, ran.both
    assert "plan.json" in ran.err
    assert "hint:" in ran.err
    assert calls == {}


def test_a_plan_file_is_shown_as_the_plan_was(planned: Workbench) -> None:
    """From the file alone, except for what only a run can tell."""
    fresh = planned.reconcile("plan", "--out", "plan.json").out.splitlines()
    with planned.counted() as calls:
        shown = planned.reconcile("show", "plan.json").out.splitlines()
    assert calls == {}
    assert shown[3:] == fresh[3:]
    as_json = planned.reconcile("show", "plan.json", "--format", "json").out
    assert json.loads(as_json)["digest"] == plan_file(planned)["digest"]


def test_a_plan_file_is_private_and_whole(planned: Workbench) -> None:
    """0600; nothing beside it."""
    assert (planned.folder / "plan.json").stat().st_mode & 0o777 == 0o600
    assert not list(planned.folder.glob(".plan*"))
    ran = planned.reconcile("plan", "--out", "nowhere/plan.json")
    assert ran.code == 1
    assert "nowhere/plan.json" in ran.err


def test_exit_codes_tell_what_is_pending_only_when_asked(planned: Workbench) -> None:
    """0 without --detailed-exitcode; 2 for changes; 0 when there are none."""
    assert planned.reconcile("plan").code == 0
    assert planned.reconcile("plan", "--detailed-exitcode").code == 2
    planned.apply()
    assert planned.reconcile("plan", "--detailed-exitcode").code == 0
