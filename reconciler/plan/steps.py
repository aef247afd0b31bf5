"""Verdicts → numbered steps."""

from collections.abc import Iterator, Mapping

from reconciler.model.address import Address
from reconciler.model.plan import Action, Step
from reconciler.model.state import Op
from reconciler.plan.changes import identity_of
from reconciler.plan.left_over import is_left_over, with_left_overs
from reconciler.plan.order import Edge, Work, order_steps
from reconciler.plan.survey import Decided, DecidedMap, Inputs

_OPS: Mapping[Action, tuple[Op, ...]] = {
    Action.CREATE: (Op.CREATE,),
    Action.UPDATE: (Op.UPDATE,),
    Action.REPLACE: (Op.DELETE, Op.CREATE),
    Action.DELETE: (Op.DELETE,),
    Action.FORGET: (Op.FORGET,),
}


def ops_of(one: Decided, created_first: frozenset[Address]) -> tuple[Op, ...]:
    """Return what is done for one address, in its own order."""
    first = (Op.RECORD,) if one.adopted is not None else ()
    if one.container is not None:
        return (Op.FORGET,) if one.action is Action.DELETE else (*first, Op.CREATE)
    if one.action in (Action.NO_OP, Action.ADOPT) and is_unsettled(one):
        return (*first, Op.SETTLE)
    if one.action is Action.NO_OP:
        return (Op.RECORD,) if one.verdict.stale_record else ()
    if one.address in created_first:
        return (*first, Op.CREATE, Op.DELETE)
    return (*first, *_OPS.get(one.action, ()))


def is_unsettled(one: Decided) -> bool:
    """Whether the object reports a state that no operation leaves it in for good."""
    settle = one.kind.settle
    if one.wanted is None or settle is None or settle.attribute not in one.live.attributes:
        return False
    return not settle.is_settled_after_any(one.live.attributes[settle.attribute])


def created_first(inputs: Inputs, decided: DecidedMap) -> frozenset[Address]:
    """Return what is created before its predecessor is deleted: declared so, or needed by one that is.

    So is what others go over to in place: they let go of the old one only when the new one is there.
    Only where the new object has another identity: two of the same name cannot exist at once.
    """
    found: set[Address] = set()
    todo = [a for a, one in decided.items() if one.lifecycle.create_before_destroy]
    todo += [target for a, one in decided.items() for target in _goes_over_to(inputs, a, one)]
    while todo:
        address = todo.pop()
        one = decided.get(address)
        if one is None or address in found or one.action is not Action.REPLACE or one.container:
            continue
        if not one.keeps_identity:
            found.add(address)
            todo += [link.target for link in inputs.links.get(address, ())]
    return frozenset(found)


def _goes_over_to(inputs: Inputs, address: Address, one: Decided) -> Iterator[Address]:
    """Yield what an object that is updated in place named, and names still, maybe by another name."""
    if one.action is not Action.UPDATE or one.recorded is None:
        return
    for link in inputs.links.get(address, ()):
        if link.target in one.recorded.depends_on and link.is_name(one.kind):
            yield link.target


def make_steps(
    inputs: Inputs, decided: DecidedMap, soft: frozenset[Edge] = frozenset()
) -> tuple[Step, ...]:
    """Return every step, numbered in order. Raises CycleFoundError.

    soft: further edges that give way rather than close a cycle.
    """
    first = created_first(inputs, decided)
    work = Work(
        ops={address: ops_of(one, first) for address, one in decided.items()},
        links=inputs.links,
        recorded_links={
            a: with_left_overs(inputs.recorded, r.depends_on) for a, r in inputs.recorded.items()
        },
        gone_with={a: one.container for a, one in decided.items() if one.container},
        soft=soft,
        last=frozenset(a for a, r in inputs.recorded.items() if is_left_over(a, r)),
    )
    ordered = order_steps(work)
    numbers = {item.node: n for n, item in enumerate(ordered, 1)}
    return tuple(
        Step(
            n=numbers[item.node],
            op=item.node[1],
            address=item.node[0],
            identity=_identity(decided[item.node[0]], item.node[1]),
            timeout_s=_timeout_s(decided[item.node[0]], item.node[1]),
            needs=tuple(sorted(numbers[node] for node in item.needs)),
        )
        for item in ordered
    )


def _identity(one: Decided, op: Op) -> str:
    if op in (Op.DELETE, Op.FORGET) and one.recorded:
        return one.recorded.identity
    return one.wanted.identity if op is Op.CREATE and one.wanted else identity_of(one)


_WAITS_AS = {Op.SETTLE: "create", Op.RECORD: "read", Op.FORGET: "read"}


def _timeout_s(one: Decided, op: Op) -> float:
    declared = one.resource.timeouts_s if one.resource else {}
    return one.kind.timeout_s(_WAITS_AS.get(op, op.value), declared)
