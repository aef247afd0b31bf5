"""One path of the API as an ASGI application: the door, the handler, the reply."""

from __future__ import annotations

import asyncio
import hmac
import json
import sys
import time
import traceback
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from reconciler.sandbox.account.engine import EngineError
from reconciler.sandbox.api.call import MAX_BODY_BYTES, Call, read_body, write_json
from reconciler.sandbox.api.carry import carry_out
from reconciler.sandbox.api.faults import Fault
from reconciler.sandbox.api.log import Entry
from reconciler.sandbox.api.table import ApiRoute
from reconciler.sandbox.api.world import World
from reconciler.sandbox.errors import (
    INTERNAL,
    INVALID_BODY,
    MISSING_TOKEN,
    TRY_LATER,
    UNKNOWN_ROUTE,
    WRONG_METHOD,
    WRONG_TOKEN,
    ApiError,
    refuse,
)

Reply = tuple[int, bytes]
PIECES = 10
"""In how many a slow body is sent."""


class Endpoint:
    """All methods of one path. No path at all is the endpoint of unknown routes."""

    def __init__(self, world: World, path: str, routes: Iterable[ApiRoute] = ()) -> None:
        self.world = world
        self.path = path
        self.routes = {route.method: route for route in routes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method: str = scope["method"]
        self.world.requests[f"{method} {self.path or '(unknown)'}"] += 1
        try:
            raw = await read_all(receive)
        except ClientDisconnect:
            return
        begun_s = time.perf_counter()
        fault = self.world.faults.take(method, scope["path"])
        await self._wait(fault)
        is_done = fault is None or not fault.prevents_work
        reply = await self.answer(scope, raw) if is_done else None
        if fault is not None and fault.status is not None:
            reply = fault.status, fault.answer(fault.status)
        # Before it is sent: who has the answer finds it in the log.
        self._log(scope, begun_s, reply, fault)
        if fault is not None and (fault.drop or reply is None):
            await cut(send)
        elif reply is not None and fault is not None:
            await send_faulty(send, fault, reply)
        elif reply is not None:
            await send_reply(send, reply)

    async def answer(self, scope: Scope, raw: bytes | None) -> Reply:
        """Return status and body, whatever happens; a surprise is a 500 that says so."""
        try:
            return 200, write_json(await self._handle(scope, raw))
        except ApiError as error:
            return error.refusal.status, write_json(error.to_json())
        except EngineError as error:
            sys.stderr.write(f"{scope['method']} {scope['path']}: {error}\n")
            return TRY_LATER.status, write_json(ApiError(TRY_LATER, str(error)).to_json())
        except Exception as error:  # noqa: BLE001 - the outermost frame of a request
            # What arrives here is a bug of the sandbox, and says so.
            traceback.print_exc(file=sys.stderr)
            surprise = refuse(INTERNAL, problem=type(error).__name__)
            return INTERNAL.status, write_json(surprise.to_json())

    async def _handle(self, scope: Scope, raw: bytes | None) -> Mapping[str, Any]:
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        route = self.routes.get(scope["method"])
        if route is None or not route.is_public:
            check_token(headers.get(b"authorization"), self.world.account.token)
        if route is None:
            raise refuse(WRONG_METHOD if self.routes else UNKNOWN_ROUTE)
        if raw is None:
            problem = f"the body is larger than {MAX_BODY_BYTES} bytes"
            raise refuse(INVALID_BODY, problem=problem)
        query = read_query(scope["query_string"])
        body = read_body(raw, headers.get(b"content-type", ""))
        return await work(self.world, route, scope.get("path_params", {}), query, body)

    async def _wait(self, fault: Fault | None) -> None:
        delay_s = self.world.account.knobs.latency_s + (fault.latency_s if fault else 0)
        if delay_s > 0:
            await asyncio.sleep(delay_s)

    def _log(self, scope: Scope, begun_s: float, sent: Reply | None, fault: Fault | None) -> None:
        if fault is not None and (fault.drop or fault.truncate):
            sent = None
        took_ms = (time.perf_counter() - begun_s) * 1000
        self.world.log.add(entry(scope["method"], scope["path"], took_ms, sent, fault))


def entry(
    method: str,
    path: str,
    took_ms: float,
    sent: Reply | None,
    fault: Fault | None = None,
    by: str = "api",
) -> Entry:
    """Return what the log keeps of a call; `sent` None is a connection that was cut."""
    return Entry(
        at_s=time.time(),
        method=method,
        path=path,
        status=sent[0] if sent else None,
        took_ms=round(took_ms, 3),
        code=_code(sent),
        fault=fault.name() if fault else "",
        by=by,
    )


def _code(sent: Reply | None) -> str:
    """Return the error code of a refusal, or its text where there is no code."""
    if sent is None or sent[0] == 200:
        return ""
    with suppress(ValueError, LookupError, TypeError):
        first = json.loads(sent[1])["errors"][0]
        return str(first.get("error_code") or first["message"])[:120]
    return ""


async def work(
    world: World,
    route: ApiRoute,
    names: Mapping[str, str],
    query: Mapping[str, str],
    body: Mapping[str, Any],
) -> Mapping[str, Any]:
    """Do what a call that passed the door asks for, and return its answer."""
    is_read = route.method == "GET"
    account = world.history.seen_by_reads(world.account) if is_read else world.account
    call = Call(account=account, names=names, query=query, body=body)
    if is_read:
        return await carry_out(route, call, world.locks)
    world.history.before_write(account)
    try:
        return await carry_out(route, call, world.locks)
    finally:
        # Also after a refusal, which may have put the account back.
        world.history.after_write(account)
        world.on_change()


def check_token(header: str | None, token: str) -> None:
    """Raise unless the header reads `aivenv1 TOKEN`."""
    if header is None:
        raise refuse(MISSING_TOKEN)
    scheme, _, given = header.partition(" ")
    # Bytes: compare_digest takes no text outside ASCII.
    is_right = hmac.compare_digest(given.strip().encode(), token.encode())
    if scheme.lower() != "aivenv1" or not is_right:
        raise refuse(WRONG_TOKEN)


def read_query(raw: bytes) -> dict[str, str]:
    """Return the query; unknown parameters are ignored (the Go clients add limit=999 to all)."""
    return dict(parse_qsl(raw.decode("latin-1"), keep_blank_values=True))


async def read_all(receive: Receive) -> bytes | None:
    """Return the request's body, or None if it is too large (it is read to its end anyway).

    Raises ClientDisconnect rather than do half of what somebody wanted to say.
    """
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= MAX_BODY_BYTES:
            parts.append(chunk)
        if not message.get("more_body", False):
            return b"".join(parts) if size <= MAX_BODY_BYTES else None


async def send_reply(send: Send, reply: Reply, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
    status, body = reply
    await send(_head(status, len(body), headers))
    await send({"type": "http.response.body", "body": body})


def _head(status: int, length: int, more: Iterable[tuple[bytes, bytes]]) -> Message:
    return {
        "type": "http.response.start",
        "status": status,
        "headers": [
            (b"content-type", b"application/json"),
            (b"content-length", str(length).encode()),
            *more,
        ],
    }


async def send_faulty(send: Send, fault: Fault, reply: Reply) -> None:
    """Send as the fault says: slowly, in part, or with its headers only."""
    if fault.truncate or fault.slow_s > 0:
        await _send_in_pieces(send, fault, reply)
    else:
        await send_reply(send, reply, fault.headers())


async def _send_in_pieces(send: Send, fault: Fault, reply: Reply) -> None:
    """Promise the whole body; send it slowly, or half of it."""
    status, body = reply
    await send(_head(status, len(body), fault.headers()))
    end = len(body) // 2 if fault.truncate else len(body)
    size = max(1, end // PIECES)
    for start in range(0, end, size):
        await asyncio.sleep(fault.slow_s / PIECES)
        piece = body[start : min(start + size, end)]
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    if fault.truncate:
        await cut(send)
    else:
        await send({"type": "http.response.body", "body": b""})


async def cut(send: Send) -> None:
    """Close the connection without a word.

    ASGI has no such thing, so this reaches for uvicorn's transport through its bound `send`.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise RuntimeError("this server's connections cannot be cut")
    transport.abort()
    while not transport.is_closing():
        await asyncio.sleep(0)
    await asyncio.sleep(0.01)
