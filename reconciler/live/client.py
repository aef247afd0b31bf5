"""One call after another to one API: signed, bounded, retried where that is safe. The only user of httpx."""

import asyncio
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeAlias
from urllib.parse import urlencode

from reconciler.live.checks import checked_token, checked_url
from reconciler.live.deadline import Deadline, Timing
from reconciler.live.errors import (
    ApiError,
    CallError,
    DeadlineError,
    OutcomeUnknownError,
    ProtocolError,
    UnauthorizedError,
    UnreachableError,
)
from reconciler.live.gate import Gate
from reconciler.live.reply import Reply, failure_of, object_in
from reconciler.live.request import Request
from reconciler.live.text import fit
from reconciler.live.wire import encode
from reconciler.model.values import Secret

if TYPE_CHECKING:
    import httpx

BODY_CAP_BYTES = 32 * 1024 * 1024

OnCall: TypeAlias = Callable[[str, str, int, float], None]
"""Told of every request: method, path without query, status (0: no answer), seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failure:
    """A try that brought no answer.

    again: whether the same call may be sent again; bounded: only a few times.
    pause_s: what the API asked for, or None. all_wait: the pause is for every call to this host.
    may_have_worked: it may have been done, so that "already exists" can be our own doing next time.
    """

    error: CallError
    again: bool = False
    bounded: bool = True
    pause_s: float | None = None
    all_wait: bool = False
    may_have_worked: bool = True


class Client:
    """Calls one API. Enter it before use.

    At most `parallelism` requests are under way, on as many connections: httpx gets slow when requests
    queue for its pool. Proxies and .netrc of the environment are not used, redirects not followed.

    What is retried: a connection that did not come about, any method; 429, and 503 with Retry-After, any
    method, all calls waiting together; other 5xx, timeouts and unreadable answers for reads only. A write
    that was sent and not answered readably raises OutcomeUnknownError and is never sent again from here.
    """

    def __init__(
        self,
        base_url: str,
        token: Secret,
        *,
        ca_file: Path | None = None,
        parallelism: int = 10,
        transport: "httpx.AsyncBaseTransport | None" = None,
        user_agent: str = "reconcile",
        on_call: OnCall | None = None,
        timing: Timing | None = None,
        body_cap_bytes: int = BODY_CAP_BYTES,
    ) -> None:
        """Raise UnreachableError for a URL, UnauthorizedError for a token that cannot be used."""
        self.parallelism = parallelism
        self.timing = timing or Timing()
        self._base, self._host = checked_url(base_url)
        self._token = checked_token(token)
        self._ca_file = ca_file
        self._transport = transport
        self._user_agent = user_agent
        self._on_call = on_call
        self._body_cap_bytes = body_cap_bytes
        self._secrets = {token.reveal()}
        self._gate = Gate(self.timing.clock, self.timing.sleep)
        self._slots = asyncio.Semaphore(parallelism)
        self._http: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        import httpx

        connections = self.parallelism
        self._http = httpx.AsyncClient(
            headers={
                "Authorization": f"aivenv1 {self._token.reveal()}",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "User-Agent": self._user_agent,
            },
            follow_redirects=False,
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
            timeout=httpx.Timeout(self.timing.attempt_s, connect=self.timing.connect_s, pool=None),
            transport=self._transport,
            trust_env=False,
            verify=_tls(self._base, self._ca_file),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        http, self._http = self._http, None
        if http:
            await http.aclose()

    def remember(self, secrets: Iterable[str]) -> None:
        """Mask these wherever a server's text is told from now on, whichever call it answers.

        Very short ones are left alone: masking them would only spoil every message.
        """
        self._secrets.update(text for text in secrets if len(text) >= SHORTEST_MASKED)

    def deadline(self, seconds: float, awaited: str = "") -> Deadline:
        """Return a deadline on this client's clock."""
        return Deadline.after(seconds, awaited, clock=self.timing.clock)

    async def call(self, request: Request, deadline: Deadline) -> dict[str, Any]:
        """Return the JSON object that answers `request`.

        Raises ApiError, UnauthorizedError, UnreachableError, ProtocolError (reads), OutcomeUnknownError
        (writes), or DeadlineError when time is up and nothing of a write is under way.
        """
        failures = sent_before = 0
        while True:
            await self._take_slot(request, deadline)
            try:
                outcome = await self._try_once(request, deadline)
            finally:
                self._slots.release()
            if not isinstance(outcome, _Failure):
                return outcome
            failures += 1
            if isinstance(outcome.error, ApiError):
                outcome.error.attempts = sent_before + 1
            sent_before += outcome.may_have_worked
            await self._pause_or_raise(request, deadline, outcome, failures)

    async def _take_slot(self, request: Request, deadline: Deadline) -> None:
        """Wait until it is this call's turn and the gate is open; nothing is sent before."""
        while True:
            await self._gate.wait(deadline, deadline.awaited or request.name)
            if deadline.is_over:
                raise _too_late(request, deadline)
            try:
                async with asyncio.timeout(deadline.left_s):
                    await self._slots.acquire()
            except TimeoutError:
                raise _too_late(request, deadline) from None
            if self._gate.is_open:
                return
            self._slots.release()

    async def _pause_or_raise(
        self, request: Request, deadline: Deadline, failure: _Failure, failures: int
    ) -> None:
        """Return when the call may be sent again; raise what went wrong when it may not."""
        error = failure.error
        if not failure.again or (failure.bounded and failures >= self.timing.tries):
            raise error
        pause_s = failure.pause_s or self.timing.pause_s(failures)
        if failure.all_wait:
            self._gate.close(pause_s, deadline, error.detail)
        if pause_s >= deadline.left_s:
            raise _too_late(request, deadline, error.detail) from error
        if not failure.all_wait:
            await self.timing.sleep(pause_s)

    async def _try_once(self, request: Request, deadline: Deadline) -> dict[str, Any] | _Failure:
        began = self.timing.clock()
        status = 0
        try:
            reply = await self._exchange(request, deadline)
            if isinstance(reply, _Failure):
                return reply
            status = reply.status
            return self._judged(request, reply)
        finally:
            if self._on_call:
                elapsed_s = self.timing.clock() - began
                self._on_call(request.method, request.path, status, elapsed_s)

    def _judged(self, request: Request, reply: Reply) -> dict[str, Any] | _Failure:
        """Return the answer's object, or what to do about an answer that holds none."""
        self.remember(request.secrets())
        secrets = self._secrets
        if reply.asks_to_wait:
            error: CallError = failure_of(reply, request, secrets)
            return _Failure(
                error=error,
                again=True,
                bounded=False,
                pause_s=reply.retry_after_s,
                all_wait=True,
                may_have_worked=reply.status != 429,
            )
        try:
            return object_in(reply, request, secrets)
        except (ApiError, ProtocolError, UnauthorizedError) as err:
            if not request.is_write:
                return _Failure(error=err, again=reply.is_worth_another_try)
            if isinstance(err, ProtocolError):
                return _not_known(request, err.why, reply.status)
            if isinstance(err, ApiError) and (err.status >= 500 or err.status == 408):
                return _not_known(request, f"{err.status}: {err.message}", reply.status)
            return _Failure(error=err)

    async def _exchange(self, request: Request, deadline: Deadline) -> Reply | _Failure:
        """Send the request once and return its answer whole, or why there is none."""
        import httpx

        try:
            async with deadline.within(self.timing.attempt_s):
                return await self._send(request)
        except (httpx.ConnectError, httpx.ConnectTimeout) as err:
            return self._not_connected(request, err)
        except (httpx.HTTPError, httpx.StreamError) as err:
            return self._lost(request, f"the connection broke ({type(err).__name__})")
        except TimeoutError:
            if deadline.is_over and not request.is_write:
                raise _too_late(request, deadline) from None
            return self._lost(request, "no answer in time")
        except _TooBigError:
            why = f"its answer is larger than {self._body_cap_bytes:,} bytes"
            if request.is_write:
                return _not_known(request, why)
            return _Failure(error=ProtocolError(request.method, request.path, why))

    async def _send(self, request: Request) -> Reply:
        if self._http is None:
            raise RuntimeError("the client is used before it is entered, or after it is left")
        query = f"?{urlencode(request.query)}" if request.query else ""
        body = None if request.body is None else encode(request.body)
        headers = {} if body is None else {"Content-Type": "application/json"}
        async with self._http.stream(
            request.method, f"{self._base}{request.path}{query}", content=body, headers=headers
        ) as response:
            return Reply(
                status=response.status_code,
                headers={name.lower(): value for name, value in response.headers.items()},
                body=await self._read(response),
            )

    async def _read(self, response: "httpx.Response") -> bytes:
        """Return the body; raise _TooBigError beyond the cap. Compressed ones are not worth reading."""
        if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
            return b""
        parts, size = [], 0
        async for part in response.aiter_bytes():
            parts.append(part)
            size += len(part)
            if size > self._body_cap_bytes:
                raise _TooBigError
        return b"".join(parts)

    def _lost(self, request: Request, why: str) -> _Failure:
        """Return the failure for a request that was sent and got no answer."""
        if request.is_write:
            return _not_known(request, why)
        error = UnreachableError(self._host, why, method=request.method, path=request.path)
        return _Failure(error=error, again=True)

    def _not_connected(self, request: Request, err: Exception) -> _Failure:
        is_refused_certificate = _has_cause(err, ssl.SSLCertVerificationError)
        hint = ""
        if is_refused_certificate:
            hint = "set AIVEN_CA_CERT to the PEM file of the CA that signed its certificate"
        why = fit(str(err), (self._token.reveal(),)) or type(err).__name__
        error = UnreachableError(
            self._host, why, method=request.method, path=request.path, hint=hint
        )
        return _Failure(error=error, again=not is_refused_certificate, may_have_worked=False)


SHORTEST_MASKED = 4


class _TooBigError(Exception):
    """The body goes on beyond the cap."""


def _not_known(request: Request, why: str, status: int = 0) -> _Failure:
    error = OutcomeUnknownError(request.method, request.path, why, status=status)
    return _Failure(error=error)


def _too_late(request: Request, deadline: Deadline, last: str = "") -> DeadlineError:
    return DeadlineError(
        deadline.awaited or request.name,
        deadline.seconds,
        last,
        method=request.method,
        path=request.path,
    )


def _has_cause(error: BaseException, wanted: type[BaseException]) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, wanted):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _tls(base_url: str, ca_file: Path | None) -> ssl.SSLContext:
    """Return what servers' certificates are held against. There is no way to switch that off."""
    import httpx

    if base_url.startswith("http:"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody, and costs nothing to make
    if ca_file is None:
        return httpx.create_ssl_context(trust_env=False)
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as err:
        why = f"the CA file {ca_file} cannot be used ({err.strerror or type(err).__name__})"
        raise UnreachableError(
            "the API", why, hint="set AIVEN_CA_CERT to the PEM file of the CA, or unset it"
        ) from err
