"""Values as their kind takes them: what is sensitive hidden, what is null inside a merged map unset."""

from collections.abc import Mapping

from reconciler.desired.schemas import Schema, schema_below
from reconciler.kinds.kind import Kind
from reconciler.model.location import Path
from reconciler.model.values import Secret


def is_sensitive(kind: Kind, path: Path) -> bool:
    """Whether the value at `path` of a resource must not be shown."""
    attribute = kind.attributes.get(str(path[0])) if path else None
    if attribute is None:
        return False
    return any(
        schema_below(attribute.schema, path[1:depth]).get("x-sensitive", False)
        for depth in range(1, len(path) + 1)
    )


def normalise(value: object, schema: Schema) -> object:
    """Return the value with Secrets where it is sensitive, and without nulls in merged maps.

    A map that is merged key by key has its keys unset by leaving them out; null says the same.
    """
    if schema.get("x-sensitive"):
        return hide(value)
    if isinstance(value, dict):
        is_merged = bool(schema.get("x-merge"))
        return {
            key: normalise(inner, schema_below(schema, (key,)))
            for key, inner in value.items()
            if inner is not None or not is_merged
        }
    if isinstance(value, list):
        items = schema_below(schema, (0,))
        return [normalise(inner, items) for inner in value]
    return value


def hide(value: object) -> object:
    """Return the value with each of its strings as a Secret."""
    if isinstance(value, str):
        return Secret(value)
    if isinstance(value, Mapping):
        return {key: hide(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [hide(inner) for inner in value]
    return value
