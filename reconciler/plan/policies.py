"""The stack's policies: CEL rules over the plan's changes; a broken one blocks with its message."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from reconciler.expressions.computed import unknowns
from reconciler.expressions.reference import spell_path
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.plan import Change, Field
from reconciler.model.resource import Policy
from reconciler.model.values import Secret, Unknown


def check_policies(
    policies: Iterable[Policy],
    changes: Sequence[Change],
    *,
    stack: str = "",
    protected: Collection[Address] = (),
) -> tuple[Diagnostic, ...]:
    """Return what is wrong with each policy: broken, or no rule at all.

    A rule sees `stack.name` and `changes`, a list of what there is to do, each with address, kind,
    name, key, action, reason, identity, protected, moved_from, fields (path, before, after,
    forces_replace, sensitive, known) and effects (codes). A value that is sensitive or known only
    after a step is null, and its field says so.

    protected: the addresses that have prevent_destroy, declared or remembered.
    """
    rules = tuple(policies)
    if not rules:
        return ()
    from reconciler.plan.rules import check_policy  # loads what CEL needs

    seen = [_seen(change, protected) for change in changes if change.is_noteworthy]
    found = (check_policy(policy, seen, {"name": stack}) for policy in rules)
    return tuple(problem for problem in found if problem is not None)


def _seen(change: Change, protected: Collection[Address]) -> dict[str, object]:
    """Return what a rule sees of a change: JSON, without a secret."""
    return {
        "address": str(change.address),
        "kind": change.address.kind,
        "name": change.address.name,
        "key": change.address.key,
        "action": change.action.value,
        "reason": change.reason,
        "identity": change.identity,
        "protected": change.address in protected,
        "moved_from": None if change.moved_from is None else str(change.moved_from),
        "fields": [_seen_field(field) for field in change.fields],
        "effects": [effect.code for effect in change.effects],
    }


def _seen_field(field: Field) -> dict[str, object]:
    return {
        "path": spell_path(field.path),
        "before": None if field.sensitive else _plain(field.before),
        "after": None if field.sensitive else _plain(field.after),
        "forces_replace": field.forces_replace,
        "sensitive": field.sensitive,
        "known": next(unknowns(field.after), None) is None,
    }


def _plain(value: object) -> object:
    if isinstance(value, Secret | Unknown):
        return None
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
