"""YAML → plain values and their places: strict, and built straight from the C parser's events.

The only user of ruamel.yaml. Its composer is never called: it is what recursion, merge keys, tags
and alias bombs get at.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from reconciler.desired.files import read_text
from reconciler.desired.marks import FilePlaces, ListMarks, MapMarks, Mark, Node, pack, unpack
from reconciler.desired.problems import BROKEN, Problems
from reconciler.desired.scalars import Refused, resolve_plain

MAX_PROBLEMS = 100
"""Per file; a file with more is not one that somebody mends line by line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is read before a file is refused.

    nodes: as written. expanded: with each alias counted as what it stands for.
    """

    size_bytes: int = 8 * 1024 * 1024
    depth: int = 64
    nodes: int = 500_000
    expanded: int = 1_000_000
    expanded_characters: int = 32 * 1024 * 1024


def read_yaml(path: Path, problems: Problems, limits: Limits | None = None) -> Node | None:
    """Return what the one document of the file holds; None with the problems noted."""
    limits = limits or Limits()
    text = read_text(path, limits.size_bytes, problems)
    return None if text is None else parse_yaml(text, str(path), problems, limits)


def parse_yaml(
    text: str, file: str, problems: Problems, limits: Limits | None = None
) -> Node | None:
    """Return what the one document of `text` holds; None with the problems noted.

    A document with problems that do not hinder reading on is returned as well as it goes, so that
    more can be found in one run.
    """
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    builder = _Builder(text, file, problems, limits or Limits())
    try:
        value, mark = builder.read_document()
    except _StoppedError:
        return None
    except MarkedYAMLError as error:
        _note_syntax_error(error, text, file, problems)
        return None
    except YAMLError as error:  # what the C reader refuses by itself; its text holds no values
        problems.add(unpack(file, 0), "Invalid YAML", f"{error}.")
        return None
    return Node("", value, FilePlaces(file, mark, 0))


class _StoppedError(Exception):
    """Reading this file ends here; the problem is noted."""


@dataclass(slots=True)
class _Anchor:
    """What an anchor stands for, and how much of it there is."""

    value: object
    mark: Mark
    nodes: int
    characters: int
    height: int


class _Builder:
    """Reads one document. Scalars are the bulk of it, so their path is kept short."""

    def __init__(self, text: str, file: str, problems: Problems, limits: Limits) -> None:
        from ruamel.yaml import events
        from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined]  # from its C module

        self._events: Any = events
        self._scalar_event = events.ScalarEvent
        self._next: Any = CParser(text).get_event
        self._file = file
        self._problems = problems
        self._may_add = len(problems) + MAX_PROBLEMS
        self._limits = limits
        self._nodes = 0
        self._extra_nodes = 0
        self._extra_characters = 0
        self._height = 0
        self._end = 0
        self._anchors: dict[str, _Anchor | None] = {}
        self._plain: dict[str, object] = {}

    def read_document(self) -> tuple[object, Mark]:
        self._next()  # the start of the stream
        start = self._next()
        if start.__class__ is self._events.StreamEndEvent:
            return None, 0
        result = self._node(self._next(), 1)
        self._next()  # the end of the document
        end = self._next()
        if end.__class__ is not self._events.StreamEndEvent:
            self._stop(
                end,
                "Several documents",
                "A second YAML document begins here; a file holds one.",
                "put it into a file of its own",
            )
        return result

    def _node(self, event: Any, depth: int) -> tuple[object, Mark]:
        kind = event.__class__
        if kind is self._scalar_event:
            return self._scalar(event)
        if kind is self._events.AliasEvent:
            return self._alias(event, depth)
        self._count(event)
        self._height = max(self._height, depth)
        if depth > self._limits.depth:
            self._stop_deep(event)
        if event.ctag is not None:
            self._refuse_tag(event)
        read = self._mapping if kind is self._events.MappingStartEvent else self._sequence
        if event.anchor is not None:
            return self._anchored(event, depth, read)
        return read(event, depth)

    def _scalar(self, event: Any) -> tuple[object, int]:
        self._count(event)
        mark = event.start_mark
        value: object = event.value
        if event.ctag is not None:
            self._refuse_tag(event)
            value = BROKEN
        elif event.implicit[0]:
            value = self._plain_value(event)
        place = pack(mark.line, mark.column)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchor(value, place, 1, len(event.value), 0)
        return value, place

    def _plain_value(self, event: Any) -> object:
        text = event.value
        if text in self._plain:
            return self._plain[text]
        value = resolve_plain(text)
        if isinstance(value, Refused):
            self._add(event, value.summary, value.detail, value.hint)
            return BROKEN
        self._plain[text] = value
        return value

    def _mapping(self, start: Any, depth: int) -> tuple[object, Mark]:
        values: dict[str, object] = {}
        keys: list[int] = []
        marks: list[Mark] = []
        next_event, scalar, end = self._next, self._scalar_event, self._events.MappingEndEvent
        while (event := next_event()).__class__ is not end:
            key = self._key(event, depth)
            inner = next_event()
            value, mark = (
                self._scalar(inner) if inner.__class__ is scalar else self._node(inner, depth + 1)
            )
            if key is None:
                continue
            if key in values:
                self._refuse_duplicate(event, key, keys[list(values).index(key)])
                continue
            values[key] = value
            keys.append(pack(event.start_mark.line, event.start_mark.column))
            marks.append(mark)
        self._end = event.end_mark.index
        place = pack(start.start_mark.line, start.start_mark.column)
        return values, MapMarks(place, tuple(values), tuple(keys), tuple(marks))

    def _sequence(self, start: Any, depth: int) -> tuple[object, Mark]:
        values: list[object] = []
        marks: list[Mark] = []
        while (event := self._next()).__class__ is not self._events.SequenceEndEvent:
            value, mark = self._node(event, depth + 1)
            values.append(value)
            marks.append(mark)
        self._end = event.end_mark.index
        place = pack(start.start_mark.line, start.start_mark.column)
        return values, ListMarks(place, tuple(marks))

    def _count(self, event: Any) -> None:
        self._nodes += 1
        if self._nodes > self._limits.nodes:
            self._stop_large(event, f"{self._limits.nodes} values")

    def _key(self, event: Any, depth: int) -> str | None:
        """Return the key, or None with a problem noted when it is not a string."""
        if event.__class__ is not self._scalar_event:
            self._node(event, depth + 1)
            key: object = None
        else:
            key = self._scalar(event)[0]
        if event.__class__ is self._scalar_event and event.implicit[0] and key == "<<":
            self._add(event, "Merge key", "<< is not supported.", "write the keys out")
            return None
        if isinstance(key, str):
            return key
        if key is BROKEN:
            return None
        self._add(event, "Key is not a string", "Keys must be strings.", "quote it")
        return None

    # Anchors and aliases

    def _anchored(self, start: Any, depth: int, read: Any) -> tuple[object, Mark]:
        outer_height, self._height = self._height, depth
        nodes, characters = self._nodes + self._extra_nodes, self._extra_characters
        self._anchors[start.anchor] = None  # open: an alias from inside would be recursive
        value, mark = read(start, depth)
        self._anchors[start.anchor] = _Anchor(
            value,
            mark,
            nodes=self._nodes + self._extra_nodes - nodes + 1,
            characters=self._extra_characters - characters + self._end - start.start_mark.index,
            height=self._height - depth + 1,
        )
        self._height = max(outer_height, self._height)
        return value, mark

    def _alias(self, event: Any, depth: int) -> tuple[object, Mark]:
        anchor = self._anchors.get(event.anchor)
        if anchor is None:
            self._stop_unknown_alias(event)
        self._extra_nodes += anchor.nodes
        self._extra_characters += anchor.characters
        self._height = max(self._height, depth + anchor.height - 1)
        if self._height > self._limits.depth:
            self._stop_deep(event)
        if self._nodes + self._extra_nodes > self._limits.expanded:
            self._stop_large(event, f"{self._limits.expanded} values, aliases included")
        if self._extra_characters > self._limits.expanded_characters:
            self._stop_large(event, f"{self._limits.expanded_characters} characters of aliases")
        if isinstance(anchor.mark, int):
            return anchor.value, pack(event.start_mark.line, event.start_mark.column)
        return anchor.value, anchor.mark

    # Problems

    def _add(self, event: Any, summary: str, detail: str, hint: str) -> None:
        mark = event.start_mark
        place = unpack(self._file, pack(mark.line, mark.column))
        self._problems.add(place, summary, detail, hint)
        if len(self._problems) >= self._may_add:
            raise _StoppedError

    def _stop(self, event: Any, summary: str, detail: str, hint: str = "") -> NoReturn:
        self._add(event, summary, detail, hint)
        raise _StoppedError

    def _stop_deep(self, event: Any) -> NoReturn:
        self._stop(event, "Nested too deep", f"Nested deeper than {self._limits.depth}.")

    def _stop_large(self, event: Any, what: str) -> NoReturn:
        self._stop(
            event, "Too much in one file", f"More than {what}.", "split it into several files"
        )

    def _stop_unknown_alias(self, event: Any) -> NoReturn:
        name = event.anchor
        if name in self._anchors:
            self._stop(event, "Recursive alias", f"*{name} stands inside &{name} itself.")
        self._stop(event, "Unknown alias", f"No &{name} stands before *{name}.")

    def _refuse_tag(self, event: Any) -> None:
        self._add(event, "Tag", "YAML tags (!…) are not supported.", "remove it")

    def _refuse_duplicate(self, event: Any, key: str, first: int) -> None:
        line = unpack(self._file, first).line
        self._add(
            event,
            "Duplicate key",
            f"'{key}' stands here and in line {line}.",
            "remove or rename one",
        )


def _note_syntax_error(error: Any, text: str, file: str, problems: Problems) -> None:
    """Note what the parser could not read; its texts hold no values."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.split("\n")
    place = unpack(file, pack(line, column))
    here = lines[line] if line < len(lines) else ""
    if here[column : column + 1] == "\t":
        problems.add(
            place, "Tab", "YAML does not take a tab here.", "indent with spaces instead of tabs"
        )
        return
    first = error.context_mark.line if error.context_mark else line
    around = lines[first : line + 1]
    problem = str(error.problem)
    detail = problem[:1].upper() + problem[1:] + (f" {error.context}" if error.context else "")
    problems.add(place, "Invalid YAML", f"{detail}.", _syntax_hint(problem, here[column:], around))


def _syntax_hint(problem: str, rest: str, around: list[str]) -> str:
    if any("${" in line for line in around):
        return 'quote the expression, since YAML reads : ? # { } itself: "${…}"'
    if rest[:1] in ("@", "`", "%"):
        return f"quote the value: it begins with {rest[0]}"
    if problem == "found unexpected ':'":
        return "quote the value: it holds ':'"
    if "mapping values" in problem:
        return "quote the value if it holds ': '; else look at the indentation"
    return ""
