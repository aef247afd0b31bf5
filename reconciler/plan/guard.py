"""What may not happen whatever was declared: protected resources, an empty stack by mistake."""

from collections.abc import Iterator, Mapping, Sequence

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.plan import Action, Change
from reconciler.model.resource import Stack
from reconciler.model.state import State

_ENDING = frozenset({Action.DELETE, Action.REPLACE})


def guard(
    stack: Stack, state: State, changes: Sequence[Change], *, destroy: bool
) -> tuple[Diagnostic, ...]:
    """Return what blocks this plan as a whole."""
    return (*_protected(stack, state, changes), *_emptied(stack, state, destroy=destroy))


def _protected(stack: Stack, state: State, changes: Sequence[Change]) -> Iterator[Diagnostic]:
    for change in changes:
        if change.action in _ENDING and is_protected(change.address, stack, state):
            declared = stack.resources.get(change.address)
            yield Diagnostic(
                summary="Resource is protected",
                detail=f"{change.address} would be {_PAST[change.action]}, but has prevent_destroy.",
                hint=_UNPROTECT if declared else _UNPROTECT_UNDECLARED,
                location=declared.location if declared else None,
            )


def is_protected(address: Address, stack: Stack, state: State) -> bool:
    """Whether the declaration says so, or, when there is none, whether the record remembers it."""
    declared: Mapping[Address, object] = stack.resources
    if address in declared:
        return stack.resources[address].lifecycle.prevent_destroy
    recorded = state.resources.get(address)
    return recorded is not None and recorded.protected


def _emptied(stack: Stack, state: State, *, destroy: bool) -> Iterator[Diagnostic]:
    if stack.resources or destroy or not state.resources:
        return
    yield Diagnostic(
        summary="Nothing is declared, but the state holds resources",
        detail=f"Stack {stack.name} declares no resource and its state records {len(state.resources)};"
        " to delete them all must be said.",
        hint="reconcile destroy, if that is meant; else check the path",
        location=stack.location,
    )


_PAST = {Action.DELETE: "deleted", Action.REPLACE: "replaced"}
_UNPROTECT = "remove lifecycle.prevent_destroy first, and apply that"
_UNPROTECT_UNDECLARED = (
    "declare it again without lifecycle.prevent_destroy and apply that first, "
    "or release it with `reconcile state rm`"
)
