"""One address after another: what it wants, what is recorded, what is live, and the verdict on it."""

from collections.abc import Mapping
from dataclasses import replace

from reconciler.expressions.errors import ExpressionError
from reconciler.expressions.reference import Reference
from reconciler.expressions.template import Lookup, evaluate
from reconciler.kinds.kind import Kind
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ReconcileError
from reconciler.model.live import LiveObject
from reconciler.model.plan import Action
from reconciler.model.resource import Resource
from reconciler.model.state import Recorded
from reconciler.plan.adopt import adopted_record
from reconciler.plan.contagion import contaminated, ending_container
from reconciler.plan.decide import Verdict, Wanted, decide
from reconciler.plan.left_over import is_left_over
from reconciler.plan.links import Link
from reconciler.plan.lookup import NotReadableError, look_up
from reconciler.plan.record import recordable
from reconciler.plan.survey import Decided, DecidedMap, Inputs


def decide_undeclared(inputs: Inputs, address: Address, decided: DecidedMap) -> Decided:
    """Return the verdict on a recorded address that is no longer declared."""
    kind, recorded = inputs.catalogue[address.kind], inputs.recorded[address]
    live = inputs.at(kind, recorded.identity)
    found = Decided(
        address=address,
        kind=kind,
        verdict=decide(kind, None, recorded, {recorded.identity: live}),
        recorded=recorded,
        live=live,
    )
    if address in inputs.released:
        return replace(found, verdict=_RELEASED)
    if found.action is not Action.DELETE:
        return found
    verdict = _DESTROYED if inputs.destroys else found.verdict
    if is_left_over(address, recorded):
        verdict = _LEFT_OVER
    container = ending_container(inputs, kind, recorded, decided)
    return replace(found, verdict=verdict, container=container)


_DESTROYED = Verdict(action=Action.DELETE, reason="to be destroyed")
_LEFT_OVER = Verdict(action=Action.DELETE, reason="replaced already")
_RELEASED = Verdict(action=Action.FORGET, reason="released from management")


def decide_declared(inputs: Inputs, address: Address, decided: DecidedMap) -> Decided:
    """Return the verdict on a declared address; everything it refers to must be in `decided`."""
    resource, kind = inputs.resources[address], inputs.catalogue[address.kind]
    recorded = inputs.recorded.get(address)
    known = Decided(
        address=address, kind=kind, resource=resource, recorded=recorded, verdict=_UNDECIDED
    )
    try:
        wanted = _want(inputs, resource, kind, decided)
    except NotReadableError as error:
        return replace(known, verdict=_waits_for(error.needed))
    except InvalidAttributeError as error:
        return replace(known, verdict=_CANNOT_EVALUATE, diagnostics=error.diagnostics)
    blocking = [link.target for link in inputs.links[address] if _is_unreadable(decided, link)]
    if blocking:
        return replace(known, verdict=_waits_for(blocking[0]))
    objects = _objects(inputs, kind, wanted, recorded)
    adopted = _adoption(inputs, kind, address, wanted, objects)
    recorded = recorded or adopted
    found = replace(
        known,
        wanted=wanted,
        recorded=recorded,
        adopted=adopted,
        verdict=decide(kind, wanted, recorded, objects),
        live=objects[recorded.identity if recorded else wanted.identity],
    )
    found = contaminated(inputs, _explained(inputs, found), decided)
    return _imported(found) if adopted else found


_UNDECIDED = Verdict(action=Action.UNKNOWN, reason="")
_CANNOT_EVALUATE = Verdict(action=Action.UNKNOWN, reason="an expression cannot be evaluated")


def _waits_for(needed: str) -> Verdict:
    return Verdict(action=Action.UNKNOWN, reason=f"needs {needed}, which could not be read")


def _is_unreadable(decided: DecidedMap, link: Link) -> bool:
    return decided[link.target].action is Action.UNKNOWN


