"""The canonical layout of a YAML file.

Laid out token by token: the text of every token and of every comment stays as it was written, and only
what stands between them is made anew. A round trip through a YAML dumper was not chosen: ruamel.yaml's
moves comments that stand before a dedent, forgets the gap before them, re-wraps and re-quotes scalars,
and cannot tell `{}` on one line from `{}` on five. What is not between tokens here cannot be lost.

What is made the same: two spaces for each level, also for sequences inside mappings; one space after
`-`, `:` and `,`, none inside brackets; no spaces at the end of a line; LF; one newline at the end.
What stays: the order, line breaks and blank lines, block or flow, quotes, long lines, the gap before a
comment at the end of a line. A comment of its own moves with the level it stood at.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from reconciler.desired.spans import Token, TokenKind, scan_tokens

INDENT = 2

_HEADER = re.compile(r"([|>])([-+]?)([1-9]?)([-+]?)")
_LEVELS = (TokenKind.MAP, TokenKind.SEQUENCE)


def format_text(text: str) -> str:
    """Return `text`, which the strict loader has taken, in the canonical layout.

    The same for a text that has it already. Whoever writes it checks that it still means the same.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _Layout(text).laid_out()


@dataclass(frozen=True, slots=True)
class _Level:
    """A block that is open: the column it was written at, and the one it gets.

    is_hidden: a sequence no deeper than the key that holds it, for which the scanner has no token.
    """

    old: int
    new: int
    is_sequence: bool = False
    is_hidden: bool = False


