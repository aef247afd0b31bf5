"""Fenced blocks of a Markdown page: files to write, commands to type, and what they print."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = tuple(
    ROOT / name
    for name in (
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "examples/README.md",
        "examples/connection_pool/README.md",
        "examples/pools_for_teams/README.md",
        "examples/environments/README.md",
        "examples/own_kind/README.md",
    )
)

_FENCE = re.compile(r"^( *)```(\w+)?[ ]?(\S*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_EXITS = re.compile(r"\s*# (?:.*, )?exits (\d+)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block.

    target: what stands after the language. text: without the `indent` that the block has in a list.
    start, end: of it in the page.
    """

    language: str
    target: str
    text: str
    indent: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A line to type. exits: the code it ends with, as its comment says; printed: None for anything."""

    line: str
    exits: int = 0
    printed: str | None = None


def blocks(page: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page, in order."""
    for match in _FENCE.finditer(page):
        yield Block(
            language=match[2] or "",
            target=match[3],
            text=re.sub(f"^{match[1]}", "", match[4], flags=re.MULTILINE),
            indent=match[1],
            start=match.start(4),
            end=match.end(4),
        )


def commands(block: Block) -> tuple[Command, ...]:
    """Return the commands of an `sh` block (one a line) or a `console` block (`$ ` before each)."""
    if block.language == "sh":
        lines = block.text.replace("\\\n", "").splitlines()
        return tuple(_command(line) for line in lines if line and not line.startswith("#"))
    if block.language == "console":
        parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]
        return tuple(_command(*part.partition("\n")[::2]) for part in parts)
    return ()


def _command(line: str, printed: str | None = None) -> Command:
    match = _EXITS.search(line)
    exits = int(match[1]) if match else 0
    return Command(line=line, exits=exits, printed=printed)
