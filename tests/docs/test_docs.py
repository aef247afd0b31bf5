"""What the pages say is so: commands, files, output, names, tables and links."""

import json
import re
import subprocess
import tomllib
from pathlib import Path
from pkgutil import resolve_name

import pytest
from doc_blocks import PAGES, ROOT, blocks, commands
from doc_session import NOT_TYPED, environment, type_page
from first_plan import first_plan
from sandbox_real import need_programs

from reconciler.cli.main import _COMMANDS
from reconciler.cli.plan import command as plan
from reconciler.desired import load_stack
from reconciler.kinds.catalogue import load_catalogue
from reconciler.live.driver import requests_for
from reconciler.model.address import Address
from reconciler.model.errors import ExitCode
from reconciler.model.state import Op

TYPED = [page for page in PAGES if any(commands(b) for b in blocks(page.read_text("utf-8")))]
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


REAL = pytest.param(ROOT / "README.md", "real", marks=pytest.mark.real_engine, id="README.md-real")
"""The longest page, once more with PostgreSQL and PgBouncer behind what it types."""


@pytest.mark.parametrize(
    ("page", "engine"), [*(pytest.param(p, "memory", id=name_of(p)) for p in TYPED), REAL]
)
def test_commands_do_what_the_page_says(page: Path, engine: str, tmp_path: Path) -> None:
    """Typed in order in one shell, each ends with the code it should and prints what is shown."""
    if engine == "real":
        need_programs()
    typed = type_page(page.read_text("utf-8"), tmp_path / "page", engine)
    wrong = [(t.command.line, t.code, t.printed) for t in typed if t.code != t.command.exits]
    assert wrong == []
    assert [(t.command.line, t.printed) for t in typed if not t.is_as_told] == []


def test_every_line_that_is_not_typed_stands_in_a_page() -> None:
    """The list of exceptions holds no line that no page has any more."""
    lines = {c.line for page in PAGES for b in blocks(page.read_text("utf-8")) for c in commands(b)}
    assert NOT_TYPED.keys() - lines == set()


def test_first_plan_is_what_the_tool_prints(tmp_path: Path) -> None:
    """The first screen shows a plan of today."""
    shown = next(block.text for block in blocks(README) if block.target == "first-plan")
    assert shown.strip() == first_plan(tmp_path / "first")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    """A link to a file of the repository finds it."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_example_stands_in_the_list() -> None:
    """Each folder of examples/ has its row, and its README."""
    listed = re.findall(
        r"^\| \[(\w+)\]", (ROOT / "examples/README.md").read_text("utf-8"), re.MULTILINE
    )
    assert sorted(listed) == sorted(
        file.parent.name for file in (ROOT / "examples").glob("*/README.md")
    )


def test_exit_codes_are_all_told() -> None:
    """The README's table has every code, and none that there is not."""
    table = README.partition("## Exit codes")[2].partition("\n## ")[0]
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    assert told == {code.value for code in ExitCode}


def test_commands_named_in_the_pages_exist() -> None:
    """`reconcile <command>` is never one that is planned or gone."""
    named = {
        name for page in PAGES for name in re.findall(r"`reconcile (\w+)", page.read_text("utf-8"))
    }
    assert named - _COMMANDS.keys() == set()


def planned(what: str) -> list[str]:
    """Return what the README's list of planned things names in its line about `what`."""
    listed = README.partition("**Planned, and not there yet:**")[2]
    (line,) = (
        text for text in re.split(r"^\* ", listed, flags=re.MULTILINE) if text.startswith(what)
    )
    return re.findall(r"`([^`]+)`", line)


def test_what_is_planned_for_the_command_line_is_not_there() -> None:
    """When this fails because it has come, take it off the list, and tell how to use it."""
    formats = next(parameter.type for parameter in plan.params if parameter.name == "form")
    assert (planned("commands"), planned("plans as")) != ([], [])
    assert set(planned("commands")) & _COMMANDS.keys() == set()
    assert set(planned("plans as")) & set(formats.to_info_dict()["choices"]) == set()


def test_every_dependency_has_its_reason() -> None:
    """CONTRIBUTING names each dependency once, and none that there is not."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needed = [project["dependencies"], *project["optional-dependencies"].values()]
    names = [re.split(r"[\[<>=]", line)[0] for part in needed for line in part]
    table = CONTRIBUTING.partition("## Dependencies")[2]
    assert sorted(re.findall(r"^\| ([a-z][\w.-]*) \|", table, re.MULTILINE)) == sorted(names)


def test_names_in_architecture_exist() -> None:
    """Every `room.module.name` and every path that the page tells of is there."""
    rooms = "|".join(file.parent.name for file in (ROOT / "reconciler").glob("*/__init__.py"))
    names = set(re.findall(rf"`((?:{rooms})\.\w+\.[\w.]+)`", ARCHITECTURE))
    assert len(names) > 25
    for name in names:
        resolve_name(f"reconciler.{name}")
    paths = re.findall(rf"`((?:reconciler|tests|schemas|{rooms})/[\w./]*)`", ARCHITECTURE)
    assert [
        p for p in paths if not ((ROOT / p).exists() or (ROOT / "reconciler" / p).exists())
    ] == []


def test_calls_in_architecture_are_the_ones_that_are_made() -> None:
    """The POST and the PUT of the pool are shown as the driver makes them."""
    shown = [block.text for block in blocks(ARCHITECTURE) if block.language == "http"]
    assert shown == [_call(Op.CREATE, "25"), _call(Op.UPDATE, "42")]


def _call(op: Op, pool_size: str) -> str:
    catalogue = load_catalogue()
    stack = load_stack(ROOT / "examples/connection_pool", catalogue, var={"pool_size": pool_size})
    pool = stack.resources[Address("aiven_connection_pool.main")]
    kind = catalogue["aiven_connection_pool"]
    identity = kind.identity_of(pool.attributes) or ""
    changed = [("pool_size",)] if op is Op.UPDATE else []
    (request,) = requests_for(kind, op, pool.attributes, changed, identity)
    return f"{request.name}\n{json.dumps(request.body)}\n"


def test_state_line_in_architecture_is_the_one_that_is_written(tmp_path: Path) -> None:
    """The record of the pool is shown as the state file has it."""
    shown = next(block.text for block in blocks(ARCHITECTURE) if block.target == "state-line")
    stack = str(ROOT / "examples/connection_pool")
    apply = ["reconcile", "apply", stack, "--auto-approve", "--state", str(tmp_path)]
    subprocess.run(
        ["reconcile", "sandbox", "run", "--engine", "memory", "--", *apply],
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    assert f"  {shown}" in (tmp_path / "connection_pool.yaml").read_text("utf-8")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_of_their_shell(shell: str, tmp_path: Path) -> None:
    """The script that a shell sources asks the command itself for what fits."""
    ran = subprocess.run(
        ["reconcile", "completion", shell],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"_RECONCILE_COMPLETE={shell}_complete" in ran.stdout
