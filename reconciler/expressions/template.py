"""Texts with expressions in them: read once, evaluated when their references are known."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeAlias

from reconciler.expressions.errors import ExpressionError
from reconciler.expressions.reference import Indexed, Reference, parse_expression
from reconciler.expressions.scan import OPENING, escape, scan
from reconciler.model.values import MASK, Secret, Unknown

Part: TypeAlias = str | Secret | Reference | Indexed


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
        found: list[Reference] = []
        for part in self.parts:
            if isinstance(part, Reference):
                found.append(part)
            elif isinstance(part, Indexed):
                found += part.references
        return tuple(found)

    @property
    def has_secret(self) -> bool:
        return any(isinstance(part, Secret) for part in self.parts)

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


def _value_of(part: Part, lookup: Lookup) -> object:
    if isinstance(part, Indexed):
        return lookup(part.resolve(lookup))
    return lookup(part) if isinstance(part, Reference) else part


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
