"""The values of references to resources, as far as they are known offline."""

from reconciler.desired.dig import dig, late, nowhere
from reconciler.desired.schemas import Schema
from reconciler.desired.sensitive import normalise
from reconciler.desired.targets import Target, Targets
from reconciler.expressions import ExpressionError, Reference


class Scope:
    """What an expression may take from resources and data sources."""

    def __init__(self, targets: Targets) -> None:
        self.targets = targets

    def lookup(self, reference: Reference) -> object:
        """Return the value, or the reference as a Template when it is known only later.

        Raises ExpressionError when the path leads nowhere in the value.
        """
        if reference.address is None:
            return late(reference)  # what could not be put in before; told already
        try:
            target = self.targets.find(reference)
        except ExpressionError:
            return late(reference)  # told already
        return late(reference) if target is None else _attribute_value(target, reference)


def _attribute_value(target: Target, reference: Reference) -> object:
    draft, attribute = target.draft, target.attribute
    if draft.expanded is None:  # in a circle
        return late(reference)
    is_declared = attribute.name in draft.expanded

    def absent(depth: int, schema: Schema) -> object:
        """Return the value of a key that is not declared inside a declared map."""
        if is_declared and attribute.nested:
            return late(reference)  # merged with what the server has
        if not is_declared and not schema:
            raise nowhere({}, reference, depth)
        return dig(schema.get("default"), reference, depth + 1, schema)

    if is_declared:
        return dig(draft.expanded[attribute.name], reference, 1, attribute.schema, absent)
    if attribute.name == "id" and attribute.read_only:
        identity = draft.kind.identity_of(draft.expanded)
        if identity is not None:
            return identity
    if draft.is_data or attribute.read_only or attribute.computed:
        return late(reference)
    default = normalise(attribute.default, attribute.schema)
    return dig(default, reference, 1, attribute.schema, absent)
