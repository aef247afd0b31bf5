"""Diagnostics as text: place, what, why, what to type."""

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.model.diagnostic import Diagnostic
from reconciler.render.layout import Line, Piece, Style, wrapped, written
from reconciler.render.safe import terminal


@dataclass(frozen=True, slots=True)
class Finding:
    """A diagnostic as texts that are safe to show; place is `file:line:col` or ""."""

    severity: str
    place: str
    summary: str
    detail: str
    hint: str


def finding(diagnostic: Diagnostic) -> Finding:
    """Return the texts of a diagnostic."""
    place = str(diagnostic.location) if diagnostic.location and diagnostic.location.file else ""
    return Finding(
        severity=diagnostic.severity.value,
        place=terminal(place),
        summary=terminal(diagnostic.summary),
        detail=terminal(diagnostic.detail),
        hint=terminal(diagnostic.hint),
    )


def diagnostics_text(
    diagnostics: Iterable[Diagnostic], *, colour: bool = False, width: int = 0
) -> str:
    """Return all diagnostics, sorted by place, without a newline at the end.

    width: columns to wrap at; 0 for lines as long as they come.
    """
    ordered = sorted(diagnostics, key=lambda found: found.sort_key)
    lines = [line for found in ordered for line in finding_lines(finding(found), width=width)]
    return written(lines, colour=colour)


def finding_lines(found: Finding, *, width: int, indent: int = 0) -> list[Line]:
    """Return one diagnostic as lines, `indent` columns from the left."""
    style = Style.BAD if found.severity == "error" else Style.WARN
    margin = " " * indent
    heading = [Piece(found.severity, style), Piece(f": {found.summary}", Style.STRONG)]
    if found.place:
        heading.insert(0, Piece(f"{found.place}: "))
    lines: list[Line] = [[Piece(margin), *heading]]
    if found.detail:
        lines += wrapped(found.detail, width=width, indent=indent + 2)
    if found.hint:  # never broken: it is there to be copied
        lines.append([Piece(f"{margin}  hint: {found.hint}")])
    return lines
