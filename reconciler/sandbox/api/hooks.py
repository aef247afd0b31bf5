"""Routes under /sandbox: what only a sandbox has. They need no token."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from reconciler.sandbox.account.account import Knobs
from reconciler.sandbox.account.clockwork import settle
from reconciler.sandbox.api.call import read_body, write_json
from reconciler.sandbox.api.endpoint import read_all, send_reply
from reconciler.sandbox.api.world import World
from reconciler.sandbox.errors import (
    INVALID_BODY,
    WRONG_METHOD,
    ApiError,
    all_refusals,
    refuse,
    shares,
)
from reconciler.sandbox.validation import Schema, check

Json = dict[str, Any]
Hook = Callable[[World, Mapping[str, Any]], Json]

SETTINGS = Schema(
    {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            knob.name: {"type": "boolean"}
            if isinstance(knob.default, bool)
            else {"type": "number", "minimum": 0}
            for knob in fields(Knobs)
        },
    }
)


def read_status(world: World, _body: Mapping[str, Any]) -> Json:
    """Answer who this is; `control` compares the pid before it believes a run-file."""
    return {"pid": os.getpid(), "projects": list(world.account.projects)}


def read_requests(world: World, _body: Mapping[str, Any]) -> Json:
    return {"routes": dict(sorted(world.requests.items())), "total": world.requests.total()}


def reset_requests(world: World, _body: Mapping[str, Any]) -> Json:
    world.requests.clear()
    return {"message": "reset"}


def read_faults(world: World, _body: Mapping[str, Any]) -> Json:
    return {"faults": [asdict(fault) for fault in world.faults.waiting]}


def add_fault(world: World, body: Mapping[str, Any]) -> Json:
    world.faults.add(body)
    return read_faults(world, body)


def clear_faults(world: World, body: Mapping[str, Any]) -> Json:
    world.faults.waiting.clear()
    return read_faults(world, body)


def read_settings(world: World, _body: Mapping[str, Any]) -> Json:
    return {"settings": asdict(world.account.knobs)}


def change_settings(world: World, body: Mapping[str, Any]) -> Json:
    """Turn knobs. Services still being built take the new delay at once; built ones stay so."""
    check(body, SETTINGS)
    for service in world.account.all_services():
        settle(world.account, service)
    for name, value in body.items():
        setattr(world.account.knobs, name, value)
    return read_settings(world, body)


def read_errors(_world: World, _body: Mapping[str, Any]) -> Json:
    """Answer every refusal with its source, and the shares of the sources."""
    rows = {
        name: {"status": row.status, "code": row.code, "text": row.text, "source": row.source}
        for name, row in all_refusals().items()
    }
    return {"errors": rows, "shares": shares()}


HOOKS: dict[str, dict[str, Hook]] = {
    "/sandbox/status": {"GET": read_status},
    "/sandbox/requests": {"GET": read_requests, "DELETE": reset_requests},
    "/sandbox/faults": {"GET": read_faults, "POST": add_fault, "DELETE": clear_faults},
    "/sandbox/settings": {"GET": read_settings, "PUT": change_settings},
    "/sandbox/errors": {"GET": read_errors},
}


class HookEndpoint:
    """One path under /sandbox as an ASGI application; neither counted nor faulted."""

    def __init__(self, world: World, hooks: Mapping[str, Hook]) -> None:
        self.world = world
        self.hooks = hooks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            raw = await read_all(receive)
        except ClientDisconnect:
            return
        try:
            answer = 200, write_json(self._handle(scope, raw))
        except ApiError as error:
            answer = error.refusal.status, write_json(error.to_json())
        await send_reply(send, answer)

    def _handle(self, scope: Scope, raw: bytes | None) -> Json:
        hook = self.hooks.get(scope["method"])
        if hook is None:
            raise refuse(WRONG_METHOD)
        if raw is None:
            raise refuse(INVALID_BODY, problem="the body is too large")
        return hook(self.world, read_body(raw, "application/json"))
