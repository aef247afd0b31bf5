"""Where in a JSON text a value stands, for messages; run only when there is something to say."""

import json
import re
from json.decoder import scanstring  # type: ignore[attr-defined]  # not in the stubs, but as old as json

from reconciler.model.location import Path

_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()


def line_and_column(text: str, path: Path) -> tuple[int, int]:
    """Return the place of the key or item at `path`, or of the nearest value around it."""
    start = _offset(text, path)
    return text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)


def _offset(text: str, path: Path) -> int:
    mark = value = _skip(text, 0)
    for part in path:
        found = _children(text, value).get(part)
        if found is None:
            return mark
        mark, value = found
    return mark


def _children(text: str, start: int) -> dict[str | int, tuple[int, int]]:
    """Return, for the value at `start`, each key or index with (where it is named, where its value is)."""
    if text[start] not in "{[":
        return {}
    found: dict[str | int, tuple[int, int]] = {}
    at = _skip(text, start + 1)
    while text[at] not in "}]":
        named = at
        key: str | int = len(found)
        if text[start] == "{":
            key, at = scanstring(text, at + 1)
            at = _skip(text, _skip(text, at) + 1)
        found[key] = (named, at)
        _, at = _DECODER.raw_decode(text, at)
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return found


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
