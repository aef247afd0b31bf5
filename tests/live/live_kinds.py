"""Kinds for the tests of `live`: the shipped ones, and small ones that show one thing each."""

from collections.abc import Mapping
from typing import Any

from reconciler.kinds.catalogue import load_catalogue
from reconciler.kinds.kind import Kind
from reconciler.kinds.parse import parse_kind

KINDS: Mapping[str, Kind] = load_catalogue()
POOL, USER, PG = (KINDS[f"aiven_{name}"] for name in ("connection_pool", "pg_user", "pg"))
DATABASE, PROJECT = KINDS["aiven_pg_database"], KINDS["aiven_project"]


def kind(
    properties: Mapping[str, Any], routes: Mapping[str, Any], identity: str = "name", **life: Any
) -> Kind:
    """Return a kind with these attributes and routes; `name` is there already."""
    return parse_kind(
        {
            "title": "thing",
            "description": "A thing.",
            "properties": {"name": {"type": "string"}, **properties},
            "x-kind": {"identity": identity.split("/"), "routes": {"read": [], **routes}, **life},
        }
    )
