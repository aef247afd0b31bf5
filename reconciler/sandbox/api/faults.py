"""Faults on demand: a test says which call fails, how, and how often.

Each fault is taken by the calls it matches, oldest fault first, until its count is used up.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.sandbox.errors import INVALID_VALUE, refuse
from reconciler.sandbox.validation import Schema, check

FAULT = Schema(
    {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "method": {"type": "string"},
            "path": {"type": "string"},
            "count": {"type": "integer", "minimum": 1},
            "skip": {"type": "integer", "minimum": 0},
            "when": {"enum": ["before", "after"]},
            "status": {"type": "integer", "minimum": 200, "maximum": 599},
            "body": {"type": "object"},
            "retry_after": {"type": ["integer", "string"]},
            "drop": {"type": "boolean"},
            "latency_s": {"type": "number", "minimum": 0},
        },
    }
)


@dataclass(slots=True, kw_only=True)
class Fault:
    """What happens to the next `count` calls that match, after `skip` of them went well."""

    method: str = ""
    """Empty: any."""
    path: str = ""
    """A regular expression, searched in the path; empty: any."""
    count: int = 1
    skip: int = 0
    when: str = "before"
    """`before`: the work is not done. `after`: it is, and the client is not told."""
    status: int | None = None
    body: Mapping[str, Any] | None = None
    retry_after: int | str | None = None
    drop: bool = False
    """Cut the connection instead of answering."""
    latency_s: float = 0.0

    @property
    def prevents_work(self) -> bool:
        return self.when == "before" and (self.drop or self.status is not None)

    def matches(self, method: str, path: str) -> bool:
        return self.method.upper() in ("", method) and re.search(self.path, path) is not None

    def headers(self) -> list[tuple[bytes, bytes]]:
        if self.retry_after is None:
            return []
        return [(b"retry-after", str(self.retry_after).encode("latin-1", "replace"))]

    def answer(self, status: int) -> bytes:
        """Return the body: the one given, or an error in the form of the API."""
        message = f"Fault of the sandbox: {status}"
        error = {"message": message, "status": status}
        return json.dumps(self.body or {"message": message, "errors": [error]}).encode()


@dataclass(slots=True)
class Faults:
    waiting: list[Fault] = field(default_factory=list)

    def add(self, body: Mapping[str, Any]) -> None:
        """Add the fault `body` describes, or refuse it."""
        check(body, FAULT)
        try:
            re.compile(body.get("path", ""))
        except (re.error, RecursionError, OverflowError) as err:
            raise refuse(INVALID_VALUE, path="path", problem=str(err)) from err
        self.waiting.append(Fault(**body))

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault for this call, if any, and count it."""
        for fault in self.waiting:
            if not fault.matches(method, path):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            fault.count -= 1
            if fault.count == 0:
                self.waiting.remove(fault)
            return fault
        return None
