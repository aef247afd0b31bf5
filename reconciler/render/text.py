"""A plan as text for a terminal."""

from collections.abc import Sequence

from reconciler.model.plan import Plan
from reconciler.render.around import connections, ending, findings, limits, steps_in_order
from reconciler.render.diagnostics import finding_lines
from reconciler.render.layout import (
    Line,
    Piece,
    Style,
    columns_of,
    columns_of_line,
    filled,
    listed,
    packed,
    padded,
    with_right,
    wrapped,
    written,
)
from reconciler.render.rows import Cell, Row
from reconciler.render.table import Group, Section, Table, tabulate

_BODY = 14
_LABEL = 12
_ALL_NAMES = 20
"""Up to so many names of equal changes are all given; of more, half of that."""
_NARROWEST = 60
_WIDEST_TEXT = 130
"""Lines are broken here even where there is more room; only a long address makes the page wider."""

_STYLES = {
    "create": Style.GOOD,
    "update": Style.CHANGE,
    "replace": Style.REPLACE,
    "delete": Style.BAD,
    "revert": Style.DRIFT,
    "refuse": Style.BAD,
    "unknown": Style.BAD,
}
_VERDICTS = {"OK": Style.GOOD, "REVIEW": Style.WARN, "BLOCKED": Style.BAD}


def plan_text(
    plan: Plan,
    *,
    width: int = 80,
    colour: bool = False,
    verbose: bool = False,
    command: str = "reconcile apply",
    again: str = "reconcile plan",
) -> str:
    """Return the plan for people, without a newline at the end.

    verbose: every change on its own with whole values, and the steps.
    command: what to type to apply exactly this plan; "" leaves it out, for who is asked right after.
    again: what to type once what blocks is settled.
    """
    table = tabulate(plan, verbose=verbose)
    widest = max(width, _NARROWEST)
    width = _page_width(table, widest)
    lines: list[Line] = [*_header(table, width), [], *_verdict(table, width)]
    lines += limits(table, width, verbose=verbose)
    for section in table.sections:
        if section.group is not Group.BLOCKED:
            lines += [*_heading(section.group.value), *_section(section, width, verbose=verbose)]
    if verbose and plan.steps:
        lines += [*_heading("Steps"), *steps_in_order(plan.steps)]
    lines += connections(table.loads, widest, verbose=verbose)
    if table.warnings:
        lines += [*_heading("Warnings"), *findings(table.warnings, width)]
    if table.is_blocked:
        lines += [*_heading(Group.BLOCKED.value), *_blocked(table, width, verbose=verbose)]
    return written([*lines, *ending(table, width, command, again)], colour=colour)


def _heading(text: str) -> list[Line]:
    return [[], [Piece(text, Style.STRONG)]]


# Above the changes.


def _header(table: Table, width: int) -> list[Line]:
    projects = f" → {', '.join(table.projects)}" if table.projects else ""
    plan = _plan_words(table)
    state = f"state serial {table.serial:,}" if table.serial else "no state yet"
    left = (f"{table.stack}{projects}", table.read)
    right = (f"{plan} {table.id}  {state}" if table.id else state, _population(table))
    room = width - max(map(columns_of, right))
    start = max(map(columns_of, left)) + 6
    if start > room:
        return [[Piece(text)] for text in (*left, *right) if text]
    start = max(start, min(40, room))
    return [[Piece(padded(text, start)), Piece(right[at])] for at, text in enumerate(left)]


def _plan_words(table: Table) -> str:
    if table.destroy:
        return "plan to destroy"
    return "plan to refresh" if table.refresh_only else "plan"


def _population(table: Table) -> str:
    noun = "resource" if table.resources == 1 else "resources"
    if not table.unchanged:
        return f"{table.resources:,} {noun}" if table.resources else "no resources"
    unchanged = "all" if table.resources == table.unchanged else f"{table.unchanged:,}"
    return f"{table.resources:,} {noun}: {unchanged} unchanged"


def _verdict(table: Table, width: int) -> list[Line]:
    word, text = table.verdict.word, table.verdict.text
    first, *rest = wrapped(text, width=width, indent=len(word) + 2)
    return [[Piece(word, _VERDICTS[word]), Piece("  "), *first[1:]], *rest]


# The changes.


def _page_width(table: Table, width: int) -> int:
    """Return the width that the longest line wants, so that places stand near what they belong to."""
    wanted = [80]
    for section in table.sections:
        column = _column(section.rows, width)
        wanted += [_wants(row, column) for row in section.rows]
    return min(width, max(wanted))


def _wants(row: Row, column: int) -> int:
    around = _LABEL + columns_of(row.source or row.aside) + 2
    title = columns_of(row.title)
    if _may_be_inline(row):
        whole = around + max(column, title) + columns_of(_inline(row)) + 2
    else:
        texts = [*row.effects, *row.instead, *(_with_note(cell) for cell in row.cells)]
        whole = _BODY + _LABEL + max((columns_of(text) for text in texts), default=0)
    return max(around + title, min(_WIDEST_TEXT, whole))


