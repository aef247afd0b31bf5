"""The values of references, as far as they are known offline."""

from collections.abc import Mapping

from reconciler.desired.declare import Draft
from reconciler.desired.schemas import Schema, schema_below
from reconciler.desired.sensitive import normalise
from reconciler.desired.targets import Target, Targets
from reconciler.expressions import ExpressionError, Reference, Template, spell_path
from reconciler.model.location import Path
from reconciler.model.values import Secret


class Scope:
    """What an expression may refer to.

    variables: values; one whose value is missing or wrong is not in it.
    """

    def __init__(self, stack: str, variables: Mapping[str, object], targets: Targets) -> None:
        self.targets = targets
        self._stack = stack
        self._variables = variables

    def lookup(self, reference: Reference) -> object:
        """Return the value, or the reference as a Template when it is known only later.

        Raises ExpressionError when the path leads nowhere in the value.
        """
        try:
            target = self.targets.find(reference)
        except ExpressionError:
            return _late(reference)  # told already
        if target is not None:
            return _attribute_value(target, reference)
        if reference.root == "stack":
            return self._stack
        name = str(reference.path[0])
        if name not in self._variables:
            return _late(reference)  # told already
        return _dig(self._variables[name], reference, 1, {})

    def lookup_variable(self, reference: Reference) -> object:
        """Do the same where only variables are known."""
        if reference.address is not None:
            raise ExpressionError(
                "Not known here",
                f"${{{reference}}} cannot stand here; only variables can.",
                "write the value out, or use a variable",
            )
        self.targets.find(reference)
        return self.lookup(reference)


def _late(reference: Reference) -> Template:
    return Template((reference,))


def _attribute_value(target: Target, reference: Reference) -> object:
    draft, attribute = target.draft, target.attribute
    if draft.expanded is None:  # in a circle
        return _late(reference)
    if attribute.name in draft.expanded:
        return _dig(draft.expanded[attribute.name], reference, 1, attribute.schema, draft)
    if attribute.name == "id" and attribute.read_only:
        identity = draft.kind.identity_of(draft.expanded)
        if identity is not None:
            return identity
    if draft.is_data or attribute.read_only or attribute.computed:
        return _late(reference)
    default = normalise(attribute.default, attribute.schema)
    return _dig(default, reference, 1, attribute.schema)


def _dig(
    value: object, reference: Reference, depth: int, schema: Schema, draft: Draft | None = None
) -> object:
    """Return what lies in `value` where the reference's path, from `depth` on, leads."""
    path = reference.path
    if depth == len(path):
        return value
    part = path[depth]
    if isinstance(value, Template) and value.is_single and value.references:
        return _late(value.references[0].extended(path[depth:]))
    if isinstance(value, dict) and isinstance(part, str):
        inner_schema = schema_below(schema, (part,))
        if part in value:
            return _dig(value[part], reference, depth + 1, inner_schema, draft)
        return _absent(reference, depth, inner_schema, draft)
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return _dig(value[part], reference, depth + 1, schema_below(schema, (part,)), draft)
    raise _nowhere(value, reference, path[:depth])


def _absent(reference: Reference, depth: int, schema: Schema, draft: Draft | None) -> object:
    """Return the value of a key that is not declared inside a declared map."""
    if draft is None and not schema:
        raise _nowhere({}, reference, reference.path[:depth])
    attribute = draft.kind.attributes[str(reference.path[0])] if draft else None
    if attribute and attribute.nested:
        return _late(reference)  # merged with what the server has
    return _dig(schema.get("default"), reference, depth + 1, schema)


def _nowhere(value: object, reference: Reference, path: Path) -> ExpressionError:
    around = spell_path((str(reference.address or reference.root), *path))
    part = reference.path[len(path)]
    if isinstance(value, Secret):
        what = "is a secret string"
    elif value is None:
        what = "is null"
    elif isinstance(value, dict | list):
        what = f"has no {f'item {part}' if isinstance(part, int) else repr(part)}"
    else:
        what = "is neither a map nor a list"
    return ExpressionError("Nothing there", f"{around} {what}, so ${{{reference}}} has no value.")
