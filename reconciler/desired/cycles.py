"""The order in which resources can be expanded, and the circles that have none."""

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter

from reconciler.model.address import Address

Edges = Mapping[Address, Collection[Address]]
"""Address → what it needs. Each address needed is a key as well."""


def order(edges: Edges) -> tuple[list[Address], list[tuple[Address, ...]]]:
    """Return addresses after what they need, and the circles, disjoint and each closed.

    Addresses in a circle, or in need of one, are not in the order.
    """
    ordered = _order(edges, skip=())
    cycles: list[tuple[Address, ...]] = []
    left = edges.keys() - set(ordered)
    in_cycles: set[Address] = set()
    while left:
        cycle = _find_cycle(edges, left)
        cycles.append(cycle)
        in_cycles.update(cycle)
        left = edges.keys() - in_cycles - set(_order(edges, skip=in_cycles))
    return ordered, cycles


def _order(edges: Edges, skip: Collection[Address]) -> list[Address]:
    """Return as many as can be ordered, as if those in `skip` were not there."""
    graph = {
        address: [need for need in sorted(needs) if need not in skip]
        for address, needs in edges.items()
        if address not in skip
    }
    sorter = TopologicalSorter(graph)
    with suppress(CycleError):  # it goes on as far as the circles let it
        sorter.prepare()
    ordered: list[Address] = []
    while ready := sorter.get_ready():
        ordered.extend(ready)
        sorter.done(*ready)
    return ordered


def _find_cycle(edges: Edges, left: Iterable[Address]) -> tuple[Address, ...]:
    """Return a circle among `left`, each of which needs another one of them.

    It begins and ends with its smallest address.
    """
    candidates = set(left)
    chain: dict[Address, None] = {}
    address = min(candidates)
    while address not in chain:
        chain[address] = None
        address = min(need for need in edges[address] if need in candidates)
    walked = list(chain)
    circle = walked[walked.index(address) :]
    start = circle.index(min(circle))
    return (*circle[start:], *circle[:start], circle[start])
