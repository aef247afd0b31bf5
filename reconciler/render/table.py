"""The facts of a plan in reading order: the one table that every renderer of a plan writes down.

All texts in it are safe for a terminal; what else a format needs (Markdown, HTML) it does itself.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.diagnostic import Severity
from reconciler.model.plan import Action, Change, Plan
from reconciler.render import rows
from reconciler.render.beside import Load, Need, limited_to, loads, needs
from reconciler.render.diagnostics import Finding, finding
from reconciler.render.likeness import likeness, row_of_equals
from reconciler.render.rows import Row
from reconciler.render.safe import terminal
from reconciler.render.verdict import Verdict, verdict

EQUAL = 3
"""From so many equal changes on they share a row."""


class Group(StrEnum):
    """Where a change is shown; the order of the members is the order on the page."""

    RESOLVED = "Left open by an earlier run, and now known"
    DISRUPTIVE = "Disruptive"
    SAFE = "Safe"
    DRIFT = "Drift: live differs from what was last applied"
    RECORD = "Only the record changes"
    BLOCKED = "Blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One group of rows. Each row stands for one change, or for several equal ones."""

    group: Group
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A plan as facts to show.

    counts: what there is to do, in words, as ("create", "1 to create").
    loads: connections by service. needs: flags that apply asks for. limited_to: None for everything.
    warnings, blockers: of the plan as a whole; those of a change stand in its row.
    read: how the live values were read, or "".
    """

    stack: str
    projects: tuple[str, ...]
    id: str
    serial: int
    destroy: bool
    refresh_only: bool
    limited_to: Sequence[str] | None
    read: str
    resources: int
    unchanged: int
    verdict: Verdict
    sections: Sequence[Section]
    warnings: Sequence[Finding]
    blockers: Sequence[Finding]
    loads: Sequence[Load]
    needs: Sequence[Need]
    counts: Sequence[tuple[str, str]]
    is_blocked: bool
    has_changes: bool


def tabulate(plan: Plan, *, verbose: bool = False, grouped: bool = True) -> Table:
    """Return the facts of a plan. Verbose groups nothing and shortens nothing."""
    groups = _in_groups(plan.changes)
    steps = rows.step_numbers(plan.steps)
    sections = [
        Section(group=group, rows=_rows(groups[group], steps, verbose=verbose, grouped=grouped))
        for group in Group
        if groups[group]
    ]
    if plan.resolutions:
        resolved = [rows.row_of_resolution(resolution) for resolution in plan.resolutions]
        sections.insert(0, Section(group=Group.RESOLVED, rows=resolved))
    shown = sum(len(changes) for changes in groups.values())
    found = sorted(plan.diagnostics, key=lambda diagnostic: diagnostic.sort_key)
    return Table(
        stack=terminal(plan.stack),
        projects=tuple(terminal(project) for project in plan.projects),
        id=terminal(plan.id),
        serial=plan.serial,
        destroy=plan.destroy,
        refresh_only=plan.refresh_only,
        limited_to=limited_to(plan),
        read=_read(plan.meta),
        resources=len(plan.changes),
        unchanged=len(plan.changes) - shown,
        verdict=verdict(
            plan,
            disruptive=groups[Group.DISRUPTIVE],
            safe=len(groups[Group.SAFE]),
            drift=len(groups[Group.DRIFT]),
            record=len(groups[Group.RECORD]),
        ),
        sections=sections,
        warnings=[finding(d) for d in found if d.severity is not Severity.ERROR],
        blockers=[finding(d) for d in found if d.severity is Severity.ERROR],
        loads=loads(plan),
        needs=needs(plan),
        counts=_counts(groups, len(plan.resolutions)),
        is_blocked=plan.is_blocked,
        has_changes=plan.has_changes,
    )


def _in_groups(changes: Iterable[Change]) -> dict[Group, list[Change]]:
    grouped: dict[Group, list[Change]] = {group: [] for group in Group}
    for change in changes:
        if change.is_noteworthy:
            grouped[group_of(change)].append(change)
    return grouped


def group_of(change: Change) -> Group:
    """Return where a noteworthy change is shown."""
    match change.action:
        case Action.REFUSE | Action.UNKNOWN:
            return Group.BLOCKED
        case Action.REPLACE | Action.DELETE:
            return Group.DISRUPTIVE
        case Action.FORGET | Action.NO_OP:
            return Group.RECORD
        case Action.ADOPT if not change.fields:
            return Group.RECORD
        case _ if change.effects:
            return Group.DISRUPTIVE
        case Action.UPDATE if change.is_revert:
            return Group.DRIFT
        case _:
            return Group.SAFE


def _rows(
    changes: Sequence[Change], steps: Mapping[str, int], *, verbose: bool, grouped: bool
) -> list[Row]:
    """Return a row for each change, or for each set of equal ones where their first one stands."""
    if verbose:
        return [rows.row(change, steps, limit=None) for change in changes]
    made = [rows.row(change, steps) for change in changes]
    if not grouped:
        return made
    alike: dict[object, list[int]] = {}
    for at, change in enumerate(changes):
        alike.setdefault(likeness(change, made[at], steps), []).append(at)
    shown: dict[int, Row] = {}
    for places in alike.values():
        if len(places) < EQUAL:
            shown |= {at: made[at] for at in places}
        else:
            equal = [changes[at] for at in places]
            shown[places[0]] = row_of_equals(equal, made[places[0]])
    return [shown[at] for at in sorted(shown)]


_COUNTED = {
    "create": "to create",
    "adopt": "to adopt",
    "update": "to update",
    "replace": "to replace",
    "delete": "to delete",
    "revert": "drift to revert",
    "settle": "to settle",
    "move": "to move",
    "record": "to record",
    "forget": "to forget",
    "resolve": "earlier outcomes to record",
    "refuse": "refused",
    "unknown": "unknown",
}


def _counts(grouped: Mapping[Group, Sequence[Change]], resolutions: int) -> list[tuple[str, str]]:
    found = Counter(rows.word_of(change) for changes in grouped.values() for change in changes)
    found["resolve"] = resolutions
    return [(word, f"{found[word]:,} {text}") for word, text in _COUNTED.items() if found[word]]


def _read(meta: Mapping[str, object]) -> str:
    """Return how long reading took: `read_s` in seconds, `requests` as a number, both optional."""
    read_s, requests = meta.get("read_s"), meta.get("requests")
    told = f"live read in {read_s:.2f} s" if isinstance(read_s, int | float) else ""
    if isinstance(requests, int):
        told += f"{', ' if told else 'live read with '}{requests:,} request{'s' * (requests != 1)}"
    return told