def _want(inputs: Inputs, resource: Resource, kind: Kind, decided: DecidedMap) -> Wanted:
    def lookup(reference: Reference) -> object:
        return look_up(inputs, reference, decided)

    values = _evaluated(resource, lookup)
    identity = kind.identity_of(values) or ""
    targets = {link.target for link in inputs.links[resource.address]}
    record = Recorded(
        identity=identity,
        attributes=recordable(kind, values),
        depends_on=tuple(sorted(targets)),
        protected=resource.lifecycle.prevent_destroy,
    )
    return Wanted(
        identity=identity,
        attributes=values,
        record=record,
        ignored=resource.lifecycle.ignore_changes,
        updates_in_place=resource.lifecycle.update_in_place,
    )


def _evaluated(resource: Resource, lookup: Lookup) -> dict[str, object]:
    """Return the attributes with what is known put in; raise InvalidAttributeError for all that fail."""
    values, problems = {}, []
    for name, value in resource.attributes.items():
        try:
            values[name] = evaluate(value, lookup)
        except ExpressionError as error:
            place = resource.places.at((name,))
            problems += [replace(problem, location=place) for problem in error.diagnostics]
    if problems:
        raise InvalidAttributeError(*problems)
    return values


class InvalidAttributeError(ReconcileError):
    """Attributes whose expressions fail with the values that are live."""


def _objects(
    inputs: Inputs, kind: Kind, wanted: Wanted, recorded: Recorded | None
) -> dict[str, LiveObject]:
    identities = [wanted.identity, *([recorded.identity] if recorded else [])]
    return {identity: inputs.at(kind, identity) for identity in identities}


def _adoption(
    inputs: Inputs, kind: Kind, address: Address, wanted: Wanted, objects: Mapping[str, LiveObject]
) -> Recorded | None:
    """Return the record of the object that an `import` block hands over, or None."""
    if inputs.adopted.get(address) != wanted.identity or not objects[wanted.identity].is_present:
        return None
    if (kind.name, wanted.identity) in inputs.by_identity:
        return None
    return adopted_record(kind, wanted.attributes, wanted.record, objects[wanted.identity])


def _imported(found: Decided) -> Decided:
    """Return the verdict on an object that this plan imports: recorded first, then made as declared."""
    if found.action is Action.NO_OP:
        return replace(found, verdict=Verdict(action=Action.ADOPT, reason="imported"))
    if found.action in (Action.UPDATE, Action.REPLACE):
        reason = f"imported, {found.verdict.reason}"
        return replace(found, verdict=replace(found.verdict, reason=reason))
    return found


def _explained(inputs: Inputs, found: Decided) -> Decided:
    """Return a refusal with what to do about it; anything else as it is."""
    if found.action is not Action.REFUSE or found.wanted is None or found.resource is None:
        return found
    if found.verdict.changes:
        return replace(found, diagnostics=(_only_at_creation(found, found.resource),))
    return replace(
        found, diagnostics=(_exists(inputs, found, found.resource, found.wanted.identity),)
    )


def _exists(inputs: Inputs, found: Decided, resource: Resource, identity: str) -> Diagnostic:
    owner = inputs.by_identity.get((found.kind.name, identity))
    if owner is None:
        hint = f"reconcile import '{found.address}' {identity}"
        detail = f"{identity} exists, but {found.address} did not make it."
    else:
        hint = f"reconcile state mv '{owner}' '{found.address}'"
        detail = f"{identity} exists and is recorded as {owner}."
    return Diagnostic(
        summary="Object exists already", detail=detail, hint=hint, location=resource.location
    )


def _only_at_creation(found: Decided, resource: Resource) -> Diagnostic:
    change = next(c for c in found.verdict.changes if c.attribute.create_only)
    return Diagnostic(
        summary="Can only be set when the object is made",
        detail=f"{found.address}.{found.verdict.reason}; it exists already.",
        hint="take the change back, or delete the object and make it anew",
        location=resource.places.at(change.path),
    )
