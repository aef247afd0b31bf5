"""The sandbox imports none of our other rooms: a mistake there must not be mirrored here."""

from __future__ import annotations

import ast
from pathlib import Path

import reconciler.sandbox

HOME = Path(reconciler.sandbox.__file__).parent


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            names.add(node.module or "")
    return names


def test_sandbox_imports_nothing_else_of_ours() -> None:
    ours = {
        (path.name, name)
        for path in HOME.rglob("*.py")
        for name in imported(path)
        if name.partition(".")[0] == "reconciler" and not name.startswith("reconciler.sandbox")
    }
    assert ours == set()


def test_account_knows_no_http() -> None:
    """The model is pure: no server, no client, no socket."""
    web = {"starlette", "uvicorn", "httpx", "http", "socket", "asyncio"}
    for path in (HOME / "account").rglob("*.py"):
        assert {name.partition(".")[0] for name in imported(path)} & web == set(), path.name
