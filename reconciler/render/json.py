"""The plan file: a plan as JSON, and back."""

import json
from collections.abc import Iterable, Mapping, Sequence

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.location import Location
from reconciler.model.plan import Change, Connections, Drift, Field, Plan, Resolution, Step
from reconciler.model.values import Secret, Unknown
from reconciler.render.rows import step_numbers
from reconciler.render.safe import json_safe

FORMAT = "reconcile.plan/v1"

LITERAL = "$literal"
"""Wraps a real object that could be taken for one of the two below."""
SECRET = "$secret"  # noqa: S105  # a key of the plan file
AFTER_STEP = "after_step"
MARKERS = frozenset({LITERAL, SECRET, AFTER_STEP})


def plan_json(plan: Plan) -> str:
    """Return the plan file: one change a line, no secret, ending in a newline.

    What apply alone needs (`wanted`, `record`s) is not in it: apply makes the plan again and compares.
    """
    steps = step_numbers(plan.steps)
    head = {
        "format": FORMAT,
        "stack": plan.stack,
        "digest": plan.digest,
        "lineage": plan.lineage,
        "serial": plan.serial,
        "projects": list(plan.projects),
        "destroy": plan.destroy,
        "refresh_only": plan.refresh_only,
        "limited_to": None if plan.limited_to is None else list(plan.limited_to),
        "acks": list(plan.acks),
        "allow_delete": plan.allow_delete,
    }
    parts = [
        *(f"{_line(key)}: {_line(item)}" for key, item in head.items()),
        _listed("connections", map(_connections, plan.connections)),
        _listed("diagnostics", (diagnostic_members(found) for found in plan.diagnostics)),
        _listed("resolutions", (_resolution(found) for found in plan.resolutions)),
        _listed("changes", (_change(change, steps) for change in plan.changes)),
        f'"meta": {_line(_plain(dict(plan.meta), steps))}',
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _line(item: object) -> str:
    return json_safe(json.dumps(item, ensure_ascii=False))


def _listed(key: str, items: Iterable[object]) -> str:
    rows = ",\n".join(map(_line, items))
    return f'"{key}": [\n{rows}\n]' if rows else f'"{key}": []'


def _change(change: Change, steps: Mapping[str, int]) -> dict[str, object]:
    return {
        "address": change.address,
        "action": change.action.value,
        "reason": change.reason,
        "identity": change.identity,
        "moved_from": change.moved_from,
        "adopted": change.adopted is not None,
        "source": _place(change.source),
        "fields": [_field(field, steps) for field in change.fields],
        "drift": [_drift(drift, steps) for drift in change.drift],
        "effects": [
            {"code": effect.code, "text": effect.text, "instead": effect.instead}
            for effect in change.effects
        ],
        "precondition": _precondition(change, steps),
        "steps": [_step(step) for step in change.steps],
        "diagnostics": [diagnostic_members(found) for found in change.diagnostics],
    }


def _connections(found: Connections) -> dict[str, object]:
    return {
        "service": found.service,
        "now": found.now,
        "peak": found.peak,
        "after": found.after,
        "limit": found.limit,
        "basis": found.basis,
        "over": found.over,
    }


def _place(location: Location | None) -> dict[str, object] | None:
    if location is None:
        return None
    return {"file": location.file, "line": location.line, "column": location.column}


def _field(field: Field, steps: Mapping[str, int]) -> dict[str, object]:
    hide = field.sensitive
    return {
        "path": list(field.path),
        "before": _shown(field.before, steps, hide=hide),
        "after": _shown(field.after, steps, hide=hide),
        "last_applied": _shown(field.last_applied, steps, hide=hide),
        "from": field.origin or None,
        "source": _place(field.source),
        "forces_replace": field.forces_replace,
        "sensitive": hide,
    }


def _drift(drift: Drift, steps: Mapping[str, int]) -> dict[str, object]:
    return {
        "path": list(drift.path),
        "recorded": _shown(drift.recorded, steps, hide=drift.sensitive),
        "live": _shown(drift.live, steps, hide=drift.sensitive),
        "sensitive": drift.sensitive,
    }


def _step(step: Step) -> dict[str, object]:
    return {
        "n": step.n,
        "op": step.op.value,
        "identity": step.identity,
        "timeout_s": step.timeout_s,
        "needs": list(step.needs),
    }


def _resolution(found: Resolution) -> dict[str, object]:
    return {
        "intent": found.intent,
        "address": found.address,
        "op": found.op.value,
        "done": found.done,
    }


def diagnostic_members(found: Diagnostic) -> dict[str, object]:
    """Return a diagnostic as the members of a JSON object."""
    return {
        "severity": found.severity.value,
        "summary": found.summary,
        "detail": found.detail,
        "hint": found.hint,
        "source": _place(found.location),
    }


def _precondition(change: Change, steps: Mapping[str, int]) -> dict[str, object] | None:
    if change.precondition is None:
        return None
    hidden = {field.path[0] for field in change.fields if field.sensitive and field.path}
    return {
        name: _plain(item, steps)
        for name, item in change.precondition.items()
        if name not in hidden and not isinstance(item, Secret)
    }


def _shown(item: object, steps: Mapping[str, int], *, hide: bool) -> object:
    if not hide or item is None:
        return _plain(item, steps)
    if isinstance(item, Unknown):
        return {**_unknown(item, steps), "sensitive": True}
    return {SECRET: True}


def _plain(item: object, steps: Mapping[str, int]) -> object:
    """Return a value as JSON, with a marker for what is secret or known only after a step."""
    match item:
        case None | bool() | int() | float() | str():
            return item
        case Secret():
            return {SECRET: True}
        case Unknown():
            return _unknown(item, steps)
        case Mapping():
            made = {str(key): _plain(inner, steps) for key, inner in item.items()}
            return {LITERAL: made} if MARKERS & made.keys() else made
        case Sequence():
            return [_plain(inner, steps) for inner in item]
        case _:
            return f"({type(item).__name__})"


def _unknown(item: Unknown, steps: Mapping[str, int]) -> dict[str, object]:
    made: dict[str, object] = {
        AFTER_STEP: steps.get(item.address),
        "address": item.address,
        "attribute": item.attribute,
    }
    return {**made, "sensitive": True} if item.sensitive else made
