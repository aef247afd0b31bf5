"""Drift as text for a terminal."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from reconciler.model.drift import DriftReport, Stand, Standing
from reconciler.model.plan import Drift
from reconciler.model.values import MASK
from reconciler.render.layout import (
    Line,
    Piece,
    Style,
    columns_of,
    columns_of_line,
    filled,
    listed,
    padded,
    with_right,
    wrapped,
    written,
)
from reconciler.render.rows import path_text, place
from reconciler.render.safe import pair, terminal, value

_BODY = 14
_LABEL = 10
_EQUAL = 3
"""From so many equally drifted objects on they share a row."""
_NAMES = 20
_COMMANDS = 5
"""Up to so many commands are spelt out; of more, the form of one."""

_Group = Sequence[Stand]


def drift_text(
    report: DriftReport,
    *,
    width: int = 80,
    colour: bool = False,
    revert: str = "reconcile apply",
    keep: Callable[[str], str] = "reconcile accept {}".format,
    forget: str = "reconcile refresh",
) -> str:
    """Return the drift for people, without a newline at the end.

    revert, forget: what to type. keep: returns what to type for an address with its attribute.
    """
    width = max(width, 60)
    lines = [*_header(report, width), [], _verdict(report)]
    drifted = [*report.standing(Standing.DIFFERS), *report.standing(Standing.GONE)]
    if drifted:
        lines += _heading("Drift: live differs from what was last applied")
        lines += _rows(drifted, width)
    unknown = report.standing(Standing.UNKNOWN)
    if unknown:
        lines += [*_heading("Could not be read"), *_rows(unknown, width)]
    return written([*lines, *_ending(report, revert, keep, forget)], colour=colour)


def _heading(text: str) -> list[Line]:
    return [[], [Piece(text, Style.STRONG)]]


def _header(report: DriftReport, width: int) -> list[Line]:
    projects = f" → {', '.join(map(terminal, report.projects))}" if report.projects else ""
    state = f"state serial {report.serial:,}" if report.serial else "no state yet"
    left = (f"{terminal(report.stack)}{projects}", _read(report.meta))
    right = (state, _population(report))
    start = max(40, *(columns_of(text) + 6 for text in left))
    if start + max(map(columns_of, right)) > width:
        return [[Piece(text)] for text in (*left, *right) if text]
    return [[Piece(padded(text, start)), Piece(right[at])] for at, text in enumerate(left)]


def _read(meta: Mapping[str, object]) -> str:
    read_s, requests = meta.get("read_s"), meta.get("requests")
    if not isinstance(read_s, int | float) or not isinstance(requests, int):
        return ""
    return f"live read in {read_s:.2f} s, {requests:,} request{'s' * (requests != 1)}"


def _population(report: DriftReport) -> str:
    count = len(report.stands)
    same = len(report.standing(Standing.SAME))
    noun = "resource" if count == 1 else "resources"
    if not count:
        return "nothing recorded"
    return f"{count:,} {noun}: {_all(same, count)} as last applied"


def _all(same: int, count: int) -> str:
    return "all" if same == count else f"{same:,}" if same else "none"


def _verdict(report: DriftReport) -> Line:
    counted = (
        (len(report.standing(Standing.DIFFERS)), "differs", "differ"),
        (len(report.standing(Standing.GONE)), "is gone", "are gone"),
        (len(report.standing(Standing.UNKNOWN)), "could not be read", "could not be read"),
    )
    told = ", ".join(f"{n:,} {one if n == 1 else many}" for n, one, many in counted if n)
    if report.standing(Standing.UNKNOWN):
        return [Piece("UNKNOWN", Style.BAD), Piece(f"  {told}")]
    if told:
        return [Piece("DRIFT", Style.WARN), Piece(f"  {told}")]
    return [Piece("OK", Style.GOOD), Piece("  No drift: live is as it was last applied.")]


# Rows


def _rows(stands: Iterable[Stand], width: int) -> list[Line]:
    groups: dict[object, list[Stand]] = {}
    for stand in stands:
        groups.setdefault(_likeness(stand), []).append(stand)
    shown: list[_Group] = []
    for group in groups.values():
        shown += [group] if len(group) >= _EQUAL else [[stand] for stand in group]
    column = max((columns_of(_title(group)) for group in shown), default=0)
    return [line for group in shown for line in _row(group, min(column, width // 2 - _BODY), width)]


def _likeness(stand: Stand) -> object:
    cells = tuple(
        value(part, limit=None) for one in stand.drift for part in (one.recorded, one.live)
    )
    paths = tuple(one.path for one in stand.drift)
    declared = tuple((path, _told(item)) for path, item in stand.declared.items())
    common = (stand.address.kind, stand.address.name if stand.address.key is not None else "")
    return stand.standing, common, paths, cells, declared, stand.is_declared, stand.why


def _title(group: _Group) -> str:
    address = group[0].address
    if len(group) == 1:
        return terminal(address)
    common = address.kind if address.key is None else f"{address.kind}.{address.name}"
    return f"{terminal(common)} × {len(group):,}"


def _row(group: _Group, column: int, width: int) -> list[Line]:
    stand = group[0]
    title = _title(group)
    style = Style.BAD if stand.standing is Standing.UNKNOWN else Style.DRIFT
    head = [Piece(f" ! {stand.standing.value:<8} ", style), Piece(title, Style.STRONG)]
    right = Piece(_place(group), Style.FAINT)
    told = _said(stand)
    under = _under(group, width)
    if len(told) == 1:
        gap = " " * (max(column - columns_of(title), 0) + 2)
        line = [*head, Piece(gap + told[0])]
        if columns_of_line(line) + columns_of(right.text) + 2 <= width:
            return [*with_right(line, right, width), *under]
    said = [line for text in told for line in wrapped(text, width=width, indent=_BODY)]
    return [*with_right(head, right, width), *said, *under]


def _place(group: _Group) -> str:
    if not group[0].is_declared:
        return "(no longer declared)"
    sources = list(dict.fromkeys(place(stand.source) for stand in group))
    return sources[0] if len(sources) == 1 else f"from {sources[0]}"


def _said(stand: Stand) -> list[str]:
    match stand.standing:
        case Standing.GONE:
            return [f"{terminal(stand.identity)} no longer exists"]
        case Standing.UNKNOWN:
            return [terminal(stand.why)]
        case _:
            return [_cell(one) for one in stand.drift]


def _cell(one: Drift) -> str:
    if one.sensitive:
        return f"{path_text(one.path)} {MASK} changed"
    recorded, live = pair(one.recorded, one.live)
    return f"{path_text(one.path)} {recorded} → {live}"


def _under(group: _Group, width: int) -> list[Line]:
    """Return what is said besides: what is declared by now, and the names of a group."""
    lines: list[Line] = []
    for path, item in group[0].declared.items():
        name = f"{path_text(path)} " if len(group[0].drift) > 1 else ""
        sensitive = any(one.sensitive for one in group[0].drift if one.path == path)
        told = MASK if sensitive else _told(item)
        lines += _labelled("declared", f"{name}{told}".split(" "), width)
    if len(group) > 1:
        names = [_apart(stand) for stand in group]
        more = len(names) - _NAMES
        shown = [*names[:_NAMES], f"… {more:,} more"] if more > 0 else names
        lines += _labelled("each", listed(shown), width)
    return lines


def _told(item: object) -> str:
    return value(item)


def _apart(stand: Stand) -> str:
    key = stand.address.key
    return terminal(stand.address.name) if key is None else value(key)


def _labelled(label: str, words: Sequence[str], width: int) -> list[Line]:
    indent = _BODY + _LABEL + 2
    first, *rest = filled(words, width=width, indent=indent)
    return [[Piece(f"{' ' * _BODY}{padded(label, _LABEL)}  "), *first[1:]], *rest]


# What to type


def _ending(
    report: DriftReport, revert: str, keep: Callable[[str], str], forget: str
) -> list[Line]:
    if not report.has_drift:
        return []
    lines = [*_typed("Revert it, after a look at the plan:", [revert])]
    accepted = [
        f"{stand.address}.{path_text(one.path)}"
        for stand in report.standing(Standing.DIFFERS)
        if stand.is_declared
        for one in stand.drift
        if not one.sensitive
    ]
    if accepted:
        names = accepted if len(accepted) <= _COMMANDS else ["ADDRESS.ATTRIBUTE"]
        lines += _typed("Or keep what is live, in the YAML and in the record:", map(keep, names))
    if report.standing(Standing.GONE):
        lines += _typed("Or let go of what is gone, once it is no longer declared:", [forget])
    return [[], *lines]


def _typed(told: str, commands: Iterable[str]) -> list[Line]:
    return [
        [Piece(told)],
        *([Piece(f"  {terminal(command)}", Style.STRONG)] for command in commands),
    ]
