"""Several equal changes as one row: 200 new pools are one fact with 200 names."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reconciler.model.address import Address
from reconciler.model.plan import Change
from reconciler.render.diagnostics import Finding
from reconciler.render.rows import Cell, Row, place
from reconciler.render.safe import LIMIT, terminal, value

EACH = "<each>"
"""Stands for its own name where a row is for several objects."""


def likeness(change: Change, made: Row, steps: Mapping[str, int]) -> object:
    """Return what is equal for changes that one row can stand for: all that is said but the names."""
    return _origin(change), _common(change.address), _generic(change, made), _whole(change, steps)


def _origin(change: Change) -> str:
    """Return what equal moves have in common; one whose own name changes stands alone."""
    before = change.moved_from
    if before is None:
        return ""
    return _common(before) if _apart(before) == _apart(change.address) else before


def row_of_equals(changes: Sequence[Change], first: Row) -> Row:
    """Return the one row of changes that `likeness` takes for equal; `first` is their first's own."""
    sources = list(dict.fromkeys(place(change.source) for change in changes))
    source = sources[0] if len(sources) == 1 else f"from {sources[0]}" if sources[0] else ""
    before, common = _origin(changes[0]), _common(changes[0].address)
    title = f"{before} → {common}" if before else common
    return replace(
        _generic(changes[0], first),
        title=f"{terminal(title)} × {len(changes):,}",
        source=source,
        names=tuple(_apart(change.address) for change in changes),
        count=len(changes),
    )


def _whole(change: Change, steps: Mapping[str, int]) -> object:
    """Return in full what a row would shorten, so that nothing different hides in a group."""
    values = [
        item
        for field in change.fields
        if not field.sensitive
        for item in (field.before, field.after)
        if (isinstance(item, str) and len(item) > LIMIT) or isinstance(item, list | dict)
    ]
    return tuple(value(item, limit=None, steps=steps) for item in values)


def _common(address: Address) -> str:
    return address.kind if address.key is None else f"{address.kind}.{address.name}"


def _apart(address: Address) -> str:
    key = address.key
    return terminal(address.name) if key is None else value(key)


def _generic(change: Change, made: Row) -> Row:
    """Return the row with the object's own name taken out, and its places."""
    name = terminal(change.address.key or change.identity.rpartition("/")[2] or change.address.name)
    return Row(
        symbol=made.symbol,
        word=made.word,
        kind=made.kind,
        title="",
        cells=tuple([_generic_cell(cell, name) for cell in made.cells]),
        reason=_without(made.reason, name),
        aside=_without(made.aside, name),
        effects=tuple([_without(text, name) for text in made.effects]),
        instead=tuple([_without(text, name) for text in made.instead]),
        drift=tuple([_generic_cell(cell, name) for cell in made.drift]),
        findings=tuple([_generic_finding(found, name) for found in made.findings]),
    )


def _generic_finding(found: Finding, name: str) -> Finding:
    detail, hint = _without(found.detail, name), _without(found.hint, name)
    return Finding(found.severity, "", found.summary, detail, hint)


def _generic_cell(cell: Cell, name: str) -> Cell:
    if not cell.source and name not in cell.after and name not in cell.before:
        return cell
    return Cell(cell.path, _without(cell.before, name), _without(cell.after, name), cell.note)


def _without(text: str, name: str) -> str:
    """Return `text` with `name`, where it stands as a word of its own, as `<each>`."""
    if name not in text:
        return text
    parts = text.split(name)
    made = parts[0]
    for part in parts[1:]:
        alone = not made[-1:].isalnum() and not part[:1].isalnum()
        made += (EACH if alone else name) + part
    return made
