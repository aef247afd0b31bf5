"""What a plan is asked to cover: everything, some addresses, or only the record."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ReconcileError
from reconciler.model.location import Location
from reconciler.model.plan import Action
from reconciler.plan.left_over import with_left_overs
from reconciler.plan.survey import DecidedMap, Inputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What was asked for.

    destroy: plan as if nothing were declared. refresh_only: only bring the record up to date.
    targets: these and what they need. excludes: not these, and not what needs them.
    replace: make these anew. An address without a key stands for all its keys.
    """

    destroy: bool = False
    refresh_only: bool = False
    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    replace: tuple[str, ...] = ()

    @property
    def is_limited(self) -> bool:
        return bool(self.targets or self.excludes)


WHOLE = Scope()


class NoSuchAddressError(ReconcileError):
    """A flag names an address that is neither declared nor recorded."""


def check_scope(scope: Scope, known: Collection[Address]) -> None:
    """Raise NoSuchAddressError for flags that match nothing."""
    given = (
        ("--target", scope.targets),
        ("--exclude", scope.excludes),
        ("--replace", scope.replace),
    )
    problems = [
        _no_match(flag, text, known)
        for flag, texts in given
        for text in texts
        if not matching(text, known)
    ]
    if problems:
        raise NoSuchAddressError(*problems)


def matching(text: str, known: Iterable[Address]) -> frozenset[Address]:
    """Return the addresses that `text` names: itself, or all keys of it."""
    return frozenset(a for a in known if a == text or a.startswith(f"{text}["))


def selected(scope: Scope, inputs: Inputs, decided: DecidedMap) -> frozenset[Address]:
    """Return the addresses that the plan covers, with what they pull in."""
    known = decided.keys()
    needs = _needs(inputs, decided)
    chosen = frozenset(known)
    if scope.targets:
        chosen = _closure(_all_matching(scope.targets, known), needs)
    excluded = _closure(_all_matching(scope.excludes, known), _reversed(needs))
    return chosen - excluded


def _all_matching(texts: Iterable[str], known: Iterable[Address]) -> frozenset[Address]:
    addresses = tuple(known)
    return frozenset(address for text in texts for address in matching(text, addresses))


_ENDING = (Action.DELETE, Action.REPLACE)
_LETTING_GO = (*_ENDING, Action.UPDATE)


def _needs(inputs: Inputs, decided: DecidedMap) -> dict[Address, set[Address]]:
    """Return what each address cannot go without: what it refers to, what goes with it or before it.

    Nothing is deleted before who refers to it has let go.
    """
    needs: dict[Address, set[Address]] = {address: set() for address in decided}
    for address, one in decided.items():
        needs[address] |= {link.target for link in inputs.links.get(address, ())}
        if one.container is not None:
            needs[one.container].add(address)
        if one.recorded is not None and one.action in _LETTING_GO:
            for target in with_left_overs(inputs.recorded, one.recorded.depends_on):
                if target in needs and decided[target].action in _ENDING:
                    needs[target].add(address)
    return {address: targets & decided.keys() for address, targets in needs.items()}


def _reversed(needs: Mapping[Address, set[Address]]) -> dict[Address, set[Address]]:
    found: dict[Address, set[Address]] = {address: set() for address in needs}
    for address, targets in needs.items():
        for target in targets:
            found[target].add(address)
    return found


def _closure(
    start: Iterable[Address], edges: Mapping[Address, Iterable[Address]]
) -> frozenset[Address]:
    found: set[Address] = set()
    todo = list(start)
    while todo:
        address = todo.pop()
        if address not in found:
            found.add(address)
            todo += edges[address]
    return frozenset(found)


def _no_match(flag: str, text: str, known: Collection[Address]) -> Diagnostic:
    close = get_close_matches(text, known, n=1)
    return Diagnostic(
        summary="Address matches nothing",
        detail=f"{flag} {text}: neither declared nor recorded.",
        hint=f"did you mean '{close[0]}'?"
        if close
        else "reconcile state list shows what is recorded",
        location=Location(flag),
    )
