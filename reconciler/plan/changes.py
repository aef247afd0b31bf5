"""A verdict with its steps → what is shown and carried out for one resource."""

from dataclasses import replace

from reconciler.model.address import Address
from reconciler.model.location import Path, Places
from reconciler.model.plan import Action, Change, Drift, Field, Step
from reconciler.model.resource import Resource
from reconciler.model.state import Op, Recorded
from reconciler.model.values import Attributes
from reconciler.plan.diff import leaves
from reconciler.plan.effects import effects
from reconciler.plan.left_over import left_over_address
from reconciler.plan.lookup import value_at
from reconciler.plan.record import recordable
from reconciler.plan.survey import Decided


def make_change(one: Decided, own: tuple[Step, ...], moved_from: Address | None) -> Change:
    """Return the change of one address; `own` are its steps."""
    verdict = one.verdict
    return Change(
        address=one.address,
        action=verdict.action,
        reason=_reason(one, own),
        identity=identity_of(one),
        source=one.resource.location if one.resource else None,
        fields=_fields(one),
        drift=tuple(
            Drift(path=p, recorded=want, live=have, sensitive=d.attribute.sensitive)
            for d in verdict.drift
            for p, have, want in leaves(d.path, d.have, d.want)
        ),
        effects=effects(one.kind, verdict.action, verdict.changes, _facts(one)),
        steps=own,
        wanted=_to_send(one),
        record=one.wanted.record if one.wanted else None,
        precondition=_precondition(one),
        diagnostics=one.diagnostics,
        adopted=one.adopted,
        moved_from=moved_from,
        ignored=one.wanted.ignored if one.wanted and one.action in _STAYING else (),
        left_over=_left_over(one, own),
    )


_STAYING = (Action.UPDATE, Action.NO_OP)


def _left_over(one: Decided, own: tuple[Step, ...]) -> dict[Address, Recorded]:
    """Return the record of an object that is deleted only when its successor is there."""
    ops = [step.op for step in own]
    if one.recorded is None or not {Op.CREATE, Op.DELETE}.issubset(ops):
        return {}
    if ops.index(Op.DELETE) < ops.index(Op.CREATE):
        return {}
    old = left_over_address(one.address, one.recorded.identity)
    return {old: replace(one.recorded, protected=False)}


def _to_send(one: Decided) -> Attributes:
    if one.wanted is None:
        return {}
    return (
        one.wanted.beside(one.live.attributes) if one.action in _STAYING else one.wanted.attributes
    )


def _reason(one: Decided, own: tuple[Step, ...]) -> str:
    if one.container is not None and one.action is Action.DELETE:
        return f"{one.verdict.reason}, goes with {one.container}"
    if own and own[0].op is Op.SETTLE and one.kind.settle:
        attribute = one.kind.settle.attribute
        return f"not settled yet: {attribute} is {one.live.attributes[attribute]}"
    return one.verdict.reason


def identity_of(one: Decided) -> str:
    """Return the id of the object as it will be, else as it was; "" while only a step can tell."""
    is_made = one.action in (Action.CREATE, Action.REPLACE)
    if one.wanted and (one.wanted.identity or is_made):
        return one.wanted.identity
    return one.recorded.identity if one.recorded else ""


def _facts(one: Decided) -> Attributes:
    identity = one.kind.identity_values(one.recorded.identity) if one.recorded else {}
    return {**identity, **one.live.attributes}


def _fields(one: Decided) -> tuple[Field, ...]:
    if one.action is Action.CREATE and one.wanted and one.resource:
        return tuple(_created(one, one.resource.places))
    return tuple(
        Field(
            path=path,
            before=have,
            after=want,
            last_applied=value_at(one.recorded.attributes if one.recorded else {}, path),
            source=one.resource.places.at(path) if one.resource else None,
            forces_replace=one.wanted is not None and one.wanted.forces_replace(change),
            sensitive=change.attribute.sensitive,
            origin=_origin(one.resource, path),
        )
        for change in one.verdict.changes
        for path, have, want in leaves(change.path, change.have, change.want)
    )


def _created(one: Decided, places: Places) -> list[Field]:
    wanted = one.wanted.attributes if one.wanted else {}
    return [
        Field(
            path=(name,),
            before=None,
            after=wanted[name],
            source=places.at((name,)),
            sensitive=attribute.sensitive,
            origin=_origin(one.resource, (name,)),
        )
        for name, attribute in one.kind.attributes.items()
        if wanted.get(name) is not None and not attribute.read_only
    ]


def _precondition(one: Decided) -> Attributes | None:
    return recordable(one.kind, one.live.attributes) if one.live.is_present else None


def _origin(resource: Resource | None, path: Path) -> str:
    """Return what kind of place the desired value came from, or ""."""
    if resource is None or resource.origins is None:
        return ""
    kind = resource.origins.kind_of(path)
    return kind.value if kind else ""
