"""Small tables for the commands that list things."""

from collections.abc import Sequence

from reconciler.render.layout import columns_of, padded
from reconciler.render.safe import terminal


def columns(rows: Sequence[Sequence[str]], headers: Sequence[str] = ()) -> str:
    """Return rows as aligned columns under their headers, without a newline at the end.

    Cells come from anywhere: they are made safe here. A row may be shorter than the headers.
    """
    lines = [[terminal(cell) for cell in row] for row in ([headers, *rows] if headers else rows)]
    count = max(map(len, lines), default=0)
    widths = [
        max((columns_of(line[at]) for line in lines if at < len(line)), default=0)
        for at in range(count)
    ]
    return "\n".join(
        "  ".join(padded(cell, widths[at]) for at, cell in enumerate(line)).rstrip()
        for line in lines
    )
