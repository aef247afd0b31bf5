"""Verdicts → steps in an order that holds every rule.

Create after what it refers to; delete before it; create again after its own delete; let go of an object
before it is deleted, and delete what is made again only when all it needs is there, unless that closes a
cycle. What lies in a deleted object goes with it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import TypeAlias, TypeVar

from reconciler.model.address import Address
from reconciler.model.state import Op
from reconciler.plan.links import Links

Node: TypeAlias = tuple[Address, Op]
Edge: TypeAlias = tuple[Node, Node]
"""(later, earlier)"""

T = TypeVar("T", Address, Node)

_MAKING = (Op.CREATE, Op.UPDATE, Op.SETTLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """A node with the nodes it directly waits for."""

    node: Node
    needs: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is to be ordered.

    ops: each address's operations, in their own order.
    links: who refers to whom as declared. recorded_links: as last applied.
    gone_with: address → the address of the container whose deletion takes it along.
    last: containers whose successors are there already.
    soft: edges that give way rather than close a cycle, beside those of the rules, and before them.
    """

    ops: Mapping[Address, tuple[Op, ...]]
    links: Links
    recorded_links: Mapping[Address, tuple[Address, ...]]
    gone_with: Mapping[Address, Address] = field(default_factory=dict)
    soft: frozenset[Edge] = frozenset()
    last: frozenset[Address] = frozenset()


class CycleFoundError(Exception):
    """The references go round; `cycle` starts and ends with the same address."""

    def __init__(self, cycle: tuple[Address, ...]) -> None:
        super().__init__(" → ".join(cycle))
        self.cycle = cycle


def walk_order(addresses: Iterable[Address], links: Links) -> tuple[Address, ...]:
    """Return the addresses so that each comes after what it refers to; raise CycleFoundError."""
    graph = {a: {link.target for link in links.get(a, ())} for a in sorted(addresses)}
    try:
        return tuple(_in_order(graph))
    except CycleError as error:
        raise CycleFoundError(tuple(reversed(error.args[1]))) from None


def order_steps(work: Work) -> tuple[Ordered, ...]:
    """Return every operation in order, with what it directly waits for."""
    nodes = [(address, op) for address, ops in sorted(work.ops.items()) for op in ops]
    known = set(nodes)
    hard = set(_hard_edges(work))
    yielding = [
        {edge for edge in edges if known.issuperset(edge)}
        for edges in (work.soft, _short_gaps(work), _letting_go(work), _recorded_edges(work))
    ]
    while True:
        graph: dict[Node, set[Node]] = {node: set() for node in nodes}
        for later, earlier in hard.union(*yielding):
            graph[later].add(earlier)
        try:
            order = list(_in_order(graph))
        except CycleError as error:
            cycle: list[Node] = error.args[1]
            closing = {(b, a) for a, b in pairwise(cycle)} - hard
            weakest = next((edges for edges in yielding if edges & closing), None)
            if weakest is None:
                raise CycleFoundError(tuple(node[0] for node in reversed(cycle))) from None
            weakest -= closing
            continue
        return tuple(Ordered(node=node, needs=tuple(sorted(graph[node]))) for node in order)


def _in_order(graph: Mapping[T, set[T]]) -> Iterator[T]:
    # Sorted, because which cycle is found, and so what gives way, hangs on the order of insertion.
    sorter = TopologicalSorter({node: sorted(earlier) for node, earlier in graph.items()})
    sorter.prepare()
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        yield from ready
        sorter.done(*ready)


def _hard_edges(work: Work) -> Iterator[Edge]:
    for address, ops in work.ops.items():
        yield from zip(
            ((address, op) for op in ops[1:]), ((address, op) for op in ops), strict=False
        )
        making = _first(ops, _MAKING)
        if making:
            for link in work.links.get(address, ()):
                earlier = _first(work.ops.get(link.target, ()), _MAKING)
                if earlier:
                    yield (address, making), (link.target, earlier)
        if address in work.gone_with and ops:
            yield _after_container(work, address, ops[-1])


def _after_container(work: Work, address: Address, last: Op) -> Edge:
    """Return the edge between what lies in a container and the container's deletion.

    A container that is made first goes last: what was in it has been made again by then.
    """
    container = work.gone_with[address]
    ops = work.ops[container]
    goes_last = container in work.last or (ops[-1] is Op.DELETE and Op.CREATE in ops)
    if goes_last and last is Op.CREATE:
        return (container, Op.DELETE), (address, last)
    return (address, last), (container, Op.DELETE)


# What gives way, from the first to the last that does.


def _short_gaps(work: Work) -> Iterator[Edge]:
    """Yield edges that delete what is made again only when all that it needs is there.

    It is gone for as short as can be, and it stays should one of those steps fail.
    """
    for address, ops in work.ops.items():
        if address in work.gone_with or Op.DELETE not in ops or Op.CREATE not in ops:
            continue
        for link in work.links.get(address, ()):
            earlier = _first(work.ops.get(link.target, ()), _MAKING)
            if earlier:
                yield (address, Op.DELETE), (link.target, earlier)


def _recorded_edges(work: Work) -> Iterator[Edge]:
    """Yield edges that delete an object before what it referred to.

    Records of two runs may contradict each other; nobody could mend that, so they give way too.
    """
    for address, targets in work.recorded_links.items():
        if Op.DELETE in work.ops.get(address, ()):
            for target in targets:
                if Op.DELETE in work.ops.get(target, ()):
                    yield (target, Op.DELETE), (address, Op.DELETE)


def _letting_go(work: Work) -> Iterator[Edge]:
    for address, targets in work.recorded_links.items():
        if Op.UPDATE in work.ops.get(address, ()):
            for target in targets:
                if Op.DELETE in work.ops.get(target, ()):
                    yield (target, Op.DELETE), (address, Op.UPDATE)


def _first(ops: Iterable[Op], among: tuple[Op, ...]) -> Op | None:
    return next((op for op in ops if op in among), None)
