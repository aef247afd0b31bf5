"""One declaration → its drafts: one, or one for each key of its for_each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.desired.beside import BESIDE, read_dependencies, read_timeouts
from reconciler.desired.defaults import DefaultedPlaces, Defaults
from reconciler.desired.keys import ForEach, read_for_each
from reconciler.desired.lifecycle import LifecycleDraft, read_lifecycle
from reconciler.desired.marks import Node
from reconciler.desired.names import Each, Names
from reconciler.desired.problems import Problems
from reconciler.desired.texts import Need, need_of, put_names_in, read_expressions
from reconciler.kinds.kind import Kind
from reconciler.model.address import Address
from reconciler.model.location import Location, Places
from reconciler.model.resource import OPERATIONS, Trigger, Use


@dataclass(slots=True, kw_only=True)
class Body:
    """A declaration as written, shared by all drafts of a for_each.

    raw: attributes with their expressions read, those of `defaults` among them.
    """

    address: Address
    kind: Kind
    places: Places
    raw: dict[str, object]
    defaulted: frozenset[str] = frozenset()
    for_each: ForEach | None = None


@dataclass(slots=True, kw_only=True)
class Draft:
    """A resource or data source on its way.

    attributes: as declared, with Templates where resources are referred to. expanded: with what is
    known put in; None before that. depends_on: as written, with the place of each. needs, triggers:
    what depends_on and replace_triggered_by come to, with all keys of a for_each.
    """

    address: Address
    kind: Kind
    places: Places
    body: Body
    attributes: dict[str, object]
    each: Each | None = None
    expanded: dict[str, object] | None = None
    uses: list[Use] = field(default_factory=list)
    depends_on: Mapping[Address, Location] = field(default_factory=dict)
    lifecycle: LifecycleDraft = field(default_factory=LifecycleDraft)
    timeouts_s: Mapping[str, float] = field(default_factory=dict)
    needs: tuple[Address, ...] = ()
    triggers: tuple[Trigger, ...] = ()

    @property
    def is_data(self) -> bool:
        return self.address.is_data


Drafts = Mapping[Address, Draft]

Groups = Mapping[Address, ForEach]
"""Declarations with a for_each, by their address without a key."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What is said beside the attributes."""

    depends_on: Mapping[Address, Location] = field(default_factory=dict)
    lifecycle: LifecycleDraft = field(default_factory=LifecycleDraft)
    timeouts_s: Mapping[str, float] = field(default_factory=dict)


_NOTHING_BESIDE = Beside()


def declare(
    address: Address,
    node: Node,
    kind: Kind,
    defaults: Defaults | None,
    names: Names,
    problems: Problems,
) -> tuple[Body, list[Draft]] | None:
    """Return a declaration and its drafts; None with a problem noted when it is no map."""
    values = {} if node.value is None else node.value
    if not isinstance(values, dict):
        problems.add(node.location, "Wrong type", f"{address} must be a map of attributes.")
        return None
    beside: dict[str, Node] = {}
    if not BESIDE.isdisjoint(values):
        beside = {entry.name: entry for entry in node.entries() if entry.name in BESIDE}
        values = {name: value for name, value in values.items() if name not in beside}
    body = _read_body(address, values, node.places, kind, defaults, problems)
    timeouts_s = defaults.timeouts_s if defaults else {}
    if "for_each" in beside:
        body.for_each = read_for_each(beside.pop("for_each"), address, names, problems)
        return body, list(_drafts_of_keys(body, beside, timeouts_s, names, problems))
    said = _read_beside(body, address, beside, timeouts_s, names, problems)
    attributes = {
        name: put_names_in(value, (name,), body.places, names, problems, kind)
        if not isinstance(value, str) and need_of(value)
        else value
        for name, value in body.raw.items()
    }
    return body, [_draft(body, address, attributes, said)]


