"""desired × recorded × live → Plan."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ReconcileError
from reconciler.model.live import ABSENT, Live, ObjectKey, Presence
from reconciler.model.plan import Action, Change, Plan, Resolution, Step
from reconciler.model.resource import Stack
from reconciler.model.state import State
from reconciler.plan.acks import required
from reconciler.plan.blocks import Moved, import_problems, imports_due, move, released
from reconciler.plan.capacity import connections, crowded
from reconciler.plan.changes import identity_of, make_change
from reconciler.plan.checks import check
from reconciler.plan.contagion import left_inside
from reconciler.plan.decide import Verdict
from reconciler.plan.digest import digest
from reconciler.plan.guard import deletions_to_allow, guard, protected
from reconciler.plan.left_over import never_replaced
from reconciler.plan.links import Catalogue, link
from reconciler.plan.order import CycleFoundError, walk_order
from reconciler.plan.policies import check_policies
from reconciler.plan.resolve import resolve_intents
from reconciler.plan.scope import WHOLE, Scope, check_scope, matching, selected
from reconciler.plan.steps import make_steps
from reconciler.plan.survey import Decided, DecidedMap, Inputs
from reconciler.plan.takings import shrink_before_grow
from reconciler.plan.verdicts import decide_declared, decide_undeclared


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
    scope: Scope = WHOLE,
    meta: Mapping[str, object] | None = None,
) -> Plan:
    """Return the plan. Raises CyclicPlanError, NoSuchAddressError, MissingLiveError.

    live: every object at a declared, a recorded or an intended identity, ABSENT ones included.
    """
    recorded, resolutions = resolve_intents(state, live, catalogue)
    moved = _without_doubles(move(recorded, stack.moves))
    state = replace(state, resources=moved.recorded)
    inputs = _inputs(stack, moved, live, catalogue, scope)
    try:
        everything = _decide_all(inputs)
        decided = _scoped(scope, inputs, everything)
        steps = make_steps(inputs, decided, shrink_before_grow(decided, catalogue))
    except CycleFoundError as error:
        raise CyclicPlanError(error.cycle, stack) from error
    changes = tuple(_changes(decided, steps, moved))
    taken = connections({**everything, **decided}, steps, live, catalogue)
    problems = (
        *guard(stack, state, changes, destroy=scope.destroy),
        *check(decided, live, catalogue),
        *check_policies(
            stack.policies, changes, stack=stack.name, protected=protected(stack, state, decided)
        ),
        *crowded(taken, decided),
        *(() if scope.refresh_only else _missing_data(inputs, decided)),
        *_resolution_problems(resolutions),
        *moved.problems,
        *import_problems(moved.recorded, stack.imports, decided),
        *_same_name_problems(decided),
        *_same_object_problems(decided),
    )
    plan = Plan(
        stack=stack.name,
        changes=changes,
        steps=steps,
        lineage=state.lineage,
        serial=state.serial,
        projects=_projects(decided),
        destroy=scope.destroy,
        diagnostics=problems,
        resolutions=resolutions,
        rewrites=moved.rewrites,
        connections=taken,
        acks=required(changes, catalogue),
        allow_delete=deletions_to_allow(changes, len(moved.recorded), destroy=scope.destroy),
        limited_to=tuple(sorted(decided)) if scope.is_limited else None,
        refresh_only=scope.refresh_only,
        meta=meta or {},
    )
    return replace(plan, digest=digest(plan))


def _without_doubles(moved: Moved) -> Moved:
    doubles = never_replaced(moved.recorded)
    if not doubles:
        return moved
    return replace(
        moved,
        recorded={a: r for a, r in moved.recorded.items() if a not in doubles},
        rewrites={**moved.rewrites, **dict.fromkeys(doubles)},
    )


def _inputs(stack: Stack, moved: Moved, live: Live, catalogue: Catalogue, scope: Scope) -> Inputs:
    resources = {} if scope.destroy else stack.resources
    known = {*resources, *moved.recorded}
    check_scope(scope, known)
    return Inputs(
        resources=resources,
        data=stack.data,
        recorded=moved.recorded,
        live=live,
        catalogue=catalogue,
        links=link(resources, catalogue),
        adopted={} if scope.destroy else imports_due(moved.recorded, stack.imports),
        released=frozenset() if scope.destroy else released(moved.recorded, stack.removals),
        replace=frozenset(a for text in scope.replace for a in matching(text, known)),
        destroys=scope.destroy,
        by_identity={(a.kind, r.identity): a for a, r in moved.recorded.items()},
    )


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


def _scoped(scope: Scope, inputs: Inputs, decided: DecidedMap) -> DecidedMap:
    """Return the verdicts the plan covers; what lies in a container it does not cover is on its own."""
    if scope.refresh_only:
        decided = {address: _refreshed(inputs, one) for address, one in decided.items()}
    if not scope.is_limited:
        return decided
    chosen = selected(scope, inputs, decided)
    return {
        address: one if one.container in chosen else replace(one, container=None)
        for address, one in decided.items()
        if address in chosen
    }


def _refreshed(inputs: Inputs, one: Decided) -> Decided:
    """Return what a refresh does: forget what is gone, leave all else, drift told."""
    recorded = inputs.recorded.get(one.address)
    live = inputs.at(one.kind, recorded.identity) if recorded else ABSENT
    verdict = _UNTOUCHED
    if live.presence is Presence.UNKNOWN:
        verdict = Verdict(action=Action.UNKNOWN, reason=f"could not be read: {live.why}")
    elif recorded and not live.is_present:
        verdict = Verdict(action=Action.FORGET, reason="gone")
    return replace(
        one,
        verdict=replace(verdict, drift=one.verdict.drift),
        live=live,
        wanted=None,
        container=None,
        adopted=None,
        diagnostics=(),
    )


_UNTOUCHED = Verdict(action=Action.NO_OP, reason="not changed by a refresh")


def _changes(decided: DecidedMap, steps: tuple[Step, ...], moved: Moved) -> Iterator[Change]:
    own = defaultdict(list)
    for step in steps:
        own[step.address].append(step)
    for address in sorted(decided):
        before = moved.moved_from.get(address)
        yield make_change(decided[address], tuple(own[address]), before)


def _projects(decided: DecidedMap) -> tuple[str, ...]:
    found = {
        one.kind.identity_values(identity).get("project", "")
        for one in decided.values()
        if (identity := identity_of(one))
    }
    return tuple(sorted(filter(None, found)))


def _missing_data(inputs: Inputs, decided: DecidedMap) -> Iterator[Diagnostic]:
    """Yield the lookups that lead nowhere; for a part of the stack only those it makes use of."""
    used = {use.target for one in decided.values() if one.resource for use in one.resource.uses}
    is_whole = decided.keys() >= inputs.resources.keys() and not inputs.destroys
    for address, resource in inputs.data.items():
        if not (is_whole or address in used):
            continue
        kind = inputs.catalogue[address.kind]
        identity = kind.identity_of(resource.attributes) or ""
        live = inputs.at(kind, identity)
        if live.is_present:
            continue
        unknown = live.presence is Presence.UNKNOWN
        maker = _maker(decided, kind.name, identity)
        hint = (
            f"refer to {maker} itself" if maker else "check its name, and that the token may see it"
        )
        yield Diagnostic(
            summary="Data source could not be read" if unknown else "Data source not found",
            detail=f"{address}: {live.why or f'there is no {kind.name} {identity}.'}",
            hint="" if unknown else hint,
            location=resource.location,
        )


def _maker(decided: DecidedMap, kind: str, identity: str) -> Address | None:
    """Return the address that this stack makes the object as, if it does."""
    wanted = ((a, one.wanted) for a, one in decided.items() if a.kind == kind)
    return next((a for a, want in wanted if want and identity and want.identity == identity), None)


def _resolution_problems(resolutions: Iterable[Resolution]) -> list[Diagnostic]:
    return [r.diagnostic for r in resolutions if r.diagnostic is not None]


def _same_object_problems(decided: DecidedMap) -> Iterator[Diagnostic]:
    """Yield each resource that turned out to be the object of another; names may come from the API."""
    owners: dict[ObjectKey, Address] = {}
    for address, one in sorted(decided.items()):
        if one.resource is None or one.wanted is None or not one.wanted.identity:
            continue
        owner = owners.setdefault((one.kind.name, one.wanted.identity), address)
        if owner != address:
            yield Diagnostic(
                summary="Same object twice",
                detail=f"{address} and {owner} are both {one.wanted.identity}.",
                hint="give one of them another name, or remove it",
                location=one.resource.location,
            )


def _same_name_problems(decided: DecidedMap) -> Iterator[Diagnostic]:
    """Yield each replacement that was to create first, but would keep the name."""
    for one in decided.values():
        wants_first = one.lifecycle.create_before_destroy and one.action is Action.REPLACE
        if wants_first and one.keeps_identity and one.container is None and one.wanted:
            yield Diagnostic(
                summary="Cannot be created before it is destroyed",
                detail=f"{one.address} is replaced ({one.verdict.reason}) and keeps its id"
                f" {one.wanted.identity}; two of that name cannot exist at once.",
                hint="give it another name as well, or take create_before_destroy out",
                location=one.resource.location if one.resource else None,
            )
