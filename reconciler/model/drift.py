"""What somebody else changed: what was last applied against what is live, the whole stack at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.model.address import Address
from reconciler.model.location import Location, Path
from reconciler.model.plan import Drift


class Standing(StrEnum):
    """How a recorded object stands."""

    SAME = "same"
    DIFFERS = "differs"
    GONE = "gone"
    UNKNOWN = "unknown"
    """Could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """One recorded object.

    drift: where live differs from what was last applied.
    declared: by path of a drift, what is declared where that differs from what was last applied.
    is_declared: whether the stack still declares it. source: where. why: for UNKNOWN, for people.
    """

    address: Address
    identity: str
    standing: Standing
    drift: tuple[Drift, ...] = ()
    declared: Mapping[Path, object] = field(default_factory=dict)
    is_declared: bool = True
    source: Location | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftReport:
    """How every recorded object of a stack stands, sorted by address.

    meta: how live was read, as Plan.meta.
    """

    stack: str
    serial: int
    stands: tuple[Stand, ...]
    projects: tuple[str, ...] = ()
    meta: Mapping[str, object] = field(default_factory=dict)

    def standing(self, standing: Standing) -> tuple[Stand, ...]:
        """Return those that stand so."""
        return tuple(stand for stand in self.stands if stand.standing is standing)

    @property
    def has_drift(self) -> bool:
        return bool(self.standing(Standing.DIFFERS) or self.standing(Standing.GONE))
