"""What must be said by name before it is done: the loss of data."""

import shlex
from collections.abc import Collection, Iterable, Mapping

from reconciler.kinds.kind import Kind
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.location import Location
from reconciler.model.plan import Change
from reconciler.model.state import Op

DATA_LOSS = "data-loss"


def required(changes: Iterable[Change], kinds: Mapping[str, Kind]) -> tuple[str, ...]:
    """Return what apply must be told to accept, as `effect:address`, sorted by address.

    An object that holds data, and is deleted by a step of its own; what vanishes with the object it
    lies in has no such step, and the ack for that object covers it.
    """
    found = [
        f"{DATA_LOSS}:{change.address}"
        for change in changes
        if kinds[change.address.kind].stateful
        and any(step.op is Op.DELETE for step in change.steps)
    ]
    return tuple(sorted(found))


def refuse_acks(
    required_acks: Collection[str], given: Iterable[str], changes: Iterable[Change]
) -> tuple[Diagnostic, ...]:
    """Return why apply does not go on: acks that are missing, and those for what is not done.

    One left over is refused because it stands in a script, and would say yes to a later accident.
    """
    acks = dict.fromkeys(given)
    by_address = {change.address: change for change in changes}
    return (
        *(_missing(ack, by_address) for ack in required_acks if ack not in acks),
        *(_left_over(ack) for ack in acks if ack not in required_acks),
    )


def _missing(ack: str, changes: Mapping[Address, Change]) -> Diagnostic:
    effect, _, address = ack.partition(":")
    change = changes[Address(address)]
    text = next((felt.text for felt in change.effects if felt.code == effect and felt.text), "")
    told = f": {text}" if text else ""
    return Diagnostic(
        summary="Loss of data is not acknowledged",
        detail=f"{address} would be {_PAST.get(change.action, 'deleted')}{told}.",
        hint=f"add --ack {shlex.quote(ack)}, if that is meant",
        location=change.source,
    )


def _left_over(ack: str) -> Diagnostic:
    effect, _, address = ack.partition(":")
    return Diagnostic(
        summary="Nothing to acknowledge",
        detail=f"This plan has no {effect} of {address} that would need it.",
        hint=f"leave --ack {shlex.quote(ack)} out",
        location=Location("--ack"),
    )


_PAST = {"replace": "replaced"}
