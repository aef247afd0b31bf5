"""Which sandbox is meant, and what is said when it cannot do what it was asked."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ReconcileError

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def run_dir() -> Path:
    """Return where the sandbox that was started writes down where it is."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "reconcile" / "sandbox"


def refused(why: str, summary: str = "Sandbox cannot run") -> ReconcileError:
    return ReconcileError(Diagnostic(summary=summary, detail=f"{why}."))


def ask(method: str, name: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return what the sandbox answers: the one of AIVEN_WEB_URL, else the one that was started."""
    from reconciler import sandbox

    try:
        return sandbox.hook(_url(), method, name, body)
    except sandbox.SandboxError as error:
        raise refused(str(error), "Sandbox does not answer so") from error


def _url() -> str:
    from reconciler import sandbox

    url = os.environ.get("AIVEN_WEB_URL", "")
    if urlsplit(url).hostname in LOOPBACK:
        return url
    found = sandbox.status(run_dir())
    if found is None:
        raise refused("No sandbox runs; start one: reconcile sandbox start", "No sandbox")
    return found.url
