"""Laws of whole runs over random stacks, against a real sandbox."""

import itertools
from dataclasses import replace

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from random_stacks import ENVIRONMENT, PASSWORD, shuffled_files, stacks
from workbench import Stack, Workbench

_numbers = itertools.count(1)


def few(examples: int) -> settings:
    """So many examples, the same in every run, without shrinking for minutes."""
    return settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
    )


def fresh(bench: Workbench) -> Workbench:
    """Return a workbench with a folder and a project of its own."""
    number = next(_numbers)
    folder = bench.folder / f"example-{number}"
    (folder / "state").mkdir(parents=True)
    made = replace(bench, folder=folder, project=f"{bench.project}-{number}", extra=ENVIRONMENT)
    assert made._call("POST", "/v1/project", {"project": made.project})[0] == 200
    return made


def apply_and_arrive(bench: Workbench, content: Stack) -> str:
    """Apply it; the plan is empty afterwards. Return all that was printed."""
    bench.write(content)
    told = bench.apply()
    assert bench.steps() == []
    assert bench.reconcile("plan", "--detailed-exitcode").code == 0
    return told.both


@few(16)
@given(one=stacks(), other=stacks())
def test_the_plan_after_an_apply_is_empty_whatever_was_there(
    bench: Workbench, one: Stack, other: Stack
) -> None:
    """Any stack, then any other in its place, then nothing; and no secret anywhere on the way."""
    example = fresh(bench)
    told = [apply_and_arrive(example, one), apply_and_arrive(example, other)]
    told.append(example.reconcile("plan", "--destroy", "--out", "plan.json").both)
    told.append(example.destroy().both)
    assert example.services() == []
    assert example.state() == {}
    assert example.steps("--destroy") == []
    files = [file.read_bytes() for file in example.folder.rglob("*") if file.is_file()]
    assert not [text for text in told if PASSWORD in text]
    assert not [content for content in files if PASSWORD.encode() in content]
    assert not [content for content in files if b"AVNS_" in content]


@few(14)
@given(data=st.data(), one=stacks(), other=stacks())
def test_any_order_of_keys_and_files_gives_the_same_plan(
    bench: Workbench, data: st.DataObject, one: Stack, other: Stack
) -> None:
    """Of a first apply, and of a change from another stack: the digest is the same."""
    example = fresh(bench)
    example.write(other)
    example.apply()
    example.write(one)
    digest = example.plan()["digest"]
    (example.folder / "stack.yaml").unlink()
    for name, content in data.draw(shuffled_files(one)).items():
        example.write(content, name)
    assert example.plan()["digest"] == digest


@few(8)
@given(content=stacks(), cut=st.integers(0, 12))
def test_an_apply_cut_at_any_write_and_run_again_arrives(
    bench: Workbench, content: Stack, cut: int
) -> None:
    """From some write on everything is refused, for one run."""
    example = fresh(bench)
    example.write(content)
    refusal = {"message": "No, thanks", "errors": [{"message": "No, thanks"}]}
    path = f"project/{example.project}/"
    for method in ("POST", "PUT"):
        example.fault(method=method, path=path, skip=cut, count=100, status=400, body=refusal)
    assert example.attempt("apply").code in (0, 1, 6)
    example.hook("DELETE", "faults")
    apply_and_arrive(example, content)


_LOST = st.tuples(st.sampled_from(["POST", "PUT", "DELETE"]), st.integers(0, 6))


@few(8)
@given(one=stacks(), other=stacks(), lost=st.sets(_LOST, max_size=4))
def test_replies_that_are_lost_cost_nothing(
    bench: Workbench, one: Stack, other: Stack, lost: set[tuple[str, int]]
) -> None:
    """Whichever replies to writes never come: what was asked for is there in the end, and once."""
    example = fresh(bench)
    for content in (one, other):
        example.write(content)
        for method, skip in sorted(lost):
            path = f"project/{example.project}/"
            example.fault(method=method, path=path, skip=skip, drop=True, when="after")
        assert example.attempt("apply").code in (0, 6)
        example.hook("DELETE", "faults")
        apply_and_arrive(example, content)


@few(6)
@given(content=stacks())
def test_what_is_forgotten_can_be_imported_back_with_an_empty_plan(
    bench: Workbench, content: Stack
) -> None:
    """Every object, by the id it was recorded with."""
    example = fresh(bench)
    example.write(content)
    example.apply()
    recorded = {address: one["identity"] for address, one in example.state().items()}
    for address in recorded:
        assert example.reconcile("state", "rm", address).code == 0
    for address, identity in recorded.items():
        ran = example.reconcile("import", address, identity)
        assert ran.code == 0, ran.both
    assert example.steps() == []
