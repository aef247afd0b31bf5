"""Speaking to a running sandbox's own routes, those under /sandbox. Standard library only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from reconciler.sandbox.control import SandboxError

TIMEOUT_S = 30.0


def hook(url: str, method: str, name: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what `/sandbox/NAME` answers. Raises SandboxError with its words when it refuses."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
    try:
        connection.request(method, f"/sandbox/{name}", json.dumps(body or {}))
        reply = connection.getresponse()
        answer = json.loads(reply.read())
    except (OSError, HTTPException, ValueError) as error:
        raise SandboxError(f"no sandbox answers at {url}: {error}") from error
    finally:
        connection.close()
    if not isinstance(answer, dict) or reply.status != 200:
        said = answer.get("message", "no message") if isinstance(answer, dict) else answer
        raise SandboxError(f"the sandbox refused: {said}")
    return answer
