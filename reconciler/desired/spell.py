"""Values written as YAML that the strict loader reads as the same values."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal

from reconciler.desired.scalars import resolve_plain
from reconciler.desired.spans import Style

_PLAIN = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./@%+=-]*(?: [A-Za-z0-9_./@%+=-]+)*")
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def spell(value: object, style: Style = Style.PLAIN, *, is_json: bool = False) -> str:
    """Return a value on one line; a string in the quotes of `style` where they can hold it.

    is_json: whether all strings get double quotes, for files that are written as JSON.
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return format(Decimal(repr(value)), "f") if "e" in repr(value) else repr(value)
        case str():
            return _spell_text(value, Style.DOUBLE if is_json else style)
        case Mapping():
            pairs = (
                f"{spell_key(str(key), is_json=is_json)}: {spell(inner, is_json=is_json)}"
                for key, inner in value.items()
            )
            return "{" + ", ".join(pairs) + "}"
        case list() | tuple():
            return "[" + ", ".join(spell(inner, is_json=is_json) for inner in value) + "]"
    raise TypeError(f"{type(value).__name__} is no JSON value")


def spell_key(key: str, *, is_json: bool) -> str:
    """Return the key of a mapping."""
    return _spell_text(key, Style.DOUBLE if is_json else Style.PLAIN)


def _spell_text(text: str, style: Style) -> str:
    if style is Style.SINGLE and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    if style is not Style.DOUBLE and _PLAIN.fullmatch(text) and resolve_plain(text) is text:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)