def _column(rows: Sequence[Row], width: int) -> int:
    """Return the column at which the fields of one-line changes start, counted from the address."""
    widths = [columns_of(row.title) for row in rows if _may_be_inline(row) and row.cells]
    room = max(28, width // 2 - _LABEL)
    return max((size for size in widths if size <= room), default=0)


def _may_be_inline(row: Row) -> bool:
    return not row.effects and row.word not in ("replace", "refuse", "unknown")


def _inline(row: Row) -> str:
    cells = ", ".join(map(_with_note, row.cells))
    return ": ".join(filter(None, (row.reason, cells)))


def _with_note(cell: Cell) -> str:
    return f"{cell.text}  ({cell.note})" if cell.note else cell.text


def _section(section: Section, width: int, *, verbose: bool) -> list[Line]:
    column = _column(section.rows, width)
    return [line for row in section.rows for line in _row(row, column, width, verbose=verbose)]


def _row(row: Row, column: int, width: int, *, verbose: bool) -> list[Line]:
    style = _STYLES.get(row.word, Style.PLAIN)
    head = [Piece(f" {row.symbol} {row.word:<8} ", style), Piece(row.title, Style.STRONG)]
    right = Piece(row.source or row.aside, Style.FAINT)
    inline = _inline(row) if _may_be_inline(row) else ""
    if inline:
        gap = max(column, columns_of(row.title)) - columns_of(row.title) + 2
        line = [*head, Piece(" " * gap + inline)]
        if columns_of_line(line) + columns_of(right.text) + 2 <= width:
            return [*with_right(line, right, width), *_under(row, width, verbose=verbose)]
    return [
        *with_right(head, right, width),
        *_reason(row, width),
        *_cells(row, width),
        *_under(row, width, verbose=verbose),
    ]


def _reason(row: Row, width: int) -> list[Line]:
    return wrapped(row.reason, width=width, indent=_BODY) if row.reason else []


def _cells(row: Row, width: int) -> list[Line]:
    """Return the fields of a change that does not fit on one line."""
    if not row.cells:
        return []
    if not any(cell.before or cell.note for cell in row.cells):
        return packed([cell.text for cell in row.cells], width=width, indent=_BODY)
    paths = max(_LABEL - 2, *(columns_of(cell.path) for cell in row.cells))
    return [line for cell in row.cells for line in _cell(row, cell, min(paths, 40), width)]


def _cell(row: Row, cell: Cell, paths: int, width: int) -> list[Line]:
    """Return a field on one line, or its values under its name when they are too long for that."""
    told = _with_note(Cell("", cell.before, cell.after, cell.note))
    source = Piece(cell.source if len(row.cells) > 1 else "", Style.FAINT)
    line = [Piece(f"{' ' * _BODY}{padded(cell.path, paths)}  {told}")]
    if columns_of_line(line) + bool(source.text) * (columns_of(source.text) + 2) <= width:
        return with_right(line, source, width)
    name = [Piece(f"{' ' * _BODY}{cell.path}")]
    return [*with_right(name, source, width), *wrapped(told, width=width, indent=_BODY + 2)]


def _labelled(label: str, words: Sequence[str], width: int) -> list[Line]:
    """Return a label and what it says, further lines under the first."""
    told = padded(label, _LABEL - 2)
    indent = _BODY + columns_of(told) + 2
    first, *rest = filled(words, width=width, indent=indent)
    return [[Piece(f"{' ' * _BODY}{told}  "), *first[1:]], *rest]


def _under(row: Row, width: int, *, verbose: bool) -> list[Line]:
    """Return what is said of a change besides its fields."""
    said = [("effect", text) for text in row.effects]
    said += [("instead", text) for text in row.instead]
    said += [("drift", _drift(cell)) for cell in row.drift]
    lines = [line for label, text in said for line in _labelled(label, text.split(" "), width)]
    if row.names:
        lines += _labelled("each", listed(_names(row, verbose=verbose)), width)
    for found in row.findings:
        lines += finding_lines(found, width=width, indent=_BODY)
    return lines


def _drift(cell: Cell) -> str:
    return f"{cell.path} is {cell.after}; {cell.before} was last applied"


def _names(row: Row, *, verbose: bool) -> Sequence[str]:
    """Return the names of equal changes: all where people will feel it, else some of many."""
    if verbose or row.count <= _ALL_NAMES or not _may_be_inline(row) or row.word == "delete":
        return row.names
    shown = row.names[: _ALL_NAMES // 2]
    return [*shown, f"… {row.count - len(shown):,} more (--verbose names them)"]


def _blocked(table: Table, width: int, *, verbose: bool) -> list[Line]:
    rows = [section for section in table.sections if section.group is Group.BLOCKED]
    lines = [line for section in rows for line in _section(section, width, verbose=verbose)]
    return [*lines, *findings(table.blockers, width)]
