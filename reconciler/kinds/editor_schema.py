"""The JSON Schema of stack files, made from the kinds, for editors.

It completes and explains; what counts is `desired.validate`, which knows more.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from reconciler.kinds.kind import Kind
from reconciler.model.address import NAME_PATTERN
from reconciler.model.resource import OPERATIONS

Schema: TypeAlias = dict[str, Any]

_EXPRESSION: Schema = {"$ref": "#/$defs/expression"}
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
            "duration": {
                "description": "A duration such as 30s, 5m or 2h45m.",
                "type": "string",
                "pattern": r"^([0-9]+(\.[0-9]+)?(ms|h|m|s))+$|\$\{",
            },
            **_LIFE,
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
    life = {name: {"$ref": f"#/$defs/{name}"} for name in _LIFE}
    properties = {**_attributes(_settable(kind)), **life}
    return _named(kind.description, {**_object(properties), **rules})


def _data_source(kind: Kind) -> Schema:
    properties = _attributes({name: kind.attributes[name].schema for name in kind.identity})
    return _named(kind.description, {**_object(properties), "required": list(kind.identity)})


_RULES = ("required", "dependentRequired", "not", "allOf")


def _settable(kind: Kind) -> Schema:
    return {name: a.schema for name, a in kind.attributes.items() if not a.read_only}


def _object(properties: Schema) -> Schema:
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _attributes(properties: Mapping[str, Any]) -> Schema:
    return {name: _or_expression(words) for name, words in properties.items()}


def _or_expression(words: Mapping[str, Any]) -> Schema:
    """Return the schema, or an expression in its place; what editors show stays outside the choice."""
    shown = {word: words[word] for word in _SHOWN if word in words}
    rules = _rules(words)
    if rules == {"type": "string"}:
        return {**shown, **rules}
    return {**shown, "anyOf": [rules, _EXPRESSION]}


_SHOWN = ("description", "default", "examples", "deprecated")


def _rules(words: Mapping[str, Any]) -> Schema:
    """Return what values must be, with expressions allowed at any depth."""
    rules = {w: v for w, v in words.items() if w not in _SHOWN and not w.startswith("x-")}
    rules.pop("writeOnly", None)
    if "properties" in rules:
        rules["properties"] = _attributes(rules["properties"])
    for word in ("items", "additionalProperties"):
        if isinstance(rules.get(word), Mapping):
            rules[word] = _or_expression(rules[word])
    return rules


_LIFE: Schema = {
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
                    "type": "boolean",
                }
            }
        ),
    },
    "timeouts": {
        "description": "Deadlines for whole operations, such as 30s, 5m or 2h45m.",
        **_object(dict.fromkeys((*OPERATIONS, "default"), _DURATION)),
    },
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
