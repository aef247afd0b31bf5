"""What may not happen whatever was declared: protected resources, an empty stack, mass deletion."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

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
    emptied = not destroy and not stack.resources and any(map(_does_something, changes))
    return (*_protected(stack, state, changes), *(_emptied(stack, state) if emptied else ()))


def deletions_to_allow(changes: Iterable[Change], recorded: int, *, destroy: bool) -> int:
    """Return how many deletions and replacements apply must be allowed by number; 0 for no need.

    recorded: how many resources are recorded. Of fewer than ten, or of which at most 30 % go, nobody
    is asked; nor for `destroy`, which says it. What lies in something that is deleted counts too.
    """
    ending = sum(change.action in _ENDING for change in changes)
    if destroy or recorded < _FEW or ending * 100 <= recorded * _PERCENT:
        return 0
    return ending


_FEW = 10
_PERCENT = 30


def refuse_deletions(needed: int, allowed: int, recorded: int) -> tuple[Diagnostic, ...]:
    """Return why apply does not go on when fewer deletions are allowed than are `needed`."""
    if needed <= allowed:
        return ()
    said = f"; --allow-delete {allowed} allows fewer" if allowed else ""
    problem = Diagnostic(
        summary="Many resources would be deleted or replaced",
        detail=f"{needed} of {recorded} recorded resources would be deleted or replaced,"
        f" which is {needed * 100 // recorded} %; more than {_PERCENT} % must be allowed{said}.",
        hint=f"add --allow-delete {needed}, if that is meant",
    )
    return (problem,)


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


def protected(stack: Stack, state: State, addresses: Iterable[Address]) -> frozenset[Address]:
    """Return those that must not be deleted, declared so or remembered."""
    return frozenset(a for a in addresses if is_protected(a, stack, state))


def is_protected(address: Address, stack: Stack, state: State) -> bool:
    """Whether the declaration says so, or, when there is none, whether the record remembers it."""
    declared: Mapping[Address, object] = stack.resources
    if address in declared:
        return stack.resources[address].lifecycle.prevent_destroy
    recorded = state.resources.get(address)
    return recorded is not None and recorded.protected


def _does_something(change: Change) -> bool:
    """Whether more than the record is touched, or may be: a `removed` block and a refresh may do that."""
    return change.action not in (Action.FORGET, Action.NO_OP)


def _emptied(stack: Stack, state: State) -> Iterator[Diagnostic]:
    if not state.resources:
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
