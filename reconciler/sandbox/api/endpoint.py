"""One path of the API as an ASGI application: the door, the handler, the reply."""

from __future__ import annotations

import asyncio
import hmac
import sys
import traceback
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from reconciler.sandbox.account.engine import EngineError
from reconciler.sandbox.api.call import MAX_BODY_BYTES, Call, read_body, write_json
from reconciler.sandbox.api.faults import Fault
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
        fault = self.world.faults.take(method, scope["path"])
        await self._wait(fault)
        if fault is None:
            await send_reply(send, self.answer(scope, raw))
            return
        await send_faulty(send, fault, None if fault.prevents_work else self.answer(scope, raw))

    def answer(self, scope: Scope, raw: bytes | None) -> Reply:
        """Return status and body, whatever happens; a surprise is a 500 that says so."""
        try:
            return 200, write_json(self._handle(scope, raw))
        except ApiError as error:
            return error.refusal.status, write_json(error.to_json())
        except EngineError as error:
            return TRY_LATER.status, write_json(ApiError(TRY_LATER, str(error)).to_json())
        except Exception as error:  # noqa: BLE001 - the outermost frame of a request
            # What arrives here is a bug of the sandbox, and says so.
            traceback.print_exc(file=sys.stderr)
            surprise = refuse(INTERNAL, problem=type(error).__name__)
            return INTERNAL.status, write_json(surprise.to_json())

    def _handle(self, scope: Scope, raw: bytes | None) -> Mapping[str, Any]:
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        route = self.routes.get(scope["method"])
        if route is None or not route.is_public:
            check_token(headers.get(b"authorization"), self.world.account.token)
        if route is None:
            raise refuse(WRONG_METHOD if self.routes else UNKNOWN_ROUTE)
        if raw is None:
            problem = f"the body is larger than {MAX_BODY_BYTES} bytes"
            raise refuse(INVALID_BODY, problem=problem)
        call = Call(
            account=self.world.account,
            names=scope.get("path_params", {}),
            query=read_query(scope["query_string"]),
            body=read_body(raw, headers.get(b"content-type", "")),
        )
        answer = route.handler(call)
        if route.method != "GET":
            self.world.on_change()
        return answer

    async def _wait(self, fault: Fault | None) -> None:
        delay_s = self.world.account.knobs.latency_s + (fault.latency_s if fault else 0)
        if delay_s > 0:
            await asyncio.sleep(delay_s)


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
    length = str(len(body)).encode()
    start: Message = {
        "type": "http.response.start",
        "status": status,
        "headers": [
            (b"content-type", b"application/json"),
            (b"content-length", length),
            *headers,
        ],
    }
    await send(start)
    await send({"type": "http.response.body", "body": body})


async def send_faulty(send: Send, fault: Fault, done: Reply | None) -> None:
    """Answer what the fault says: nothing, its own status, or (only latency) what was done."""
    if fault.drop:
        await cut(send)
    elif fault.status is not None:
        await send_reply(send, (fault.status, fault.answer(fault.status)), fault.headers())
    elif done is not None:
        await send_reply(send, done, fault.headers())


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
