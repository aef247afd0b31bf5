"""A replacement that creates first and is cut between its two steps: the old object is not lost sight of."""

import json

from workbench import Stack, Workbench, pg, pool, stack

FIRST = {"lifecycle": {"create_before_destroy": True}}
REFUSAL = {"message": "No, thanks", "errors": [{"message": "No, thanks"}]}
OLD = 'aiven_connection_pool.main["replaced {project}/pg1/old"]'


def named(name: str) -> Stack:
    """A pool that is made before its predecessor goes."""
    declared = pool(name, "${aiven_pg.main.service_name}", **FIRST)
    return stack(pg={"main": pg()}, connection_pool={"main": declared})


def cut_between(bench: Workbench) -> None:
    """Rename the pool; the deletion of the old one is refused."""
    bench.write(named("old"))
    bench.apply()
    bench.write(named("new"))
    bench.fault(method="DELETE", path=f"{bench.project}/", status=400, body=REFUSAL)
    bench.apply(code=6)
    bench.hook("DELETE", "faults")


def test_the_next_run_deletes_the_old_one(bench: Workbench) -> None:
    """It is on record under an address of its own, which says what it is."""
    cut_between(bench)
    old = OLD.format(project=bench.project)
    assert set(bench.pools()) == {"old", "new"}
    assert bench.state()[old]["identity"] == f"{bench.project}/pg1/old"
    assert bench.changes() == {old: "delete"}
    bench.apply()
    assert set(bench.pools()) == {"new"}
    assert set(bench.state()) == {"aiven_pg.main", "aiven_connection_pool.main"}
    assert bench.steps() == []


def test_the_approval_covers_the_old_one_too(bench: Workbench) -> None:
    """Its deletion was part of what was approved."""
    bench.write(named("old"))
    bench.apply()
    bench.write(named("new"))
    assert bench.reconcile("plan", "--out", "plan.json").code == 0
    digest = json.loads((bench.folder / "plan.json").read_text())["digest"]
    bench.fault(method="DELETE", path=f"{bench.project}/", status=400, body=REFUSAL)
    assert bench.reconcile("apply", "--approve", digest).code == 6
    bench.hook("DELETE", "faults")
    ran = bench.reconcile("apply", "--approve", digest)
    assert ran.code == 0, ran.both
    assert set(bench.pools()) == {"new"}


def test_a_new_one_that_is_refused_leaves_the_old_one_alone(bench: Workbench) -> None:
    """Nothing was made, so there is nothing to delete, and nothing on record twice after the next run."""
    bench.write(named("old"))
    bench.apply()
    bench.write(named("new"))
    bench.fault(method="POST", path=f"{bench.project}/", status=400, body=REFUSAL)
    assert bench.reconcile("apply", "--auto-approve").code == 1
    bench.hook("DELETE", "faults")
    bench.write(named("old"))
    bench.apply()
    assert set(bench.pools()) == {"old"}
    assert bench.steps() == []
    bench.write(named("new"))
    bench.apply()
    assert set(bench.pools()) == {"new"}
    assert set(bench.state()) == {"aiven_pg.main", "aiven_connection_pool.main"}


def test_a_destroy_takes_the_old_one_along(bench: Workbench) -> None:
    """Both lie in the service."""
    cut_between(bench)
    bench.destroy()
    assert bench.services() == []
    assert bench.state() == {}
