"""The JSON Schema of stack files, made from the kinds, for editors.

It completes and explains; what counts is `desired.validate`, which knows more.
"""

from collections.abc import Collection, Mapping
from typing import Any

from reconciler.kinds.editor_parts import (
    BESIDE,
    BLOCKS,
    EXPRESSION,
    FLAGS,
    IN_PLACE,
    NOTHING,
    VARIABLE,
    Schema,
    closed,
    lifecycle,
    timeouts,
)
from reconciler.kinds.kind import Kind
from reconciler.model.address import NAME_PATTERN


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
            "variables": _named("Values from outside, as ${vars.NAME}.", VARIABLE),
            "locals": _named("Values with a name, as ${locals.NAME}.", {}),
            "defaults": _kinds(
                "Attributes and timeouts for every resource of a kind that says nothing else.",
                {name: _defaults(kind) for name, kind in catalogue.items() if kind.is_resource},
            ),
            "data": _kinds(
                "Objects that are only looked up, by kind and name: ${data.KIND.NAME.ATTRIBUTE}.",
                {name: _data_source(kind) for name, kind in catalogue.items()},
            ),
            "resources": _kinds(
                "Objects to make and to keep as declared, by kind and name: ${KIND.NAME.ATTRIBUTE}.",
                {name: _resource(kind) for name, kind in catalogue.items() if kind.is_resource},
            ),
            "outputs": _named("Values for people and scripts.", {}),
            **BLOCKS,
        },
        "allOf": [
            _required(kind.name, attribute.name)
            for kind in catalogue.values()
            if kind.is_resource
            for attribute in kind.attributes.values()
            if attribute.required
        ],
        "$defs": {
            "expression": {"type": "string", "pattern": r"\$\{"},
            "expressionOrNothing": {"type": ["string", "null"], "pattern": r"\$\{"},
            "duration": {
                "description": "A duration such as 30s, 5m or 2h45m.",
                "type": "string",
                "pattern": r"^([0-9]+(\.[0-9]+)?(ms|h|m|s))+$|\$\{",
            },
            **BESIDE,
            "lifecycle_in_place": lifecycle(FLAGS | IN_PLACE),
        },
    }


def _required(kind: str, attribute: str) -> Schema:
    """Ask for an attribute unless the file has a default for it."""
    has_default = {kind: {"required": [attribute]}}
    defaults = {"required": [kind], "properties": has_default}
    resources = {kind: {"additionalProperties": {"required": [attribute]}}}
    return {
        "if": {"required": ["defaults"], "properties": {"defaults": defaults}},
        "else": {"properties": {"resources": {"properties": resources}}},
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
    properties = {**_settable(kind), **{name: _ref(name) for name in BESIDE}}
    if any(attribute.updatable for attribute in kind.attributes.values()):
        properties["lifecycle"] = _ref("lifecycle_in_place")
    return _named(kind.description, {**closed(properties), **rules})


def _defaults(kind: Kind) -> Schema:
    """Return the schema of a kind's defaults; attributes are described where resources have them."""
    declared = f"#/properties/resources/properties/{kind.name}/additionalProperties/properties"
    properties = {name: {"$ref": f"{declared}/{name}"} for name in (*_settable(kind), "timeouts")}
    return {"description": kind.description, **closed(properties)}


def _settable(kind: Kind) -> Schema:
    settable = {name: a for name, a in kind.attributes.items() if not a.read_only}
    schemas = {name: attribute.schema for name, attribute in settable.items()}
    return _attributes(schemas, [name for name, a in settable.items() if a.required])


def _data_source(kind: Kind) -> Schema:
    schemas = {name: kind.attributes[name].schema for name in kind.identity}
    identity = _attributes(schemas, kind.identity)
    beside = {name: _ref(name) for name in ("for_each", "depends_on")}
    schema = closed({**identity, **beside, "timeouts": timeouts("read")})
    return _named(kind.description, {**schema, "required": list(kind.identity)})


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


_RULES = ("dependentRequired", "not", "allOf")
"""Rules of a whole resource; what is required is asked for where defaults are seen as well."""


def _attributes(properties: Mapping[str, Any], required: Collection[str]) -> Schema:
    return {
        name: _or_else(EXPRESSION if name in required else NOTHING, words)
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
            rules[word] = _or_else(EXPRESSION, rules[word])
    return rules
