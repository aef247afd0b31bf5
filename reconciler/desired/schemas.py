"""What a JSON Schema says about a part of a value."""

from collections.abc import Mapping
from typing import TypeAlias

from reconciler.model.location import Path

Schema: TypeAlias = Mapping[str, object]


def schema_below(schema: Schema, path: Path) -> Schema:
    """Return the schema of what lies at `path`; empty where the schema does not say."""
    for part in path:
        properties = schema.get("properties")
        inner: object = schema.get("items")
        if isinstance(part, str):
            inner = properties.get(part) if isinstance(properties, dict) else None
            inner = schema.get("additionalProperties") if inner is None else inner
        if not isinstance(inner, dict):
            return {}
        schema = inner
    return schema


def types_of(schema: Schema) -> frozenset[str]:
    """Return the type names the schema allows; empty when it does not say."""
    wanted = schema.get("type")
    if isinstance(wanted, str):
        return frozenset({wanted})
    if isinstance(wanted, list):
        return frozenset(map(str, wanted))
    choices = schema.get("enum")
    if isinstance(choices, list) and all(isinstance(choice, str) for choice in choices):
        return frozenset({"string"})
    return frozenset()
