"""Texts with expressions in them: read once, evaluated when their references are known."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeAlias

from reconciler.expressions.computed import (
    CelExpression,
    Given,
    compute,
    contains,
    parse_expression,
    unknowns,
)
from reconciler.expressions.errors import ExpressionError
from reconciler.expressions.reference import Indexed, Reference
from reconciler.expressions.scan import OPENING, escape, scan
from reconciler.model.location import Path
from reconciler.model.values import MASK, Secret, Unknown

Part: TypeAlias = str | Secret | Reference | Indexed | CelExpression


@dataclass(frozen=True, slots=True)
class Template:
    """A string with references in it.

    parts: at least one expression among them. A Secret stands where one was put in already.
    """

    parts: tuple[Part, ...]

    @property
    def is_single(self) -> bool:
        """Whether it is one expression and nothing else, so that the value keeps its type."""
        return len(self.parts) == 1

    @property
    def references(self) -> tuple[Reference, ...]:
        """Return what it refers to; of a path with indexes, what must be known to read it."""
        return tuple(reference for part in self.parts for reference in _references(part))

    @property
    def reference(self) -> Reference | None:
        """Return the reference when it is one plain path and nothing else; its type is known."""
        if self.is_single and isinstance(self.parts[0], Reference):
            return self.parts[0]
        return None

    def at(self, path: Path) -> "Template | None":
        """Return the expression for what lies at `path` inside this one's value.

        None for a text around expressions, and for a path whose indexes are not known.
        """
        if self.is_single and isinstance(self.parts[0], Reference | CelExpression):
            return Template((self.parts[0].extended(path),))
        return None

    @property
    def has_secret(self) -> bool:
        """Whether a secret was put in already."""
        return any(_holds_secret(part) for part in self.parts)

    def __str__(self) -> str:
        return "".join(_spell(part) for part in self.parts)


Lookup: TypeAlias = Callable[[Reference], object]
"""Returns the value a reference stands for: JSON, Secret, Unknown, or a Template that stays."""


@lru_cache(maxsize=8192)
def parse_template(text: str) -> str | Template:
    """Return the Template that `text` is, or the literal string when it holds no expression.

    Raises ExpressionError.
    """
    if OPENING not in text:
        return text
    parts: list[Part] = []
    for is_expression, content in scan(text):
        if is_expression:
            parts.append(parse_expression(content))
        elif parts and isinstance(parts[-1], str):
            parts[-1] += content
        else:
            parts.append(content)
    if not all(isinstance(part, str) for part in parts):
        return Template(tuple(parts))
    return "".join(map(str, parts))


def evaluate(value: object, lookup: Lookup) -> object:
    """Return `value` with what `lookup` knows put in place of each reference.

    Strings are taken as they are: only Templates are evaluated, so that text which came from
    somewhere else is never read as an expression. A text with a Secret in it is a Secret; with an
    Unknown in it, an Unknown that carries the whole Template; with a Template in it, a Template of
    what is left. Raises ExpressionError, and whatever `lookup` raises.
    """
    if isinstance(value, Template):
        if value.is_single:
            return _evaluate_single(value, lookup)
        return _interpolate(value, lookup)
    if isinstance(value, dict):
        return {key: evaluate(item, lookup) for key, item in value.items()}
    if isinstance(value, list):
        return [evaluate(item, lookup) for item in value]
    return value


def references(value: object) -> Iterator[Reference]:
    """Yield every reference in `value`, at any depth, in order."""
    if isinstance(value, Template):
        yield from value.references
    elif isinstance(value, dict):
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def _evaluate_single(template: Template, lookup: Lookup) -> object:
    value = _value_of(template.parts[0], lookup)
    if isinstance(value, Unknown):
        return replace(value, expression=template)
    return value


def _references(part: Part) -> Iterator[Reference]:
    if isinstance(part, Reference):
        yield part
    elif isinstance(part, Indexed):
        yield from part.references
    elif isinstance(part, CelExpression):
        known = part.known_values()
        for need in part.outermost if known else part.needs:
            yield from references(known[need]) if need in known else _references(need)


def _value_of(part: Part, lookup: Lookup) -> object:
    if isinstance(part, Indexed):
        return lookup(part.resolve(lookup))
    if isinstance(part, CelExpression):
        return _computed(part, lookup)
    return lookup(part) if isinstance(part, Reference) else part


def _computed(expression: CelExpression, lookup: Lookup) -> object:
    """Return the expression's value, or what is left of it: a Template, or an Unknown."""
    given = _given(expression, lookup)
    if not given.late:
        return compute(expression, given)
    if not expression.tests_presence:
        try:
            return compute(expression, given)
        except ExpressionError:
            if given.missing:
                raise
    elif given.missing:
        raise given.missing[0]
    late = list(unknowns(list(given.late.values())))
    if late:
        sensitive = any(one.sensitive for one in late) or contains(
            list(given.values.values()), _is_secret
        )
        return replace(late[0], sensitive=sensitive)
    known = {**given.values, **given.late}
    return Template((replace(expression, needs=tuple(known), known=tuple(known.items())),))


