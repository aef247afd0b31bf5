"""Plans as people see them, byte for byte. `python tests/render/test_render_golden.py` writes them anew."""

from pathlib import Path

import pytest
from render_situations import PLANS

from reconciler.render.json import plan_json
from reconciler.render.text import plan_text

GOLDEN = Path(__file__).parent / "golden"

PAGES = {f"{name}.80.txt": (name, 80, False) for name in PLANS}
PAGES |= {
    f"{name}.200.txt": (name, 200, False)
    for name in ("spec", "long_addresses", "many_200", "connected", "acknowledged")
}
PAGES |= {
    f"{name}.60.txt": (name, 60, False) for name in ("spec", "known_later", "blocked", "connected")
}
PAGES |= {f"{name}.verbose.txt": (name, 80, True) for name in ("spec", "long_addresses", "many_10")}

FILES = ("spec", "known_later", "blocked", "secrets", "nothing", "acknowledged", "moved", "limited")


def page(file: str) -> str:
    name, width, verbose = PAGES[file]
    return plan_text(PLANS[name], width=width, verbose=verbose) + "\n"


@pytest.mark.parametrize("file", PAGES)
def test_plan_is_shown_as_agreed(file: str) -> None:
    """A plan's text is the one somebody looked at and found good."""
    assert page(file) == (GOLDEN / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", FILES)
def test_plan_file_is_written_as_agreed(name: str) -> None:
    """A plan file keeps its shape, so that what reads it keeps working."""
    assert plan_json(PLANS[name]) == (GOLDEN / f"{name}.json").read_text(encoding="utf-8")


if __name__ == "__main__":
    for file in PAGES:
        (GOLDEN / file).write_text(page(file), encoding="utf-8")
    for name in FILES:
        (GOLDEN / f"{name}.json").write_text(plan_json(PLANS[name]), encoding="utf-8")
