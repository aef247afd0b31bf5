"""A quick yes: whether a value surely meets a JSON Schema.

Says yes or "not sure", never no: what is not sure goes to the real validator, which decides and has
something to tell. So most stacks are checked in microseconds a resource, and without importing it.
The tests hold every yes against the real validator.
"""

import re
from collections.abc import Callable, Mapping, Sized
from functools import cache
from typing import Any, TypeAlias

from reconciler.expressions import Template
from reconciler.model.values import Secret

Check: TypeAlias = Callable[[Any], bool]

ANNOTATIONS = frozenset(
    {
        *("title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"),
        *("$comment", "format"),
    }
)
"""Words that no value can break."""


def compile_check(schema: object) -> Check | None:
    """Return a function that is true of what surely meets `schema`.

    None when there are words in it that only the real validator knows, or that are used wrongly.
    A Template meets any schema: its value is not known yet.
    """
    if schema is True:
        return lambda _: True
    if not isinstance(schema, dict):
        return None
    checks: list[Check] = []
    for word, rule in schema.items():
        if word in ANNOTATIONS or word.startswith("x-"):
            continue
        build = _BUILDERS.get(word)
        check = build(rule, schema) if build else None
        if check is None:
            return None
        checks.append(check)
    return _all_of(checks)


@cache
def compile_pattern(rule: str) -> re.Pattern[str]:
    r"""Return an ECMA pattern as Python's: there, $ does not match before a last line break."""
    if rule.endswith("$") and not rule.endswith(r"\$"):
        rule = rule[:-1] + r"\Z"
    return re.compile(rule, re.ASCII)


def _all_of(checks: list[Check]) -> Check:
    def holds(value: Any) -> bool:
        kind = value.__class__
        if kind is Template:
            return True
        if kind is Secret:
            value = value.reveal()
        for check in checks:  # noqa: SIM110 - all() takes three times as long, ten thousand times
            if not check(value):
                return False
        return True

    return holds


_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def _type(rule: Any, _: object) -> Check | None:
    names = [rule] if isinstance(rule, str) else rule
    if not isinstance(names, list) or not names:
        return None
    if not all(isinstance(n, str) and n in _TYPES for n in names):
        return None
    classes = frozenset(python for name in names for python in _TYPES[name])
    return lambda value: value.__class__ in classes


def _enum(rule: Any, _: object) -> Check | None:
    if not isinstance(rule, list) or not rule or not all(isinstance(c, str) for c in rule):
        return None
    choices = frozenset(rule)
    return lambda value: value.__class__ is str and value in choices


def _bound(is_met: Callable[[float, float], bool]) -> Callable[[Any, object], Check | None]:
    def build(rule: Any, _: object) -> Check | None:
        if rule.__class__ not in (int, float):
            return None
        return lambda value: value.__class__ not in (int, float) or is_met(value, rule)

    return build


def _size(
    kind: type[Sized], is_met: Callable[[int, int], bool]
) -> Callable[[Any, object], Check | None]:
    def build(rule: Any, _: object) -> Check | None:
        if rule.__class__ is not int or rule < 0:
            return None
        return lambda value: not isinstance(value, kind) or is_met(len(value), rule)

    return build


def _pattern(rule: Any, _: object) -> Check | None:
    if not isinstance(rule, str):
        return None
    try:
        search = compile_pattern(rule).search
    except (re.error, OverflowError, RecursionError):
        return None
    return lambda value: value.__class__ is not str or search(value) is not None


def _required(rule: Any, _: object) -> Check | None:
    if not _is_names(rule):
        return None
    names = frozenset(rule)
    return lambda value: value.__class__ is not dict or names <= value.keys()


def _dependent_required(rule: Any, _: object) -> Check | None:
    if not isinstance(rule, dict) or not all(map(_is_names, rule.values())):
        return None
    needs = [(name, frozenset(needed)) for name, needed in rule.items()]
    return lambda value: (
        value.__class__ is not dict
        or all(name not in value or needed <= value.keys() for name, needed in needs)
    )


def _not(rule: Any, _: object) -> Check | None:
    """The one form in use: names that may not all be there."""
    if not isinstance(rule, dict) or list(rule) != ["required"] or not _is_names(rule["required"]):
        return None
    names = frozenset(rule["required"])
    return lambda value: value.__class__ is dict and not names <= value.keys()


def _all(rule: Any, _: object) -> Check | None:
    checks = [compile_check(inner) for inner in rule] if isinstance(rule, list) and rule else [None]
    known = [check for check in checks if check is not None]
    return _all_of(known) if len(known) == len(checks) else None


def _properties(rule: Any, _: object) -> Check | None:
    if not isinstance(rule, dict):
        return None
    checks: dict[str, Check | None] = {name: compile_check(words) for name, words in rule.items()}

    def holds(value: Any) -> bool:
        if value.__class__ is not dict:
            return True
        for name, inner in value.items():
            if name in checks:
                check = checks[name]
                if check is None or not check(inner):
                    return False
        return True

    return holds


def _additional(rule: Any, schema: Any) -> Check | None:
    declared = schema.get("properties", {})
    if not isinstance(declared, dict):
        return None
    names = declared.keys()
    if rule is False:
        return lambda value: value.__class__ is not dict or value.keys() <= names
    check = compile_check(rule)
    if check is None:
        return None
    return lambda value: (
        value.__class__ is not dict
        or all(name in names or check(inner) for name, inner in value.items())
    )


def _property_names(rule: Any, _: object) -> Check | None:
    check = compile_check(rule)
    if check is None:
        return None
    return lambda value: value.__class__ is not dict or all(map(check, value))


def _items(rule: Any, _: object) -> Check | None:
    check = compile_check(rule)
    if check is None:
        return None
    return lambda value: value.__class__ is not list or all(map(check, value))


def _is_names(rule: object) -> bool:
    return isinstance(rule, list) and all(isinstance(name, str) for name in rule)


_BUILDERS: Mapping[str, Callable[[Any, object], Check | None]] = {
    "type": _type,
    "enum": _enum,
    "minimum": _bound(lambda value, rule: value >= rule),
    "maximum": _bound(lambda value, rule: value <= rule),
    "minLength": _size(str, lambda size, rule: size >= rule),
    "maxLength": _size(str, lambda size, rule: size <= rule),
    "minItems": _size(list, lambda size, rule: size >= rule),
    "maxItems": _size(list, lambda size, rule: size <= rule),
    "minProperties": _size(dict, lambda size, rule: size >= rule),
    "maxProperties": _size(dict, lambda size, rule: size <= rule),
    "pattern": _pattern,
    "required": _required,
    "dependentRequired": _dependent_required,
    "not": _not,
    "allOf": _all,
    "properties": _properties,
    "additionalProperties": _additional,
    "propertyNames": _property_names,
    "items": _items,
}
