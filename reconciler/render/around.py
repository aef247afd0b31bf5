"""What stands around the changes in a plan's text: limits, steps, connections, flags, the next command."""

from collections.abc import Iterable, Sequence

from reconciler.model.plan import Step
from reconciler.render.beside import Load, Need
from reconciler.render.diagnostics import Finding, finding_lines
from reconciler.render.layout import Line, Piece, Style, columns_of, filled, packed, padded
from reconciler.render.safe import terminal
from reconciler.render.table import Table

_NAMED = 10
_MARGIN = 13
"""Where figures start below a heading of their own."""


def limits(table: Table, width: int, *, verbose: bool) -> list[Line]:
    """Return which addresses --target and --exclude leave."""
    if table.limited_to is None:
        return []
    names = list(table.limited_to)
    more = len(names) - _NAMED
    if more > 0 and not verbose:
        names = [*names[:_NAMED], f"… {more:,} more (--verbose names them)"]
    first, *rest = packed(names or ["nothing"], width=width, indent=_MARGIN)
    return [[], [Piece(padded("Limited to", _MARGIN)), *first[1:]], *rest]


def steps_in_order(steps: Sequence[Step]) -> list[Line]:
    """Return every step with what it waits for."""
    number = len(str(steps[-1].n))
    lines: list[Line] = []
    for step in steps:
        needs = f"  after {', '.join(map(str, step.needs))}" if step.needs else ""
        text = f" {step.n:>{number}}  {step.op.value:<8} {terminal(step.address)}{needs}"
        lines.append([Piece(text)])
    return lines


def findings(found: Iterable[Finding], width: int) -> list[Line]:
    """Return diagnostics one below the other."""
    return [line for one in found for line in finding_lines(one, width=width, indent=1)]


def ending(table: Table, width: int, command: str, again: str) -> list[Line]:
    """Return what apply needs, the counts, and what to type next."""
    lines: list[Line] = needed(table.needs, width)
    if table.counts:
        *first, last = [f"Plan: {table.counts[0][1]}", *(text for _, text in table.counts[1:])]
        lines += [[], *packed([*first, f"{last}."], width=width, indent=0)]
    if table.is_blocked:
        told, typed = "Nothing is applied until what blocks is settled. Then:", again
    elif table.has_changes and command:
        told, typed = "Apply exactly this:", command
    else:
        return lines
    return [*(lines or [[]]), [Piece(told)], [Piece(f"  {terminal(typed)}", Style.STRONG)]]


def connections(loads: Sequence[Load], width: int, *, verbose: bool) -> list[Line]:
    """Return the connections of each service that this plan touches, or that has too few."""
    shown = [load for load in loads if verbose or load.is_touched or load.over]
    if not shown:
        return []
    cells = [_figures(load) for load in shown]
    sizes = [max(map(columns_of, column)) for column in zip(*cells, strict=True)]
    widest = sum(sizes) + 3 * len(sizes) + max(columns_of(load.status) for load in shown)
    heading = Piece("Connections", Style.STRONG)
    if _MARGIN + widest <= width:
        lines = [_load(load, row, sizes) for load, row in zip(shown, cells, strict=True)]
        first = [heading, Piece(" " * (_MARGIN - columns_of(heading.text))), *lines[0]]
        return [[], first, *([Piece(" " * _MARGIN), *line] for line in lines[1:])]
    if widest < width:
        lines = [_load(load, row, sizes) for load, row in zip(shown, cells, strict=True)]
        return [[], [heading], *([Piece(" "), *line] for line in lines)]
    return [[], [heading], *(line for load in shown for line in _narrow(load, width))]


def _figures(load: Load) -> tuple[str, ...]:
    of = f"of {load.limit}" if load.limit else ""
    return (
        load.service,
        f"now {load.now:,}",
        f"peak {load.peak:,}",
        f"after {load.after:,}",
        of,
    )


def _load(load: Load, figures: Sequence[str], sizes: Sequence[int]) -> Line:
    """Return one service with its figures under those of the others."""
    told = "   ".join(padded(*pair) for pair in zip(figures, sizes, strict=True))
    return [Piece(f"{told}   "), _status(load)]


def _narrow(load: Load, width: int) -> list[Line]:
    """Return one service with its figures under its name."""
    words = [f"{figure} " for figure in _figures(load)[1:]]
    return [[Piece(f" {load.service}   "), _status(load)], *filled(words, width=width, indent=5)]


def _status(load: Load) -> Piece:
    return Piece(load.status, Style.WARN if load.over else Style.GOOD)


def needed(needs: Sequence[Need], width: int) -> list[Line]:
    """Return the flags that apply will ask for, each with what it agrees to."""
    if not needs:
        return []
    flags = max(columns_of(need.flag) for need in needs)
    lines: list[Line] = [[], [Piece("Apply needs", Style.STRONG)]]
    for need in needs:
        told = f" {padded(need.flag, flags)}   {need.why}"
        if columns_of(told) <= width:
            lines.append([Piece(told)])
        else:
            lines.append([Piece(f" {need.flag}")])
            lines += filled(need.why.split(" "), width=width, indent=5) if need.why else []
    return lines
