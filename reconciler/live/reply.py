"""What an HTTP answer means: the object it holds, or the error it is."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from reconciler.live.errors import ApiError, CallError, ProtocolError, UnauthorizedError
from reconciler.live.gate import retry_after_s
from reconciler.live.request import Request
from reconciler.live.text import fit
from reconciler.live.wire import decode

_SHOWN_OF_A_PAGE = 200
_BAD_TOKEN = re.compile(
    r"authentication failed|invalid token|expired token|token .*expired", re.IGNORECASE
)
_TRANSIENT = frozenset({408, 429})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An HTTP answer. headers: by lower-case name. body: as sent, never decompressed."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def is_json(self) -> bool:
        media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return media_type == "application/json" or media_type.endswith("+json")

    @property
    def asks_to_wait(self) -> bool:
        """Whether the API turned the call away unread, so that any method may be sent again."""
        return self.status == 429 or (self.status == 503 and "retry-after" in self.headers)

    @property
    def retry_after_s(self) -> float | None:
        return retry_after_s(self.headers.get("retry-after", ""), self.headers.get("date", ""))

    @property
    def is_worth_another_try(self) -> bool:
        """Whether the same read may go better."""
        return self.status >= 500 or self.status in _TRANSIENT or 200 <= self.status < 300


def object_in(reply: Reply, request: Request, secrets: Iterable[str]) -> dict[str, Any]:
    """Return the JSON object of a good answer.

    Raises ApiError, UnauthorizedError, or ProtocolError for whatever is not an answer of the API: a
    404 of some proxy must not pass for "there is none".
    """
    if reply.status >= 500:
        raise failure_of(reply, request, secrets)
    if 300 <= reply.status < 400:
        raise _redirect(reply, request)
    if reply.status == 204 and not reply.body:
        return {}
    content = _content(reply, request, secrets)
    if reply.status >= 400:
        raise _refusal(reply, request, content, tuple(secrets))
    if reply.status < 200:
        raise ProtocolError(request.method, request.path, f"status {reply.status}")
    if content.get("errors"):
        why = f"{reply.status} with errors: {_message(content, secrets)}"
        raise ProtocolError(request.method, request.path, why)
    return content


def failure_of(reply: Reply, request: Request, secrets: Iterable[str]) -> ApiError:
    """Return the error for an answer that says nothing about the call itself: 5xx, 429."""
    try:
        message = _message(_content(reply, request, secrets), secrets)
    except ProtocolError as err:
        message = err.why
    return ApiError(reply.status, message, request.method, request.path)


def _content(reply: Reply, request: Request, secrets: Iterable[str]) -> dict[str, Any]:
    encoding = reply.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        why = f"{reply.status}, compressed as {fit(encoding, limit=30)} although that was not asked for"
        raise ProtocolError(request.method, request.path, why)
    if not reply.is_json:
        raise ProtocolError(request.method, request.path, _not_json(reply, secrets))
    try:
        return decode(reply.body)
    except ValueError as err:
        why = f"{reply.status} with a body that cannot be used: {fit(str(err), limit=100)}"
        raise ProtocolError(request.method, request.path, why) from err


def _not_json(reply: Reply, secrets: Iterable[str]) -> str:
    media_type = fit(reply.headers.get("content-type", ""), limit=60) or "no content type"
    why = f"{reply.status} with {media_type} instead of JSON"
    page = fit(reply.body[:4096].decode(errors="replace"), secrets, limit=_SHOWN_OF_A_PAGE)
    return f"{why}: {page}" if page else why


def _redirect(reply: Reply, request: Request) -> ProtocolError:
    target = urlsplit(reply.headers.get("location", ""))
    place = fit(f"{target.hostname or ''}{target.path}", limit=200) or "nowhere"
    hint = ""
    if target.scheme == "https" and target.hostname:
        hint = f"if that is the API, set AIVEN_WEB_URL to https://{fit(target.netloc, limit=200)}"
    why = f"{reply.status}, a redirect to {place}, which is not followed"
    return ProtocolError(request.method, request.path, why, hint=hint)


def _refusal(
    reply: Reply, request: Request, content: Mapping[str, Any], secrets: tuple[str, ...]
) -> CallError:
    if not isinstance(content.get("message"), str) and not isinstance(content.get("errors"), list):
        why = f"{reply.status} without a message, which is not how the API refuses"
        return ProtocolError(request.method, request.path, why)
    message, codes = _message(content, secrets), _codes(content)
    if reply.status == 401 or (reply.status == 403 and _is_bad_token(message, codes)):
        why = f"{request.name} was answered {reply.status}: {message or 'no message'}"
        return UnauthorizedError(why, method=request.method, path=request.path, status=reply.status)
    hint = (
        "this token may not do it: use one with more rights" if "permission_denied" in codes else ""
    )
    return ApiError(reply.status, message, request.method, request.path, codes=codes, hint=hint)


def _is_bad_token(message: str, codes: tuple[str, ...]) -> bool:
    return "authentication_failed" in codes or _BAD_TOKEN.match(message) is not None


def _errors(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    errors = content.get("errors")
    return (
        [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    )


def _message(content: Mapping[str, Any], secrets: Iterable[str]) -> str:
    texts = [content.get("message"), *(error.get("message") for error in _errors(content))]
    return next((fit(text, secrets) for text in texts if isinstance(text, str) and text), "")


def _codes(content: Mapping[str, Any]) -> tuple[str, ...]:
    codes = (error.get("error_code") for error in _errors(content))
    return tuple(code for code in codes if isinstance(code, str))
