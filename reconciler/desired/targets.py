"""What references mean: the resource and attribute they name, checked without any value."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from reconciler.desired.declare import Draft, Drafts
from reconciler.desired.problems import did_you_mean, nearest_address
from reconciler.desired.schemas import Schema, schema_below
from reconciler.expressions import ROOTS, ExpressionError, Reference
from reconciler.kinds.kind import Attribute, Kind


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

    def __init__(
        self, drafts: Drafts, catalogue: Mapping[str, Kind], variables: Collection[str]
    ) -> None:
        self._drafts = drafts
        self._catalogue = catalogue
        self._variables = variables
        self._found: dict[Reference, Target | ExpressionError | None] = {}

    def find(self, reference: Reference) -> Target | None:
        """Return what the reference names; None for a variable or the stack's name.

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
        if reference.address is None:
            self._check_named_value(reference)
            return None
        kind = self._kind(reference)
        draft = self._drafts.get(reference.address)
        if draft is None:
            raise self._unknown_resource(reference)
        attribute = kind.attributes.get(str(reference.path[0]))
        if attribute is None:
            raise ExpressionError(
                "Unknown attribute",
                f"{kind.name} has no attribute '{reference.path[0]}', which ${{{reference}}} names.",
                did_you_mean(str(reference.path[0]), kind.attributes),
            )
        return Target(draft, attribute, _schema_at(attribute.schema, reference))

    def _check_named_value(self, reference: Reference) -> None:
        """Check a reference to a variable or to the stack's own name."""
        name = str(reference.path[0])
        if reference.root in ("locals", "each"):
            raise ExpressionError(
                "Not supported yet",
                f"${{{reference}}}: {reference.root} is not supported by this version.",
                "use a variable",
            )
        if reference.root == "stack" and reference.path != ("name",):
            raise ExpressionError("Unknown name", f"stack has no '{name}'.", "write ${stack.name}")
        if reference.root == "vars" and name not in self._variables:
            raise ExpressionError(
                "Unknown variable",
                f"There is no variable '{name}'.",
                did_you_mean(name, self._variables) or "declare it under variables",
            )

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

    def _unknown_resource(self, reference: Reference) -> ExpressionError:
        address = reference.address or ""
        other = address.removeprefix("data.") if reference.root == "data" else f"data.{address}"
        unkeyed = address.split("[", 1)[0]
        if other in self._drafts:
            hint = f"did you mean '{other}'?"
        elif unkeyed in self._drafts:
            hint = f"{unkeyed} has no keys; an attribute follows as .name"
        else:
            hint = nearest_address(address, self._drafts)
        return ExpressionError("Unknown resource", f"There is no {address} in this stack.", hint)


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
