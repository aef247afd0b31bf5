"""What follows for others when something is replaced or deleted."""

from dataclasses import replace

from reconciler.kinds.kind import Attribute, Kind
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.plan import BLOCKING, Action
from reconciler.model.resource import Trigger
from reconciler.model.state import Recorded
from reconciler.plan.decide import Verdict
from reconciler.plan.links import container_identity
from reconciler.plan.survey import Decided, DecidedMap, Inputs

_ENDING = (Action.DELETE, Action.REPLACE)


def contaminated(inputs: Inputs, found: Decided, decided: DecidedMap) -> Decided:
    """Return `found` with what follows from what happens to others, and from what was asked for."""
    if found.recorded is None or not found.live.is_present or found.action in BLOCKING:
        return found
    container = ending_container(inputs, found.kind, found.recorded, decided)
    if container is not None:
        return _carried_along(inputs, found, decided[container])
    reason = _reason_to_replace(inputs, found, decided)
    return _replaced(found, reason) if reason else found


def _reason_to_replace(inputs: Inputs, found: Decided, decided: DecidedMap) -> str:
    if found.address in inputs.replace:
        return "requested"
    for trigger in found.lifecycle.replace_triggered_by:
        if _fires(trigger, decided):
            return f"triggered by {trigger.target}"
    for link in inputs.links[found.address]:
        attribute, other = found.kind.attributes.get(link.attribute), decided[link.target]
        if attribute is None or other.action is not Action.REPLACE:
            continue
        if not _goes_over(found, attribute, other, is_named=link.is_name(found.kind)):
            return f"{link.target} is replaced"
    return ""


def _goes_over(found: Decided, attribute: Attribute, other: Decided, *, is_named: bool) -> bool:
    """Whether it can go over in place from the old object to the new one.

    Not from one to another of the same name: what is still named cannot be deleted.
    """
    if attribute.force_new and not (found.lifecycle.update_in_place and attribute.updatable):
        return False
    return not (is_named and other.keeps_identity)


def _fires(trigger: Trigger, decided: DecidedMap) -> bool:
    """Whether the trigger's target changes; of one of its attributes: whether that one does."""
    other = decided.get(trigger.target)
    if other is None or other.action not in (Action.CREATE, Action.UPDATE, Action.REPLACE):
        return False
    if not trigger.attribute or other.action is Action.CREATE:
        return True
    paths = (".".join(map(str, change.path)) for change in other.verdict.changes)
    return any(_overlap(path, trigger.attribute) for path in paths)


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")


def _carried_along(inputs: Inputs, found: Decided, container: Decided) -> Decided:
    if container.action is Action.REPLACE:
        reason = f"{container.address} is replaced"
        return replace(_replaced(found, reason), container=container.address)
    if _moves_out(inputs, found):
        return replace(found, container=container.address)
    return _would_vanish(found, container.address)


def _moves_out(inputs: Inputs, found: Decided) -> bool:
    """Whether it is wanted in another container than the one it lies in."""
    if found.wanted is None or found.recorded is None:
        return False
    inside, wanted = (
        container_identity(found.kind, identity, inputs.catalogue) if identity else None
        for identity in (found.recorded.identity, found.wanted.identity)
    )
    return inside != wanted


def _would_vanish(found: Decided, container: Address) -> Decided:
    problem = Diagnostic(
        summary="Object would vanish with what it lies in",
        detail=f"{found.address} is to be kept, but lies in {container}, which would be deleted.",
        hint=f"remove {found.address} too, or keep {container}",
        location=found.resource.location if found.resource else None,
    )
    verdict = Verdict(action=Action.REFUSE, reason=f"lies in {container}, which is deleted")
    return replace(found, verdict=verdict, diagnostics=(problem,))


def _replaced(found: Decided, reason: str) -> Decided:
    if found.action is Action.REPLACE:
        return found
    verdict = replace(found.verdict, action=Action.REPLACE, reason=reason, stale_record=False)
    return replace(found, verdict=verdict)


def ending_container(
    inputs: Inputs, kind: Kind, recorded: Recorded, decided: DecidedMap
) -> Address | None:
    """Return the container's address when it is deleted or replaced: it takes the object along."""
    inside = container_identity(kind, recorded.identity, inputs.catalogue)
    owner = inputs.by_identity.get(inside) if inside else None
    if owner is None or owner not in decided:
        return None
    return owner if decided[owner].action in _ENDING else None


def left_inside(inputs: Inputs, decided: DecidedMap) -> dict[Address, Decided]:
    """Return what would vanish with its container although its own verdict was another."""
    found = {}
    for address, one in decided.items():
        if one.recorded is None or one.container or not one.live.is_present:
            continue
        if one.action in BLOCKING:
            continue
        container = ending_container(inputs, one.kind, one.recorded, decided)
        if container is None:
            continue
        if one.action is Action.DELETE:
            found[address] = replace(one, container=container)
        elif one.action in (Action.NO_OP, Action.UPDATE, Action.FORGET):
            found[address] = _would_vanish(one, container)
    return found
