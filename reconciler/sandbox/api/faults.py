"""Faults on demand: a test says which call fails, how, and how often or how long.

Each fault is taken by the calls it matches, oldest fault first, until its count is used up or
its time is over.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.sandbox.account.objects import Service
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
            "for_s": {"type": "number", "minimum": 0},
            "skip": {"type": "integer", "minimum": 0},
            "when": {"enum": ["before", "after"]},
            "status": {"type": "integer", "minimum": 200, "maximum": 599},
            "body": {"type": "object"},
            "message": {"type": "string"},
            "retry_after": {"type": ["integer", "string"]},
            "drop": {"type": "boolean"},
            "truncate": {"type": "boolean"},
            "slow_s": {"type": "number", "minimum": 0},
            "latency_s": {"type": "number", "minimum": 0},
            "stuck": {"type": "boolean"},
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
    for_s: float | None = None
    """Instead of `count`: every call that matches, for so long."""
    skip: int = 0
    when: str = "before"
    """`before`: the work is not done. `after`: it is, and the client is not told."""
    status: int | None = None
    body: Mapping[str, Any] | None = None
    message: str = ""
    retry_after: int | str | None = None
    drop: bool = False
    """Cut the connection instead of answering."""
    truncate: bool = False
    """Cut the connection in the middle of the answer's body; the work is done."""
    slow_s: float = 0.0
    """Send the answer's body in pieces over so long."""
    latency_s: float = 0.0
    stuck: bool = False
    """Not a call but a service: while this waits, one whose path matches stays REBUILDING."""
    added_at_s: float = field(default_factory=time.monotonic)

    @property
    def prevents_work(self) -> bool:
        return self.when == "before" and (self.drop or self.status is not None)

    @property
    def is_over(self) -> bool:
        return self.for_s is not None and time.monotonic() > self.added_at_s + self.for_s

    def matches(self, method: str, path: str) -> bool:
        return self.method.upper() in ("", method) and re.search(self.path, path) is not None

    def headers(self) -> list[tuple[bytes, bytes]]:
        if self.retry_after is None:
            return []
        return [(b"retry-after", str(self.retry_after).encode("latin-1", "replace"))]

    def answer(self, status: int) -> bytes:
        """Return the body: the one given, or an error in the form of the API."""
        message = self.message or f"Fault of the sandbox: {status}"
        error = {"message": message, "status": status}
        return json.dumps(self.body or {"message": message, "errors": [error]}).encode()

    def name(self) -> str:
        """Return what it does, in a few words for the log."""
        done = [
            f"latency {self.latency_s:g} s" if self.latency_s else "",
            f"{self.status} {self.when} the work" if self.status else "",
            f"cut {self.when} the work" if self.drop else "",
            "truncated" if self.truncate else "",
            f"slow {self.slow_s:g} s" if self.slow_s else "",
            "stuck" if self.stuck else "",
        ]
        return ", ".join(filter(None, done))

    def show(self) -> dict[str, Any]:
        """Return it in the form it is posted in, with what is left of it."""
        shown = {key: getattr(self, key) for key in FAULT.schema["properties"]}
        if self.for_s is not None:
            shown["for_s"] = round(self.added_at_s + self.for_s - time.monotonic(), 3)
        return shown


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
        self.forget_old()
        for fault in self.waiting:
            if fault.stuck or not fault.matches(method, path):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if fault.for_s is None:
                fault.count -= 1
            if fault.count == 0:
                self.waiting.remove(fault)
            return fault
        return None

    def hold(self, service: Service) -> bool:
        """Say whether the service is to stay as it is built."""
        self.forget_old()
        path = f"/v1/project/{service.project}/service/{service.name}"
        return any(fault.stuck and re.search(fault.path, path) for fault in self.waiting)

    def forget_old(self) -> None:
        self.waiting = [fault for fault in self.waiting if not fault.is_over]
