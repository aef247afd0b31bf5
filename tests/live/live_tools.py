"""What the tests of `live` share: a clock that sleeps at once, clients over a function, a raw server."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import httpx

from reconciler.live.client import Client
from reconciler.live.deadline import Timing
from reconciler.live.request import Request
from reconciler.model.values import Secret

TOKEN = "token-CANARY-1"
URL = "http://api.test"
Handler = Callable[[httpx.Request], httpx.Response]
T = TypeVar("T")


class Clock:
    """A clock that only moves when somebody sleeps on it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)

    def timing(self, **knobs: Any) -> Timing:
        return Timing(
            clock=self, sleep=self.sleep, jitter=knobs.pop("jitter", lambda: 0.5), **knobs
        )


def client_over(handler: Handler, clock: Clock | None = None, **options: Any) -> Client:
    """Return a client, to be entered, whose requests go to `handler`."""
    timing = options.pop("timing", None) or (clock or Clock()).timing()
    transport = httpx.MockTransport(handler)
    return Client(URL, Secret(TOKEN), transport=transport, timing=timing, **options)


def answers(*replies: httpx.Response | Exception) -> tuple[Handler, list[httpx.Request]]:
    """Return a handler that gives these replies in turn, the last one for ever, and what it was asked."""
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        reply = replies[min(len(asked), len(replies) - 1)]
        asked.append(request)
        if isinstance(reply, Exception):
            raise reply
        return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)

    return handle, asked


def refusal(status: int, message: str, code: str = "", **headers: str) -> httpx.Response:
    """Return an error answer in the API's form."""
    error: dict[str, object] = {"message": message, "status": status}
    if code:
        error["error_code"] = code
    return httpx.Response(
        status,
        json={"message": message, "errors": [error]},
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


def ok(**content: Any) -> httpx.Response:
    return httpx.Response(200, json=content)


def get(path: str = "/v1/x") -> Request:
    return Request(method="GET", path=path)


def post(path: str = "/v1/x", **body: object) -> Request:
    return Request(method="POST", path=path, body=body)


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


async def call(client: Client, request: Request, seconds: float = 60.0) -> dict[str, Any]:
    """Enter the client, make one call, leave."""
    async with client:
        return await client.call(request, client.deadline(seconds))


def http(body: bytes, *, head: str = "HTTP/1.1 200 OK", length: int | None = None) -> bytes:
    """Return an HTTP answer as bytes; `length` may lie."""
    size = len(body) if length is None else length
    lines = [head, "Content-Type: application/json", f"Content-Length: {size}", "", ""]
    return "\r\n".join(lines).encode() + body


def json_bytes(**content: Any) -> bytes:
    return json.dumps(content).encode()


Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class RawServer:
    """A server that answers with whatever bytes a script writes, one connection per request."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[bytes] = []
        self.url = ""
        self.tasks: set[asyncio.Task[None] | None] = set()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.tasks.add(asyncio.current_task())
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.requests.append(head)
            await self.script(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client, or the test, is done with it
        finally:
            writer.close()


@asynccontextmanager
async def raw_server(script: Script) -> AsyncIterator[RawServer]:
    """Serve `script` on a free port of the loopback."""
    served = RawServer(script)
    server = await asyncio.start_server(served.handle, "127.0.0.1", 0)
    served.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield served
    finally:
        server.close()
        tasks = [task for task in served.tasks if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)


def writes(data: bytes, *, then: float = 0.0, abort: bool = False) -> Script:
    """Return a script that writes `data`, waits, and ends or resets the connection."""

    async def script(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        await asyncio.sleep(then)
        if abort:
            writer.transport.abort()

    return script
