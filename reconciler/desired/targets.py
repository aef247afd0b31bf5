"""What references mean: the resource and attribute they name, checked without any value."""

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.desired.declare import Draft, Drafts, Groups
from reconciler.desired.problems import did_you_mean, nearest_address, nearest_key
from reconciler.desired.schemas import Schema, schema_below
from reconciler.expressions import ROOTS, ExpressionError, Reference
from reconciler.kinds.kind import Attribute, Kind
from reconciler.model.address import Address


@dataclass(frozen=True, slots=True)
class Target:
    """The attribute that a reference names.

    schema: of what lies at the reference's path; empty where the kind does not say.
    """

    draft: Draft
    attribute: Attribute
    schema: Schema


class Targets:
    """Finds the target of each reference once."""

    def __init__(self, drafts: Drafts, groups: Groups, catalogue: Mapping[str, Kind]) -> None:
        self._drafts = drafts
        self._groups = groups
        self._catalogue = catalogue
        self._found: dict[Reference, Target | ExpressionError | None] = {}

    def find(self, reference: Reference) -> Target | None:
        """Return what the reference, one to a resource, names; None when its keys are not known.

        Raises ExpressionError when there is no such thing.
        """
        if reference not in self._found:
            try:
                self._found[reference] = self._find(reference)
            except ExpressionError as error:
                self._found[reference] = error
        found = self._found[reference]
        if isinstance(found, ExpressionError):
            raise found.with_traceback(None)
        return found

    def _find(self, reference: Reference) -> Target | None:
        kind = self._kind(reference)
        address = reference.address or Address("")
        draft = self._drafts.get(address)
        if draft is None:
            group = self._groups.get(Address(address.split("[", 1)[0]))
            if group is not None and group.keys is None:
                return None
            raise self.unknown(address)
        attribute = kind.attributes.get(str(reference.path[0]))
        if attribute is None:
            raise ExpressionError(
                "Unknown attribute",
                f"{kind.name} has no attribute '{reference.path[0]}', which ${{{reference}}} names.",
                did_you_mean(str(reference.path[0]), kind.attributes),
            )
        return Target(draft, attribute, _schema_at(attribute.schema, reference))

    def _kind(self, reference: Reference) -> Kind:
        name = reference.address.kind if reference.address else ""
        if name not in self._catalogue:
            what = "a kind" if reference.root == "data" else f"one of {', '.join(ROOTS)} or a kind"
            raise ExpressionError(
                "Unknown kind",
                f"'{name}' in ${{{reference}}} is not {what}.",
                did_you_mean(name, (*self._catalogue, *ROOTS)),
            )
        return self._catalogue[name]

    def unknown(self, address: Address) -> ExpressionError:
        """Return the error for an address that nothing is declared as."""
        unkeyed = Address(address.split("[", 1)[0])
        group = self._groups.get(unkeyed)
        if group is not None and group.keys is not None:
            return _wrong_key(address, unkeyed, group.keys)
        other = address.removeprefix("data.") if address.is_data else f"data.{address}"
        if other in self._drafts or other in self._groups:
            hint = f"did you mean '{other}'?"
        elif unkeyed in self._drafts:
            hint = f"{unkeyed} has no keys; an attribute follows as .name"
        else:
            hint = nearest_address(address, (*self._drafts, *self._groups))
        return ExpressionError("Unknown resource", f"There is no {address} in this stack.", hint)


def _wrong_key(address: Address, unkeyed: Address, keys: Mapping[str, object]) -> ExpressionError:
    first = next(iter(keys), None)
    if first is None:
        return ExpressionError(
            "Unknown resource", f"There is no {address}: the for_each of {unkeyed} is empty."
        )
    if address == unkeyed:
        example = Address.of(address.kind, address.name, first, data=address.is_data)
        return ExpressionError(
            "Missing key",
            f"{address} has a for_each, so it needs a key.",
            f"write {example}, or {unkeyed}[each.key] in a resource with the same keys",
        )
    return ExpressionError(
        "Unknown key",
        f"There is no {address}: the for_each of {unkeyed} has no such key.",
        nearest_key(address.key or "", keys),
    )


def _schema_at(schema: Schema, reference: Reference) -> Schema:
    """Return the schema at the reference's path; raise ExpressionError for an unknown key."""
    for depth in range(1, len(reference.path)):
        part = reference.path[depth]
        properties = schema.get("properties")
        is_closed = schema.get("additionalProperties") is False and isinstance(properties, dict)
        if is_closed and isinstance(properties, dict) and part not in properties:
            raise ExpressionError(
                "Unknown attribute",
                f"There is no '{part}' in what ${{{reference}}} names.",
                did_you_mean(str(part), properties),
            )
        schema = schema_below(schema, (part,))
    return schema
