"""A local server of the Aiven API: what avn and the Terraform provider can talk to, unmodified.

It imports nothing else of the reconciler, so that a mistake there cannot be mirrored here. The
server's own packages are imported in the child process only; importing this costs little.

    with running() as sandbox:
        subprocess.run(["avn", "service", "list", ...], env=os.environ | sandbox.environment())
"""

from __future__ import annotations

from collections.abc import Callable

from reconciler.sandbox.control import (
    AlreadyRunningError,
    MissingExtraError,
    Running,
    SandboxError,
    running,
    start,
    status,
    stop,
)
from reconciler.sandbox.remote import hook
from reconciler.sandbox.settings import DEFAULT_PROJECT, ENGINES, Settings

__all__ = [
    "DEFAULT_PROJECT",
    "ENGINES",
    "AlreadyRunningError",
    "MissingExtraError",
    "Running",
    "SandboxError",
    "Settings",
    "hook",
    "running",
    "serve",
    "start",
    "status",
    "stop",
]


def serve(settings: Settings, *, on_ready: Callable[[Running], None] | None = None) -> None:
    """Serve in this process until a signal comes; `on_ready` is told where."""
    from reconciler.sandbox.server import serve as serve_here

    serve_here(settings, on_ready=on_ready)
