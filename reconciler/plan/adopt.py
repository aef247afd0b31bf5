"""What to record of an object that exists already and becomes ours."""

from dataclasses import replace

from reconciler.kinds.kind import Kind
from reconciler.model.live import LiveObject
from reconciler.model.location import Path
from reconciler.model.state import Recorded
from reconciler.model.values import Attributes
from reconciler.plan.diff import differences


def adopted_record(kind: Kind, wanted: Attributes, record: Recorded, live: LiveObject) -> Recorded:
    """Return the record of a declared resource as if the live values had been applied.

    wanted, record: its attributes as declared, and what the state would hold of them.
    Where live is as declared the declaration is recorded, so that the next plan is empty; where it
    differs the live value is, so that the next plan shows it as a change. What the API never shows
    (a password's version) is recorded as declared: an import must not rotate anything.
    """
    seen = {**kind.identity_values(record.identity), **live.attributes}
    attributes = dict(record.attributes)
    for difference in differences(kind, wanted, None, seen):
        of = difference.attribute
        if not (of.sensitive or of.write_only or of.local):
            attributes = _with(attributes, difference.path, difference.have)
    return replace(record, attributes=attributes)


def _with(values: dict[str, object], path: Path, value: object) -> dict[str, object]:
    """Return `values` with `value` at `path`; None takes it out."""
    name, rest = str(path[0]), path[1:]
    if rest:
        inner = values.get(name)
        value = _with(dict(inner) if isinstance(inner, dict) else {}, rest, value)
    if value is None:
        return {key: kept for key, kept in values.items() if key != name}
    return {**values, name: value}
