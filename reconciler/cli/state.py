"""reconcile state."""

import asyncio
import json
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import env_option, lock_option, state_option
from reconciler.cli.pipeline import open_run
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ExitCode, ReconcileError
from reconciler.model.state import Recorded, State

if TYPE_CHECKING:
    from reconciler.recorded.stores.file import FileStore


@click.group("state")
def command() -> None:
    """Look into the state of the stack at PATH, or mend it. None of this changes an object."""


def _with_store(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add what names a stack; the command gets the store of its state."""

    @wraps(function)
    def command(*, path: Path, env: str, state_dir: Path | None, **others: Any) -> Any:
        return function(store=_store(path, env, state_dir), **others)

    path = click.argument("path", type=click.Path(path_type=Path), default=Path())
    return path(env_option(state_option(command)))


@command.command("list", epilog="Example: reconcile state list examples/connection_pool")
@_with_store
def list_(store: "FileStore") -> int:
    """List what is recorded: address and id."""
    from reconciler.render.lists import columns

    state = store.read()
    rows = [(address, recorded.identity) for address, recorded in sorted(state.resources.items())]
    if rows:
        click.echo(columns(rows, ("address", "id")))
    for intent in state.unresolved.values():
        click.echo(f"unresolved: {intent.op} {intent.address} ({intent.identity})", err=True)
    return ExitCode.DONE


@command.command(
    "show", epilog="Example: reconcile state show aiven_pg_user.app examples/connection_pool"
)
@click.argument("address")
@_with_store
def show(address: str, store: "FileStore") -> int:
    """Show what is recorded for ADDRESS."""
    recorded = _recorded(store.read(), address)
    content = {
        "address": address,
        "identity": recorded.identity,
        "attributes": recorded.attributes,
        "depends_on": list(recorded.depends_on),
        "protected": recorded.protected,
    }
    click.echo(json.dumps(content, indent=2, ensure_ascii=False))
    return ExitCode.DONE


@command.command(
    "mv",
    epilog="Example: reconcile state mv aiven_pg_user.old aiven_pg_user.new",
    short_help="Follow a renamed declaration.",
)
@click.argument("old")
@click.argument("new")
@_with_store
@lock_option
def move(old: str, new: str, store: "FileStore", lock_timeout: float) -> int:
    """Record the object of address OLD as NEW, after its declaration was renamed."""
    target = _address(new)
    with open_run(store, "state mv", lock_timeout) as run:
        recorded = _recorded(run.state, old)
        if target in run.state.resources:
            raise _problem(
                "Address is recorded already", f"{new} is taken.", f"reconcile state rm '{new}'"
            )
        if target.kind != Address(old).kind:
            raise _problem(
                "Kinds differ", f"{old} cannot become {new}: an object keeps its kind.", ""
            )
        asyncio.run(run.change({target: recorded, Address(old): None}))
    click.echo(f"{old} is {new} now")
    return ExitCode.DONE


@command.command("rm", epilog="Example: reconcile state rm aiven_pg_user.old")
@click.argument("address")
@_with_store
@lock_option
def remove(address: str, store: "FileStore", lock_timeout: float) -> int:
    """Forget ADDRESS. Its object stays as it is and is no longer managed."""
    with open_run(store, "state rm", lock_timeout) as run:
        recorded = _recorded(run.state, address)
        asyncio.run(run.forget(Address(address)))
    click.echo(f"forgot {address}; {recorded.identity} stays as it is")
    return ExitCode.DONE


def _store(path: Path, env: str, state_dir: Path | None) -> "FileStore":
    """Return the store of the stack at PATH; reads the stack's name, nothing else of it."""
    from reconciler.desired import load_stack_name
    from reconciler.kinds.catalogue import load_catalogue
    from reconciler.recorded.find import find_state_dir
    from reconciler.recorded.stores.file import FileStore

    name = load_stack_name(path, load_catalogue(), env=env)
    return FileStore(state_dir or find_state_dir(path), name)


def _address(text: str) -> Address:
    try:
        return Address.parse(text)
    except ValueError:
        raise _problem(
            "Not an address", f"'{text}' is not of the form kind.name.", "such as aiven_pg_user.app"
        ) from None


def _recorded(state: State, address: str) -> Recorded:
    from difflib import get_close_matches

    found = state.resources.get(Address(address))
    if found is not None:
        return found
    close = get_close_matches(address, state.resources, n=1)
    hint = f"did you mean '{close[0]}'?" if close else "reconcile state list"
    raise _problem("Address is not recorded", f"The state holds no {address}.", hint)


def _problem(summary: str, detail: str, hint: str) -> ReconcileError:
    return ReconcileError(Diagnostic(summary=summary, detail=detail, hint=hint))
