"""`make demo`: every scene does what it says, and nothing is left behind."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from doc_blocks import ROOT
from doc_session import environment
from sandbox_real import need_programs

SCENES = 10


def run_demo(
    parent: Path, script: Path, engine: str = "memory"
) -> subprocess.CompletedProcess[str]:
    """Run a demo with an empty home and a folder of its own for temporary files."""
    for name in ("home", "tmp"):
        (parent / name).mkdir()
    return subprocess.run(
        ["sh", str(script), "--engine", engine],
        env={**environment(parent / "home"), "TMPDIR": str(parent / "tmp")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_demo_plays_all_scenes_and_leaves_nothing(tmp_path: Path) -> None:
    """It ends well, and its folder is gone."""
    ran = run_demo(tmp_path, ROOT / "examples/demo.sh")
    assert (ran.returncode, ran.stderr[-2000:]) == (0, ran.stderr[-2000:])
    assert ran.stdout.count("\n== ") == SCENES
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.real_engine
def test_demo_on_postgres_shows_what_a_client_feels(tmp_path: Path) -> None:
    """A client's transaction commits through a change in place, and is cut by a replacement."""
    need_programs()
    ran = run_demo(tmp_path, ROOT / "examples/demo.sh", "real")
    assert (ran.returncode, ran.stderr[-2000:]) == (0, ran.stderr[-2000:])
    assert re.findall(r"its transaction was (\w+)\.", ran.stdout) == ["committed", "cut"]
    assert list((tmp_path / "tmp").iterdir()) == []


def test_demo_fails_when_a_scene_does_not_do_what_it_says(tmp_path: Path) -> None:
    """A demo that waits for another size than the stack declares says where it went wrong."""
    text = (ROOT / "examples/demo.sh").read_text("utf-8")
    shutil.copytree(ROOT / "examples/connection_pool", tmp_path / "examples/connection_pool")
    script = tmp_path / "examples/demo.sh"
    script.write_text(text.replace("example-pool:25", "example-pool:26"), "utf-8")
    ran = run_demo(tmp_path, script)
    assert ran.returncode == 1
    assert "The demo went wrong in scene 2" in ran.stderr
    assert list((tmp_path / "tmp").iterdir()) == []
