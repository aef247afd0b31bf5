"""A plan, or diagnostics, as remarks on lines of files: what SARIF and annotations write down."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.location import Location
from reconciler.model.plan import BLOCKING, Action, Change, Plan
from reconciler.render.rows import Row, path_text, row, step_numbers
from reconciler.render.safe import terminal
from reconciler.render.table import Group, group_of

CHANGE = "change"
DRIFT = "drift"
_NOT_OF_A_SLUG = re.compile(r"[^a-z0-9]+")
_LONGEST_RULE = 60


class Level(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One thing to see on one line. All texts are safe for a terminal; places are as they came.

    rule: the code of the effect, `drift`, `change`, or a diagnostic's summary as one word.
    subject: what it is about: an address and an attribute of it, or "".
    """

    level: Level
    rule: str
    title: str
    text: str
    location: Location | None
    subject: str = ""


def remarks_on_plan(plan: Plan, *, elsewhere: Location | None = None) -> list[Remark]:
    """Return a remark for each changed leaf and each diagnostic, what matters most first.

    elsewhere: the place of what is declared no longer; by default the first line of the first file.
    """
    steps = step_numbers(plan.steps)
    place = elsewhere or _first_file(plan)
    found = [*remarks_on(plan.diagnostics)]
    for change in plan.changes:
        if change.is_noteworthy:
            found += _on_change(change, steps, change.source or place)
    weights = list(Level)
    return sorted(found, key=lambda remark: weights.index(remark.level))


def remarks_on(diagnostics: Iterable[Diagnostic]) -> list[Remark]:
    """Return a remark for each diagnostic, in the order of their places."""
    ordered = sorted(diagnostics, key=lambda found: found.sort_key)
    return [_on_diagnostic(found, None) for found in ordered]


def _first_file(plan: Plan) -> Location | None:
    files = [c.source.file for c in plan.changes if c.source and c.source.file]
    return Location(min(files), 1, 1) if files else None


def _on_diagnostic(found: Diagnostic, place: Location | None, subject: str = "") -> Remark:
    parts = [found.detail, f"Hint: {found.hint}" if found.hint else ""]
    summary = terminal(found.summary) or "Problem"
    return Remark(
        level=Level.ERROR if found.severity is Severity.ERROR else Level.WARNING,
        rule=_slug(found.summary),
        title=summary,
        text=terminal(" ".join(filter(None, parts))) or summary,
        location=found.location if found.location and found.location.file else place,
        subject=subject,
    )


def _slug(summary: str) -> str:
    return _NOT_OF_A_SLUG.sub("-", summary.lower())[:_LONGEST_RULE].strip("-") or "problem"


def _on_change(
    change: Change, steps: Mapping[str, int], place: Location | None
) -> Iterator[Remark]:
    made = row(change, steps)
    if change.action in BLOCKING and change.diagnostics:
        yield from (_on_diagnostic(d, place, made.title) for d in change.diagnostics)
        return
    level = _level(change)
    title = f"{made.word} {made.title}"
    if change.action is Action.CREATE or not change.fields:
        yield Remark(
            level=level,
            rule=_rule(change),
            title=title,
            text=_sentence(made, [cell.text for cell in made.cells], title),
            location=place,
            subject=made.title,
        )
    else:
        yield from _on_fields(change, made, level, place)
    for cell in made.drift:
        yield Remark(
            level=Level.WARNING,
            rule=DRIFT,
            title=f"drift of {made.title}",
            text=f"{cell.path} is {cell.after}; {cell.before} was last applied",
            location=place,
            subject=f"{made.title}.{cell.path}",
        )
    yield from (_on_diagnostic(d, place, made.title) for d in change.diagnostics)


def _on_fields(change: Change, made: Row, level: Level, place: Location | None) -> Iterator[Remark]:
    """Yield a remark for each attribute; an effect is told where the attribute that causes it stands."""
    forced = any(field.forces_replace for field in change.fields)
    for field, cell in zip(change.fields, made.cells, strict=True):
        is_cause = field.forces_replace or not forced
        note = f" ({cell.note})" if cell.note else ""
        text = f"{cell.text}{note}"
        yield Remark(
            level=level if is_cause else Level.NOTE,
            rule=_rule(change) if is_cause else CHANGE,
            title=f"{made.word} {made.title}",
            text=_sentence(made, [text], "") if is_cause else text,
            location=field.source or place,
            subject=f"{made.title}.{path_text(field.path)}",
        )


def _rule(change: Change) -> str:
    """Return the code of the effect that is named first, the one that people feel most."""
    codes = [terminal(effect.code) for effect in change.effects if effect.code.strip()]
    return codes[0] if codes else DRIFT if change.is_revert else CHANGE


def _level(change: Change) -> Level:
    if change.action in BLOCKING:
        return Level.ERROR
    return Level.WARNING if group_of(change) in (Group.DISRUPTIVE, Group.DRIFT) else Level.NOTE


def _sentence(made: Row, told: Iterable[str], otherwise: str) -> str:
    """Return values, why, what people will feel and what to do instead, one after the other."""
    why = made.reason or made.aside.strip("()")
    felt = [*made.effects, *(f"instead: {text}" for text in made.instead)]
    return "; ".join(filter(None, [", ".join(told), why, *felt])) or otherwise
