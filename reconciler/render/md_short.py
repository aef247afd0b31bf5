"""A plan too long for its page: names and counts in the place of rows."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from reconciler.render.diagnostics import Finding
from reconciler.render.md_page import Frame, page
from reconciler.render.md_text import clipped, code, prose, size
from reconciler.render.rows import Row
from reconciler.render.table import Group, Section, Table

_LONGEST_NAME = 100
_LINE = 500
"""Room that each line of names should have; where there is less, kinds share a line."""
_PROBLEMS = 5
_RESERVE = 300
"""For what joins the parts, and for the line that says what was left out."""
_NAMED = (Group.DISRUPTIVE, Group.DRIFT, Group.BLOCKED)
"""Which are named as far as there is room; the first has the first call on it."""


class _Line(NamedTuple):
    """One line: how many changes of a sort, and the names of those. kind: "" for several."""

    group: Group
    symbol: str
    word: str
    kind: str
    number: int
    names: Sequence[str]


def counted(rows: Iterable[Row]) -> str:
    """Return how many changes there are of each kind, as a list."""
    lines = _lines(Section(group=Group.SAFE, rows=list(rows)), by_kind=True)
    return "\n".join(map(_head, lines))


def named(found: Table, frame: Frame, limit: int) -> str:
    """Return the page with names in the place of rows: all of them, or as many as there is room for.

    found: a table in which every change has a row of its own.
    """
    problems = _problems([*found.blockers, *found.warnings, *_of_changes(found)])
    left = limit - _RESERVE - size(page(frame, [problems], ""))
    lines = [line for section in found.sections for line in _lines(section, by_kind=True)]
    if len(lines) * _LINE > left:
        lines = [line for section in found.sections for line in _lines(section, by_kind=False)]
    told = {line: _head(line) for line in lines}
    left -= sum(size(text) + 1 for text in told.values())
    is_whole = True
    for group in _NAMED:
        mine = [line for line in lines if line.group is group]
        for at, line in enumerate(mine):
            shown = _shown(line.names, left // (len(mine) - at))
            text = _names(shown, len(line.names) - len(shown))
            told[line] += text
            left -= size(text)
            is_whole &= len(shown) == len(line.names)
    note = "names in the place of rows" if is_whole else "as many names as there is room for"
    parts = ["\n".join(told.values()), *([problems] if problems else [])]
    return page(frame, parts, prose(f"To fit {limit:,} characters: {note}."))


def _lines(section: Section, *, by_kind: bool) -> list[_Line]:
    """Return a line for each sort of change there is in a group."""
    alike: dict[tuple[str, str, str], list[Row]] = {}
    for row in section.rows:
        alike.setdefault((row.symbol, row.word, row.kind if by_kind else ""), []).append(row)
    return [
        _Line(
            section.group,
            symbol,
            word,
            kind,
            sum(row.count for row in rows),
            tuple(_name(row, kind) for row in rows),
        )
        for (symbol, word, kind), rows in alike.items()
    ]


def _name(row: Row, kind: str) -> str:
    return clipped(row.title.removeprefix(f"{kind}.") if kind else row.title, _LONGEST_NAME)


def _head(line: _Line) -> str:
    kind = f" {code(clipped(line.kind, _LONGEST_NAME))}" if line.kind else ""
    return f"- **{line.symbol} {line.word}** {line.number:,}{kind}"


def _shown(names: Sequence[str], room: int) -> list[str]:
    """Return as many names, as code, as fit into `room` with the number of those that do not."""
    shown: list[str] = []
    used = size(_names([""], len(names)))
    for name in map(code, names):
        used += size(name) + 2
        if used > room:
            break
        shown.append(name)
    return shown


def _names(shown: Sequence[str], more: int) -> str:
    if not shown:
        return ""
    return f": {', '.join(shown)}" + (f", … {more:,} more" if more else "")


def _of_changes(found: Table) -> list[Finding]:
    return [one for section in found.sections for row in section.rows for one in row.findings]


def _problems(found: Sequence[Finding]) -> str:
    """Return the commonest diagnostics by what they are, each once."""
    alike = Counter((one.severity, clipped(one.summary, _LONGEST_NAME)) for one in found)
    lines = [
        f"- **{severity}:** {prose(summary)} × {number:,}"
        for (severity, summary), number in alike.most_common(_PROBLEMS)
    ]
    more = len(alike) - _PROBLEMS
    return "\n".join([*lines, *([f"- {more:,} other problems"] if more > 0 else [])])
