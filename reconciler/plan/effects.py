"""What people will feel, from the kind's own rules."""

import re
from collections.abc import Iterable, Iterator, Mapping

from reconciler.kinds.kind import EffectRule, Kind
from reconciler.model.plan import Action, Effect
from reconciler.model.values import Attributes
from reconciler.plan.diff import Difference

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_FELT = {Action.UPDATE: "update", Action.REPLACE: "replace", Action.DELETE: "delete"}


def effects(
    kind: Kind, action: Action, changes: tuple[Difference, ...], old: Attributes
) -> tuple[Effect, ...]:
    """Return the effects of a change, one per code, in the order of the kind's rules.

    old: the live attributes of the object that is changed.
    """
    felt = _FELT.get(action)
    merged: dict[str, Effect] = {}
    for rule, change in _applicable(kind.effects, felt, changes):
        said = merged.get(rule.code, Effect(code=rule.code, text=""))
        facts = {**old, "before": change.have, "after": change.want} if change else old
        merged[rule.code] = Effect(
            code=rule.code,
            text=said.text or filled(rule.text, facts),
            instead=said.instead or filled(rule.instead, facts),
        )
    return tuple(merged.values())


def _applicable(
    rules: Iterable[EffectRule], felt: str | None, changes: tuple[Difference, ...]
) -> Iterator[tuple[EffectRule, Difference | None]]:
    for rule in rules:
        if felt not in rule.on:
            continue
        if not rule.attributes:
            yield rule, None
            continue
        touched = (change for change in changes if _is_meant(change, rule))
        first = next(touched, None)
        if first is not None:
            yield rule, first


def _is_meant(change: Difference, rule: EffectRule) -> bool:
    if rule.becomes and change.want not in rule.becomes:
        return False
    return bool(_names(change) & set(rule.attributes))


def _names(change: Difference) -> set[str]:
    """Return the attribute's name and its dotted path with every prefix."""
    parts = [str(part) for part in change.path]
    return {".".join(parts[: i + 1]) for i in range(len(parts))}


def filled(text: str, facts: Mapping[str, object]) -> str:
    """Return `text` with each `{name}` as its value."""

    def fill(match: re.Match[str]) -> str:
        value = facts.get(match[1])
        return "(unset)" if value is None else str(value)

    return _PLACEHOLDER.sub(fill, text)
