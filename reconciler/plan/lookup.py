"""What a reference leads to: a live value, or one that will be known after a step."""

from collections.abc import Mapping

from reconciler.expressions.reference import Reference
from reconciler.model.live import LiveObject
from reconciler.model.location import Path
from reconciler.model.plan import BLOCKING, Action
from reconciler.model.values import Unknown
from reconciler.plan.survey import DecidedMap, Inputs


class NotReadableError(Exception):
    """A reference leads to something that could not be read."""

    def __init__(self, needed: str) -> None:
        super().__init__(needed)
        self.needed = needed


def look_up(inputs: Inputs, reference: Reference, decided: DecidedMap) -> object:
    """Return what a reference leads to: a value, or Unknown while a step must come first.

    Raises NotReadableError when its object could not be read, or this token may not see the attribute.
    """
    target = reference.address
    if target is None:
        raise ValueError(f"{reference} should have been resolved offline")
    if target.is_data:
        kind = inputs.catalogue[target.kind]
        identity = kind.identity_of(inputs.data[target].attributes)
        return _seen(inputs.at(kind, identity or ""), reference)
    other = decided[target]
    if other.action in BLOCKING:
        raise NotReadableError(target)
    attribute = other.kind.attributes[str(reference.path[0])]
    is_new = other.action in (Action.CREATE, Action.REPLACE)
    if is_new or (other.action is Action.UPDATE and attribute.read_only):
        return Unknown(target, reference.attribute, sensitive=attribute.sensitive, is_new=is_new)
    return _seen(other.live, reference)


def _seen(live: LiveObject, reference: Reference) -> object:
    if not live.is_present or reference.path[0] not in live.attributes:
        raise NotReadableError(str(reference))
    return value_at(live.attributes, reference.path)


def value_at(value: object, path: Path) -> object:
    """Return what lies at `path` inside a value; None where there is nothing."""
    for part in path:
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value
