"""Values that came to be during the run: put in where the plan said "after step N"."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.expressions.reference import Reference
from reconciler.expressions.template import evaluate, references
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ReconcileError
from reconciler.model.live import ABSENT, Live, LiveObject
from reconciler.model.plan import Plan
from reconciler.model.values import Unknown
from reconciler.plan.lookup import value_at


class LateValueError(ReconcileError):
    """A value that a step needed is not there although the step before it is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LateValues:
    """What the objects of the stack show, as far as steps are done.

    before: by address, as read for the plan. after: as read when their step was done.
    """

    before: Mapping[Address, LiveObject]
    after: dict[Address, LiveObject] = field(default_factory=dict)

    def put_in(self, value: object) -> object:
        """Return `value` with every Unknown replaced. Raises LateValueError."""
        if isinstance(value, Unknown):
            return evaluate(value.expression, self._look_up)
        if isinstance(value, Mapping):
            return {key: self.put_in(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.put_in(item) for item in value]
        return value

    def _look_up(self, reference: Reference) -> object:
        address = reference.address
        if address is None:
            raise ValueError(f"{reference} should have been resolved offline")
        found = self.after.get(address) or self.before.get(address, ABSENT)
        if not found.is_present or reference.path[0] not in found.attributes:
            raise LateValueError(
                Diagnostic(
                    summary="Value is not there",
                    detail=f"The API does not show {reference}, which this step needs.",
                    hint="a token that may read secrets may be needed",
                )
            )
        return value_at(found.attributes, reference.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """What must be read of an object when its step is done, because others wait for it."""

    attributes: frozenset[str] = frozenset()
    secrets: bool = False


NOTHING_NEEDED = Needed()


def needed_by_others(plan: Plan) -> dict[Address, Needed]:
    """Return, by address, what other steps of the plan take from it."""
    found: dict[Address, Needed] = {}
    for change in plan.changes:
        for unknown in _unknowns(change.wanted):
            for reference in references(unknown.expression):
                if reference.address is None:
                    continue
                had = found.get(reference.address, NOTHING_NEEDED)
                found[reference.address] = Needed(
                    attributes=had.attributes | {str(reference.path[0])},
                    secrets=had.secrets or unknown.sensitive,
                )
    return found


def holds_unknown(value: object) -> bool:
    """Whether a value that only a step brings is anywhere inside."""
    return next(_unknowns(value), None) is not None


def _unknowns(value: object) -> Iterator[Unknown]:
    if isinstance(value, Unknown):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _unknowns(item)
    elif isinstance(value, list):
        for item in value:
            yield from _unknowns(item)


def live_by_address(
    plan: Plan, data: Mapping[Address, str], live: Live
) -> dict[Address, LiveObject]:
    """Return the objects of the plan as they were read; `data` gives the identity of data sources."""
    declared = {change.address: change.identity for change in plan.changes}
    return {
        address: live.get((address.kind, identity), ABSENT)
        for address, identity in {**declared, **data}.items()
    }
