"""Values that are more than JSON: secrets, and what is known only after a step."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn, TypeAlias

from reconciler.model.address import Address

Attributes: TypeAlias = Mapping[str, object]
"""JSON values (None, bool, int, float, str, list, dict with str keys), Secret or Unknown."""

MASK = "(secret)"


class Secret:
    """A string that must not be seen: masked wherever it is printed, refused by every serialiser."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the text. Only the HTTP client and `output --show-sensitive` have a reason to."""
        return self._value

    def __repr__(self) -> str:
        return MASK

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    __hash__ = None  # type: ignore[assignment]  # a hash of a secret is a hint at the secret

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be serialised")


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that exists only after a step.

    address, attribute: whose value it will be; the plan tells people the step by it.
    expression: what to evaluate once that step is done (of `expressions`; opaque here).
    sensitive: the value will be a secret.
    is_new: its object is made by this plan, so the value will not be the one that may be there now.
    """

    address: Address
    attribute: str
    expression: object = field(default=None, compare=False, repr=False)
    sensitive: bool = False
    is_new: bool = False


def holds_secret(value: object) -> bool:
    """Whether a secret is anywhere inside."""
    if isinstance(value, Mapping):
        return any(map(holds_secret, value.values()))
    if isinstance(value, list | tuple):
        return any(map(holds_secret, value))
    return isinstance(value, Secret)