class _Layout:
    """Goes through the tokens once.

    levels: the open blocks, outermost first. brackets: for each open bracket, the indentation of the
    line it stands in. line: the same for the line being written, while it is inside a bracket.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._out: list[str] = []
        self._levels: list[_Level] = []
        self._left: Sequence[_Level] = ()
        self._brackets: list[int] = []
        self._line = 0
        self._is_key = False

    def laid_out(self) -> str:
        previous: Token | None = None
        for token in scan_tokens(self._text):
            self._enter_or_leave(token)
            if not token.has_text:
                continue
            self._between(previous, token)
            self._write(token)
            previous = token
            self._left = tuple(self._levels)
            self._is_key = False
        self._lines(self._text[previous.end if previous else 0 :], previous, None)
        return self._ended(previous)

    def _ended(self, last: Token | None) -> str:
        whole = "".join(self._out)
        if last and last.is_block_scalar and whole.endswith("\n") and self._keeps_breaks(last):
            return whole
        whole = whole.rstrip("\n")
        return f"{whole}\n" if whole else ""

    def _keeps_breaks(self, scalar: Token) -> bool:
        """Whether the blank lines at the end of the text belong to its last scalar."""
        header = _HEADER.match(self._text, scalar.start)
        is_last = not self._text[scalar.end :].strip()
        return bool(is_last and header and "+" in header[2] + header[4])

    # Levels

    def _enter_or_leave(self, token: Token) -> None:
        if token.kind in _LEVELS:
            self._open(token.column, is_sequence=token.kind is TokenKind.SEQUENCE)
        elif token.kind is TokenKind.END:
            self._close_hidden()
            self._levels.pop()
        elif self._brackets:
            return
        elif token.kind is TokenKind.KEY:
            self._close_hidden()
            self._is_key = True
        elif token.kind is TokenKind.VALUE and self._starts_line(token):
            self._close_hidden()
        elif token.kind is TokenKind.ENTRY and not self._levels[-1].is_sequence:
            self._open(token.column, is_sequence=True, is_hidden=True)

    def _open(self, column: int, *, is_sequence: bool, is_hidden: bool = False) -> None:
        self._levels.append(_Level(column, INDENT * len(self._levels), is_sequence, is_hidden))

    def _close_hidden(self) -> None:
        if self._levels[-1].is_hidden:
            self._levels.pop()

    def _starts_line(self, token: Token) -> bool:
        line_start = self._text.rfind("\n", 0, token.start) + 1
        return not self._text[line_start : token.start].strip()

    # Between two tokens

    def _between(self, previous: Token | None, token: Token) -> None:
        gap = self._text[previous.end if previous else 0 : token.start]
        if previous and not previous.is_block_scalar and "\n" not in gap:
            self._out.append(_separator(previous, token, gap))
            return
        self._lines(gap, previous, token)
        indent = self._indent(token)
        if self._brackets:
            self._line = indent
        self._out.append(" " * indent)

    def _lines(self, gap: str, previous: Token | None, token: Token | None) -> None:
        """Write what ends a line, and the comments and blank lines up to the next token."""
        lines = gap.split("\n")
        if previous and not previous.is_block_scalar:
            self._out.append(_end_of_line(lines.pop(0)))
            if not lines:
                return
            self._out.append("\n")
        if token is not None or not lines[-1].strip():
            lines.pop()  # the next token's indentation, or nothing after the last newline
        if not self._out:
            lines = lines[len(list(takewhile(lambda line: not line.strip(), lines))) :]
        for line in lines:
            self._out.append(f"{self._comment(line, token)}\n")

    def _comment(self, line: str, token: Token | None) -> str:
        """Return a line that holds a comment or nothing."""
        told = line.strip()
        if not told:
            return ""
        if self._brackets:
            return " " * (self._brackets[-1] + INDENT) + told
        return " " * self._comment_indent(len(line) - len(line.lstrip()), token) + told

    def _comment_indent(self, column: int, token: Token | None) -> int:
        """Return the column for a comment of its own: that of the level it stood at.

        One that stands deeper than what follows belongs to the block that ends there.
        """
        here = list(self._levels) if token else [_Level(0, 0)]
        if token and not self._begins_entry(token):
            here.append(_Level(token.column, self._indent(token)))
        following = here[-1].old if here else 0
        if column > following:
            ended = [level for level in self._left if following < level.old <= column]
            if ended:
                return ended[-1].new
        return next((level.new for level in reversed(here) if level.old <= column), 0)

    def _begins_entry(self, token: Token) -> bool:
        return token.kind in (TokenKind.ENTRY, TokenKind.KEY, TokenKind.VALUE) or self._is_key

    def _indent(self, token: Token) -> int:
        """Return the indentation of a line that begins with `token`."""
        if self._brackets:
            return self._brackets[-1] + (0 if token.kind is TokenKind.CLOSE else INDENT)
        if not self._levels or token.kind is TokenKind.DOCUMENT:
            return 0
        return self._levels[-1].new + (0 if self._begins_entry(token) else INDENT)

    # Tokens

    def _write(self, token: Token) -> None:
        if token.kind is TokenKind.OPEN:
            if not self._brackets:
                self._line = self._bracket_indent(token)
            self._brackets.append(self._line)
        elif token.kind is TokenKind.CLOSE:
            self._brackets.pop()
        told = self._text[token.start : token.end]
        if token.is_block_scalar:
            self._out.append(self._block_scalar(token, told))
        elif "\n" in told:
            self._out.append(self._folded(told))
        else:
            self._out.append(told)

    def _bracket_indent(self, token: Token) -> int:
        """Return the indentation that what stands in an outermost bracket is counted from."""
        if not self._levels:
            return 0
        level = self._levels[-1]
        is_inside = level.is_sequence or self._starts_line(token)
        return level.new + (INDENT if is_inside and not self._is_key else 0)

    def _folded(self, told: str) -> str:
        """Return a plain or quoted scalar of several lines, whose indentation means nothing."""
        if self._brackets:
            indent = self._brackets[-1] + INDENT
        else:
            indent = self._levels[-1].new + INDENT if self._levels else INDENT
        first, *rest = told.split("\n")
        lines = [_trimmed(first), *(_trimmed(" " * indent + line.lstrip(" \t")) for line in rest)]
        return "\n".join(lines)

    def _block_scalar(self, token: Token, told: str) -> str:
        """Return a literal or folded scalar, all its lines shifted alike."""
        header, *lines = told.split("\n")
        old, new = self._content_columns(header, lines)
        rest = [" " * new + line[old:] if line[old:] else "" for line in lines]
        if rest and rest[-1]:
            header = _HEADER.sub(r"\1\3-", header, count=1)  # as the text ends, so does its value
        return "\n".join([header.rstrip(), *rest])

    def _content_columns(self, header: str, lines: Sequence[str]) -> tuple[int, int]:
        """Return the column at which the content begins now, and the one it gets."""
        match = _HEADER.match(header)
        level = self._levels[-1] if self._levels else _Level(0, 0)
        if match and match[3]:
            return level.old + int(match[3]), level.new + int(match[3])
        first = next((line for line in lines if line.strip(" ")), "")
        return len(first) - len(first.lstrip(" ")), level.new + INDENT


def _separator(previous: Token, token: Token, gap: str) -> str:
    """Return what stands between two tokens of a line."""
    before, after = previous.kind, token.kind
    if before is TokenKind.VALUE and after in (TokenKind.COMMA, TokenKind.CLOSE):
        return " " if gap else ""  # `{a: }` and `{a:}` are not the same to every reader
    if after is TokenKind.VALUE:
        return " " if before in (TokenKind.ALIAS, TokenKind.ANCHOR) else ""
    if before is TokenKind.OPEN or after in (TokenKind.COMMA, TokenKind.CLOSE):
        return ""
    return " "


def _end_of_line(rest: str) -> str:
    """Return what follows the last token of a line: a comment, with its gap as written, or nothing."""
    comment = rest.strip()
    if not comment:
        return ""
    gap = rest[: len(rest) - len(rest.lstrip())]
    return (" " if "\t" in gap else gap) + comment


def _trimmed(line: str) -> str:
    """Return the line of a scalar without spaces at its end, unless a backslash makes one count."""
    bare = line.rstrip(" \t")
    return line if bare.endswith("\\") else bare
