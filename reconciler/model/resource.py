"""What people declared: resources, data sources and outputs of one stack."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.location import Location, Path, Places
from reconciler.model.values import Attributes

OPERATIONS = ("create", "read", "update", "delete")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Trigger:
    """`replace_triggered_by`: a change of `target`, or only of its `attribute` (dotted path)."""

    target: Address
    attribute: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """How a resource is changed, apart from what it is.

    ignore_changes: paths whose differences are left alone once the object exists.
    update_in_place: change `x-updatable` attributes in place although they are force-new.
    """

    prevent_destroy: bool = False
    create_before_destroy: bool = False
    ignore_changes: tuple[Path, ...] = ()
    replace_triggered_by: tuple[Trigger, ...] = ()
    update_in_place: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """`moved`: what is recorded as `source` is `target` now. Without a key, every key moves along."""

    source: Address
    target: Address
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """`import`: the object `identity` exists already and becomes `target`."""

    target: Address
    identity: str
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """`removed`: forget what is recorded as `source`, its object stays. Without a key, every key."""

    source: Address
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A CEL rule over the plan's changes; when it is not true, `message` blocks the plan."""

    rule: str
    message: str
    location: Location


class OriginKind(StrEnum):
    """Where a value came from."""

    ATTRIBUTE = "attribute"
    DEFAULT = "default"
    """The stack's `defaults` for the kind."""
    VARIABLE = "variable"
    LOCAL = "local"
    FOR_EACH = "for_each"
    REFERENCE = "reference"
    SCHEMA = "schema default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One link of the chain from a value back to where it was written.

    name: of the variable, local or reference; for a variable also how it was given ("--var size").
    """

    kind: OriginKind
    name: str = ""
    location: Location | None = None


class Origins(Protocol):
    """Where the values of one resource came from; worked out when asked."""

    def of(self, path: Path) -> tuple[Origin, ...]:
        """Return the chain for the value at `path`, nearest first; empty when nothing is known."""
        ...

    def kind_of(self, path: Path) -> OriginKind | None:
        """Return what gave the value at `path`, at next to no cost; None when nothing is known."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A reference out of a resource: its `attribute` (dotted path) uses `target`'s `target_attribute`."""

    attribute: str
    target: Address
    target_attribute: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One declaration, with everything put in that can be known offline.

    attributes: declared attributes only; values are JSON, Secret, or an expression that needs a live
        value (`expressions.Template`). Defaults of the schema are not filled in.
    uses: every `${…}` reference to another resource or data source, resolved already or not.
    timeouts_s: seconds by operation name, plus "default"; only what was declared.
    """

    address: Address
    attributes: Attributes
    places: Places
    uses: tuple[Use, ...] = ()
    depends_on: tuple[Address, ...] = ()
    lifecycle: Lifecycle = Lifecycle()
    timeouts_s: Mapping[str, float] = field(default_factory=dict)
    origins: Origins | None = field(default=None, repr=False, compare=False)

    @property
    def location(self) -> Location:
        return self.places.key_at(())


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A named value for people and scripts. `value` is JSON, Secret or an expression."""

    name: str
    value: object
    uses: tuple[Use, ...]
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """One stack as declared.

    name: of its state: `<stack>`, or `<stack>@<env>`. env: the environment, or "".
    location: of the file (or first file) it was read from; stands for the stack as a whole.
    warnings: what works, but should be changed; sorted by place.
    secret_variables: names of the variables whose values must not be shown.
    """

    name: str
    location: Location
    resources: Mapping[Address, Resource] = field(default_factory=dict)
    data: Mapping[Address, Resource] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)
    moves: tuple[Move, ...] = ()
    imports: tuple[Import, ...] = ()
    removals: tuple[Removal, ...] = ()
    policies: tuple[Policy, ...] = ()
    env: str = ""
    warnings: tuple[Diagnostic, ...] = ()
    secret_variables: frozenset[str] = frozenset()
