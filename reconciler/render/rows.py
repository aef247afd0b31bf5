"""One row of the table: a change as texts that are safe to show."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from re import compile as pattern

from reconciler.model.location import Location, Path
from reconciler.model.plan import BLOCKING, Action, Change, Drift, Field, Resolution, Step
from reconciler.model.state import Op
from reconciler.model.values import MASK, Unknown
from reconciler.render.diagnostics import Finding, finding
from reconciler.render.safe import LIMIT, pair, terminal, value

SYMBOLS = {
    "create": "+",
    "update": "~",
    "replace": "±",
    "delete": "-",
    "revert": "!",
    "refuse": "!",
    "unknown": "!",
}
"""By word; what only changes the record is `=`."""

_USUAL = frozenset(
    {"not recorded", "in sync", "desired changed", "drifted", "not as declared", "already so"}
)
"""Reasons that the action says already."""

_PLAIN_WORDS = {
    "adopt": "exists already; recorded as managed from here on",
    "settle": "an earlier run did not see it settle",
    "record": "already so; only written down",
}

_NAME = pattern(r"[A-Za-z_][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Cell:
    """One attribute. before is "" where there is nothing to compare with; path is "" for the identity."""

    path: str
    before: str
    after: str
    note: str = ""
    source: str = ""

    @property
    def text(self) -> str:
        told = f"{self.before} → {self.after}" if self.before else self.after
        return f"{self.path} {told}" if self.path else told


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is said about one change, or about several equal ones.

    title: the address (`old → new` when it moved), or for several what their addresses have in common.
    names: of several, what tells them apart. count: how many changes it stands for.
    reason: why, in words, where the action does not say it; aside: the same, in the place of a source.
    drift: what somebody else changed and no field tells (before = last applied, after = live).
    """

    symbol: str
    word: str
    kind: str
    title: str
    cells: tuple[Cell, ...] = ()
    reason: str = ""
    aside: str = ""
    effects: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()
    drift: tuple[Cell, ...] = ()
    findings: tuple[Finding, ...] = ()
    source: str = ""
    names: tuple[str, ...] = ()
    count: int = 1


def step_numbers(steps: Iterable[Step]) -> dict[str, int]:
    """Return by address the step after which an object's values are known."""
    numbers: dict[str, int] = {}
    for step in steps:
        if step.op is not Op.DELETE or step.address not in numbers:
            numbers[step.address] = step.n
    return numbers


def word_of(change: Change) -> str:
    """Return the word for what is done about a noteworthy change."""
    if change.action is Action.NO_OP and not any(s.op is Op.SETTLE for s in change.steps):
        return "move" if change.moved_from else "record"
    if change.action is Action.NO_OP:
        return Op.SETTLE.value
    return "revert" if change.is_revert else change.action.value


def row(change: Change, steps: Mapping[str, int], *, limit: int | None = LIMIT) -> Row:
    """Return the row of one change."""
    word = word_of(change)
    cells = _cells(change, word, steps, limit)
    return Row(
        symbol=SYMBOLS.get(word, "="),
        word=word,
        kind=terminal(change.address.kind),
        title=_title(change),
        cells=cells,
        reason=_reason(change, word),
        aside=f"({terminal(change.reason)})" if _has_aside(change) else "",
        effects=tuple(terminal(effect.text or effect.code) for effect in change.effects),
        instead=tuple(terminal(effect.instead) for effect in change.effects if effect.instead),
        drift=_drift(change, steps, limit),
        findings=_findings(change),
        source=cells[0].source if len(cells) == 1 and cells[0].source else place(change.source),
    )


def _title(change: Change) -> str:
    """Return the address, with the one before it when it is recorded under another."""
    before = f"{change.moved_from} → " if change.moved_from else ""
    return terminal(f"{before}{change.address}")


def row_of_resolution(resolution: Resolution) -> Row:
    """Return the row of a write whose outcome an earlier run did not see."""
    ending = "happened; now recorded" if resolution.done else "did not happen; decided anew"
    return Row(
        symbol="=",
        word="resolve",
        kind=terminal(resolution.address.kind),
        title=terminal(resolution.address),
        reason=f"{resolution.op} {ending}",
    )


def _findings(change: Change) -> tuple[Finding, ...]:
    """Return what was found about the change; a place that the row ends in already is left out."""
    return tuple(
        replace(found, place="") if here == place(change.source) else found
        for found, here in ((finding(d), place(d.location)) for d in change.diagnostics)
    )


