"""Rows of the table as rows of a Markdown table."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias
from urllib.parse import quote

from reconciler.model.location import Location
from reconciler.model.plan import Plan
from reconciler.render.diagnostics import Finding
from reconciler.render.md_text import code, prose, table
from reconciler.render.rows import Cell, Row, place
from reconciler.render.safe import terminal

Link: TypeAlias = Callable[[Location], str]
"""Returns the URL of a place, or "" where it has none."""
Urls: TypeAlias = Mapping[str, str]
"""By the place as it is shown."""

HEADERS = ("action", "address", "change", "effect", "source")
_URL = ":/?#@!$&+,;=%~"


def urls_of(plan: Plan, link: Link) -> Urls:
    """Return the URL of every place that the plan's table may show."""
    found: set[Location] = set()
    for change in plan.changes:
        found.update(f.source for f in change.fields if f.source)
        found.update(d.location for d in change.diagnostics if d.location)
        if change.source and (change.is_noteworthy or change.diagnostics):
            found.add(change.source)
    found.update(d.location for d in plan.diagnostics if d.location)
    made = ((location, link(location)) for location in sorted(found) if location.file)
    known = [(location, quote(url, safe=_URL)) for location, url in made if url]
    return {
        text: url for location, url in known for text in (place(location), terminal(str(location)))
    }


def rows_table(rows: Iterable[Row], urls: Urls) -> str:
    """Return one group of changes as a table."""
    return table(HEADERS, (_row(row, urls) for row in rows))


def _row(row: Row, urls: Urls) -> list[str]:
    each = f"<br>{', '.join(map(code, row.names))}" if row.names else ""
    source = source_text(row.source, urls) or prose(row.aside)
    return [
        f"{row.symbol} {row.word}",
        code(row.title) + each,
        _change(row, urls),
        _felt(row),
        source,
    ]


def source_text(text: str, urls: Urls) -> str:
    """Return a place as a link if it has a URL; `from a.yaml:3` keeps its first word."""
    word, where = ("from ", text[5:]) if text.startswith("from ") else ("", text)
    url = urls.get(where)
    return f"{word}[{code(where)}]({url})" if url else word + code(where)


def _change(row: Row, urls: Urls) -> str:
    reason = prose(row.reason)
    if any(cell.before or cell.note for cell in row.cells):
        cells = "<br>".join(_cell(cell, urls, is_one=len(row.cells) == 1) for cell in row.cells)
    else:
        cells = code(", ".join(cell.text for cell in row.cells))
    return "<br>".join(filter(None, (reason, cells)))


def _cell(cell: Cell, urls: Urls, *, is_one: bool) -> str:
    note = f" ({prose(cell.note)})" if cell.note else ""
    source = f" {source_text(cell.source, urls)}" if cell.source and not is_one else ""
    return f"{code(cell.text)}{note}{source}"


def _felt(row: Row) -> str:
    """Return what people will feel, what to do instead, and whatever else is to be known."""
    said = [*map(prose, row.effects), *(f"instead: {prose(text)}" for text in row.instead)]
    said += [
        f"drift: {code(cell.path)} is {code(cell.after)}; {code(cell.before)} was last applied"
        for cell in row.drift
    ]
    return "<br>".join([*said, *map(_finding, row.findings)])


def _finding(found: Finding, place_text: str = "") -> str:
    hint = f" Hint: {code(found.hint)}" if found.hint else ""
    where = f"{place_text}: " if place_text else ""
    detail = f": {prose(found.detail)}" if found.detail else ""
    return f"**{found.severity}:** {where}{prose(found.summary)}{detail}{hint}"


def findings_list(found: Sequence[Finding], urls: Urls) -> str:
    """Return diagnostics as a list."""
    return "\n".join(f"- {_finding(one, source_text(one.place, urls))}" for one in found)
