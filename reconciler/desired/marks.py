"""Where values were written: compact marks beside the values, turned into Locations when asked."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from reconciler.model.location import Location, Path

_COLUMN_BITS = 24


@dataclass(frozen=True, slots=True)
class MapMarks:
    """Marks of a mapping; names, keys and values run in step."""

    place: int
    names: tuple[str, ...]
    keys: tuple[int, ...]
    values: tuple["Mark", ...]


@dataclass(frozen=True, slots=True)
class ListMarks:
    """Marks of a sequence."""

    place: int
    items: tuple["Mark", ...]


Mark: TypeAlias = int | MapMarks | ListMarks
"""A packed place for a scalar; else the marks of what is inside as well."""


def pack(line: int, column: int) -> int:
    """Return a place as one number; line and column count from 0."""
    return line << _COLUMN_BITS | column


def unpack(file: str, place: int) -> Location:
    """Return the Location of a packed place."""
    return Location(file, (place >> _COLUMN_BITS) + 1, (place & (1 << _COLUMN_BITS) - 1) + 1)


def place_of(mark: Mark) -> int:
    """Return the packed place where the value itself begins."""
    return mark if isinstance(mark, int) else mark.place


@dataclass(frozen=True, slots=True)
class FilePlaces:
    """Places inside one value of a file; see model.location.Places.

    key: packed place of the key that holds the value.
    """

    file: str
    mark: Mark
    key: int

    def at(self, path: Path) -> Location:
        return unpack(self.file, place_of(self._find(path)[1]))

    def key_at(self, path: Path) -> Location:
        return unpack(self.file, self._find(path)[0])

    def _find(self, path: Path) -> tuple[int, Mark]:
        """Return key and mark at `path`, or of the nearest value around it."""
        key, mark = self.key, self.mark
        for part in path:
            inner = _inside(mark, part)
            if inner is None:
                break
            key, mark = inner
        return key, mark


def _inside(mark: Mark, part: str | int) -> tuple[int, Mark] | None:
    if isinstance(mark, MapMarks) and part in mark.names:
        index = mark.names.index(str(part))
        return mark.keys[index], mark.values[index]
    if isinstance(mark, ListMarks) and isinstance(part, int) and part < len(mark.items):
        item = mark.items[part]
        return place_of(item), item
    return None


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a file with its places.

    value: JSON, as written. name: the key that holds it, "" for a whole file.
    """

    name: str
    value: object
    places: FilePlaces

    @property
    def location(self) -> Location:
        return unpack(self.places.file, place_of(self.places.mark))

    @property
    def key_location(self) -> Location:
        return unpack(self.places.file, self.places.key)

    def entries(self) -> Iterator["Node"]:
        """Yield what a mapping holds, in its order."""
        mark = self.places.mark
        if not isinstance(self.value, dict) or not isinstance(mark, MapMarks):
            return
        file = self.places.file
        for (name, value), key, inner in zip(
            self.value.items(), mark.keys, mark.values, strict=True
        ):
            yield Node(name, value, FilePlaces(file, inner, key))

    def items(self) -> Iterator["Node"]:
        """Yield what a sequence holds; the items have no names."""
        mark = self.places.mark
        if not isinstance(self.value, list) or not isinstance(mark, ListMarks):
            return
        for value, inner in zip(self.value, mark.items, strict=True):
            yield Node("", value, FilePlaces(self.places.file, inner, place_of(inner)))
