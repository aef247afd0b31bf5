"""Places in files, for messages, plans and annotations."""

from dataclasses import dataclass
from typing import Protocol, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""Where a value sits inside a resource: attribute name, then keys and list indexes."""


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a file. Lines and columns count from 1; 0 means the file as a whole."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return (
            f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"
        )


class Places(Protocol):
    """Where the values of one resource were written."""

    def at(self, path: Path) -> Location:
        """Return the place of the value at `path`, or of its nearest enclosing value."""
        ...

    def key_at(self, path: Path) -> Location:
        """Return the place of the key that holds the value at `path`."""
        ...


@dataclass(frozen=True, slots=True)
class OnePlace:
    """Places of something that has a single place (a data source of the CLI, a test)."""

    location: Location

    def at(self, path: Path) -> Location:
        return self.location

    def key_at(self, path: Path) -> Location:
        return self.location
