"""The terminal as it is: width, colour, whether there is one."""

import os
import shutil
import sys
from collections.abc import Iterable

from reconciler.model.diagnostic import Diagnostic


def width() -> int:
    """Return the terminal's columns; 80 when there is none to ask."""
    return shutil.get_terminal_size((80, 24)).columns


def has_colour(stream: object = None) -> bool:
    """Whether to decorate: a terminal, and neither NO_COLOR nor TERM=dumb says otherwise."""
    target = stream or sys.stdout
    is_terminal = bool(getattr(target, "isatty", lambda: False)())
    return is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def is_interactive() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def show_diagnostics(diagnostics: Iterable[Diagnostic]) -> None:
    """Print diagnostics to stderr."""
    from reconciler.render.diagnostics import diagnostics_text

    text = diagnostics_text(tuple(diagnostics), colour=has_colour(sys.stderr), width=width())
    sys.stderr.write(text if text.endswith("\n") else text + "\n")
