"""What starts fast imports little: heavy libraries are loaded when they are needed, not before."""

import subprocess
import sys

import pytest
from workbench import Workbench, pg, pool, stack

HEAVY = ("httpx", "rich", "jsonschema", "ruamel", "deepdiff", "starlette", "uvicorn", "asyncio")

PROBE = """
import sys
from reconciler.cli.main import run
code = run(sys.argv[1:])
print("\\n" + ",".join(sorted({name.partition(".")[0] for name in sys.modules})), code)
"""


def imported(bench: Workbench, *words: str) -> set[str]:
    """Return the heavy libraries that a command has loaded by its end."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROBE, *words],
        cwd=bench.folder,
        env=bench.environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    names, _, code = done.stdout.splitlines()[-1].rpartition(" ")
    assert code == "0", done.stdout + done.stderr
    return set(HEAVY) & set(names.split(","))


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["plan", "--help"]])
def test_help_and_version_load_nothing_heavy(bench: Workbench, words: list[str]) -> None:
    """They answer at once."""
    assert (
        imported(bench, *words) <= {"asyncio"}
        if words[0] == "plan"
        else not imported(bench, *words)
    )


def test_validate_needs_no_network_and_no_colours(bench: Workbench) -> None:
    """Neither httpx nor rich nor deepdiff."""
    bench.write(stack(pg={"main": pg()}))
    assert imported(bench, "validate") <= {"ruamel", "jsonschema", "asyncio"}


def test_a_plan_loads_what_compares_in_depth_only_when_something_differs(bench: Workbench) -> None:
    """Neither deepdiff nor the sandbox. (rich comes along with httpx, whose command line uses it.)"""
    bench.write(stack(pg={"main": pg()}, connection_pool={"main": pool("app")}))
    assert not imported(bench, "plan") & {"deepdiff", "jsonschema", "starlette", "uvicorn"}
    bench.apply()
    assert not imported(bench, "plan") & {"deepdiff", "jsonschema", "starlette", "uvicorn"}


def test_looking_into_the_state_needs_no_network(bench: Workbench) -> None:
    """Nor the API's client."""
    bench.write(stack(pg={"main": pg()}))
    bench.apply()
    assert not imported(bench, "state", "list") & {"httpx", "rich", "deepdiff", "starlette"}
