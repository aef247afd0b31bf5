"""The log of requests: the last thousand, as data and as lines to read."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field

KEPT = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    at_s: float
    """When the answer was sent."""
    method: str
    path: str
    """Without the query; nothing in it is secret."""
    status: int | None
    """None: the connection was cut."""
    took_ms: float
    code: str = ""
    fault: str = ""
    """What was done to it on purpose."""
    by: str = "api"
    """`api`, or `console` for an edit made through the sandbox itself."""

    def line(self) -> str:
        when = time.strftime("%H:%M:%S", time.localtime(self.at_s))
        millis = int(self.at_s % 1 * 1000)
        status = "cut" if self.status is None else str(self.status)
        remarks = [self.code, f"[{self.fault}]" if self.fault else ""]
        remarks.append("(console)" if self.by == "console" else "")
        tail = " ".join(filter(None, remarks))
        line = f"{when}.{millis:03d} {status:>3} {self.took_ms:7.1f} ms {self.method:6} {self.path}"
        return f"{line} {tail}".rstrip()


@dataclass(slots=True)
class Log:
    entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=KEPT))

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)
