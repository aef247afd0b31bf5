"""reconcile state."""

import asyncio
import json
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import lock_option
from reconciler.cli.pipeline import open_run
from reconciler.cli.state_log import log
from reconciler.cli.state_mending import pull, push, restore, seal
from reconciler.cli.state_store import with_store
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ExitCode, ReconcileError
from reconciler.model.state import Recorded, State

if TYPE_CHECKING:
    from reconciler.recorded.stores.file import FileStore


@click.group("state")
def command() -> None:
    """Look into the state of the stack at PATH, or mend it. None of this changes an object."""


for _more in (seal, restore, pull, push, log):
    command.add_command(_more)


@command.command("list", epilog="Example: reconcile state list examples/connection_pool")
@with_store
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
@with_store
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
@with_store
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
@with_store
@lock_option
def remove(address: str, store: "FileStore", lock_timeout: float) -> int:
    """Forget ADDRESS. Its object stays as it is and is no longer managed."""
    with open_run(store, "state rm", lock_timeout) as run:
        recorded = _recorded(run.state, address)
        asyncio.run(run.forget(Address(address)))
    click.echo(f"forgot {address}; {recorded.identity} stays as it is")
    return ExitCode.DONE


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
