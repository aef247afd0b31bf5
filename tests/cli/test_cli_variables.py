"""Where values of variables come from, and where the state goes."""

from pathlib import Path

import pytest
from workbench import Workbench, pg, pool, stack


def sized() -> dict[str, object]:
    """A pool whose size is a variable, 1 by default."""
    variables = {
        "size": {"type": "integer", "default": 1},
        "name": {"type": "string", "default": "app"},
    }
    return stack(
        sections={"variables": variables},
        pg={"main": pg()},
        connection_pool={"main": pool("${vars.name}", pool_size="${vars.size}")},
    )


def size(bench: Workbench, *words: str, **environment: str) -> object:
    plan = bench.plan(*words, **environment)
    (change,) = [c for c in plan["changes"] if c["address"] == "aiven_connection_pool.main"]
    (found,) = [f["after"] for f in change["fields"] if f["path"] == ["pool_size"]]
    return found


def test_the_most_explicit_value_wins(bench: Workbench) -> None:
    """--var before --var-file before the environment before the default."""
    bench.write(sized())
    (bench.folder / "vars").mkdir()
    bench.write("size: 3\n", "vars/three.yaml")
    assert size(bench) == 1
    given = {"RECONCILE_VAR_size": "2"}
    assert size(bench, **given) == 2
    assert size(bench, "--var-file", "vars/three.yaml", **given) == 3
    assert size(bench, "--var-file", "vars/three.yaml", "--var", "size=4", **given) == 4


def test_a_string_stays_what_was_typed(bench: Workbench) -> None:
    """123 is a name where a string is declared; the rest is JSON."""
    bench.write(sized())
    plan = bench.plan("--var", "name=123")
    assert f"{bench.project}/pg1/123" in [c["identity"] for c in plan["changes"]]


def test_values_with_equal_signs_and_spaces_arrive_whole(bench: Workbench) -> None:
    """Only the first = divides."""
    declared = sized()
    declared["resources"]["aiven_pg"]["main"]["tags"] = {"note": "${vars.name}"}  # type: ignore[index]
    declared["resources"]["aiven_connection_pool"]["main"]["pool_name"] = "app"  # type: ignore[index]
    bench.write(declared)
    bench.apply("--var", "name=a=b c")
    assert bench.service()["tags"] == {"note": "a=b c"}


def test_the_next_command_repeats_what_was_typed(bench: Workbench) -> None:
    """The last line of a plan is what to type."""
    bench.write(sized())
    ran = bench.reconcile("plan", "--var", "size=4", "--var", "name=it's")
    assert ran.code == 1 or ran.out.splitlines()[-1].startswith("  reconcile apply --var")


@pytest.mark.parametrize("marker", ["state", ".git", None])
def test_state_goes_to_the_nearest_home(bench: Workbench, marker: str | None) -> None:
    """state/ or .git from PATH upwards; else the current folder; --state says otherwise."""
    (bench.folder / "state").rmdir()
    deep = bench.folder / "team" / "stacks"
    deep.mkdir(parents=True)
    if marker:
        (bench.folder / "team" / marker).mkdir()
    bench.write(stack(pg={"main": pg()}), "team/stacks/stack.yaml")
    bench.apply("team/stacks")
    home = bench.folder / ("team" if marker else "")
    assert (home / "state" / "test.yaml").exists()
    assert bench.reconcile("state", "list", "team/stacks").out.count("aiven_pg.main") == 1


def test_state_goes_where_it_is_told(bench: Workbench) -> None:
    """A folder that need not exist."""
    bench.write(stack(pg={"main": pg()}))
    bench.apply("--state", "elsewhere/deep")
    assert (bench.folder / "elsewhere" / "deep" / "test.yaml").exists()
    assert not list((bench.folder / "state").iterdir())


def test_a_stack_may_be_a_file_or_a_folder(bench: Workbench) -> None:
    """Its other files are read with it only when the folder is named."""
    bench.write(stack(pg={"main": pg()}))
    bench.write({"resources": {"aiven_pg": {"other": pg("pg2")}}}, "more.yaml")
    assert len(bench.changes("stack.yaml")) == 1
    assert len(bench.changes(".")) == 2
    assert len(bench.changes(str(bench.folder))) == 2


@pytest.mark.parametrize("name", ["..", ".", "a/b", "a%2Fb", "a?b", "\u202egnp", "x" * 64])
def test_a_name_cannot_leave_its_place_in_a_path(bench: Workbench, name: str) -> None:
    """Refused before anything is written; nothing but the service is ever called."""
    bench.write(stack(pg={"main": pg()}))
    bench.apply()
    bench.write(stack(pg={"main": pg()}, connection_pool={"main": pool(name)}))
    with bench.counted() as calls:
        ran = bench.reconcile("apply", "--auto-approve")
    assert ran.code in (1, 4), ran.both
    assert "main.pool_name" in ran.said or "pool_name" in ran.said
    assert set(calls) <= {"GET service"}
    assert "\u202e" not in ran.both


def test_the_examples_are_valid_as_they_are(bench: Workbench) -> None:
    """From another folder, without a token."""
    examples = Path(__file__).parent.parent.parent / "examples"
    for example in ("connection_pool", "pools_for_teams"):
        ran = bench.reconcile("validate", str(examples / example), AIVEN_TOKEN="")
        assert ran.code == 0, ran.both
