"""Markdown as people see it. `python tests/render/test_render_markdown_golden.py` writes it anew."""

from pathlib import Path

import pytest
from render_plans import many
from render_situations import PLANS

from reconciler.model.location import Location
from reconciler.model.plan import Plan
from reconciler.render.markdown import GITHUB, plan_markdown

GOLDEN = Path(__file__).parent / "golden"

FILES = (
    *(
        "spec",
        "create",
        "update",
        "replace",
        "delete",
        "destroy",
        "drift",
        "drift_beside",
        "imported",
    ),
    *(
        "blocked",
        "empty",
        "nothing",
        "connected",
        "acknowledged",
        "moved",
        "known_later",
        "hostile",
    ),
    *("secrets", "limited_many", "resolved"),
)
PAGES: dict[str, tuple[Plan, int]] = {f"{name}.md": (PLANS[name], GITHUB) for name in FILES}
PAGES |= {
    "many_10.md": (many(10), GITHUB),
    "many_200.5000.md": (many(200), 5_000),
    "many_1000.md": (many(1_000), GITHUB),
    "many_1000.20000.md": (many(1_000), 20_000),
    "many_1000.4000.md": (many(1_000), 4_000),
}


def page(file: str) -> str:
    found, limit = PAGES[file]
    return plan_markdown(found, limit=limit, link=_link, command="reconcile apply plan.json")


def _link(location: Location) -> str:
    return f"https://git.example.org/blob/main/{location.file}#L{location.line}"


@pytest.mark.parametrize("file", PAGES)
def test_page_is_as_agreed(file: str) -> None:
    """A plan's page is the one somebody looked at and found good."""
    assert page(file) == (GOLDEN / file).read_text(encoding="utf-8")


if __name__ == "__main__":
    for file in PAGES:
        (GOLDEN / file).write_text(page(file), encoding="utf-8")
