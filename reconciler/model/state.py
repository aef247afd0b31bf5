"""What the last apply left: the recorded resources, and intents whose outcome is not known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.model.address import Address
from reconciler.model.values import Attributes


class Op(StrEnum):
    """What one step does."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    SETTLE = "settle"
    """Wait for an object that a former run wrote and did not see settle."""
    RECORD = "record"
    """Write down what is so already; no call that changes anything."""
    FORGET = "forget"
    """Drop the record; the object, if there is one, stays."""

    @property
    def is_write(self) -> bool:
        """Whether the step changes the world, so that an intent must be on disk first."""
        return self in (Op.CREATE, Op.UPDATE, Op.DELETE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One resource as last applied.

    attributes: what was declared, without secrets, read-only attributes and server defaults.
    depends_on: what it referred to, for the order of its deletion when its YAML is gone.
    protected: `lifecycle.prevent_destroy` at the time.
    """

    identity: str
    attributes: Attributes
    depends_on: tuple[Address, ...] = ()
    protected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A write that was announced. Unresolved while no outcome stands beside it.

    id: `<serial>.<n>`, unique in the lineage.
    want: what the record will be when the write succeeds; None for a delete.
    at: RFC 3339, for people only; no decision uses it.
    """

    id: str
    op: Op
    address: Address
    identity: str
    want: Recorded | None
    at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """An approval that is not used up: the rest of what was approved may still be applied under it.

    digest: of the plan that was approved.
    left: what was still to do, by address: a fingerprint of what the resource will be.
    """

    digest: str
    left: Mapping[Address, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One stack's record.

    lineage: 32 hex digits, fixed for the life of the state; "" when there is no state yet.
    serial: +1 each time the file is written; 0 when there is no state yet.
    unresolved: intents by id.
    approved: what was approved and only partly applied, or None.
    """

    stack: str
    lineage: str = ""
    serial: int = 0
    resources: Mapping[Address, Recorded] = field(default_factory=dict)
    unresolved: Mapping[str, Intent] = field(default_factory=dict)
    approved: Approval | None = None
