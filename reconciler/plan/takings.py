"""Who takes connections of which service, before and after; and who must give back before others take.

Kind files say which attribute takes (`takes_connections`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.model.live import ObjectKey
from reconciler.model.plan import Action
from reconciler.model.state import Op
from reconciler.plan.links import Catalogue, container_identity
from reconciler.plan.order import Edge, Node
from reconciler.plan.survey import Decided, DecidedMap


@dataclass(frozen=True, slots=True)
class Part:
    """What one object takes, and of what."""

    service: ObjectKey
    amount: int


@dataclass(frozen=True, slots=True)
class Taking:
    """What one address takes before and after its change; None where it has no object."""

    before: Part | None
    after: Part | None


def taking_of(one: Decided, catalogue: Catalogue) -> Taking | None:
    """Return what the address takes; None for a kind that takes nothing, or nothing that is known.

    An amount that is known only after a step counts as it is now, or as its default.
    """
    if not one.kind.takes_connections:
        return None
    before = _before(one, catalogue)
    match one.action:
        case Action.CREATE | Action.REPLACE:
            after = _wanted(one, catalogue, before)
        case Action.UPDATE if before:
            after = Part(before.service, _updated(one, before.amount))
        case Action.DELETE:
            after = None
        case _:
            after = before
    return Taking(before, after) if before or after else None


def _before(one: Decided, catalogue: Catalogue) -> Part | None:
    amount = one.live.attributes.get(one.kind.takes_connections)
    if not one.live.is_present or not isinstance(amount, int):
        return None
    identity = one.recorded.identity if one.recorded else one.wanted.identity if one.wanted else ""
    service = container_identity(one.kind, identity, catalogue) if identity else None
    return Part(service, amount) if service else None


def _wanted(one: Decided, catalogue: Catalogue, before: Part | None) -> Part | None:
    container = catalogue.get(one.kind.container)
    if container is None or one.wanted is None:
        return None
    identity = container.identity_of(one.wanted.attributes)
    name = one.kind.takes_connections
    amount = one.wanted.attributes.get(name)
    if not isinstance(amount, int):
        is_late = amount is not None
        amount = before.amount if before and is_late else one.kind.attributes[name].default
    if identity is None or not isinstance(amount, int):
        return None
    return Part((container.name, identity), amount)


def _updated(one: Decided, amount: int) -> int:
    wants = (c.want for c in one.verdict.changes if c.path == (one.kind.takes_connections,))
    return next((want for want in wants if isinstance(want, int)), amount)


def shrink_before_grow(decided: DecidedMap, catalogue: Catalogue) -> frozenset[Edge]:
    """Return soft edges that put shrinking and deletion before growth and creation on each service.

    One that shrinks last stands for all others: it waits for them, and what grows waits for it, so
    that there are as many edges as steps, not as many as pairs. A replacement counts by what it comes
    to: it is never torn apart, because between its two steps nobody can log in.
    """
    shrinking: dict[ObjectKey, list[tuple[Node, ...]]] = {}
    growing: dict[ObjectKey, list[tuple[Node, ...]]] = {}
    for _, one in sorted(decided.items()):
        taking = taking_of(one, catalogue)
        if taking is None or one.container is not None:
            continue
        for service, by in _differences(taking):
            side = shrinking if by < 0 else growing
            side.setdefault(service, []).append(tuple(_nodes(one)))
    edges: set[Edge] = set()
    for service in shrinking.keys() & growing.keys():
        *others, last = sorted(shrinking[service], key=lambda nodes: (-len(nodes), nodes))
        edges |= {(node, earlier) for nodes in others for earlier in nodes for node in last}
        edges |= {
            (node, earlier) for nodes in growing[service] for node in nodes for earlier in last
        }
    return frozenset(edges)


def _differences(taking: Taking) -> Iterator[tuple[ObjectKey, int]]:
    """Yield by how much the address takes more or less, of each service it takes of."""
    by: dict[ObjectKey, int] = {}
    for part, sign in ((taking.before, -1), (taking.after, 1)):
        if part:
            by[part.service] = by.get(part.service, 0) + sign * part.amount
    yield from ((service, amount) for service, amount in by.items() if amount)


_NODES: Mapping[Action, tuple[Op, ...]] = {
    Action.CREATE: (Op.CREATE,),
    Action.UPDATE: (Op.UPDATE,),
    Action.REPLACE: (Op.CREATE, Op.DELETE),
    Action.DELETE: (Op.DELETE,),
}


def _nodes(one: Decided) -> Iterator[Node]:
    yield from ((one.address, op) for op in _NODES.get(one.action, ()))
