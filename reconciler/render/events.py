"""Events of an apply as JSON lines."""

import json

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.events import Event
from reconciler.render.json import diagnostic_members
from reconciler.render.safe import json_safe


def event_json(event: Event) -> str:
    """Return one event as one line of JSON, without the newline.

    event, run, plan and elapsed_ms are in each; what an event does not tell of is left out.
    """
    members: dict[str, object] = {
        "event": event.type.value,
        "run": event.run,
        "plan": event.plan,
        "elapsed_ms": round(event.elapsed_s * 1000),
        "step": event.step or None,
        "address": event.address,
        "op": event.op.value if event.op else None,
        "note": event.note or None,
        "deadline_ms": round(event.deadline_s * 1000) or None,
        "method": event.method or None,
        "path": event.path or None,
        "status": event.status or None,
        "diagnostic": _diagnostic(event.diagnostic),
    }
    told = {key: item for key, item in members.items() if item is not None}
    return json_safe(json.dumps(told, ensure_ascii=False))


def _diagnostic(found: Diagnostic | None) -> dict[str, object] | None:
    return None if found is None else diagnostic_members(found)
