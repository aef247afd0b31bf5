"""A plan as Markdown for a pull request, in as much detail as its host takes."""

from collections.abc import Iterator
from typing import NamedTuple

from reconciler.model.plan import Plan
from reconciler.render.around import steps_in_order
from reconciler.render.layout import written
from reconciler.render.md_page import Frame, connections, frame_of, needs, page
from reconciler.render.md_rows import Link, Urls, findings_list, rows_table, urls_of
from reconciler.render.md_short import counted, named
from reconciler.render.md_text import fenced, folded, prose, size
from reconciler.render.table import Group, Table, tabulate

GITHUB = 65_536
SMALLEST = 4_000
"""The least that heading, counts, names by group, command and digest can be told in."""
_SHORTEST_ROW = 30
_IN_FULL = frozenset({Group.DISRUPTIVE, Group.DRIFT, Group.BLOCKED})


class Detail(NamedTuple):
    """How much is told. rows: `each` change, `equal` ones grouped, or the safe ones `counted`."""

    rows: str
    steps: bool
    links: bool


_DETAILS = (
    Detail("each", steps=True, links=True),
    Detail("each", steps=False, links=True),
    Detail("equal", steps=False, links=True),
    Detail("equal", steps=False, links=False),
    Detail("counted", steps=False, links=True),
    Detail("counted", steps=False, links=False),
)
_LEFT_OUT = {
    "each": "",
    "equal": "equal changes share a row",
    "counted": "equal changes share a row, and safe ones are only counted",
}


def plan_markdown(
    plan: Plan,
    *,
    limit: int = GITHUB,
    link: Link | None = None,
    command: str = "reconcile apply",
    again: str = "reconcile plan",
) -> str:
    """Return the plan as Markdown of at most `limit` characters, ending in a newline.

    link: returns the URL of a place, or "". command, again: as for `plan_text`.
    Raises ValueError for a limit below SMALLEST.
    """
    if limit < SMALLEST:
        raise ValueError(limit)
    urls = urls_of(plan, link) if link else {}
    for text in _ever_shorter(plan, urls, limit, command, again):
        if size(text) <= limit:
            return text
    table = tabulate(plan, grouped=False)
    return named(table, frame_of(plan, table, command, again, room=limit // 4), limit)


def _ever_shorter(plan: Plan, urls: Urls, limit: int, command: str, again: str) -> Iterator[str]:
    """Yield the page in ever less detail, without trying what cannot fit."""
    tables: dict[bool, Table] = {}
    number = sum(change.is_noteworthy for change in plan.changes)
    for detail in _DETAILS:
        if detail.rows == "each" and number * _SHORTEST_ROW > limit:
            continue
        is_grouped = detail.rows != "each"
        if is_grouped not in tables:
            tables[is_grouped] = tabulate(plan, grouped=is_grouped)
        table = tables[is_grouped]
        if urls == {} and not detail.links:
            continue
        if _rows_shown(table, detail) * _SHORTEST_ROW > limit:
            continue
        frame = frame_of(plan, table, command, again)
        yield _page(plan, table, frame, detail, urls if detail.links else {}, limit)


def _rows_shown(table: Table, detail: Detail) -> int:
    return sum(
        len(section.rows)
        for section in table.sections
        if detail.rows != "counted" or section.group in _IN_FULL
    )


def _page(plan: Plan, table: Table, frame: Frame, detail: Detail, urls: Urls, limit: int) -> str:
    parts: list[str] = []
    for section in table.sections:
        parts.append(f"### {section.group.value}")
        if detail.rows == "counted" and section.group not in _IN_FULL:
            parts.append(counted(section.rows))
        else:
            parts.append(rows_table(section.rows, urls))
        if section.group is Group.BLOCKED and table.blockers:
            parts.append(findings_list(table.blockers, urls))
    if table.blockers and all(section.group is not Group.BLOCKED for section in table.sections):
        parts += [f"### {Group.BLOCKED.value}", findings_list(table.blockers, urls)]
    parts += connections(table.loads)
    if table.warnings:
        parts += ["### Warnings", findings_list(table.warnings, urls)]
    parts += needs(table.needs)
    if plan.steps and detail.steps:
        parts.append(_steps(plan))
    return page(frame, parts, _left_out(detail, limit, has_steps=bool(plan.steps)))


def _steps(plan: Plan) -> str:
    text = written(steps_in_order(plan.steps), colour=False)
    noun = "step" if len(plan.steps) == 1 else "steps"
    return folded(f"{len(plan.steps):,} {noun} in order", fenced(text, "text"))


def _left_out(detail: Detail, limit: int, *, has_steps: bool) -> str:
    """Return what is not told in this detail, or ""."""
    parts = [_LEFT_OUT[detail.rows]]
    parts += ["the steps are left out"] if has_steps and not detail.steps else []
    parts += [] if detail.links else ["sources are not links"]
    told = "; ".join(filter(None, parts))
    return prose(f"To fit {limit:,} characters: {told}.") if told else ""