def _read_body(
    address: Address,
    values: Mapping[str, object],
    places: Places,
    kind: Kind,
    defaults: Defaults | None,
    problems: Problems,
) -> Body:
    raw = {
        name: read_expressions(value, (name,), places, problems, kind)
        for name, value in values.items()
    }
    if defaults is None:
        return Body(address=address, kind=kind, places=places, raw=raw)
    missing = {name: value for name, value in defaults.attributes.items() if name not in raw}
    defaulted = frozenset(missing)
    places = DefaultedPlaces(places, defaults.places, defaulted) if defaulted else places
    return Body(address=address, kind=kind, places=places, raw=raw | missing, defaulted=defaulted)


def _drafts_of_keys(
    body: Body,
    beside: Mapping[str, Node],
    timeouts_s: Mapping[str, float],
    names: Names,
    problems: Problems,
) -> Iterator[Draft]:
    """Yield the drafts of a for_each. What does not differ by the key is worked out once."""
    keys = body.for_each.keys if body.for_each else None
    if not keys:
        return
    some = names.with_each(next(iter(keys.values())))
    fixed, varying = {}, {}
    for name, value in body.raw.items():
        if need_of(value) is Need.EACH:
            varying[name] = value
        else:
            fixed[name] = put_names_in(value, (name,), body.places, some, problems, body.kind)
    own = {name: entry for name, entry in beside.items() if _names_each(entry.value)}
    shared = {name: entry for name, entry in beside.items() if name not in own}
    said = _read_beside(body, body.address, shared, timeouts_s, some, problems)
    kind, name, is_data = body.kind.name, body.address.name, body.address.is_data
    for key, each in keys.items():
        address = Address.of(kind, name, key, data=is_data)
        here = names.with_each(each)
        attributes = fixed | {
            attribute: put_names_in(value, (attribute,), body.places, here, problems, body.kind)
            for attribute, value in varying.items()
        }
        beside_key = _read_beside(body, address, own, timeouts_s, here, problems) if own else None
        yield _draft(body, address, attributes, _merged(said, beside_key, own), each)


def _merged(shared: Beside, own: Beside | None, names: Mapping[str, Node]) -> Beside:
    if own is None:
        return shared
    return Beside(
        depends_on=(own if "depends_on" in names else shared).depends_on,
        lifecycle=(own if "lifecycle" in names else shared).lifecycle,
        timeouts_s=(own if "timeouts" in names else shared).timeouts_s,
    )


def _draft(
    body: Body,
    address: Address,
    attributes: dict[str, object],
    beside: Beside,
    each: Each | None = None,
) -> Draft:
    return Draft(
        address=address,
        kind=body.kind,
        places=body.places,
        body=body,
        attributes=attributes,
        each=each,
        depends_on=beside.depends_on,
        lifecycle=beside.lifecycle,
        timeouts_s=beside.timeouts_s,
    )


def _read_beside(
    body: Body,
    owner: Address,
    entries: Mapping[str, Node],
    timeouts_s: Mapping[str, float],
    names: Names,
    problems: Problems,
) -> Beside:
    """Read what is said beside the attributes; timeouts_s: those of `defaults`."""
    if not entries and not timeouts_s:
        return _NOTHING_BESIDE
    depends_on: Mapping[Address, Location] = {}
    lifecycle = LifecycleDraft()
    for entry in entries.values():
        match entry.name:
            case "depends_on":
                depends_on = dict(read_dependencies(entry, owner, names, problems))
            case "lifecycle" if owner.is_data:
                problems.add(
                    entry.key_location,
                    "Unknown key",
                    f"{owner} is only looked up; it has no lifecycle.",
                    "remove it",
                )
            case "lifecycle":
                lifecycle = read_lifecycle(entry, owner, body.kind, names, problems)
            case _:
                operations = ("read",) if owner.is_data else OPERATIONS
                said = dict(read_timeouts(entry, owner, operations, names, problems))
                timeouts_s = {**timeouts_s, **said}
    return Beside(depends_on, lifecycle, timeouts_s)


def _names_each(value: object) -> bool:
    """Whether a text somewhere inside speaks of `each`."""
    if isinstance(value, str):
        return "each." in value
    if isinstance(value, dict):
        return any(map(_names_each, value.values()))
    return isinstance(value, list) and any(map(_names_each, value))
