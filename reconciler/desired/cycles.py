"""The order in which what refers to one another can be expanded, and the circles that have none."""

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter
from typing import TypeVar

_N = TypeVar("_N", bound=str)


def order(edges: Mapping[_N, Collection[_N]]) -> tuple[list[_N], list[tuple[_N, ...]]]:
    """Return names after what they need, and the circles, disjoint and each closed.

    edges: name → what it needs; each name needed is a key as well. Names in a circle, or in need of
    one, are not in the order.
    """
    ordered = _order(edges, skip=())
    cycles: list[tuple[_N, ...]] = []
    left = edges.keys() - set(ordered)
    in_cycles: set[_N] = set()
    while left:
        cycle = _find_cycle(edges, left)
        cycles.append(cycle)
        in_cycles.update(cycle)
        left = edges.keys() - in_cycles - set(_order(edges, skip=in_cycles))
    return ordered, cycles


def _order(edges: Mapping[_N, Collection[_N]], skip: Collection[_N]) -> list[_N]:
    """Return as many as can be ordered, as if those in `skip` were not there."""
    graph = {
        address: [need for need in sorted(needs) if need not in skip]
        for address, needs in edges.items()
        if address not in skip
    }
    sorter = TopologicalSorter(graph)
    with suppress(CycleError):  # it goes on as far as the circles let it
        sorter.prepare()
    ordered: list[_N] = []
    while ready := sorter.get_ready():
        ordered.extend(ready)
        sorter.done(*ready)
    return ordered


def _find_cycle(edges: Mapping[_N, Collection[_N]], left: Iterable[_N]) -> tuple[_N, ...]:
    """Return a circle among `left`, each of which needs another one of them.

    It begins and ends with its smallest name.
    """
    candidates = set(left)
    chain: dict[_N, None] = {}
    address = min(candidates)
    while address not in chain:
        chain[address] = None
        address = min(need for need in edges[address] if need in candidates)
    walked = list(chain)
    circle = walked[walked.index(address) :]
    start = circle.index(min(circle))
    return (*circle[start:], *circle[:start], circle[start])
