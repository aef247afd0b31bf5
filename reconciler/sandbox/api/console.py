"""A Console edit: what somebody does past the client under test, without a token or a fault."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from starlette.routing import compile_path

from reconciler.sandbox.api.call import write_json
from reconciler.sandbox.api.endpoint import entry, work
from reconciler.sandbox.api.table import ROUTES
from reconciler.sandbox.api.world import World
from reconciler.sandbox.errors import UNKNOWN_ROUTE, refuse
from reconciler.sandbox.validation import Schema, check

EDIT = Schema(
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["method", "path"],
        "properties": {
            "method": {"enum": ["POST", "PUT", "PATCH", "DELETE"]},
            "path": {"type": "string", "pattern": "^/"},
            "body": {"type": "object"},
        },
    }
)
_PATTERNS = [(route, compile_path(route.path)[0]) for route in ROUTES]


async def edit(world: World, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Do the call in `body`, and answer what the API would have; `/v1` may be left out."""
    check(body, EDIT)
    path = body["path"] if body["path"].startswith("/v1/") else f"/v1{body['path']}"
    for route, pattern in _PATTERNS:
        found = pattern.match(path)
        if route.method != body["method"] or found is None:
            continue
        begun_s = time.perf_counter()
        answer = await work(world, route, found.groupdict(), {}, body.get("body", {}))
        took_ms = (time.perf_counter() - begun_s) * 1000
        done = (200, write_json({}))
        world.log.add(entry(route.method, path, took_ms, done, by="console"))
        return answer
    raise refuse(UNKNOWN_ROUTE)
