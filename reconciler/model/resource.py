"""What people declared: resources, data sources and outputs of one stack."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.location import Location, Places
from reconciler.model.values import Attributes

OPERATIONS = ("create", "read", "update", "delete")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    prevent_destroy: bool = False


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

    location: of the file (or first file) it was read from; stands for the stack as a whole.
    warnings: what works, but should be changed; sorted by place.
    secret_variables: names of the variables whose values must not be shown.
    """

    name: str
    location: Location
    resources: Mapping[Address, Resource] = field(default_factory=dict)
    data: Mapping[Address, Resource] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)
    warnings: tuple[Diagnostic, ...] = ()
    secret_variables: frozenset[str] = frozenset()
