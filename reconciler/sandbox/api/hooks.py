"""Routes under /sandbox: what only a sandbox has. They need no token."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, fields
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from reconciler.sandbox.account.account import Knobs
from reconciler.sandbox.account.clockwork import settle
from reconciler.sandbox.account.engine import EngineError
from reconciler.sandbox.api.call import read_body, write_json
from reconciler.sandbox.api.console import edit
from reconciler.sandbox.api.endpoint import read_all, send_reply
from reconciler.sandbox.api.world import World
from reconciler.sandbox.errors import (
    INVALID_BODY,
    TRY_LATER,
    WRONG_METHOD,
    ApiError,
    all_refusals,
    refuse,
    shares,
)
from reconciler.sandbox.validation import Schema, check

Json = dict[str, Any]
Hook = Callable[[World, Mapping[str, Any]], Json]
SlowHook = Callable[[World, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]

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
    engine = world.account.engine
    return {
        "pid": os.getpid(),
        "projects": list(world.account.projects),
        "engine": {"name": engine.name, **engine.show()},
    }


def read_requests(world: World, _body: Mapping[str, Any]) -> Json:
    return {"routes": dict(sorted(world.requests.items())), "total": world.requests.total()}


def reset_requests(world: World, _body: Mapping[str, Any]) -> Json:
    world.requests.clear()
    return {"message": "reset"}


def read_log(world: World, _body: Mapping[str, Any]) -> Json:
    """Answer the last requests, oldest first: as data, and as lines to read."""
    entries = list(world.log.entries)
    return {"entries": [asdict(one) for one in entries], "lines": [one.line() for one in entries]}


def clear_log(world: World, body: Mapping[str, Any]) -> Json:
    world.log.entries.clear()
    return read_log(world, body)


def read_faults(world: World, _body: Mapping[str, Any]) -> Json:
    world.faults.forget_old()
    return {"faults": [fault.show() for fault in world.faults.waiting]}


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
    "/sandbox/log": {"GET": read_log, "DELETE": clear_log},
    "/sandbox/faults": {"GET": read_faults, "POST": add_fault, "DELETE": clear_faults},
    "/sandbox/settings": {"GET": read_settings, "PUT": change_settings},
    "/sandbox/errors": {"GET": read_errors},
}
SLOW_HOOKS: dict[str, dict[str, SlowHook]] = {"/sandbox/edit": {"POST": edit}}
"""Hooks that wait for the engine."""


class HookEndpoint:
    """One path under /sandbox as an ASGI application; neither counted nor faulted."""

    def __init__(
        self, world: World, hooks: Mapping[str, Hook], slow: Mapping[str, SlowHook]
    ) -> None:
        self.world = world
        self.hooks = hooks
        self.slow = slow

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            raw = await read_all(receive)
        except ClientDisconnect:
            return
        try:
            answer = 200, write_json(await self._handle(scope["method"], raw))
        except ApiError as error:
            answer = error.refusal.status, write_json(error.to_json())
        except EngineError as error:
            answer = TRY_LATER.status, write_json(ApiError(TRY_LATER, str(error)).to_json())
        await send_reply(send, answer)

    async def _handle(self, method: str, raw: bytes | None) -> Mapping[str, Any]:
        if method not in (*self.hooks, *self.slow):
            raise refuse(WRONG_METHOD)
        if raw is None:
            raise refuse(INVALID_BODY, problem="the body is too large")
        body = read_body(raw, "application/json")
        if method in self.slow:
            return await self.slow[method](self.world, body)
        return self.hooks[method](self.world, body)
