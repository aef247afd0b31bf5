"""The JSON Schema of stack files, made from the kinds, for editors.

It completes and explains; what counts is `desired.validate`, which knows more.
"""

from collections.abc import Collection, Mapping
from typing import Any, TypeAlias

from reconciler.kinds.kind import Kind
from reconciler.model.address import NAME_PATTERN
from reconciler.model.resource import OPERATIONS

Schema: TypeAlias = dict[str, Any]

_EXPRESSION: Schema = {"$ref": "#/$defs/expression"}
_NOTHING: Schema = {"$ref": "#/$defs/expressionOrNothing"}
_DURATION: Schema = {"$ref": "#/$defs/duration"}


def stack_schema(catalogue: Mapping[str, Kind]) -> Schema:
    """Return the schema of a stack file in which these kinds can be declared."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Stack file",
        "description": "What is wanted of the API's objects, under one name.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "stack": {
                "description": "The stack's name, which also names its state.",
                "type": "string",
                "pattern": f"^{NAME_PATTERN}$",
                "maxLength": 100,
            },
            "variables": _named("Values from outside, as ${vars.NAME}.", _VARIABLE),
            "data": _kinds(
                "Objects that are only looked up, by kind and name: ${data.KIND.NAME.ATTRIBUTE}.",
                {name: _data_source(kind) for name, kind in catalogue.items()},
            ),
            "resources": _kinds(
                "Objects to make and to keep as declared, by kind and name: ${KIND.NAME.ATTRIBUTE}.",
                {name: _resource(kind) for name, kind in catalogue.items() if kind.is_resource},
            ),
            "outputs": _named("Values for people and scripts.", {}),
        },
        "$defs": {
            "expression": {"type": "string", "pattern": r"\$\{"},
            "expressionOrNothing": {"type": ["string", "null"], "pattern": r"\$\{"},
            "duration": {
                "description": "A duration such as 30s, 5m or 2h45m.",
                "type": "string",
                "pattern": r"^([0-9]+(\.[0-9]+)?(ms|h|m|s))+$|\$\{",
            },
            **_BESIDE,
        },
    }


def _named(description: str, schema: Schema) -> Schema:
    """Return a mapping of names that people choose."""
    return {
        "description": description,
        "type": ["object", "null"],
        "propertyNames": {"pattern": f"^{NAME_PATTERN}$"},
        "additionalProperties": schema,
    }


def _kinds(description: str, kinds: Schema) -> Schema:
    return {
        "description": description,
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": kinds,
    }


def _resource(kind: Kind) -> Schema:
    rules = {word: kind.schema[word] for word in _RULES if word in kind.schema}
    beside = {name: {"$ref": f"#/$defs/{name}"} for name in _BESIDE}
    settable = {name: a for name, a in kind.attributes.items() if not a.read_only}
    schemas = {name: attribute.schema for name, attribute in settable.items()}
    required = [name for name, attribute in settable.items() if attribute.required]
    properties = {**_attributes(schemas, required), **beside}
    return _named(kind.description, {**_object(properties), **rules})


def _data_source(kind: Kind) -> Schema:
    schemas = {name: kind.attributes[name].schema for name in kind.identity}
    identity = _attributes(schemas, kind.identity)
    beside = {"depends_on": {"$ref": "#/$defs/depends_on"}, "timeouts": _timeouts("read")}
    schema = _object({**identity, **beside})
    return _named(kind.description, {**schema, "required": list(kind.identity)})


_RULES = ("required", "dependentRequired", "not", "allOf")


def _object(properties: Schema) -> Schema:
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _attributes(properties: Mapping[str, Any], required: Collection[str]) -> Schema:
    return {
        name: _or_else(_EXPRESSION if name in required else _NOTHING, words)
        for name, words in properties.items()
    }


def _or_else(other: Schema, words: Mapping[str, Any]) -> Schema:
    """Return the schema with another choice; what editors show stays outside of both."""
    shown = {word: words[word] for word in _SHOWN if word in words}
    return {**shown, "anyOf": [_rules(words), other]}


_SHOWN = ("description", "default", "examples", "deprecated")


def _rules(words: Mapping[str, Any]) -> Schema:
    """Return what values must be, with expressions allowed at any depth."""
    rules = {w: v for w, v in words.items() if w not in _SHOWN and not w.startswith("x-")}
    rules.pop("writeOnly", None)
    if "properties" in rules:
        rules["properties"] = _attributes(rules["properties"], rules.get("required", ()))
    for word in ("items", "additionalProperties"):
        if isinstance(rules.get(word), Mapping):
            rules[word] = _or_else(_EXPRESSION, rules[word])
    return rules


def _timeouts(*operations: str) -> Schema:
    return {
        "description": "Deadlines for whole operations, such as 30s, 5m or 2h45m.",
        **_object(dict.fromkeys((*operations, "default"), _DURATION)),
    }


_BESIDE: Schema = {
    "depends_on": {
        "description": "Addresses of resources that must be there first, where no reference says so.",
        "type": "array",
        "items": {"type": "string"},
    },
    "lifecycle": {
        "description": "What may not happen to this resource.",
        **_object(
            {
                "prevent_destroy": {
                    "description": "Refuse every plan that would delete or replace it.",
                    "anyOf": [{"type": "boolean"}, _EXPRESSION],
                }
            }
        ),
    },
    "timeouts": _timeouts(*OPERATIONS),
}

_VARIABLE: Schema = {
    "description": "A JSON Schema of the value; writeOnly marks a secret.",
    "type": ["object", "null"],
    "properties": {
        "type": {
            "description": "What the value is.",
            "enum": ["string", "integer", "number", "boolean", "array", "object"],
        },
        "description": {"description": "What it is for.", "type": "string"},
        "default": {"description": "Its value where none is given."},
        "writeOnly": {
            "description": "A secret: never printed, never stored.",
            "type": "boolean",
        },
        "enum": {"description": "The values it may have.", "type": "array"},
    },
}
