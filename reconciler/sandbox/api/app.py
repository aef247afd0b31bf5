"""The sandbox as one ASGI application."""

from __future__ import annotations

from starlette.routing import Route, Router
from starlette.types import ASGIApp

from reconciler.sandbox.api.endpoint import Endpoint
from reconciler.sandbox.api.hooks import HOOKS, SLOW_HOOKS, HookEndpoint
from reconciler.sandbox.api.table import ROUTES, ApiRoute
from reconciler.sandbox.api.world import World


def build_app(world: World) -> ASGIApp:
    """Return the application. A bare router: no middleware stands before the server's `send`."""
    by_path: dict[str, list[ApiRoute]] = {}
    for route in ROUTES:
        by_path.setdefault(route.path, []).append(route)
    routes = [
        *(Route(path, Endpoint(world, path, group)) for path, group in by_path.items()),
        *(
            Route(path, HookEndpoint(world, HOOKS.get(path, {}), SLOW_HOOKS.get(path, {})))
            for path in (*HOOKS, *SLOW_HOOKS)
        ),
    ]
    return Router(routes, redirect_slashes=False, default=Endpoint(world, ""))
