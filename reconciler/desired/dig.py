"""What lies inside a value, where a reference's path leads."""

from collections.abc import Callable

from reconciler.desired.schemas import Schema, schema_below
from reconciler.expressions import ExpressionError, Reference, Template, spell_path
from reconciler.model.location import Path
from reconciler.model.values import Secret

Absent = Callable[[int, Schema], object]
"""Returns what a key that a declared map has not stands for: at that depth, with that schema."""

_ANYTHING: Schema = {}


def late(reference: Reference) -> Template:
    """Return the reference as a value that is known later."""
    return Template((reference,))


def dig(
    value: object,
    reference: Reference,
    depth: int,
    schema: Schema = _ANYTHING,
    absent: Absent | None = None,
) -> object:
    """Return what lies in `value` where the reference's path, from `depth` on, leads.

    schema: of `value`. Raises ExpressionError when it leads nowhere.
    """
    path = reference.path
    if depth == len(path):
        return value
    part = path[depth]
    if isinstance(value, Template):
        return _inside_late(value, reference, depth)
    if isinstance(value, dict) and isinstance(part, str):
        inner = schema_below(schema, (part,))
        if part in value:
            return dig(value[part], reference, depth + 1, inner, absent)
        if absent is None:
            raise nowhere(value, reference, depth)
        return absent(depth, inner)
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return dig(value[part], reference, depth + 1, schema_below(schema, (part,)), absent)
    raise nowhere(value, reference, depth)


def _inside_late(value: Template, reference: Reference, depth: int) -> object:
    """Return the expression for what will lie there."""
    if not value.parts:
        return value  # broken; told already
    inner = value.at(reference.path[depth:])
    if inner is None:
        raise nowhere(value, reference, depth)
    return inner


def nowhere(value: object, reference: Reference, depth: int) -> ExpressionError:
    """Return the error for a path that ends in `value`, where its part at `depth` names nothing."""
    around = _spell(reference, reference.path[:depth])
    part = reference.path[depth]
    if isinstance(value, Secret):
        what = "is a secret string"
    elif value is None:
        what = "is null"
    elif isinstance(value, dict | list):
        what = f"has no {f'item {part}' if isinstance(part, int) else repr(part)}"
    else:
        what = "is neither a map nor a list"
    return ExpressionError("Nothing there", f"{around} {what}, so ${{{reference}}} has no value.")


def _spell(reference: Reference, path: Path) -> str:
    return spell_path((str(reference.address or reference.root), *path))


def known_at(value: object, path: Path) -> object:
    """Return what lies at `path`, or the Template or Secret on the way there; None for nothing."""
    for part in path:
        if isinstance(value, dict) and part in value:
            value = value[str(part)]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return value if isinstance(value, Template | Secret) else None
    return value