def _given(expression: CelExpression, lookup: Lookup) -> Given:
    given, known = Given(), expression.known_values()
    for need in expression.outermost:
        try:
            reference = need.resolve(lookup) if isinstance(need, Indexed) else need
            value = evaluate(known[need], lookup) if need in known else lookup(reference)
        except ExpressionError as error:
            given.missing.append(error)
            continue
        side = given.late if contains(value, _is_late) else given.values
        side[reference] = value
    return given


def _is_late(value: object) -> bool:
    return isinstance(value, Template | Unknown)


def _is_secret(value: object) -> bool:
    return isinstance(value, Secret) or (isinstance(value, Template) and value.has_secret)


def _holds_secret(part: Part) -> bool:
    if isinstance(part, CelExpression):
        return any(contains(value, _is_secret) for _, value in part.known)
    return isinstance(part, Secret)


def _interpolate(template: Template, lookup: Lookup) -> object:
    parts: list[Part] = []
    unknown: Unknown | None = None
    sensitive = False
    for part in template.parts:
        value = _value_of(part, lookup)
        if isinstance(value, Unknown):
            unknown = unknown or value
            sensitive = sensitive or value.sensitive
        elif isinstance(value, Template):
            parts.extend(value.parts)
        elif isinstance(value, Secret):
            parts.append(value)
        else:
            parts.append(_text_of(value, part))
    sensitive = sensitive or any(isinstance(part, Secret) for part in parts)
    if unknown:
        return replace(unknown, expression=template, sensitive=sensitive)
    return _joined(parts)


def _joined(parts: list[Part]) -> str | Secret | Template:
    """Return the parts as one value, with neighbouring texts put together."""
    merged: list[Part] = []
    for part in parts:
        last = merged[-1] if merged else None
        if isinstance(part, str | Secret) and isinstance(last, str | Secret):
            merged[-1] = _concatenated(last, part)
        else:
            merged.append(part)
    if not merged:
        return ""
    if len(merged) == 1 and isinstance(merged[0], str | Secret):
        return merged[0]
    return Template(tuple(merged))


def _concatenated(left: str | Secret, right: str | Secret) -> str | Secret:
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    return Secret("".join(p.reveal() if isinstance(p, Secret) else p for p in (left, right)))


def _text_of(value: object, part: object) -> str:
    """Return the text of a scalar inside a longer text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    what = {type(None): "null", dict: "a map", list: "a list"}.get(type(value), "not a scalar")
    raise ExpressionError(
        "Not a text",
        f"{part} is {what}; inside a longer text only a string, a number or a boolean can stand.",
        "let the expression be the whole value" if value is not None else "",
    )


def _spell(part: Part) -> str:
    if isinstance(part, str):
        return escape(part)
    return MASK if isinstance(part, Secret) else f"${{{part}}}"
