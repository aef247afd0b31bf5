"""recorded × live → what drifted, with what is declared beside it."""

from collections.abc import Iterable, Mapping

from reconciler.kinds.kind import Kind
from reconciler.model.address import Address
from reconciler.model.drift import DriftReport, Stand, Standing
from reconciler.model.live import ABSENT, Live, LiveObject, Presence
from reconciler.model.location import Location, Path
from reconciler.model.plan import Action, Change, Drift, Plan
from reconciler.model.resource import Resource, Stack
from reconciler.model.state import Recorded, State
from reconciler.plan.blocks import move
from reconciler.plan.diff import differences, leaves
from reconciler.plan.resolve import resolve_intents


def find_drift(
    kind: Kind, recorded: Recorded, live: LiveObject, ignored: Iterable[Path] = ()
) -> tuple[Drift, ...]:
    """Return where a live object differs from what was last applied, apart from what is left alone."""
    seen = {**kind.identity_values(recorded.identity), **live.attributes}
    return tuple(
        Drift(path=path, recorded=want, live=have, sensitive=found.attribute.sensitive)
        for found in differences(kind, recorded.attributes, recorded.attributes, seen)
        if not any(found.path[: len(left)] == left for left in ignored)
        for path, have, want in leaves(found.path, found.have, found.want)
    )


def report_drift(
    stack: Stack, state: State, live: Live, catalogue: Mapping[str, Kind], plan: Plan
) -> DriftReport:
    """Return how every recorded object stands. `plan` was made from the same; it tells what is declared."""
    recorded, _ = resolve_intents(state, live, catalogue)
    recorded = move(recorded, stack.moves).recorded
    changes = {change.address: change for change in plan.changes}
    return DriftReport(
        stack=plan.stack,
        serial=plan.serial,
        projects=plan.projects,
        stands=tuple(
            _stand(
                catalogue[address.kind],
                address,
                record,
                live.get((address.kind, record.identity), ABSENT),
                stack.resources.get(address),
                changes.get(address),
            )
            for address, record in sorted(recorded.items())
        ),
        meta=plan.meta,
    )


def _stand(
    kind: Kind,
    address: Address,
    recorded: Recorded,
    live: LiveObject,
    resource: Resource | None,
    change: Change | None,
) -> Stand:
    drift: tuple[Drift, ...] = ()
    if live.is_present:
        drift = find_drift(
            kind, recorded, live, resource.lifecycle.ignore_changes if resource else ()
        )
    return Stand(
        address=address,
        identity=recorded.identity,
        standing=_standing(live, drift),
        drift=drift,
        declared=_declared(drift, change) if resource and change else {},
        is_declared=resource is not None,
        source=_source(resource, drift),
        why=live.why,
    )


def _standing(live: LiveObject, drift: tuple[Drift, ...]) -> Standing:
    match live.presence:
        case Presence.UNKNOWN:
            return Standing.UNKNOWN
        case Presence.ABSENT:
            return Standing.GONE
        case Presence.PRESENT:
            return Standing.DIFFERS if drift else Standing.SAME


def _source(resource: Resource | None, drift: tuple[Drift, ...]) -> Location | None:
    """Return where to look: the one value that drifted, else the resource."""
    if resource is None:
        return None
    return resource.places.at(drift[0].path) if len(drift) == 1 else resource.location


def _declared(drift: Iterable[Drift], change: Change) -> dict[Path, object]:
    """Return what is declared where that is not what was last applied; what is not known is left out."""
    if change.action is Action.UNKNOWN:
        return {}
    wanted = {field.path: field.after for field in change.fields}
    found = {one.path: wanted.get(one.path, one.live) for one in drift}
    return {one.path: found[one.path] for one in drift if found[one.path] != one.recorded}
