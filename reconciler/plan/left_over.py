"""Old objects whose successors are there already: on record under addresses of their own until they are gone.

A replacement that creates first has two objects for a while. Should the run end between them, the next
one finds the old object as a resource that nobody declares, and deletes it.
"""

from collections.abc import Iterable, Mapping

from reconciler.model.address import Address
from reconciler.model.state import Recorded

Records = Mapping[Address, Recorded]


def left_over_address(address: Address, identity: str) -> Address:
    """Return the address that an old object of `address` has while its successor has that one."""
    key = f"{address.key}, {_mark(identity)}" if address.key else _mark(identity)
    return Address.of(address.kind, address.name, key)


def is_left_over(address: Address, record: Recorded) -> bool:
    """Whether this is an old object of a replacement."""
    return (
        bool(address.key) and left_over_address(_base(address, record), record.identity) == address
    )


def _mark(identity: str) -> str:
    return f"replaced {identity}"


def _base(address: Address, record: Recorded) -> Address:
    key = (address.key or "").removesuffix(_mark(record.identity)).removesuffix(", ")
    return Address.of(address.kind, address.name, key or None)


def never_replaced(recorded: Records) -> frozenset[Address]:
    """Return old objects on record whose successors never came to be: they are on record twice."""
    owners = {(a.kind, r.identity) for a, r in recorded.items() if not is_left_over(a, r)}
    return frozenset(
        a for a, r in recorded.items() if is_left_over(a, r) and (a.kind, r.identity) in owners
    )


def with_left_overs(recorded: Records, needs: Iterable[Address]) -> tuple[Address, ...]:
    """Return what something referred to: what it names may be the old object or the new one."""
    wanted = set(needs)
    old = (a for a, r in recorded.items() if is_left_over(a, r) and _base(a, r) in wanted)
    return tuple(sorted({*wanted, *old}))
