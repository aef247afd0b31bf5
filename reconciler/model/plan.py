"""The plan: what is shown, reviewed and carried out is this one object."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.location import Location, Path
from reconciler.model.state import Op, Recorded
from reconciler.model.values import Attributes


class Action(StrEnum):
    """The verdict on one resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    FORGET = "forget"
    ADOPT = "adopt"
    """Record an object that exists already and that we may claim."""
    NO_OP = "no-op"
    REFUSE = "refuse"
    """We will not touch it, and apply is blocked until somebody decides."""
    UNKNOWN = "unknown"
    """Could not be read; nothing is planned for it or for what needs it."""


BLOCKING = frozenset({Action.REFUSE, Action.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One attribute's change.

    path: inside the resource, e.g. ("pg_user_config", "work_mem").
    before: live; after: desired (JSON, Secret or Unknown); last_applied: recorded. None is unset.
    sensitive: values must not be shown; they are Secret or already dropped.
    """

    path: Path
    before: object
    after: object
    last_applied: object = None
    source: Location | None = None
    forces_replace: bool = False
    sensitive: bool = False
    origin: str = ""
    """What kind of place the desired value came from (`resource.OriginKind`), or ""."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Somebody else's change: what was last applied against what is live."""

    path: Path
    recorded: object
    live: object
    sensitive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What people will feel: a code such as `cut-clients`, a sentence, and the cheaper alternative or ""."""

    code: str
    text: str
    instead: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One operation on one object, in its place in the order.

    n: counts from 1 through the whole plan; needs: the numbers that must be done before.
    identity: of the object it works on (a replace deletes one identity and may create another);
        "" when it is known only after another step.
    timeout_s: deadline for all of it, retries and settling included.
    """

    n: int
    op: Op
    address: Address
    identity: str
    timeout_s: float
    needs: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The verdict on one resource and all that is needed to show it and to carry it out.

    reason: for people; drives no behaviour.
    identity: of the object as it will be ("" when known only after a step), or as it was for a delete.
    fields: what differs, in the order of the kind's attributes; all declared ones for a create.
    wanted: the attributes to send (JSON, Secret, Unknown); for apply only, never serialised.
    record: what the state will hold when the steps are done; None when it will hold nothing.
    precondition: the live values this verdict was made from, without secrets; None when absent.
    diagnostics: why it is refused or unknown.
    source: where it is declared; None when it no longer is.
    adopted: what to record before anything else, of an object that is imported by this plan.
    moved_from: the address it was recorded under.
    ignored: paths that apply leaves alone and does not wait for.
    left_over: what the state holds, beside, of the old object while old and new are both there.
    """

    address: Address
    action: Action
    reason: str
    identity: str
    source: Location | None = None
    fields: tuple[Field, ...] = ()
    drift: tuple[Drift, ...] = ()
    effects: tuple[Effect, ...] = ()
    steps: tuple[Step, ...] = ()
    wanted: Attributes = field(default_factory=dict, repr=False)
    record: Recorded | None = None
    precondition: Attributes | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    adopted: Recorded | None = None
    moved_from: Address | None = None
    ignored: tuple[Path, ...] = ()
    left_over: Mapping[Address, Recorded] = field(default_factory=dict, repr=False)

    @property
    def is_noteworthy(self) -> bool:
        """Whether there is something to show: a verdict that does, blocks or differs."""
        return self.action is not Action.NO_OP or bool(self.steps) or self.moved_from is not None

    @property
    def is_revert(self) -> bool:
        """Whether it is an update that does nothing but undo what somebody else changed."""
        applied = {drift.path: drift.recorded for drift in self.drift if not drift.sensitive}
        return (
            self.action is Action.UPDATE
            and bool(self.fields)
            and all(
                field.path in applied and applied[field.path] == field.after
                for field in self.fields
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """How a former run's write ended, found out by reading.

    done: it happened; record is then what the state will hold (None: the object is gone).
    Not done: the object is as it was, and this plan decides anew.
    """

    intent: str
    address: Address
    op: Op
    done: bool
    record: Recorded | None
    diagnostic: Diagnostic | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connections:
    """What the pools of one service may take of its connections.

    now, peak, after: sums of pool sizes: live, at the worst step, when all is done.
    service: the service's identity.
    limit: its max_connections when all is done; None when neither live nor its plan tells.
    basis: where the limit is from, for people: "plan startup-4", "live", "declared".
    over: by how much the limit of the moment is exceeded at the worst step, and at the end; 0 for a
        plan that makes too many no more, and leaves no more than there may be.
    """

    service: str
    now: int
    peak: int
    after: int
    limit: int | None
    basis: str = ""
    over: int = 0

    @property
    def is_over(self) -> bool:
        return self.over > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Every verdict of one run, sorted by address, with the steps in a valid order.

    digest: SHA-256 in hex over what will be done; its first 8 digits are the name shown to people.
    serial, lineage: of the state it was made from. target: the projects it works in, for the heading.
    diagnostics: what blocks the plan as a whole, and warnings.
    acks: what apply must be told to accept, as `code:address` ("data-loss:aiven_pg.main").
    allow_delete: how many deletions and replacements must be allowed by number; 0 for no need.
    rewrites: what `moved` blocks change in the state, written before the first step; not serialised.
    limited_to: the addresses that --target and --exclude leave, with what they pull in; None for all.
    meta: times, counts and paths of the machine; not part of the digest.
    """

    stack: str
    changes: Sequence[Change]
    steps: Sequence[Step]
    digest: str = ""
    lineage: str = ""
    serial: int = 0
    projects: tuple[str, ...] = ()
    destroy: bool = False
    diagnostics: tuple[Diagnostic, ...] = ()
    resolutions: tuple[Resolution, ...] = ()
    rewrites: Mapping[Address, Recorded | None] = field(default_factory=dict, repr=False)
    connections: tuple[Connections, ...] = ()
    acks: tuple[str, ...] = ()
    allow_delete: int = 0
    limited_to: tuple[Address, ...] | None = None
    refresh_only: bool = False
    meta: Mapping[str, object] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.digest[:8]

    @property
    def has_changes(self) -> bool:
        return bool(self.steps or self.resolutions or any(c.moved_from for c in self.changes))

    @property
    def is_blocked(self) -> bool:
        return any(d.severity == "error" for d in self.diagnostics) or any(
            change.action in BLOCKING for change in self.changes
        )
