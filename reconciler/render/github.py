"""Remarks as GitHub's workflow commands, which it shows as annotations on lines."""

from collections.abc import Callable, Iterable

from reconciler.render.remarks import Level, Remark
from reconciler.render.safe import terminal

_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}


def annotations(remarks: Iterable[Remark], *, file: Callable[[str], str] = str) -> str:
    """Return one workflow command a line, each ending in a newline.

    file: returns a path as seen from the top of the repository. GitHub shows ten of each level a step,
    so remarks should come with what matters most first.
    """
    return "".join(f"{_annotation(remark, file)}\n" for remark in remarks)


def _annotation(remark: Remark, file: Callable[[str], str]) -> str:
    facts: dict[str, str] = {}
    place = remark.location
    if place is not None and place.file:
        facts["file"] = terminal(file(place.file))
        facts |= {"line": str(place.line)} if place.line else {}
        facts |= {"col": str(place.column)} if place.line and place.column else {}
    facts["title"] = remark.title
    told = ",".join(f"{name}={_property(text)}" for name, text in facts.items() if text)
    return f"::{_COMMANDS[remark.level]}{' ' if told else ''}{told}::{_data(remark.text)}"


def _data(text: str) -> str:
    """Return text in the escapes that the runner undoes; another newline would be another command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
