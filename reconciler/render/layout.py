"""Lines of styled pieces: measuring, wrapping, pushing to the right, writing out."""

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import NamedTuple, TypeAlias
from unicodedata import combining, east_asian_width


class Style(Enum):
    """What a piece is, as the SGR parameters that decorate it. No meaning hangs on it alone."""

    PLAIN = ""
    STRONG = "1"
    FAINT = "2"
    GOOD = "32"
    CHANGE = "33"
    BAD = "31"
    WARN = "33;1"
    REPLACE = "35"
    DRIFT = "36"


class Piece(NamedTuple):
    """A run of text in one style; the text is safe for a terminal already."""

    text: str
    style: Style = Style.PLAIN


Line: TypeAlias = list[Piece]


def columns_of(text: str) -> int:
    """Return how many columns a terminal needs for `text`: wide characters two, combining none."""
    if text.isascii():
        return len(text)
    return sum(_columns_of_char(char) for char in text)


def _columns_of_char(char: str) -> int:
    if combining(char):
        return 0
    return 2 if east_asian_width(char) in "WF" else 1


def columns_of_line(line: Iterable[Piece]) -> int:
    """Return how many columns a line takes."""
    return sum(columns_of(piece.text) for piece in line)


def padded(text: str, width: int) -> str:
    """Return `text` with spaces up to `width` columns."""
    return text + " " * (width - columns_of(text))


def with_right(line: Line, right: Piece, width: int) -> list[Line]:
    """Return the line with `right` at the right edge, or under it when both do not fit."""
    if not right.text:
        return [line]
    gap = width - columns_of_line(line) - columns_of(right.text)
    if gap >= 2:
        return [[*line, Piece(" " * gap), right]]
    margin = " " * max(0, width - columns_of(right.text))
    return [line, [Piece(margin), right]]


def wrapped(text: str, *, width: int, indent: int) -> list[Line]:
    """Return `text` broken at spaces."""
    return filled(text.split(" "), width=width, indent=indent)


def packed(items: Sequence[str], *, width: int, indent: int) -> list[Line]:
    """Return items with commas, as many on each line as fit; only one wider than a line is broken."""
    words: list[str] = []
    for item in listed(items):
        words += item.split(" ") if columns_of(item) > width - indent else [item]
    return filled(words, width=width, indent=indent)


def listed(items: Sequence[str]) -> list[str]:
    """Return the items with a comma after each but the last."""
    return [*(f"{item}," for item in items[:-1]), *items[-1:]]


def filled(words: Sequence[str], *, width: int, indent: int) -> list[Line]:
    """Return as many words on each line as fit, all lines `indent` columns in.

    A word is never broken: a long address stays one thing to copy. width 0 breaks nothing.
    """
    rows: list[list[str]] = [[]]
    room = width - indent
    used = 0
    for word in words:
        used += columns_of(word) + 1
        if rows[-1] and width and used - 1 > room:
            rows.append([])
            used = columns_of(word) + 1
        rows[-1].append(word)
    return [[Piece(" " * indent), Piece(" ".join(row))] for row in rows]


def written(lines: Iterable[Line], *, colour: bool) -> str:
    """Return the lines as text, without spaces at their ends and without a last newline."""
    if colour:
        return "\n".join("".join(map(_decorated, _trimmed(line))) for line in lines)
    return "\n".join("".join([piece.text for piece in line]).rstrip() for line in lines)


def _trimmed(line: Line) -> Line:
    """Return the line without spaces at its end, so that colour changes nothing else."""
    while line and not line[-1].text.rstrip():
        line = line[:-1]
    return [*line[:-1], Piece(line[-1].text.rstrip(), line[-1].style)] if line else []


def _decorated(piece: Piece) -> str:
    if piece.style is Style.PLAIN or not piece.text:
        return piece.text
    return f"\x1b[{piece.style.value}m{piece.text}\x1b[0m"
