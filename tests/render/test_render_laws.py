"""What holds for the rendering of any plan."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from render_plans import CANARY
from render_situations import PLANS
from render_strategies import plans

from reconciler.model.plan import Plan
from reconciler.render.json import plan_json
from reconciler.render.plan_file import plan_from_json
from reconciler.render.text import plan_text

COLOUR = re.compile(r"\x1b\[[0-9;]+m")
UNSAFE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
WIDTHS = st.sampled_from([0, 60, 80, 120, 200])


def unsafe(text: str) -> set[str]:
    return {char for char in text if char != "\n" and unicodedata.category(char) in UNSAFE}


@given(plans(), WIDTHS, st.booleans())
def test_no_plan_can_steer_the_terminal(plan: Plan, width: int, verbose: bool) -> None:
    """Whatever stands in a plan, its text holds no character that a terminal obeys, but our colours."""
    plain = plan_text(plan, width=width, verbose=verbose)
    coloured = plan_text(plan, width=width, verbose=verbose, colour=True)
    assert unsafe(plain) == set()
    assert COLOUR.sub("", coloured) == plain
    assert unsafe(plan_json(plan)) == set()


@given(plans(), st.booleans())
def test_no_plan_shows_a_secret(plan: Plan, verbose: bool) -> None:
    """A secret is in no output, whether it came as a Secret or as a sensitive field's plain value."""
    assert CANARY not in plan_text(plan, verbose=verbose)
    assert CANARY not in plan_json(plan)


@given(plans(), st.booleans())
def test_plan_file_shows_as_the_plan_does(plan: Plan, verbose: bool) -> None:
    """A plan read back from its file has the same text and the same file."""
    text = plan_json(plan)
    read = plan_from_json(text)
    assert plan_text(read, verbose=verbose) == plan_text(plan, verbose=verbose)
    assert plan_json(read) == text


@given(plans())
def test_page_grows_with_the_plan_only(plan: Plan) -> None:
    """A plan cannot flood the page: every change takes a bounded number of lines."""
    parts = sum(
        1 + len(c.fields) + len(c.drift) + 2 * len(c.effects) + 3 * len(c.diagnostics)
        for c in plan.changes
    )
    lines = plan_text(plan, width=200).count("\n")
    assert lines < 40 + 8 * (
        parts
        + 3 * len(plan.diagnostics)
        + len(plan.changes)
        + len(plan.resolutions)
        + len(plan.connections)
        + len(plan.acks)
        + len(plan.limited_to or ())
    )


@pytest.mark.parametrize("name", PLANS)
def test_every_situation_survives_the_plan_file(name: str) -> None:
    """A plan of each situation reads back to the same text, and shows no secret."""
    text = plan_json(PLANS[name])
    assert plan_text(plan_from_json(text)) == plan_text(PLANS[name])
    assert CANARY not in text + plan_text(PLANS[name], verbose=True)


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize(
    "name",
    sorted(
        set(PLANS)
        - {
            "hostile",
            "hostile_beside",
            "long_addresses",
            "blocked",
            "acknowledged",
            "connected",
            "moved",
        }
    ),
)
def test_lines_fit_the_width(name: str, width: int) -> None:
    """With addresses of usual length no line is wider than the terminal."""
    lines = plan_text(PLANS[name], width=width).splitlines()
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize("name", PLANS)
def test_last_line_is_the_next_command(name: str) -> None:
    """Where there is something to do, the last line is what to type."""
    plan = PLANS[name]
    lines = plan_text(plan, command="reconcile apply plan.json").splitlines()
    if plan.is_blocked:
        assert lines[-1] == "  reconcile plan"
    elif plan.has_changes:
        assert lines[-1] == "  reconcile apply plan.json"
    else:
        assert "OK  Nothing to do: live is as declared." in lines


def test_no_command_is_told_to_who_is_asked_right_after() -> None:
    """Where apply asks for a yes right below, the plan ends with its counts."""
    assert plan_text(PLANS["spec"], command="").splitlines()[-1].startswith("Plan: 1 to create")
    blocked = plan_text(PLANS["blocked"], command="", again="reconcile plan pools")
    assert blocked.splitlines()[-1] == "  reconcile plan pools"


def test_every_change_is_named() -> None:
    """Grouped or not, each address of a disruptive change and in verbose of any change is on the page."""
    plan = PLANS["many_200"]
    page, verbose = plan_text(plan), plan_text(plan, verbose=True)
    for change in plan.changes:
        assert change.address in verbose
        if change.action == "delete":
            assert change.address.name in page
