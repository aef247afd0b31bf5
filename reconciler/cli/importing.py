"""The way of an import: read, compare, record."""

from reconciler.cli.pipeline import Planned, Project, connect, make_plan, open_run
from reconciler.kinds.kind import Kind
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ReconcileError
from reconciler.model.live import LiveObject
from reconciler.model.plan import Action, Change
from reconciler.model.state import Recorded, State
from reconciler.plan.adopt import adopted_record


class ImportRefusedError(ReconcileError):
    """This object cannot be recorded under this address."""


async def import_object(project: Project, text: str, identity: str, lock_timeout_s: float) -> None:
    """Record the object. Raises ImportRefusedError, and what reading raises."""
    address = _declared_address(project, text)
    kind = project.catalogue[address.kind]
    _check_identity(kind, identity)
    with open_run(project.store, "import", lock_timeout_s) as run:
        _refuse_recorded(run.state, address, identity)
        async with connect(parallelism=1) as session:
            planned = await make_plan(project, run.state, session)
        change = _change_at(planned, address)
        _refuse_other(project, kind, change, identity)
        live = planned.live[kind.name, identity]
        await run.record(address, _record(kind, change, live))


def _declared_address(project: Project, text: str) -> Address:
    from difflib import get_close_matches

    if text in project.stack.resources:
        return Address(text)
    close = get_close_matches(text, project.stack.resources, n=1)
    raise _refused(
        "Address is not declared",
        f"{project.path} declares no resource {text}.",
        f"did you mean '{close[0]}'?" if close else "declare the resource first",
    )


def _check_identity(kind: Kind, identity: str) -> None:
    try:
        kind.identity_values(identity)
    except ValueError:
        shape = "/".join(name.upper() for name in kind.identity)
        raise _refused(
            "Not an id of this kind",
            f"'{identity}' is not of the form {shape}.",
            f"write the id of a {kind.name} as {shape}",
        ) from None


def _refuse_recorded(state: State, address: Address, identity: str) -> None:
    recorded = state.resources.get(address)
    if recorded is not None:
        raise _refused(
            "Address is recorded already",
            f"{address} is recorded as {recorded.identity}.",
            f"reconcile state rm '{address}', if that is wrong",
        )
    owner = next(
        (a for a, r in state.resources.items() if (a.kind, r.identity) == (address.kind, identity)),
        None,
    )
    if owner is not None:
        raise _refused(
            "Object is recorded already",
            f"{identity} belongs to {owner}.",
            f"reconcile state mv '{owner}' '{address}'",
        )


def _record(kind: Kind, change: Change, live: LiveObject) -> Recorded:
    if change.record is None:
        raise ValueError(f"{change.address} is not declared")
    return adopted_record(kind, change.wanted, change.record, live)


def _change_at(planned: Planned, address: Address) -> Change:
    return next(change for change in planned.plan.changes if change.address == address)


def _refuse_other(project: Project, kind: Kind, change: Change, identity: str) -> None:
    if change.action is Action.UNKNOWN:
        raise _refused("Object could not be read", f"{change.address} {change.reason}.", "")
    if change.identity != identity:
        place = project.stack.resources[change.address].location
        raise ImportRefusedError(
            Diagnostic(
                summary="Declaration names another object",
                detail=f"{change.address} is declared as {change.identity}, not {identity}.",
                hint=f"reconcile import '{change.address}' {change.identity}",
                location=place,
            )
        )
    if change.action is not Action.REFUSE:
        raise _refused(
            "Object does not exist",
            f"There is no {kind.name} {identity}.",
            "check the id; reconcile plan shows what would be created",
        )


def _refused(summary: str, detail: str, hint: str) -> ImportRefusedError:
    return ImportRefusedError(Diagnostic(summary=summary, detail=detail, hint=hint))
