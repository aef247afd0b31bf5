"""What an approval covers: the plan it was given for, or what is left of it after a partial apply."""

import hashlib
import json
from collections.abc import Collection, Iterator

from reconciler.model.address import Address
from reconciler.model.plan import Action, Change, Plan
from reconciler.model.state import Approval
from reconciler.plan.digest import plain

_ENDING = (Action.DELETE, Action.REPLACE)


def approval_of(plan: Plan, digest: str, done: Collection[Address] = ()) -> Approval:
    """Return the approval `digest` with what is still to do of `plan` once `done` is done."""
    open_changes = [c for c in plan.changes if c.is_noteworthy and c.address not in done]
    left = {change.address: _mark(change) for change in open_changes}
    for change in open_changes:
        for address, record in change.left_over.items():
            looked = _hash(change.precondition)
            left[address] = f"ends:{_hash([record.identity, None])}:{looked}"
    return Approval(digest=digest, left=left)


def covers(approval: Approval, plan: Plan) -> bool:
    """Whether everything the plan would do is left over from what was approved.

    Each resource must come out as approved. A replacement may have its deletion behind it; nothing may
    be deleted or replaced now that was not then; and what was not touched yet must look as it did.
    """
    return all(_is_covered(approval.left.get(c.address, ""), c) for c in _noteworthy(plan))


def _noteworthy(plan: Plan) -> Iterator[Change]:
    return (change for change in plan.changes if change.is_noteworthy)


def _is_covered(mark: str, change: Change) -> bool:
    now = _mark(change)
    if mark == now:
        return True
    ends, outcome, _ = mark.split(":") if mark else ("", "", "")
    if outcome != now.split(":")[1]:
        return False
    is_rest = change.action is Action.CREATE and ends == "ends" and change.precondition is None
    return is_rest or change.action is Action.NO_OP


def _mark(change: Change) -> str:
    """Return how the resource will come out and how it looked, in a form that can be written down."""
    ends = "ends" if change.action in _ENDING else "keeps"
    is_gone = change.action in (Action.DELETE, Action.FORGET)
    outcome = None if is_gone or change.record is None else change.record.attributes
    return f"{ends}:{_hash([change.identity, outcome])}:{_hash(change.precondition)}"


def _hash(value: object) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=plain)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def moved(reviewed: Plan, plan: Plan) -> tuple[str, ...]:
    """Return what is not as it was when `reviewed` was made: live values, configuration, changes."""
    before = {change.address: change for change in _noteworthy(reviewed)}
    after = {change.address: change for change in _noteworthy(plan)}
    told: list[str] = []
    for address in sorted({*before, *after}):
        if address not in after:
            told.append(f"{address} is no longer to be changed")
        elif address not in before:
            told.append(f"{address} is to be changed too ({after[address].action})")
        else:
            told += _differences(before[address], after[address])
    return tuple(told)


def _differences(old: Change, new: Change) -> Iterator[str]:
    yield from _live_differences(old, new)
    if old.action is not new.action:
        yield f"{new.address}: {old.action} became {new.action}"
        return
    wants = {field.path: _shown(field.after) for field in old.fields if not field.sensitive}
    for field in new.fields:
        if field.sensitive or wants.get(field.path) == _shown(field.after):
            continue
        name = ".".join(map(str, field.path))
        yield f"configuration of {new.address}.{name}"


def _live_differences(old: Change, new: Change) -> Iterator[str]:
    was, now = old.precondition, new.precondition
    if was is None or now is None:
        if was is not now:
            yield f"live {new.address} {'came to be' if was is None else 'is gone'}"
        return
    for name in sorted({*was, *now}):
        before, after = _shown(was.get(name)), _shown(now.get(name))
        if before != after:
            yield f"live {new.address}.{name} {before} → {after}"


def _shown(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=repr)
