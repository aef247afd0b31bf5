"""Parts of the editor schema that are the same for every kind."""

from typing import Any, TypeAlias

from reconciler.model.address import NAME_PATTERN
from reconciler.model.resource import OPERATIONS

Schema: TypeAlias = dict[str, Any]

EXPRESSION: Schema = {"$ref": "#/$defs/expression"}
NOTHING: Schema = {"$ref": "#/$defs/expressionOrNothing"}
DURATION: Schema = {"$ref": "#/$defs/duration"}


def closed(properties: Schema) -> Schema:
    """Return the schema of an object with these keys and no other."""
    return {"type": "object", "additionalProperties": False, "properties": properties}


def timeouts(*operations: str) -> Schema:
    """Return the schema of the deadlines of these operations."""
    return {
        "description": "Deadlines for whole operations, such as 30s, 5m or 2h45m.",
        **closed(dict.fromkeys((*operations, "default"), DURATION)),
    }


def _flag(description: str) -> Schema:
    return {"description": description, "anyOf": [{"type": "boolean"}, EXPRESSION]}


def lifecycle(flags: Schema) -> Schema:
    """Return the schema of a lifecycle with these flags."""
    return {
        "description": "How this resource is changed, apart from what it is.",
        **closed(
            {
                **flags,
                "ignore_changes": {
                    "description": "Attributes whose differences are left alone once the object is "
                    "there, such as plan or pg_user_config.work_mem.",
                    "type": "array",
                    "items": {"type": "string", "minLength": 1},
                },
                "replace_triggered_by": {
                    "description": "Addresses, or addresses with an attribute, whose change replaces "
                    "this resource, such as aiven_pg.main or aiven_pg.main.plan.",
                    "type": "array",
                    "items": {"type": "string", "pattern": rf"^{_KIND_AND_NAME}"},
                },
            }
        ),
    }


_KIND_AND_NAME = rf"{NAME_PATTERN}\.{NAME_PATTERN}"
_KEY = r'\["([^"\\]|\\["\\])*"\]'
FLAGS: Schema = {
    "prevent_destroy": _flag("Refuse every plan that would delete or replace it."),
    "create_before_destroy": _flag(
        "Where it is replaced, make the new one before the old one goes."
    ),
}
IN_PLACE: Schema = {
    "update_in_place": _flag(
        "Change in place what the API could change, although it usually forces a replacement."
    ),
}

BESIDE: Schema = {
    "for_each": {
        "description": "A map or a list of distinct strings: one resource for each key, at the address "
        'KIND.NAME["key"], with ${each.key} and ${each.value}.',
        "anyOf": [
            {"type": "object", "propertyNames": {"minLength": 1}},
            {
                "type": "array",
                "uniqueItems": True,
                "items": {"anyOf": [{"type": "string", "minLength": 1}, EXPRESSION]},
            },
            EXPRESSION,
        ],
    },
    "depends_on": {
        "description": "Addresses of resources that must be there first, where no reference says so. "
        "Without a key, all keys of a for_each.",
        "type": "array",
        "items": {
            "type": "string",
            "pattern": rf"^(data\.)?{_KIND_AND_NAME}({_KEY}|\[{NAME_PATTERN}(\.{NAME_PATTERN})+\])?$",
        },
    },
    "lifecycle": lifecycle(FLAGS),
    "timeouts": timeouts(*OPERATIONS),
}


def _blocks(description: str, properties: Schema) -> Schema:
    entry = {**closed(properties), "required": list(properties)}
    return {"description": description, "type": ["array", "null"], "items": entry}


def _address(description: str) -> Schema:
    pattern = rf"^{_KIND_AND_NAME}({_KEY})?$"
    return {"description": description, "type": "string", "pattern": pattern}


BLOCKS: Schema = {
    "moved": _blocks(
        "Resources that have another address now; their objects stay as they are.",
        {
            "from": _address("The address it is recorded under; without a key, all its keys."),
            "to": _address("The address it is declared under now."),
        },
    ),
    "import": _blocks(
        "Objects that exist already and become resources of this stack.",
        {
            "to": _address("The address it is declared under."),
            "id": {
                "description": "The object's id, such as PROJECT/SERVICE_NAME/POOL_NAME.",
                "type": "string",
                "minLength": 1,
            },
        },
    ),
    "removed": _blocks(
        "Resources to forget without deleting their objects.",
        {
            "from": _address("The address it is recorded under; without a key, all its keys."),
            "forget": {"description": "Always true: the object stays.", "const": True},
        },
    ),
    "policies": _blocks(
        "Rules that every plan of this stack must meet.",
        {
            "rule": {
                "description": "CEL over the plan's changes, such as "
                "changes.all(c, c.action != 'delete').",
                "type": "string",
                "minLength": 1,
            },
            "message": {
                "description": "What people are told where the rule is not met.",
                "type": "string",
                "minLength": 1,
            },
        },
    ),
}

VARIABLE: Schema = {
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
