"""Which stack's state a `reconcile state` command is about."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import env_option, state_option

if TYPE_CHECKING:
    from reconciler.recorded.stores.file import FileStore


def with_store(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add what names a stack; the command gets the store of its state."""

    @wraps(function)
    def command(*, path: Path, env: str, state_dir: Path | None, **others: Any) -> Any:
        return function(store=_store(path, env, state_dir), **others)

    path = click.argument("path", type=click.Path(path_type=Path), default=Path())
    return path(env_option(state_option(command)))


def this_run(lock_timeout_s: float) -> dict[str, Any]:
    """Return what a store wants to know of who changes the state."""
    return {
        "run_id": token_hex(4),
        "now": datetime.now(UTC),
        "lock_timeout_s": lock_timeout_s,
    }


def _store(path: Path, env: str, state_dir: Path | None) -> "FileStore":
    """Return the store of the stack at PATH; reads the stack's name, nothing else of it."""
    from reconciler.desired import load_stack_name
    from reconciler.kinds.catalogue import load_catalogue
    from reconciler.recorded.find import find_state_dir
    from reconciler.recorded.stores.file import FileStore

    name = load_stack_name(path, load_catalogue(), env=env)
    return FileStore(state_dir or find_state_dir(path), name)