def _has_aside(change: Change) -> bool:
    return change.action is Action.DELETE and change.source is None and bool(change.reason)


def _reason(change: Change, word: str) -> str:
    reason = terminal(change.reason)
    if word == "settle":
        told = _PLAIN_WORDS[word] if reason in _USUAL else reason
        return f"{told}; waits for it"
    if word in _PLAIN_WORDS and not change.fields:
        return _PLAIN_WORDS[word]
    if word == "move":
        return ""
    if change.adopted is not None and change.action not in BLOCKING:
        return "imported first"
    if word == "forget":
        return f"{reason}; only its record is dropped" if reason else "only its record is dropped"
    if change.diagnostics and change.action in BLOCKING:
        return ""
    if reason in _USUAL or _has_aside(change) or any(f.forces_replace for f in change.fields):
        return ""
    return reason


def place(source: Location | None) -> str:
    """Return `file:line`, or "" for no place."""
    if source is None or not source.file:
        return ""
    return terminal(f"{source.file}:{source.line}" if source.line else source.file)


def path_text(path: Path) -> str:
    """Return a path as people write it: `pg_user_config.work_mem`, `ip_filter[0]`, `tags["a b"]`."""
    if len(path) == 1 and isinstance(path[0], str) and _NAME.fullmatch(path[0]):
        return path[0]
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _NAME.fullmatch(part):
            text += f".{part}" if text else part
        else:
            quoted = part.replace("\\", "\\\\").replace('"', '\\"')
            text += f'["{terminal(quoted)}"]'
    return text


def _cells(
    change: Change, word: str, steps: Mapping[str, int], limit: int | None
) -> tuple[Cell, ...]:
    if change.action is Action.CREATE:
        return _declared(change, steps, limit)
    notes = {} if word == "revert" else {drift.path: drift for drift in change.drift}
    return tuple(_difference(field, notes.get(field.path), steps, limit) for field in change.fields)


def _declared(change: Change, steps: Mapping[str, int], limit: int | None) -> tuple[Cell, ...]:
    """Return what a new object is given; the attributes that the identity spells stand as that."""
    fields = change.fields
    spelt = _spelt(change)
    cells = [
        Cell(path_text(field.path), "", _hidden(field.after, steps, limit, field.sensitive))
        for field in fields
        if not (spelt and isinstance(field.after, str) and field.after in spelt)
    ]
    return (Cell("", "", terminal(change.identity)), *cells) if spelt else tuple(cells)


def _spelt(change: Change) -> frozenset[str]:
    """Return the parts of the identity, if each is the value of exactly one field."""
    if not change.identity:
        return frozenset()
    parts = change.identity.split("/")
    values = [field.after for field in change.fields if isinstance(field.after, str)]
    if all(values.count(part) == 1 for part in parts):
        return frozenset(parts)
    return frozenset()


def _difference(
    field: Field, drift: Drift | None, steps: Mapping[str, int], limit: int | None
) -> Cell:
    if field.sensitive:
        before = _hidden(field.before, steps, limit, sensitive=True)
        after = _hidden(field.after, steps, limit, sensitive=True)
        if before == after:
            before, after = "", f"{MASK} changes"
    else:
        before, after = pair(field.before, field.after, limit=limit, steps=steps)
    notes = ["cannot change in place"] if field.forces_replace else []
    if drift is not None:
        recorded = _hidden(drift.recorded, steps, limit, drift.sensitive or field.sensitive)
        notes.append(f"drifted: {recorded} was last applied")
    return Cell(path_text(field.path), before, after, ", ".join(notes), place(field.source))


def _hidden(item: object, steps: Mapping[str, int], limit: int | None, sensitive: bool) -> str:
    if not sensitive or item is None:
        return value(item, limit=limit, steps=steps)
    if isinstance(item, Unknown):
        return value(replace(item, sensitive=True), steps=steps)
    return MASK


def _drift(change: Change, steps: Mapping[str, int], limit: int | None) -> tuple[Cell, ...]:
    """Return the drift that no field tells already."""
    if not change.drift:
        return ()
    told = {field.path for field in change.fields}
    return tuple(
        Cell(
            path_text(drift.path),
            _hidden(drift.recorded, steps, limit, drift.sensitive),
            _hidden(drift.live, steps, limit, drift.sensitive),
        )
        for drift in change.drift
        if drift.path not in told
    )
