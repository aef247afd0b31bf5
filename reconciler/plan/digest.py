"""The plan's name: SHA-256 over what will be done, and over the live values it was decided from."""

import hashlib
import json
from collections.abc import Mapping

from reconciler.expressions.computed import CelExpression
from reconciler.expressions.template import Template
from reconciler.model.plan import Change, Field, Plan
from reconciler.model.values import Secret, Unknown, holds_secret


def digest(plan: Plan) -> str:
    """Return 64 hex digits. Not in it: places, times, counts, the serial, anything a secret had part in."""
    content = {
        "stack": plan.stack,
        "destroy": plan.destroy,
        "changes": [_change(change) for change in plan.changes if change.is_noteworthy],
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _change(change: Change) -> dict[str, object]:
    return {
        "address": change.address,
        "action": change.action,
        "identity": change.identity,
        "fields": [_field(field) for field in change.fields],
        "precondition": change.precondition,
        "steps": [[step.n, step.op, step.identity, step.needs] for step in change.steps],
    }


def _field(field: Field) -> list[object]:
    if field.sensitive or holds_secret([field.before, field.after]):
        return [field.path]
    return [field.path, field.before, field.after]


def plain(value: object) -> object:
    """Return what stands for a value that JSON does not have."""
    match value:
        case Unknown():
            return {"after": f"{value.address}.{value.attribute}", "by": _spelt(value.expression)}
        case Mapping():
            return dict(value)
        case Template():
            return _spelt(value)
        case Secret():
            return None
    raise TypeError(f"{type(value).__name__} in a plan")


def _spelt(expression: object) -> list[object]:
    """Return what a late value will be made from: texts, references, and what is put in already."""
    if not isinstance(expression, Template):
        return []
    return [_spelt_part(part) for part in expression.parts]


def _spelt_part(part: object) -> object:
    if isinstance(part, CelExpression):
        known = [[str(need), value] for need, value in part.known if not holds_secret(value)]
        return [part.text, known]
    return str(part)
