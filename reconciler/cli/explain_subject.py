"""What somebody wants explained: found by its address, or refused with what was meant."""

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.cli.pipeline import Project
from reconciler.expressions import ExpressionError, spell_path
from reconciler.expressions.reference import Reference, parse_path
from reconciler.kinds.kind import Kind
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ReconcileError
from reconciler.model.location import Path
from reconciler.model.plan import Change, Plan
from reconciler.model.resource import Resource


class ExplainError(ReconcileError):
    """There is nothing of that name to explain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A resource, or one attribute of it.

    resource: None when it is recorded, but no longer declared. change: None offline, and for data.
    path: empty for the resource as a whole.
    """

    address: Address
    kind: Kind
    path: Path
    resource: Resource | None
    change: Change | None


def find_subject(project: Project, plan: Plan | None, text: str) -> Subject:
    """Return what `text` names. Raises ExplainError."""
    address, path = _parsed(text)
    declared = {**project.stack.resources, **project.stack.data}
    changes = {change.address: change for change in plan.changes} if plan else {}
    if address not in declared and address not in changes:
        raise _unknown(address, {*declared, *changes})
    kind = project.catalogue[address.kind]
    _check_path(kind, path)
    return Subject(
        address=address,
        kind=kind,
        path=path,
        resource=declared.get(address),
        change=changes.get(address),
    )


def _parsed(text: str) -> tuple[Address, Path]:
    try:
        return Address.parse(text), ()
    except ValueError:
        pass
    try:
        reference = parse_path(text)
    except ExpressionError:
        reference = None
    if not isinstance(reference, Reference) or reference.address is None:
        raise ExplainError(
            Diagnostic(
                summary="Not an address",
                detail=f"'{text}' is neither an address nor an attribute of one.",
                hint="such as aiven_connection_pool.main or aiven_connection_pool.main.pool_size; "
                "quote one with a key: 'kind.name[\"key\"]'",
            )
        ) from None
    return reference.address, reference.path


def _unknown(address: Address, known: Iterable[Address]) -> ExplainError:
    from difflib import get_close_matches

    keyed = sorted(other for other in known if other.startswith(f"{address}["))
    close = keyed[:1] or get_close_matches(address, known, n=1)
    return ExplainError(
        Diagnostic(
            summary="Unknown address",
            detail=f"{address} has a key for each of its for_each."
            if keyed
            else f"Nothing is declared as {address}.",
            hint=f"did you mean '{close[0]}'?"
            if close
            else "reconcile plan --verbose names them all",
        )
    )


def _check_path(kind: Kind, path: Path) -> None:
    from difflib import get_close_matches

    name = str(path[0]) if path else ""
    if not name or name in kind.attributes:
        return
    close = get_close_matches(name, kind.attributes, n=1)
    raise ExplainError(
        Diagnostic(
            summary="Unknown attribute",
            detail=f"{spell_path((kind.name, *path))} is no attribute.",
            hint=f"did you mean '{close[0]}'?"
            if close
            else f"reconcile kinds {kind.name} lists them",
        )
    )
