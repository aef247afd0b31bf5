"""The wheel holds all that is needed, and works from any folder.

No package index is asked: the wheel is built with the hatchling of this environment and installed without
its dependencies, which a .pth file lends from here. That they are declared is seen from its metadata.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = ["build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run([sys.executable, "-m", *build], check=True, capture_output=True, timeout=120)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Install the wheel into an environment of its own; hand out its folder of commands."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=False)
    pip = ["pip", "--python", str(folder / "bin/python"), "install", "--no-deps", "--no-index"]
    subprocess.run([sys.executable, "-m", *pip, str(wheel)], check=True, capture_output=True)
    (site,) = folder.glob("lib/python*/site-packages")
    # .pth files inside the folder that is lent are not read, so our editable install is not seen.
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    yield folder / "bin"
    shutil.rmtree(folder)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder with a copy of the example, far from the repository."""
    shutil.copytree(ROOT / "examples/connection_pool", tmp_path / "pool")
    (tmp_path / "state").mkdir()
    return tmp_path


def call(installed: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("AIVEN_", "PYTHON"))}
    return subprocess.run(
        [str(installed / "reconcile"), *words],
        cwd=folder,
        env={**clean, "PATH": f"{installed}{os.pathsep}{clean['PATH']}", "HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    """Code, schemas, data of the sandbox, the mark of types and the licence; nothing else."""
    packaged = {
        f"reconciler/{file.relative_to(ROOT / 'reconciler').as_posix()}"
        for file in (ROOT / "reconciler").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    schemas = {f"reconciler/schemas/{file.name}" for file in (ROOT / "schemas").glob("*.json")}
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {n for n in names if ".dist-info/" not in n} == packaged | schemas
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_metadata_tells_what_is_needed(wheel: Path) -> None:
    """Whoever installs it gets the dependencies of pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    with ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(archive.read(name).decode())
    needed = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert sorted(map(_package, needed)) == sorted(map(_package, project["dependencies"]))
    assert metadata["Requires-Python"] == project["requires-python"]


def _package(requirement: str) -> str:
    """Return the name in the one spelling that equal names share."""
    return re.sub(r"[-_.]+", "-", re.split(r"[<>=;]", requirement)[0].strip())


def test_installed_package_is_the_one_of_the_wheel(installed: Path, elsewhere: Path) -> None:
    """What is tested here is not the checkout."""
    say = "import reconciler; print(reconciler.__file__)"
    ran = subprocess.run(
        [str(installed / "python"), "-c", say],
        cwd=elsewhere,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(ran.stdout.strip()).is_relative_to(installed.parent)


def test_commands_work_from_any_folder(installed: Path, elsewhere: Path) -> None:
    """The kinds are found inside the package."""
    kinds = call(installed, elsewhere, "kinds")
    assert (kinds.returncode, "aiven_connection_pool" in kinds.stdout) == (0, True)
    validated = call(installed, elsewhere, "validate", "pool")
    assert (validated.returncode, validated.stderr) == (0, "")


def test_plan_works_against_the_sandbox_of_the_wheel(installed: Path, elsewhere: Path) -> None:
    """The sandbox finds its data inside the package, too."""
    run = ("sandbox", "run", "--engine", "memory", "--")
    plan = call(installed, elsewhere, *run, "reconcile", "plan", "pool", "--detailed-exitcode")
    assert (plan.returncode, plan.stderr) == (2, "")
    assert "Plan: 4 to create." in plan.stdout
