"""One address after another: what it wants, what is recorded, what is live, and the verdict on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from reconciler.expressions.reference import Reference
from reconciler.expressions.template import evaluate
from reconciler.kinds.kind import Kind
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.live import ABSENT, Live, LiveObject, ObjectKey
from reconciler.model.location import Path
from reconciler.model.plan import BLOCKING, Action
from reconciler.model.resource import Resource
from reconciler.model.state import Recorded
from reconciler.model.values import Unknown
from reconciler.plan.decide import Verdict, Wanted, decide
from reconciler.plan.links import Catalogue, Link, Links, container_identity
from reconciler.plan.record import recordable


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One address with its verdict.

    live: the object at the recorded identity, else at the wanted one.
    container: the address whose deletion or replacement takes this object along, or None.
    """

    address: Address
    kind: Kind
    verdict: Verdict
    resource: Resource | None = None
    recorded: Recorded | None = None
    wanted: Wanted | None = None
    live: LiveObject = ABSENT
    container: Address | None = None
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def action(self) -> Action:
        return self.verdict.action


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The three sides, linked. `recorded` has the outcomes of a former run's writes in it already."""

    resources: Mapping[Address, Resource]
    data: Mapping[Address, Resource]
    recorded: Mapping[Address, Recorded]
    live: Live
    catalogue: Catalogue
    links: Links
    by_identity: Mapping[ObjectKey, Address] = field(default_factory=dict)
    """Recorded objects → the address that owns them."""
    missing: set[ObjectKey] = field(default_factory=set)
    """Objects that must be read before the verdicts can stand; filled while deciding."""

    def at(self, kind: Kind, identity: str) -> LiveObject:
        """Return the live object, ABSENT for one that is not even named yet."""
        if not identity:
            return ABSENT
        found = self.live.get((kind.name, identity))
        if found is None:
            self.missing.add((kind.name, identity))
        return found or ABSENT


class NotReadableError(Exception):
    """A reference leads to something that could not be read."""

    def __init__(self, needed: str) -> None:
        super().__init__(needed)
        self.needed = needed


def decide_undeclared(
    inputs: Inputs, address: Address, decided: Mapping[Address, Decided]
) -> Decided:
    """Return the verdict on a recorded address that is no longer declared."""
    kind, recorded = inputs.catalogue[address.kind], inputs.recorded[address]
    live = inputs.at(kind, recorded.identity)
    verdict = decide(kind, None, recorded, {recorded.identity: live})
    return Decided(
        address=address,
        kind=kind,
        verdict=verdict,
        recorded=recorded,
        live=live,
        container=_ending_container(inputs, kind, recorded, decided),
    )


def decide_declared(
    inputs: Inputs, address: Address, decided: Mapping[Address, Decided]
) -> Decided:
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
    blocking = [link.target for link in inputs.links[address] if _is_unreadable(decided, link)]
    if blocking:
        return replace(known, verdict=_waits_for(blocking[0]))
    objects = _objects(inputs, kind, wanted, recorded)
    found = replace(
        known,
        wanted=wanted,
        verdict=decide(kind, wanted, recorded, objects),
        live=objects[recorded.identity if recorded else wanted.identity],
    )
    return _contaminated(inputs, _explained(inputs, found), decided)


_UNDECIDED = Verdict(action=Action.UNKNOWN, reason="")


def _waits_for(needed: str) -> Verdict:
    return Verdict(action=Action.UNKNOWN, reason=f"needs {needed}, which could not be read")


def _is_unreadable(decided: Mapping[Address, Decided], link: Link) -> bool:
    return decided[link.target].action is Action.UNKNOWN


def _want(
    inputs: Inputs, resource: Resource, kind: Kind, decided: Mapping[Address, Decided]
) -> Wanted:
    def lookup(reference: Reference) -> object:
        return look_up(inputs, reference, decided)

    values = {name: evaluate(value, lookup) for name, value in resource.attributes.items()}
    identity = kind.identity_of(values) or ""
    targets = {link.target for link in inputs.links[resource.address]}
    record = Recorded(
        identity=identity,
        attributes=recordable(kind, values),
        depends_on=tuple(sorted(targets)),
        protected=resource.lifecycle.prevent_destroy,
    )
    return Wanted(identity=identity, attributes=values, record=record)


def look_up(inputs: Inputs, reference: Reference, decided: Mapping[Address, Decided]) -> object:
    """Return what a reference leads to: a value, or Unknown while a step must come first.

    Raises NotReadableError when its object could not be read, or this token may not see the attribute.
    """
    target = reference.address
    if target is None:
        raise ValueError(f"{reference} should have been resolved offline")
    if target.is_data:
        kind = inputs.catalogue[target.kind]
        identity = kind.identity_of(inputs.data[target].attributes)
        return _seen(inputs.at(kind, identity or ""), reference)
    other = decided[target]
    if other.action in BLOCKING:
        raise NotReadableError(target)
    attribute = other.kind.attributes[str(reference.path[0])]
    changes = other.action is Action.UPDATE and attribute.read_only
    if changes or other.action in (Action.CREATE, Action.REPLACE):
        return Unknown(target, reference.attribute, sensitive=attribute.sensitive)
    return _seen(other.live, reference)


