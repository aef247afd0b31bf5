"""Stacks that cannot be: each is told with its place and a hint, calls nothing and loses nothing."""

from dataclasses import dataclass

import pytest
from workbench import Workbench, pg, stack

HEAD = "stack: test\nvariables: {project: {type: string}, size: {type: integer, default: 5}}\n"
POOL = """\
resources:
  aiven_connection_pool:
    main:
      project: ${vars.project}
      service_name: pg1
      pool_name: app
      database_name: defaultdb
"""


@dataclass(frozen=True, kw_only=True)
class Bad:
    """A stack that is refused. says: what the diagnostics must hold."""

    text: str
    says: tuple[str, ...]
    hints: bool = True


BAD = {
    "unknown kind": Bad(
        text=HEAD + "resources:\n  aiven_conection_pool:\n    main: {}\n",
        says=("stack.yaml:4:3: error:", "aiven_conection_pool", "'aiven_connection_pool'"),
    ),
    "unknown attribute": Bad(
        text=HEAD + POOL + "      pool_mod: session\n",
        says=("stack.yaml:10:7: error: Unknown attribute", "did you mean 'pool_mode'?"),
    ),
    "unknown section": Bad(
        text=HEAD + "resource: {}\n", says=("stack.yaml:3:1: error:", "'resources'")
    ),
    "wrong type": Bad(
        text=HEAD + POOL + "      pool_size: ten\n",
        says=("stack.yaml:10:18: error:", "pool_size"),
        hints=False,
    ),
    "out of range": Bad(
        text=HEAD + POOL + "      pool_size: 0\n",
        says=(
            "stack.yaml:10:18: error: Value out of range",
            "aiven_connection_pool.main.pool_size is 0; it must be between 1 and 10000.",
        ),
    ),
    "out of range by a variable": Bad(
        text=HEAD.replace("default: 5", "default: 10001")
        + POOL
        + "      pool_size: ${vars.size}\n",
        says=("stack.yaml:", "10001"),
    ),
    "missing attribute": Bad(
        text=HEAD + POOL.replace("      pool_name: app\n", ""),
        says=("stack.yaml:5:5: error:", "aiven_connection_pool.main.pool_name is required"),
        hints=False,
    ),
    "duplicate key": Bad(
        text=HEAD + POOL + "      pool_name: other\n",
        says=("stack.yaml:10:7: error:", "pool_name"),
    ),
    "broken reference to a kind": Bad(
        text=HEAD + POOL + "      username: ${aiven_pg_usr.app.username}\n",
        says=("stack.yaml:10:17: error:", "aiven_pg_usr", "aiven_pg_user"),
    ),
    "broken reference to a resource": Bad(
        text=HEAD + POOL + "      username: ${aiven_pg_user.app.username}\n",
        says=("stack.yaml:10:17: error:", "aiven_pg_user.app"),
        hints=False,
    ),
    "broken reference to an attribute": Bad(
        text=HEAD + POOL + "    other:\n      pool_name: ${aiven_connection_pool.main.pool_nam}\n",
        says=("stack.yaml:11:18: error:", "pool_nam", "pool_name"),
    ),
    "broken reference to a variable": Bad(
        text=HEAD + POOL + "      pool_size: ${vars.sise}\n",
        says=("stack.yaml:10:18: error:", "sise", "size"),
    ),
    "circular reference": Bad(
        text=HEAD
        + """\
resources:
  aiven_pg:
    a: {project: p, service_name: a, plan: startup-4, tags: {x: "${aiven_pg.b.cloud_name}"}}
    b: {project: p, service_name: b, plan: startup-4, tags: {x: "${aiven_pg.c.cloud_name}"}}
    c: {project: p, service_name: c, plan: startup-4, tags: {x: "${aiven_pg.a.cloud_name}"}}
""",
        says=("Circular reference", "aiven_pg.a → aiven_pg.b → aiven_pg.c → aiven_pg.a"),
    ),
    "not YAML": Bad(text="stack: [test\n", says=("stack.yaml:",), hints=False),
    "a tab": Bad(text=HEAD + "resources:\n\taiven_pg: {}\n", says=("stack.yaml:4:1: error:",)),
    "empty": Bad(text="", says=("stack.yaml", "error:")),
    "only a comment": Bad(text="# nothing yet\n", says=("stack.yaml", "error:")),
    "a list": Bad(text="- stack: test\n", says=("stack.yaml:1:1: error:",), hints=False),
    "an unquoted time": Bad(
        text=HEAD + POOL + "      username: 22:22\n",
        says=("stack.yaml:10:17: error:", "quote it"),
    ),
    "a number for a string": Bad(
        text=HEAD + POOL + "      username: 1234\n",
        says=("stack.yaml:10:17: error:", "quote it"),
    ),
    "an expression that YAML has eaten": Bad(
        text=HEAD + "resources:\n  aiven_pg: {main: {project: ${vars.project}}}\n",
        says=("stack.yaml:4:", "quote the expression"),
    ),
    "an expression without an end": Bad(
        text=HEAD + POOL + "      username: ${vars.project\n",
        says=("stack.yaml:10:17: error:",),
    ),
    "a bad duration": Bad(
        text=HEAD + POOL + "      timeouts: {create: 5 minutes}\n",
        says=("stack.yaml:10:26: error:", "write 30s, 5m or 2h45m"),
    ),
    "a required variable without a value": Bad(
        text=HEAD.replace("size: {type: integer, default: 5}", "size: {type: integer}")
        + POOL
        + "      pool_size: ${vars.size}\n",
        says=("stack.yaml:2:", "size", "--var"),
    ),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("command", ["validate", "plan", "apply"])
def test_a_bad_stack_is_refused_with_its_place(bench: Workbench, name: str, command: str) -> None:
    """Exit 1, a place, a hint; nothing is called, locked or written."""
    bad = BAD[name]
    bench.write(bad.text)
    words = [command] + (["--auto-approve"] if command == "apply" else [])
    with bench.counted() as calls:
        ran = bench.reconcile(*words)
    assert ran.code == 1, ran.both
    assert ran.out == ""
    for part in bad.says:
        assert part in ran.err.replace("\n    ", " ").replace("\n  ", " "), ran.err
    assert ("hint:" in ran.err) or not bad.hints, ran.err
    assert calls == {}
    assert list((bench.folder / "state").iterdir()) == []


def test_all_problems_are_told_at_once_in_the_order_of_their_places(bench: Workbench) -> None:
    """Three mistakes, three diagnostics, one run."""
    bench.write(HEAD + POOL + "      pool_mod: session\n      pool_size: 0\n      username: ''\n")
    ran = bench.reconcile("validate")
    places = [line.split(": error")[0] for line in ran.err.splitlines() if ": error" in line]
    assert places == ["stack.yaml:10:7", "stack.yaml:11:18", "stack.yaml:12:17"]


def test_an_address_that_two_files_declare_names_both_places(bench: Workbench) -> None:
    """A folder is one stack."""
    bench.write(HEAD + POOL, "a.yaml")
    bench.write(POOL, "b.yaml")
    ran = bench.reconcile("validate")
    assert ran.code == 1
    assert "a.yaml:5:5" in ran.err
    assert "b.yaml:3:5" in ran.err
    assert "aiven_connection_pool.main" in ran.err


@pytest.mark.parametrize("command", ["validate", "plan", "apply", "destroy", "refresh", "output"])
def test_a_path_that_is_not_there_is_named(bench: Workbench, command: str) -> None:
    """Missing file, missing folder, a folder without YAML."""
    more = ["--auto-approve"] if command in ("apply", "destroy") else []
    (bench.folder / "empty").mkdir()
    for path in ("nowhere.yaml", "nowhere", "empty"):
        ran = bench.reconcile(command, path, *more)
        assert ran.code == 1, ran.both
        assert ran.err.startswith(f"{path}: error:")


def test_a_bad_stack_does_not_disturb_what_was_applied(bench: Workbench) -> None:
    """State and objects are as before, byte for byte."""
    bench.write(stack(pg={"main": pg()}))
    bench.apply()
    before = bench.state_file.read_bytes()
    for name in ("empty", "not YAML", "unknown attribute", "circular reference"):
        bench.write(BAD[name].text)
        for words in (["apply", "--auto-approve"], ["destroy", "--auto-approve"], ["refresh"]):
            assert bench.reconcile(*words).code == 1
    assert bench.state_file.read_bytes() == before
    assert bench.services() == ["pg1"]


def test_an_empty_stack_deletes_nothing_unasked(bench: Workbench) -> None:
    """Nothing declared, something recorded: blocked, and destroy is the way."""
    bench.write(stack(pg={"main": pg()}))
    bench.apply()
    bench.write(stack())
    ran = bench.reconcile("apply", "--auto-approve")
    assert ran.code == 4, ran.both
    assert "reconcile destroy" in ran.both
    assert bench.services() == ["pg1"]


VARIABLE_MISTAKES = {
    "not a pair": (["--var", "size"], 64, "not NAME=VALUE"),
    "no name": (["--var", "=5"], 64, "not NAME=VALUE"),
    "not declared": (["--var", "sise=5"], 1, "size"),
    "not of its type": (["--var", "size=big"], 1, "size"),
    "out of range": (["--var", "size=0"], 1, "size"),
    "no such file": (["--var-file", "nowhere.yaml"], 1, "nowhere.yaml"),
    "a file that is no mapping": (["--var-file", "list.yaml"], 1, "list.yaml"),
    "a file with a stranger": (["--var-file", "stranger.yaml"], 1, "stranger.yaml"),
}


@pytest.mark.parametrize("name", VARIABLE_MISTAKES)
def test_a_mistake_with_a_variable_is_told(bench: Workbench, name: str) -> None:
    """Usage is 64; a value that does not fit is 1, like any other bad input."""
    words, code, says = VARIABLE_MISTAKES[name]
    bench.write(
        HEAD.replace("default: 5", "default: 5, minimum: 1")
        + POOL
        + "      pool_size: ${vars.size}\n"
    )
    (bench.folder / "files").mkdir()
    bench.write("- 1\n", "files/list.yaml")
    bench.write("stranger: 1\n", "files/stranger.yaml")
    words = [f"files/{w}" if w.endswith(".yaml") else w for w in words]
    ran = bench.reconcile("plan", *words)
    assert ran.code == code, ran.both
    assert says in ran.err
