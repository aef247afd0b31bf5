"""A live value taken over: how it is declared, and what is recorded of it then."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from reconciler.kinds.kind import Attribute, Kind, Unset
from reconciler.kinds.normal import empty_value, normal
from reconciler.model.location import Path
from reconciler.model.state import Recorded


def attribute_at(kind: Kind, path: Path) -> Attribute | None:
    """Return the attribute, or the property of a merged one, that a path leads to or into."""
    attribute = kind.attributes.get(str(path[0]))
    if attribute and attribute.nested and len(path) > 1:
        return attribute.nested.get(str(path[1]))
    return attribute


def as_declared(attribute: Attribute, path: Path, live: object, written: object) -> object:
    """Return a live value as people would declare it; None where nothing need be declared.

    written: what is declared now. Of a list, items that mean the same stay as they are written, and in
    that order where order means nothing.
    """
    if path[-1] == attribute.name and attribute.unset is Unset.EMPTY:
        live = None if live == empty_value(attribute) else live
    if not isinstance(live, list):
        return live
    known = (
        {_meaning(attribute, item): item for item in written if item is not None}
        if isinstance(written, list)
        else {}
    )
    found = {_meaning(attribute, item): _short(attribute, item) for item in live}
    items = [known.get(meaning, item) for meaning, item in found.items()]
    if not attribute.unordered or len(found) != len(live):
        return [known.get(_meaning(attribute, item), _short(attribute, item)) for item in live]
    kept = [item for meaning, item in known.items() if meaning in found]
    return [*kept, *(item for item in items if item not in kept)]


def accepted_record(recorded: Recorded, declared: Recorded, paths: Iterable[Path]) -> Recorded:
    """Return the record with what is declared at `paths`, as if it had been applied."""
    attributes = dict(recorded.attributes)
    for path in paths:
        attributes = _with(attributes, path, _at(declared.attributes, path))
    return replace(recorded, attributes=attributes)


def overlap(one: Path, other: Path) -> bool:
    """Whether one path leads to, into or around what the other leads to."""
    shared = min(len(one), len(other))
    return one[:shared] == other[:shared]


def _meaning(attribute: Attribute, item: object) -> str:
    return json.dumps(normal(attribute, [item]), sort_keys=True, default=repr)


def _short(attribute: Attribute, item: object) -> object:
    """Return an item without what is unset in it, as a bare string where that says all."""
    if not isinstance(item, Mapping):
        return item
    told = {key: part for key, part in item.items() if part not in (None, "")}
    return told[attribute.shorthand] if list(told) == [attribute.shorthand] else told


def _at(values: object, path: Path) -> object:
    for part in path:
        values = values.get(part) if isinstance(values, Mapping) else None
    return values


def _with(values: Mapping[str, object], path: Path, value: object) -> dict[str, object]:
    """Return `values` with `value` at `path`; None takes it out, and what is left empty by that."""
    name, rest = str(path[0]), path[1:]
    if rest:
        inner = values.get(name)
        value = _with(inner if isinstance(inner, Mapping) else {}, rest, value) or None
    kept = {key: held for key, held in values.items() if key != name}
    return kept if value is None else {**values, name: value}
