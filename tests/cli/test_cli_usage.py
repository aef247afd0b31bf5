"""Wrong usage is 64, with what to type instead; every command has help with an example."""

import subprocess
from pathlib import Path

import pytest
from workbench import Workbench, pg, stack

COMMANDS = [
    "validate",
    "plan",
    "apply",
    "destroy",
    "refresh",
    "import",
    "output",
    "show",
    "kinds",
    "schema",
    "completion",
    "state list",
    "state show",
    "state mv",
    "state rm",
    "sandbox start",
    "sandbox status",
    "sandbox stop",
    "sandbox run",
]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(bench: Workbench, name: str) -> None:
    """-h and --help say the same, and touch nothing."""
    ran = bench.reconcile(*name.split(), "--help")
    assert ran.code == 0
    assert f"Usage: reconcile {name}" in ran.said
    assert f"reconcile {name}" in ran.said.partition("Example: ")[2]
    assert bench.reconcile(*name.split(), "-h").out == ran.out


def test_help_lists_every_command(bench: Workbench) -> None:
    """Each with what it does."""
    ran = bench.reconcile("--help")
    assert ran.code == 0
    for name in COMMANDS:
        assert f"\n  {name.split()[0]} " in ran.out


MISTAKES = {
    "no such command": (["aply"], "Did you mean 'apply'?"),
    "no such option": (["plan", "--detailed-exit-code"], "--detailed-exitcode"),
    "no such subcommand": (["state", "remove"], "remove"),
    "a stranger": (["plan", "here", "there"], "there"),
    "no argument": (["import", "aiven_pg.main"], "ID"),
    "no number": (["apply", "--parallelism", "many"], "many"),
    "no parallelism at all": (["apply", "--parallelism", "0"], "parallelism"),
    "no duration": (["apply", "--auto-approve", "--lock-timeout", "5 minutes"], "30s"),
    "a format there is none of": (["plan", "--format", "xml"], "text"),
    "nobody to ask": (["apply"], "--auto-approve"),
    "nobody to ask about a destroy": (["destroy"], "--auto-approve"),
    "nobody to ask, in JSON": (["apply", "--json"], "--auto-approve"),
    "all secrets at once": (["output", "--show-sensitive"], "--name"),
    "no such kind": (["kinds", "aiven_pgg"], "aiven_pg"),
    "no such shell": (["completion", "powershell"], "bash"),
    "nothing to run": (["sandbox", "run"], "COMMAND"),
    "no such folder of kinds": (["plan", "--schemas", "nowhere"], "nowhere"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_wrong_usage_is_told_with_what_is_right(bench: Workbench, name: str) -> None:
    """Exit 64; nothing is called."""
    words, says = MISTAKES[name]
    bench.write(stack(pg={"main": pg()}))
    with bench.counted() as calls:
        ran = bench.reconcile(*words)
    assert ran.code == 64, ran.both
    assert says in ran.said
    assert ran.out == ""
    assert calls == {}


def test_without_any_command_help_is_shown(bench: Workbench) -> None:
    """Whatever its code, it says what there is."""
    ran = bench.process()
    assert ran.code in (0, 64)
    assert "reconcile plan examples/connection_pool" in ran.said


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed_for_each_shell(bench: Workbench, shell: str) -> None:
    """A script that asks reconcile itself."""
    ran = bench.reconcile("completion", shell)
    assert ran.code == 0
    assert "_RECONCILE_COMPLETE" in ran.out


def test_bash_takes_the_completion(bench: Workbench) -> None:
    """As it is printed."""
    script = bench.folder / "completion.bash"
    script.write_text(bench.reconcile("completion", "bash").out)
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_commands_are_completed(bench: Workbench) -> None:
    """By the protocol of click's completion."""
    bench.extra = {
        "_RECONCILE_COMPLETE": "bash_complete",
        "COMP_WORDS": "reconcile re",
        "COMP_CWORD": "1",
    }
    assert "refresh" in bench.process().out


def test_kinds_are_listed_and_described(bench: Workbench) -> None:
    """With attributes, limits and defaults."""
    assert "aiven_connection_pool" in bench.reconcile("kinds").out
    ran = bench.reconcile("kinds", "aiven_connection_pool")
    assert "project/service_name/pool_name" in ran.out
    assert "integer 1-10000" in ran.out


def test_the_editor_schema_is_the_one_that_is_shipped(bench: Workbench) -> None:
    """`schema` prints what schemas/stack.schema.json holds."""
    shipped = Path(__file__).parent.parent.parent / "schemas" / "stack.schema.json"
    assert bench.reconcile("schema").out == shipped.read_text()
