"""What became of writes whose outcome a former run did not see, settled by reading."""

from collections.abc import Mapping
from dataclasses import replace

from reconciler.kinds.kind import Kind
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.live import ABSENT, Live
from reconciler.model.plan import Resolution
from reconciler.model.state import Intent, Op, Recorded, State
from reconciler.plan.diff import differences


def resolve_intents(
    state: State, live: Live, catalogue: Mapping[str, Kind]
) -> tuple[Mapping[Address, Recorded], tuple[Resolution, ...]]:
    """Return the recorded resources as they are after all, and how each intent ended.

    A create of ours that shows what we asked for is ours. One that shows something else is not claimed.
    One that was answered is recorded already, as far as it had come.
    An update is left to the comparison with live. A delete is done when the object is gone.
    """
    resources = dict(state.resources)
    resolutions = []
    for intent in sorted(state.unresolved.values(), key=lambda intent: intent.id):
        recorded = resources.get(intent.address)
        resolution = _resolve(intent, recorded, live, catalogue[intent.address.kind])
        resolutions.append(resolution)
        if resolution.done and resolution.record is None:
            resources.pop(intent.address, None)
        elif resolution.done and resolution.record is not None:
            resources[intent.address] = resolution.record
    return resources, tuple(resolutions)


def _resolve(intent: Intent, recorded: Recorded | None, live: Live, kind: Kind) -> Resolution:
    found = live.get((kind.name, intent.identity), ABSENT)
    undone = Resolution(
        intent=intent.id, address=intent.address, op=intent.op, done=False, record=None
    )
    if intent.op is Op.DELETE:
        return replace(undone, done=not found.is_present)
    if intent.op is Op.CREATE and recorded and recorded.identity == intent.identity:
        return replace(undone, done=found.is_present, record=recorded if found.is_present else None)
    if intent.op is not Op.CREATE or intent.want is None or not found.is_present:
        return undone
    seen = {**kind.identity_values(intent.identity), **found.attributes}
    want = intent.want.attributes
    if differences(kind, want, want, seen):
        return replace(undone, diagnostic=_differs(intent))
    return replace(undone, done=True, record=intent.want)


def _differs(intent: Intent) -> Diagnostic:
    return Diagnostic(
        summary="Exists, but differs from what was asked for",
        detail=f"A former run was cut while it created {intent.address}; {intent.identity} exists now"
        " with other values, so it may be somebody else's.",
        hint=f"reconcile import '{intent.address}' {intent.identity}, if it is yours",
    )
