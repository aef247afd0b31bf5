"""desired × recorded × live → Plan."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ReconcileError
from reconciler.model.live import Live, ObjectKey, Presence
from reconciler.model.location import Places
from reconciler.model.plan import Action, Change, Drift, Field, Plan, Resolution, Step
from reconciler.model.resource import Stack
from reconciler.model.state import Op, State
from reconciler.model.values import Attributes
from reconciler.plan.diff import leaves
from reconciler.plan.digest import digest
from reconciler.plan.effects import effects
from reconciler.plan.guard import guard
from reconciler.plan.links import Catalogue, link
from reconciler.plan.order import CycleFoundError, Work, order_steps, walk_order
from reconciler.plan.record import recordable
from reconciler.plan.resolve import resolve_intents
from reconciler.plan.survey import (
    Decided,
    Inputs,
    decide_declared,
    decide_undeclared,
    left_inside,
    value_at,
)


class CyclicPlanError(ReconcileError):
    """The resources refer to each other in a circle; `cycle` names it in full."""

    def __init__(self, cycle: tuple[Address, ...], stack: Stack) -> None:
        declared = stack.resources.get(cycle[0])
        place = declared.location if declared else stack.location
        super().__init__(
            Diagnostic(
                summary="Circular reference",
                detail=" → ".join(cycle),
                hint="take one of these references out",
                location=place,
            )
        )
        self.cycle = cycle


class MissingLiveError(Exception):
    """More objects must be read first: their identity came to light only with live values.

    A matter between the plan and its caller, which reads `objects` and asks again.
    """

    def __init__(self, objects: frozenset[ObjectKey]) -> None:
        super().__init__(f"{len(objects)} objects to read")
        self.objects = objects


def build_plan(
    stack: Stack,
    state: State,
    live: Live,
    catalogue: Catalogue,
    *,
    destroy: bool = False,
    meta: Mapping[str, object] | None = None,
) -> Plan:
    """Return the plan. Raises CyclicPlanError, MissingLiveError.

    live: every object at a declared, a recorded or an intended identity, ABSENT ones included.
    destroy: plan as if nothing were declared.
    """
    recorded, resolutions = resolve_intents(state, live, catalogue)
    resources = {} if destroy else stack.resources
    inputs = Inputs(
        resources=resources,
        data=stack.data,
        recorded=recorded,
        live=live,
        catalogue=catalogue,
        links=link(resources, catalogue),
        by_identity={(a.kind, r.identity): a for a, r in recorded.items()},
    )
    try:
        decided = _decide_all(inputs)
        steps = _steps(inputs, decided)
    except CycleFoundError as error:
        raise CyclicPlanError(error.cycle, stack) from error
    own = defaultdict(list)
    for step in steps:
        own[step.address].append(step)
    changes = tuple(_change(decided[address], tuple(own[address])) for address in sorted(decided))
    plan = Plan(
        stack=stack.name,
        changes=changes,
        steps=steps,
        lineage=state.lineage,
        serial=state.serial,
        projects=_projects(decided),
        destroy=destroy,
        diagnostics=(
            *guard(stack, state, changes, destroy=destroy),
            *_missing_data(inputs),
            *_resolution_problems(resolutions),
        ),
        resolutions=resolutions,
        meta=meta or {},
    )
    return replace(plan, digest=digest(plan))


def _decide_all(inputs: Inputs) -> dict[Address, Decided]:
    decided: dict[Address, Decided] = {}
    undeclared = sorted(inputs.recorded.keys() - inputs.resources.keys(), key=_outermost(inputs))
    for address in undeclared:
        decided[address] = decide_undeclared(inputs, address, decided)
    for address in walk_order(inputs.resources, inputs.links):
        decided[address] = decide_declared(inputs, address, decided)
    if inputs.missing:
        raise MissingLiveError(frozenset(inputs.missing))
    return {**decided, **left_inside(inputs, decided)}


def _outermost(inputs: Inputs) -> Callable[[Address], tuple[int, Address]]:
    """Return a sort key that puts containers before what lies in them."""
    return lambda address: (inputs.recorded[address].identity.count("/"), address)


_OPS: Mapping[Action, tuple[Op, ...]] = {
    Action.CREATE: (Op.CREATE,),
    Action.UPDATE: (Op.UPDATE,),
    Action.REPLACE: (Op.DELETE, Op.CREATE),
    Action.DELETE: (Op.DELETE,),
    Action.FORGET: (Op.FORGET,),
    Action.ADOPT: (Op.RECORD,),
}


def _ops(one: Decided) -> tuple[Op, ...]:
    if one.container is not None:
        return (Op.FORGET,) if one.action is Action.DELETE else (Op.CREATE,)
    if one.action is Action.NO_OP:
        if _is_unsettled(one):
            return (Op.SETTLE,)
        return (Op.RECORD,) if one.verdict.stale_record else ()
    return _OPS.get(one.action, ())


def _is_unsettled(one: Decided) -> bool:
    settle = one.kind.settle
    if settle is None or settle.attribute not in one.live.attributes:
        return False
    return not settle.is_settled_after_any(one.live.attributes[settle.attribute])


def _steps(inputs: Inputs, decided: Mapping[Address, Decided]) -> tuple[Step, ...]:
    work = Work(
        ops={address: _ops(one) for address, one in decided.items()},
        links=inputs.links,
        recorded_links={a: r.depends_on for a, r in inputs.recorded.items()},
        gone_with={a: one.container for a, one in decided.items() if one.container},
    )
    ordered = order_steps(work)
    numbers = {item.node: n for n, item in enumerate(ordered, 1)}
    return tuple(
        Step(
            n=numbers[item.node],
            op=item.node[1],
            address=item.node[0],
            identity=_step_identity(decided[item.node[0]], item.node[1]),
            timeout_s=_timeout_s(decided[item.node[0]], item.node[1]),
            needs=tuple(sorted(numbers[node] for node in item.needs)),
        )
        for item in ordered
    )


def _step_identity(one: Decided, op: Op) -> str:
    if op in (Op.DELETE, Op.FORGET) and one.recorded:
        return one.recorded.identity
    return one.wanted.identity if one.wanted else ""


_WAITS_AS = {Op.SETTLE: "create", Op.RECORD: "read", Op.FORGET: "read"}


def _timeout_s(one: Decided, op: Op) -> float:
    declared = one.resource.timeouts_s if one.resource else {}
    return one.kind.timeout_s(_WAITS_AS.get(op, op.value), declared)


def _change(one: Decided, own: tuple[Step, ...]) -> Change:
    verdict = one.verdict
    return Change(
        address=one.address,
        action=verdict.action,
        reason=_reason(one, own),
        identity=_identity(one),
        source=one.resource.location if one.resource else None,
        fields=_fields(one),
        drift=tuple(
            Drift(path=p, recorded=want, live=have, sensitive=d.attribute.sensitive)
            for d in verdict.drift
            for p, have, want in leaves(d.path, d.have, d.want)
        ),
        effects=effects(one.kind, verdict.action, verdict.changes, _facts(one)),
        steps=own,
        wanted=one.wanted.attributes if one.wanted else {},
        record=one.wanted.record if one.wanted else None,
        precondition=_precondition(one),
        diagnostics=one.diagnostics,
    )


def _reason(one: Decided, own: tuple[Step, ...]) -> str:
    if one.container is not None and one.action is Action.DELETE:
        return f"no longer declared, goes with {one.container}"
    if own and own[0].op is Op.SETTLE and one.kind.settle:
        attribute = one.kind.settle.attribute
        return f"not settled yet: {attribute} is {one.live.attributes[attribute]}"
    return one.verdict.reason


def _identity(one: Decided) -> str:
    if one.wanted:
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
            forces_replace=change.attribute.force_new,
            sensitive=change.attribute.sensitive,
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
        )
        for name, attribute in one.kind.attributes.items()
        if wanted.get(name) is not None and not attribute.read_only
    ]


def _precondition(one: Decided) -> Attributes | None:
    return recordable(one.kind, one.live.attributes) if one.live.is_present else None


def _projects(decided: Mapping[Address, Decided]) -> tuple[str, ...]:
    found = {
        one.kind.identity_values(identity).get("project", "")
        for one in decided.values()
        if (identity := _identity(one))
    }
    return tuple(sorted(filter(None, found)))


def _missing_data(inputs: Inputs) -> list[Diagnostic]:
    problems = []
    for address, resource in inputs.data.items():
        kind = inputs.catalogue[address.kind]
        identity = kind.identity_of(resource.attributes) or ""
        live = inputs.at(kind, identity)
        if live.is_present:
            continue
        unknown = live.presence is Presence.UNKNOWN
        problems.append(
            Diagnostic(
                summary="Data source could not be read" if unknown else "Data source not found",
                detail=f"{address}: {live.why or f'there is no {kind.name} {identity}.'}",
                hint="" if unknown else "check its name, and that the token may see it",
                location=resource.location,
            )
        )
    return problems


def _resolution_problems(resolutions: tuple[Resolution, ...]) -> list[Diagnostic]:
    return [r.diagnostic for r in resolutions if r.diagnostic is not None]
