"""Single values changed in the text of a YAML file: every other byte stays as it is.

Made for one-line diffs. A mapping is changed key by key and a block list item by item, so that comments
beside what stays do stay; what is new is written on one line. Each edit is read again by the strict
loader and given out only when it says what it should and nothing else.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from reconciler.desired.load import parse_yaml
from reconciler.desired.problems import Problems
from reconciler.desired.spans import Span, Style, read_spans
from reconciler.desired.spell import spell, spell_key
from reconciler.model.location import Path


class EditError(Exception):
    """The text cannot be edited there without touching anything else; `why` is a sentence for people."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def set_value(text: str, path: Path, value: object, *, last: Sequence[str] = ()) -> str:
    """Return `text` with `value` at `path`, which is added when it is not there. Raises EditError.

    path: keys from the top of the file. value: JSON. last: keys that a new one is put in front of.
    """
    document = _Document.read(text)
    edited = _set(document, path, value, last)
    return _checked(edited, _with(document.value, path, value))


def remove_value(text: str, path: Path, *, keep: int = 1) -> str:
    """Return `text` without the line of the key at `path`. Raises EditError.

    A mapping that would be left empty goes with it, down to those of `keep` keys from the top.
    """
    document = _Document.read(text)
    while len(path) - 1 > keep and len(_mapping(document.at(path[:-1])[1])) == 1:
        path = path[:-1]
    return _checked(_remove(document, path), _without(document.value, path))


@dataclass(frozen=True, slots=True)
class _Document:
    """A text with what it says and where."""

    text: str
    value: object
    span: Span

    @classmethod
    def read(cls, text: str) -> "_Document":
        problems = Problems()
        node = parse_yaml(text, "", problems)
        if node is None or len(problems):
            raise EditError("It is not a file that can be read.")
        return cls(text, node.value, read_spans(text))

    def at(self, path: Path) -> tuple[Span, object]:
        """Return the span and the value at `path`; raise KeyError when there is nothing."""
        span, value = self.span, self.value
        for part in path:
            if not isinstance(value, dict) or part not in value:
                raise KeyError(part)
            if span.style is Style.ALIAS:
                raise EditError("It stands in another place, which an alias (*…) shares.")
            span, value = span.values[list(value).index(part)], value[part]
        return span, value

    def has(self, path: Path) -> bool:
        try:
            self.at(path)
        except KeyError:
            return False
        return True

    @property
    def newline(self) -> str:
        return "\r\n" if "\r\n" in self.text else "\n"

    def with_text(self, start: int, end: int, new: str) -> str:
        return self.text[:start] + new + self.text[end:]

    def line_start(self, index: int) -> int:
        return self.text.rfind("\n", 0, index) + 1

    def line_end(self, index: int) -> int:
        """Return where the next line begins, or the end of the text."""
        return self.text.find("\n", index) + 1 or len(self.text)

    def indentation(self, index: int) -> str:
        """Return what stands before `index` in its line, which must be spaces."""
        before = self.text[self.line_start(index) : index]
        if before.strip(" "):
            raise EditError("It does not begin a line of its own.")
        return before

    def with_line(self, at: int, line: str) -> str:
        """Return the text with a line put in at the beginning of a line, or at the end of the text."""
        opened = "" if at == 0 or self.text[at - 1] == "\n" else self.newline
        closed = self.newline if not opened else ""
        return self.with_text(at, at, f"{opened}{line}{closed}")


def _set(document: _Document, path: Path, value: object, last: Sequence[str]) -> str:
    if not document.has(path):
        depth = next(n for n in range(len(path) - 1, -1, -1) if document.has(path[:n]))
        for key in reversed(path[depth + 1 :]):
            value = {key: value}
        return _add(document, path[:depth], str(path[depth]), value, last)
    span, old = document.at(path)
    if _same(old, value):
        return document.text
    if isinstance(old, dict) and isinstance(value, dict) and old and value:
        return _set_keys(document, path, old, value)
    if isinstance(old, list) and isinstance(value, list) and span.style is Style.BLOCK and value:
        try:
            return _set_items(document, path, old, value)
        except EditError:
            pass
    return _replace(document, path, value)


def _set_keys(
    document: _Document, path: Path, old: Mapping[str, object], new: Mapping[str, object]
) -> str:
    text = document.text
    for key, value in new.items():
        text = _set(_Document.read(text), (*path, key), value, ())
    for key in old:
        if key not in new:
            text = _remove(_Document.read(text), (*path, key))
    return text


def _replace(document: _Document, path: Path, value: object) -> str:
    span, _ = document.at(path)
    if span.has_anchor:
        raise EditError("It has an anchor (&…), which other places may share.")
    told = spell(value, span.style, is_json=_is_json(document, path))
    if span.style is Style.BLOCK:
        key = _key_span(document, path)
        colon = document.text.index(":", key.end) + 1
        beside = document.text[colon : document.line_end(colon)].rstrip("\r\n")
        comment = beside.rstrip() if beside.strip().startswith("#") else ""
        return document.with_text(colon, span.end, f" {told}{comment}")
    gap = " " if span.start == span.end and document.text[span.start - 1] == ":" else ""
    return document.with_text(span.start, span.end, gap + told)


