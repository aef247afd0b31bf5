"""One call: who asks, for what, with which body; and the answer as bytes."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from reconciler.sandbox.account.account import Account
from reconciler.sandbox.errors import INVALID_BODY, INVALID_VALUE, refuse
from reconciler.sandbox.validation import Schema, check

MAX_BODY_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 32
"""Deeper than any body of the API; keeps recursive readers off the interpreter's limit."""
MAX_DIGITS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that passed the door: its token is right and its body is a JSON object."""

    account: Account
    names: Mapping[str, str]
    """The parts of the path by their names in the route, percent-decoded."""
    query: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def project(self) -> str:
        return self.names["project"]

    @property
    def place(self) -> tuple[Account, str, str]:
        """The three arguments every operation inside a service begins with."""
        return self.account, self.names["project"], self.names["service"]

    @property
    def reveals(self) -> bool:
        """Whether this answer shows secrets: always today, on demand from March 2027."""
        asked = self.query.get("include_secrets", "").lower() in ("true", "1")
        return asked or not self.account.knobs.redact_secrets

    @property
    def reveals_in_write(self) -> bool:
        """The same for answers to writes, which have no include_secrets to ask with."""
        return not self.account.knobs.redact_secrets

    def checked(self, schema: Schema) -> Mapping[str, Any]:
        """Return the body, or raise the 400 that says what is wrong with it."""
        check(self.body, schema)
        return self.body

    def count(self, name: str, *, default: int, low: int, high: int) -> int:
        """Return a whole number of the query within its limits."""
        text = self.query.get(name)
        if text is None:
            return default
        is_number = text.isascii() and text.isdigit() and len(text) <= 9
        if not is_number or not low <= int(text) <= high:
            raise refuse(INVALID_VALUE, path=name, problem=f"must be from {low} to {high}")
        return int(text)


Json = dict[str, Any]
Handler = Callable[[Call], Json]


def read_body(raw: bytes, content_type: str) -> Json:
    """Return the JSON object in `raw`; nothing at all is an empty one.

    avn labels calls without a body application/octet-stream, PUT included; only a body that is
    there must be called JSON.
    """
    if not raw.strip():
        return {}
    if content_type.partition(";")[0].strip().lower() not in ("application/json", ""):
        raise _bad(f"content type {content_type[:80]!r} is not application/json")
    try:
        body = json.loads(
            raw.decode(), parse_constant=_no_constant, parse_float=_float, parse_int=_int
        )
    except (ValueError, RecursionError):
        raise _bad("the body is not valid JSON") from None
    if not isinstance(body, dict):
        raise _bad("the body is not a JSON object")
    if _is_deep(body):
        raise _bad(f"the body is nested more than {MAX_DEPTH} levels deep")
    return body


def write_json(answer: Mapping[str, Any]) -> bytes:
    """Return the answer's bytes; ASCII, so that no string can fail to encode."""
    return json.dumps(answer, separators=(",", ":"), allow_nan=False).encode()


def _bad(problem: str) -> Exception:
    return refuse(INVALID_BODY, problem=problem)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _int(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError(text)
    return int(text)


def _is_deep(body: object) -> bool:
    level: list[object] = [body]
    for _ in range(MAX_DEPTH):
        level = [inner for node in level for inner in _children(node)]
        if not level:
            return False
    return True


def _children(node: object) -> list[object]:
    if isinstance(node, dict):
        return list(node.values())
    return node if isinstance(node, list) else []
