"""What the request bodies may hold, as JSON Schemas (limits: Aiven's API documentation).

Unknown keys are refused. Where null is a value of its own (cloud, project_vpc_id, a pool's
username), the type says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.validation import Schema

Node = dict[str, Any]

# `\Z`, not `$`: the latter lets a newline pass at the end.
PROJECT_NAME = r"^[a-zA-Z0-9_-]{1,63}\Z"
SERVICE_NAME = r"^[a-z][-a-z0-9]{0,63}\Z"
DATABASE_NAME = r"^[a-zA-Z0-9_][a-zA-Z0-9_-]{0,39}\Z"
USERNAME = r"^[_A-Za-z0-9][-._A-Za-z0-9]{0,63}\Z"
POOL_NAME = r"^[A-Za-z0-9_.-]{1,63}\Z"
"""A name outside it blocks every later change of PgBouncer's file."""
TIME_OF_DAY = r"^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\Z"
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
POOL_MODES = ["session", "transaction", "statement"]
CURRENCIES = ["AUD", "CAD", "CHF", "DKK", "EUR", "GBP", "JPY", "NOK", "NZD", "SEK", "SGD", "USD"]


def _text(longest: int, shortest: int = 0, **more: Any) -> Node:
    return {"type": "string", "maxLength": longest, "minLength": shortest, **more}


def _or_null(node: Node) -> Node:
    return {**node, "type": [node["type"], "null"]}


def _object(properties: Mapping[str, Node], *required: str) -> Node:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


_FLAG: Node = {"type": "boolean"}
_FREE: Node = {"type": "object"}
_EMAILS: Node = {
    "type": "array",
    "maxItems": 10,
    "items": _object({"email": _text(254)}, "email"),
}
_TAGS: Node = {
    "type": "object",
    "additionalProperties": {"type": "string", "maxLength": 64},
    "propertyNames": {"maxLength": 64, "minLength": 1},
}
_TAGS_OR_NULL: Node = {
    **_TAGS,
    "additionalProperties": {"type": ["string", "null"], "maxLength": 64},
}

_BILLING: dict[str, Node] = {
    "add_account_owners_admin_access": _FLAG,
    "address_lines": {"type": "array", "maxItems": 3, "items": {"type": "string"}},
    "billing_address": _text(1000),
    "billing_currency": {"enum": CURRENCIES},
    "billing_emails": _EMAILS,
    "billing_extra_text": _or_null(_text(1000)),
    "card_id": _or_null(_text(64)),
    "city": _text(50),
    "company": _text(83),
    "country_code": _or_null(_text(2)),
    "state": _text(30),
    "vat_id": _text(64),
    "zip_code": _text(36),
}
"""Deprecated fields of a project; kept and shown again."""

_PROJECT: dict[str, Node] = {
    **_BILLING,
    "account_id": _or_null(_text(36)),
    "billing_group_id": _or_null(_text(36, 36)),
    "cloud": _or_null(_text(256)),
    "tags": _TAGS,
    "tech_emails": _or_null(_EMAILS),
}

_MAINTENANCE = _object(
    {
        "dow": {"type": "string", "enum": WEEKDAYS},
        "time": {"type": "string", "pattern": TIME_OF_DAY},
    }
)

_INTEGRATION = _object(
    {
        "integration_type": _text(64),
        "source_service": _text(64),
        "dest_service": _text(64),
        "source_project": _text(63),
        "dest_project": _text(63),
        "source_endpoint_id": _text(36),
        "dest_endpoint_id": _text(36),
        "user_config": _FREE,
    },
    "integration_type",
)

_SERVICE: dict[str, Node] = {
    "cloud": _or_null(_text(256)),
    "cmk_id": _or_null(_text(36, 36)),
    "disk_space_mb": {"type": "integer", "minimum": 0},
    "group_name": _text(256),
    "maintenance": _MAINTENANCE,
    "project_vpc_id": _or_null(_text(36, 36)),
    "tech_emails": _EMAILS,
    "termination_protection": _FLAG,
    "user_config": _FREE,
}

_AUTHENTICATION: Node = {"enum": ["caching_sha2_password", "mysql_native_password", None]}
_ACCESS_CONTROL = _object({"pg_allow_replication": _FLAG})

_POOL: dict[str, Node] = {
    "database": _text(63, 1),
    "pool_mode": {"type": "string", "enum": POOL_MODES},
    "pool_size": {"type": "integer", "minimum": 1, "maximum": 10000},
    "username": _or_null(_text(64)),
}

PROJECT_CREATE = Schema(
    _object(
        {
            **_PROJECT,
            "project": {"type": "string", "pattern": PROJECT_NAME},
            "base_port": {"type": "integer", "minimum": 10000, "maximum": 29000},
            "copy_from_project": _text(63),
            "copy_tags": _FLAG,
            "use_source_project_billing_group": _FLAG,
        },
        "project",
    )
)
PROJECT_UPDATE = Schema(
    _object({**_PROJECT, "project_name": {"type": "string", "pattern": PROJECT_NAME}})
)
TAGS_REPLACE = Schema(_object({"tags": _TAGS}, "tags"))
TAGS_UPDATE = Schema(_object({"tags": _TAGS_OR_NULL}, "tags"))
SERVICE_CREATE = Schema(
    _object(
        {
            **_SERVICE,
            "service_name": {"type": "string", "pattern": SERVICE_NAME},
            "service_type": _text(64),
            "plan": _text(128),
            "copy_tags": _FLAG,
            "tags": _TAGS,
            "static_ips": {"type": "array", "maxItems": 128, "items": {"type": "string"}},
            "service_integrations": {"type": "array", "maxItems": 64, "items": _INTEGRATION},
        },
        "service_name",
        "service_type",
        "plan",
    )
)
SERVICE_UPDATE = Schema(
    _object(
        {
            **_SERVICE,
            "plan": _text(128),
            "powered": _FLAG,
            "karapace": _FLAG,
            "schema_registry_authz": _FLAG,
            "disaster_recovery_role": {"enum": ["active", "passive", "failed"]},
        }
    )
)
TASK_CREATE = Schema(
    _object(
        {
            "task_type": _text(64),
            "target_version": _text(32),
            "upgrade_check": _object(
                {"target_version": _text(32), "async": _FLAG}, "target_version"
            ),
            "create_user_backup": _FREE,
            "dataset_import": _FREE,
            "migration_check": _FREE,
            "create_searchable_snapshot": _FREE,
        },
        "task_type",
    )
)
DATABASE_CREATE = Schema(
    _object(
        {
            "database": {"type": "string", "pattern": DATABASE_NAME},
            "lc_collate": _text(128, 1),
            "lc_ctype": _text(128, 1),
        },
        "database",
    )
)
USER_CREATE = Schema(
    _object(
        {
            "username": {"type": "string", "pattern": USERNAME},
            "access_control": _ACCESS_CONTROL,
            "authentication": _AUTHENTICATION,
        },
        "username",
    )
)
USER_MODIFY = Schema(
    _object(
        {
            "operation": {
                "type": "string",
                "enum": ["reset-credentials", "set-access-control", "acknowledge-renewal"],
            },
            "new_password": _or_null(_text(256, 8)),
            "access_control": _ACCESS_CONTROL,
            "authentication": _AUTHENTICATION,
        },
        "operation",
    )
)
POOL_CREATE = Schema(_object({**_POOL, "pool_name": _text(63, 1)}, "pool_name", "database"))
POOL_UPDATE = Schema(_object(_POOL))
