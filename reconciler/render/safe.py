"""Text from outside, made safe and short enough to print."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from unicodedata import category

from reconciler.model.values import MASK, Secret, Unknown

LIMIT = 60
"""How many characters of a value are shown where nobody asked for all of them."""

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_DEEPEST = 20

_BARE = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./:@+*%=~-]*")
_WORDS = frozenset({"true", "false", "null"})

NO_STEPS: Mapping[str, int] = MappingProxyType({})


def terminal(text: str) -> str:
    r"""Return `text` with whatever could steer a terminal or fool an eye as `\x1b`, `\u202e`, `\n`."""
    if text.isprintable():
        return text
    return "".join(_escaped(char) if category(char) in _UNSAFE else char for char in text)


def _escaped(char: str) -> str:
    code = ord(char)
    if char in _NAMED:
        return _NAMED[char]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def json_safe(text: str) -> str:
    """Return one line of JSON with every character that `terminal` would escape as a JSON escape.

    Such characters can stand inside strings only, so the JSON means the same.
    """
    if text.isprintable():
        return text
    return "".join(_json_escaped(char) if category(char) in _UNSAFE else char for char in text)


def _json_escaped(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def value(item: object, *, limit: int | None = LIMIT, steps: Mapping[str, int] = NO_STEPS) -> str:
    """Return a value as people read it, safe for a terminal.

    limit: about how many characters may be shown; None shows all.
    steps: step number by address, for what is known only after a step.
    """
    if type(item) is str:
        return _string(item, limit)
    if item is None:
        return "(unset)"
    return _value(item, limit, steps, 0)


def _value(item: object, limit: int | None, steps: Mapping[str, int], depth: int) -> str:
    match item:
        case None:
            return "null"
        case bool():
            return "true" if item else "false"
        case int() | float():
            return str(item)
        case str():
            return _string(item, limit)
        case Secret():
            return MASK
        case Unknown():
            return _unknown(item, steps)
        case _ if depth >= _DEEPEST:
            return "…"
        case Mapping():
            pairs = (
                f"{_string(str(key), limit)}: {_value(inner, limit, steps, depth + 1)}"
                for key, inner in item.items()
            )
            return "{" + _joined(pairs, len(item), limit) + "}"
        case list() | tuple():
            items = (_value(inner, limit, steps, depth + 1) for inner in item)
            return "[" + _joined(items, len(item), limit) + "]"
        case _:
            return f"({type(item).__name__})"


def _joined(parts: Iterable[str], count: int, limit: int | None) -> str:
    """Join as many parts as `limit` allows and say how many were left out."""
    shown: list[str] = []
    used = 0
    for part in parts:
        used += len(part) + 2
        if limit is not None and shown and used > limit:
            shown.append(f"… {count - len(shown):,} more")
            break
        shown.append(part)
    return ", ".join(shown)


def _unknown(item: Unknown, steps: Mapping[str, int]) -> str:
    secret = f"{MASK} " if item.sensitive else ""
    address = terminal(item.address)
    step = steps.get(item.address)
    if step is None:
        return f"{secret}known after {address}.{terminal(item.attribute)}"
    return f"{secret}known after step {step} ({address})"


def _string(text: str, limit: int | None) -> str:
    if limit is not None and len(text) > limit:
        return f'{_quoted(text[: limit // 2])[:-1]}…" ({len(text):,} characters)'
    if _BARE.fullmatch(text) and text not in _WORDS and not _is_number(text):
        return text
    return _quoted(text)


def _is_number(text: str) -> bool:
    if text[0] not in "0123456789.":
        return False
    try:
        float(text)
    except ValueError:
        return False
    return True


def _quoted(text: str) -> str:
    return '"' + terminal(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def pair(
    before: object, after: object, *, limit: int | None = LIMIT, steps: Mapping[str, int] = NO_STEPS
) -> tuple[str, str]:
    """Return two differing values as two texts that differ, however much of them is left out."""
    texts = (value(before, limit=limit, steps=steps), value(after, limit=limit, steps=steps))
    if limit is None or (texts[0] != texts[1] and "…" not in texts[0] + texts[1]):
        return texts
    if isinstance(before, str) and isinstance(after, str):
        return _strings_apart(before, after, limit)
    if isinstance(before, list) and isinstance(after, list):
        return _lists_apart(before, after, limit, steps)
    if isinstance(before, dict) and isinstance(after, dict):
        return _mappings_apart(before, after, limit, steps)
    return texts if texts[0] != texts[1] else (texts[0], f"{texts[1]} (differs further in)")


def _mappings_apart(
    before: dict[str, object], after: dict[str, object], limit: int, steps: Mapping[str, int]
) -> tuple[str, str]:
    """Show two large mappings by the keys under which they differ."""
    left = {key: value(item, limit=None, steps=steps) for key, item in before.items()}
    right = {key: value(item, limit=None, steps=steps) for key, item in after.items()}
    keys = dict.fromkeys([*before, *after])
    apart = [key for key in keys if left.get(key) != right.get(key)]
    size = f" (of {len(keys):,} keys)" if apart else " (differs further in)"
    shown = [
        value({key: side[key] for key in apart if key in side}, limit=limit * 2, steps=steps)
        for side in (before, after)
    ]
    return shown[0], f"{shown[1]}{size}"


def _strings_apart(before: str, after: str, limit: int) -> tuple[str, str]:
    """Show both strings from shortly before the first character in which they differ."""
    same = 0
    for left, right in zip(before, after, strict=False):
        if left != right:
            break
        same += 1
    start = max(0, same - 8)
    return _excerpt(before, start, limit), _excerpt(after, start, limit)


def _excerpt(text: str, start: int, limit: int) -> str:
    cut = text[start : start + limit // 2]
    head = "…" if start else ""
    tail = "…" if start + len(cut) < len(text) else ""
    size = f" ({len(text):,} characters)" if tail else ""
    return f'"{head}{_quoted(cut)[1:-1]}{tail}"{size}'


def _lists_apart(
    before: list[object], after: list[object], limit: int, steps: Mapping[str, int]
) -> tuple[str, str]:
    """Show two long lists by what only one of them holds."""
    left = [_value(item, None, steps, 0) for item in before]
    right = [_value(item, None, steps, 0) for item in after]
    lost = list((Counter(left) - Counter(right)).elements())
    new = list((Counter(right) - Counter(left)).elements())
    parts = [f"without {_joined(lost, len(lost), limit)}"] if lost else []
    parts += [f"with {_joined(new, len(new), limit)}"] if new else []
    told = ", ".join(parts) or "in another order"
    return f"{len(before):,} items", f"{len(after):,} items, {told}"
