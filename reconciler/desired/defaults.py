"""`defaults`: attributes and timeouts for every resource of a kind that says nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.desired.beside import BESIDE, read_timeouts
from reconciler.desired.marks import FilePlaces, Node
from reconciler.desired.messages import Subject
from reconciler.desired.names import Names
from reconciler.desired.problems import BROKEN, Problems, did_you_mean
from reconciler.desired.sensitive import is_sensitive
from reconciler.desired.texts import read_expressions, templates
from reconciler.desired.validate import Validators
from reconciler.kinds.kind import Kind
from reconciler.model.location import Location, Path, Places
from reconciler.model.resource import OPERATIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What one kind's `defaults` say; attributes with their expressions read."""

    attributes: Mapping[str, object]
    timeouts_s: Mapping[str, float]
    places: FilePlaces


@dataclass(frozen=True, slots=True)
class DefaultedPlaces:
    """Places of a resource some attributes of which stand under `defaults`."""

    own: Places
    defaults: Places
    names: frozenset[str]

    def at(self, path: Path) -> Location:
        return self._of(path).at(path)

    def key_at(self, path: Path) -> Location:
        return self._of(path).key_at(path)

    def _of(self, path: Path) -> Places:
        return self.defaults if path and path[0] in self.names else self.own


def read_defaults(
    nodes: Mapping[str, Node],
    catalogue: Mapping[str, Kind],
    names: Names,
    validators: Validators,
    problems: Problems,
) -> dict[str, Defaults]:
    """Return the defaults by kind; problems are noted, once and not for each resource."""
    return {
        name: _read(node, catalogue[name], names, validators, problems)
        for name, node in nodes.items()
    }


def _read(
    node: Node, kind: Kind, names: Names, validators: Validators, problems: Problems
) -> Defaults:
    owner = f"defaults.{kind.name}"
    attributes: dict[str, object] = {}
    timeouts_s: dict[str, float] = {}
    if node.value is not None and not isinstance(node.value, dict):
        problems.add(node.location, "Wrong type", f"{owner} must be a map of attributes.")
    for entry in node.entries():
        if entry.name == "timeouts":
            timeouts_s = dict(read_timeouts(entry, owner, OPERATIONS, names, problems))
        elif _is_settable(entry, kind, owner, problems):
            value = read_expressions(entry.value, (entry.name,), node.places, problems, kind)
            attributes[entry.name] = _checked(value, entry.name, node, kind, validators, problems)
    return Defaults(attributes=attributes, timeouts_s=timeouts_s, places=node.places)


def _is_settable(entry: Node, kind: Kind, owner: str, problems: Problems) -> bool:
    attribute = kind.attributes.get(entry.name)
    if attribute and not attribute.read_only:
        return True
    if entry.name in BESIDE:
        detail = f"{owner} takes attributes and timeouts; '{entry.name}' belongs to each resource."
        problems.add(entry.key_location, "Not for defaults", detail, "say it in each resource")
        return False
    settable = [name for name, a in kind.attributes.items() if not a.read_only]
    if attribute:
        detail = f"{kind.name}.{entry.name} is read-only: the API says what it is."
        problems.add(entry.key_location, "Read-only attribute", detail, "remove the line")
    else:
        detail = f"{kind.name} has no attribute '{entry.name}'."
        hint = did_you_mean(entry.name, (*settable, "timeouts"))
        problems.add(entry.key_location, "Unknown attribute", detail, hint)
    return False


def _checked(
    value: object, name: str, node: Node, kind: Kind, validators: Validators, problems: Problems
) -> object:
    """Return a default's value; BROKEN when it is plain and wrong, so that it is told here only."""
    if value is None or value is BROKEN or any(templates(value, ())):
        return value
    before = len(problems)
    subject = Subject(
        name=f"defaults.{kind.name}",
        holder=kind.name,
        places=node.places,
        is_hidden=lambda path: is_sensitive(kind, path),
        is_computed=lambda _: False,
    )
    schema = {"properties": {name: kind.attributes[name].schema}}
    validators.check({name: value}, schema, subject, problems)
    return value if len(problems) == before else BROKEN
