"""What of a declaration may be written down: an allow-list, never a dump."""

from collections.abc import Mapping

from reconciler.kinds.kind import Attribute, Kind
from reconciler.model.values import Attributes, holds_secret


def recordable(kind: Kind, attributes: Attributes) -> dict[str, object]:
    """Return the declared attributes without secrets, read-only ones and unset ones."""
    return _recordable(kind.attributes, attributes)


def _recordable(known: Mapping[str, Attribute], values: Attributes) -> dict[str, object]:
    kept: dict[str, object] = {}
    for name, attribute in known.items():
        value = values.get(name)
        if value is None or attribute.read_only or attribute.sensitive:
            continue
        if attribute.nested and isinstance(value, Mapping):
            kept[name] = _recordable(attribute.nested, value)
        elif not holds_secret(value):
            kept[name] = value
    return kept