def _add(document: _Document, path: Path, key: str, value: object, last: Sequence[str] = ()) -> str:
    """Return the text with a new key in the mapping at `path`."""
    span, around = document.at(path)
    if around is None:
        return _replace(document, path, {key: value})
    if not span.is_map:
        raise EditError("What should hold it is no mapping.")
    if not span.keys:
        return document.with_text(span.start, span.end, spell({key: value}))
    is_json = document.text[span.keys[0].start] == '"'
    line = f"{spell_key(key, is_json=is_json)}: {spell(value, is_json=is_json)}"
    if span.style is Style.FLOW:
        return _add_in_flow(document, span, line)
    names = list(_mapping(around))
    before = [at for at, name in enumerate(names) if name not in last] or [len(names) - 1]
    indentation = document.indentation(span.keys[before[-1]].start)
    end = max(span.values[before[-1]].end, span.keys[before[-1]].end)
    return document.with_line(document.line_end(end), indentation + line)


def _add_in_flow(document: _Document, span: Span, line: str) -> str:
    key, value = span.keys[-1], span.values[-1]
    before = document.text[document.line_start(key.start) : key.start]
    gap = document.newline + before if not before.strip() else " "
    return document.with_text(value.end, value.end, f",{gap}{line}")


def _remove(document: _Document, path: Path) -> str:
    around, names = document.at(path[:-1])
    at = list(_mapping(names)).index(str(path[-1]))
    key, value = around.keys[at], around.values[at]
    end = max(value.end, key.end)
    if around.style is Style.BLOCK:
        document.indentation(key.start)
        return document.with_text(document.line_start(key.start), document.line_end(end), "")
    if at:
        return document.with_text(around.values[at - 1].end, end, "")
    if len(around.keys) > 1:
        return document.with_text(key.start, around.keys[1].start, "")
    return document.with_text(around.start, around.end, "{}")


# Lists


def _set_items(
    document: _Document, path: Path, old: Sequence[object], new: Sequence[object]
) -> str:
    """Return the text with the items of a block list changed line by line."""
    text = document.text
    for first, gone, items in _item_changes(old, new):
        for item in reversed(items):
            text = _insert_item(_Document.read(text), path, first + gone, item)
        for at in reversed(range(first, first + gone)):
            text = _remove_item(_Document.read(text), path, at)
    return text


def _item_changes(
    old: Sequence[object], new: Sequence[object]
) -> Iterator[tuple[int, int, Sequence[object]]]:
    """Yield what to change from the last place to the first: where, how many go, what comes."""
    left, right = ([json.dumps(item, sort_keys=True) for item in side] for side in (old, new))
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    for tag, first, end, new_first, new_end in reversed(matcher.get_opcodes()):
        if tag != "equal":
            yield first, end - first, new[new_first:new_end]


def _insert_item(document: _Document, path: Path, at: int, item: object) -> str:
    span, _ = document.at(path)
    indentation = document.indentation(_dash(document, span, 0))
    if at:
        place = document.line_end(span.values[at - 1].end)
    else:
        place = document.line_start(_dash(document, span, 0))
    return document.with_line(place, f"{indentation}- {spell(item)}")


def _remove_item(document: _Document, path: Path, at: int) -> str:
    span, _ = document.at(path)
    dash = _dash(document, span, at)
    document.indentation(dash)
    end = document.line_end(max(span.values[at].end, dash))
    return document.with_text(document.line_start(dash), end, "")


def _dash(document: _Document, span: Span, at: int) -> int:
    item = span.values[at]
    dash = document.text.rfind("-", 0, item.start)
    if dash < 0 or document.text[dash + 1 : item.start].strip():
        raise EditError("The item does not follow its dash.")
    return dash


def _is_json(document: _Document, path: Path) -> bool:
    """Whether the key at `path` is written as in JSON, so that strings beside it should be."""
    key = _key_span(document, path)
    return document.text[key.start] == '"' and document.at(path[:-1])[0].style is Style.FLOW


def _key_span(document: _Document, path: Path) -> Span:
    around, names = document.at(path[:-1])
    return around.keys[list(_mapping(names)).index(str(path[-1]))]


# What must come of it


def _checked(text: str, expected: object) -> str:
    if not _same(_Document.read(text).value, expected):
        raise EditError("Another place would change with it (an anchor or an alias).")
    return text


def _same(one: object, other: object) -> bool:
    """Whether two JSON values are the same, with 1, 1.0 and true apart."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _with(around: object, path: Path, value: object) -> object:
    if not path:
        return value
    held, name = _mapping(around), str(path[0])
    return {**held, name: _with(held.get(name), path[1:], value)}


def _without(around: object, path: Path) -> object:
    held, name = _mapping(around), str(path[0])
    if len(path) > 1:
        return {**held, name: _without(held[name], path[1:])}
    return {key: value for key, value in held.items() if key != name}


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
