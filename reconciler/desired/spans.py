"""Where things stand in the text of a YAML file: its tokens for laying it out, its values for editing.

For texts that the strict loader has taken: nothing is checked here. Places are indexes into the text,
which may have any line endings. Uses ruamel.yaml's C parser, as the loader does, so that both agree on
what is a comment and what is part of a value.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any


class TokenKind(Enum):
    """What a token is; those in the first group have no text of their own, but for `?`."""

    MAP = auto()
    SEQUENCE = auto()
    END = auto()
    KEY = auto()

    ENTRY = auto()
    VALUE = auto()
    COMMA = auto()
    OPEN = auto()
    CLOSE = auto()
    SCALAR = auto()
    ALIAS = auto()
    ANCHOR = auto()
    DOCUMENT = auto()
    """`---`, `...` or a directive."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token. column: of its start, from 0. style: of a scalar: "", `'`, `"`, `|` or `>`."""

    kind: TokenKind
    start: int
    end: int
    column: int
    style: str = ""

    @property
    def has_text(self) -> bool:
        return self.end > self.start

    @property
    def is_block_scalar(self) -> bool:
        return self.style in ("|", ">")


_KINDS = {
    "BlockMappingStartToken": TokenKind.MAP,
    "BlockSequenceStartToken": TokenKind.SEQUENCE,
    "BlockEndToken": TokenKind.END,
    "KeyToken": TokenKind.KEY,
    "BlockEntryToken": TokenKind.ENTRY,
    "ValueToken": TokenKind.VALUE,
    "FlowEntryToken": TokenKind.COMMA,
    "FlowSequenceStartToken": TokenKind.OPEN,
    "FlowMappingStartToken": TokenKind.OPEN,
    "FlowSequenceEndToken": TokenKind.CLOSE,
    "FlowMappingEndToken": TokenKind.CLOSE,
    "ScalarToken": TokenKind.SCALAR,
    "AliasToken": TokenKind.ALIAS,
    "AnchorToken": TokenKind.ANCHOR,
    "DocumentStartToken": TokenKind.DOCUMENT,
    "DocumentEndToken": TokenKind.DOCUMENT,
    "DirectiveToken": TokenKind.DOCUMENT,
}


def scan_tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of `text` in their order."""
    from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined]  # from its C module

    next_token: Any = CParser(text).get_token
    while (token := next_token()) is not None:
        kind = _KINDS.get(type(token).__name__)
        if kind is None:  # the start and the end of the stream
            continue
        style = (token.style or "") if kind is TokenKind.SCALAR else ""
        start = token.start_mark
        yield Token(kind, start.index, token.end_mark.index, start.column, style)


class Style(Enum):
    """How a value is written."""

    PLAIN = ""
    SINGLE = "'"
    DOUBLE = '"'
    LITERAL = "|"
    FOLDED = ">"
    ALIAS = "*"
    FLOW = "{"
    BLOCK = "-"


@dataclass(frozen=True, slots=True)
class Span:
    """A value's text, without what follows it: comments, blank lines.

    keys: of a mapping; values: of a mapping or a sequence. A value that is left out has no length and
    stands where it would begin.
    """

    start: int
    end: int
    style: Style
    has_anchor: bool = False
    is_map: bool = False
    keys: tuple["Span", ...] = ()
    values: tuple["Span", ...] = ()


def read_spans(text: str) -> Span:
    """Return the span of the document's one value."""
    from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined]  # from its C module

    next_event: Any = CParser(text).get_event
    next_event()  # the start of the stream
    next_event()  # the start of the document
    return _span(next_event(), next_event, text)


def _span(event: Any, next_event: Any, text: str) -> Span:
    start, end = event.start_mark.index, event.end_mark.index
    match type(event).__name__:
        case "AliasEvent":
            return Span(start, end, Style.ALIAS)
        case "ScalarEvent":
            end = start + len(text[start:end].rstrip("\r\n")) if event.style in ("|", ">") else end
            return Span(start, end, Style(event.style or ""), has_anchor=event.anchor is not None)
        case name:
            return _collection(event, next_event, text, is_map=name == "MappingStartEvent")


def _collection(start: Any, next_event: Any, text: str, *, is_map: bool) -> Span:
    inner = []
    while not type(event := next_event()).__name__.endswith("EndEvent"):
        inner.append(_span(event, next_event, text))
    keys, values = (inner[::2], inner[1::2]) if is_map else ([], inner)
    # The mark of a block's end stands after the comments and blank lines that follow it.
    end = event.end_mark.index if start.flow_style or not inner else inner[-1].end
    return Span(
        start.start_mark.index,
        end,
        Style.FLOW if start.flow_style else Style.BLOCK,
        has_anchor=start.anchor is not None,
        is_map=is_map,
        keys=tuple(keys),
        values=tuple(values),
    )
