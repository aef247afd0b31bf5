"""The pg user_config: its schema, how an update is merged into it, what it defaults to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from reconciler.sandbox.catalogue import AVAILABLE_VERSIONS, DEFAULT_VERSION
from reconciler.sandbox.errors import CREATE_ONLY, VERSION_DOWN, VERSION_GONE, refuse
from reconciler.sandbox.validation import Schema, check

REDACTED = "<redacted>"
DEFAULT_IP_FILTER = ("0.0.0.0/0", "::/0")

Config = dict[str, Any]


@cache
def schema() -> dict[str, Any]:
    """Return the JSON Schema of user_config as the service type answers it.

    Options that can be reset by null list "null" among their types: avn's --remove-option asks
    for that. Which ones can is not published; here all but the create-only and required ones.
    """
    text = files("reconciler.sandbox").joinpath("data/pg_user_config.schema.json").read_text()
    loaded: dict[str, Any] = json.loads(text)
    _admit_null(loaded)
    loaded["title"] = "PostgreSQL user configuration"
    return loaded


def _admit_null(node: dict[str, Any]) -> None:
    required = node.get("required", [])
    for name, option in node.get("properties", {}).items():
        option.setdefault("title", name)
        if option.get("type") == "object":
            option.setdefault("additionalProperties", False)
            _admit_null(option)
        if option.get("createOnly") or name in required:
            continue
        types = option["type"] if isinstance(option["type"], list) else [option["type"]]
        option["type"] = [*types, "null"]
        if "enum" in option and None not in option["enum"]:
            option["enum"] = [*option["enum"], None]


@cache
def _whole() -> Schema:
    return Schema(schema())


@cache
def _partial() -> Schema:
    """Return the schema of what an update may send: objects need not be whole."""
    options = {name: dict(option) for name, option in schema()["properties"].items()}
    for option in options.values():
        option.pop("required", None)
    return Schema(schema() | {"properties": options})


def create(given: Mapping[str, Any]) -> Config:
    """Return the user_config of a new service: what was given and the defaults that show."""
    merged = _merge_checked({}, given)
    merged.setdefault("pg_version", DEFAULT_VERSION)
    _check_version(merged["pg_version"])
    return merged


def update(current: Config, given: Mapping[str, Any]) -> Config:
    """Return `current` with `given` merged in key by key; null resets (Aiven's API)."""
    merged = _merge_checked(current, given)
    options = schema()["properties"]
    for name in sorted(given):
        if options[name].get("createOnly") and merged.get(name) != current.get(name):
            raise refuse(CREATE_ONLY, path=name)
    merged.setdefault("pg_version", current["pg_version"])
    old, new = current["pg_version"], merged["pg_version"]
    if int(new) < int(old):
        raise refuse(VERSION_DOWN, old=old, new=new)
    if new != old:
        _check_version(new)
    return merged


def _merge_checked(current: Config, given: Mapping[str, Any]) -> Config:
    """Merge, refusing an update with a wrong value and a result that is not whole."""
    sent = _without_redacted(given)
    check(sent, _partial(), path="user_config")
    merged = _defaults() | merge(current, sent)
    check(merged, _whole(), path="user_config")
    return merged


def _without_redacted(given: Mapping[str, Any]) -> Config:
    """Drop what a client read masked and sends back: it overwrites nothing."""
    return {
        name: _without_redacted(value) if isinstance(value, Mapping) else value
        for name, value in given.items()
        if value != REDACTED
    }


def merge(current: Mapping[str, Any], given: Mapping[str, Any]) -> Config:
    """Merge at the top level and inside objects; null removes."""
    merged: Config = dict(current)
    for name, value in given.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, Mapping):
            old = merged.get(name)
            merged[name] = merge(old if isinstance(old, Mapping) else {}, value)
        else:
            merged[name] = value
    return merged


def redact(config: Mapping[str, Any]) -> Config:
    """Return `config` with its secret values (marked `_secure` in the schema) masked."""
    return _redact(config, schema())


def _redact(config: Mapping[str, Any], node: Mapping[str, Any]) -> Config:
    shown: Config = {}
    for name, value in config.items():
        option = node["properties"].get(name, {})
        if option.get("_secure"):
            shown[name] = REDACTED
        elif isinstance(value, Mapping) and "properties" in option:
            shown[name] = _redact(value, option)
        else:
            shown[name] = value
    return shown


def _defaults() -> Config:
    """Return the defaults a service shows unasked; pg_version is set apart."""
    return {"ip_filter": list(DEFAULT_IP_FILTER)}


def _check_version(version: str) -> None:
    if version not in AVAILABLE_VERSIONS:
        raise refuse(VERSION_GONE, version=version)