def _seen(live: LiveObject, reference: Reference) -> object:
    if not live.is_present or reference.path[0] not in live.attributes:
        raise NotReadableError(str(reference))
    return value_at(live.attributes, reference.path)


def value_at(value: object, path: Path) -> object:
    """Return what lies at `path` inside a value; None where there is nothing."""
    for part in path:
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def _objects(
    inputs: Inputs, kind: Kind, wanted: Wanted, recorded: Recorded | None
) -> dict[str, LiveObject]:
    identities = [wanted.identity, *([recorded.identity] if recorded else [])]
    return {identity: inputs.at(kind, identity) for identity in identities}


def _explained(inputs: Inputs, found: Decided) -> Decided:
    """Return a refusal with what to do about it; anything else as it is."""
    if found.action is not Action.REFUSE or found.wanted is None or found.resource is None:
        return found
    owner = inputs.by_identity.get((found.kind.name, found.wanted.identity))
    if found.verdict.changes:
        return replace(found, diagnostics=(_only_at_creation(found, found.resource),))
    if owner is None:
        hint = f"reconcile import '{found.address}' {found.wanted.identity}"
        detail = f"{found.wanted.identity} exists, but {found.address} did not make it."
    else:
        hint = f"reconcile state mv '{owner}' '{found.address}'"
        detail = f"{found.wanted.identity} exists and is recorded as {owner}."
    problem = Diagnostic(
        summary="Object exists already",
        detail=detail,
        hint=hint,
        location=found.resource.location,
    )
    return replace(found, diagnostics=(problem,))


def _only_at_creation(found: Decided, resource: Resource) -> Diagnostic:
    change = next(c for c in found.verdict.changes if c.attribute.create_only)
    return Diagnostic(
        summary="Can only be set when the object is made",
        detail=f"{found.address}.{found.verdict.reason}; it exists already.",
        hint="take the change back, or delete the object and make it anew",
        location=resource.places.at(change.path),
    )


def _contaminated(inputs: Inputs, found: Decided, decided: Mapping[Address, Decided]) -> Decided:
    """Return `found` with what follows from the replacement or deletion of others."""
    if found.recorded is None or not found.live.is_present or found.action in BLOCKING:
        return found
    container = _ending_container(inputs, found.kind, found.recorded, decided)
    if container is not None:
        return _carried_along(found, decided[container])
    for link in inputs.links[found.address]:
        attribute = found.kind.attributes.get(link.attribute)
        if decided[link.target].action is Action.REPLACE and attribute and attribute.force_new:
            return _replaced(found, f"{link.target} is replaced")
    return found


def _carried_along(found: Decided, container: Decided) -> Decided:
    if container.action is Action.REPLACE:
        return replace(
            _replaced(found, f"{container.address} is replaced"), container=container.address
        )
    problem = Diagnostic(
        summary="Object would vanish with what it lies in",
        detail=f"{found.address} is declared, but lies in {container.address},"
        " which would be deleted.",
        hint=f"remove {found.address} too, or keep {container.address}",
        location=found.resource.location if found.resource else None,
    )
    verdict = Verdict(action=Action.REFUSE, reason=f"lies in {container.address}, which is deleted")
    return replace(found, verdict=verdict, diagnostics=(problem,))


def _replaced(found: Decided, reason: str) -> Decided:
    if found.action is Action.REPLACE:
        return found
    verdict = replace(found.verdict, action=Action.REPLACE, reason=reason, stale_record=False)
    return replace(found, verdict=verdict)


def _ending_container(
    inputs: Inputs, kind: Kind, recorded: Recorded, decided: Mapping[Address, Decided]
) -> Address | None:
    """Return the container's address when it is deleted or replaced: it takes the object along."""
    inside = container_identity(kind, recorded.identity, inputs.catalogue)
    owner = inputs.by_identity.get(inside) if inside else None
    if owner is None or owner not in decided:
        return None
    return owner if decided[owner].action in (Action.DELETE, Action.REPLACE) else None


def left_inside(inputs: Inputs, decided: Mapping[Address, Decided]) -> dict[Address, Decided]:
    """Return what was decided before its container was, and would vanish with it unplanned."""
    found = {}
    for address, one in decided.items():
        if one.recorded is None or one.container or not one.live.is_present:
            continue
        if one.action in BLOCKING:
            continue
        container = _ending_container(inputs, one.kind, one.recorded, decided)
        if container is None:
            continue
        if one.resource is None:
            found[address] = replace(one, container=container)
        elif one.action in (Action.NO_OP, Action.UPDATE):
            found[address] = _carried_along(one, replace(decided[container], verdict=_DELETED))
    return found


_DELETED = Verdict(action=Action.DELETE, reason="")
