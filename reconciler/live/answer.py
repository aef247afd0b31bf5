"""What one URL told, and how an object is found in it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from reconciler.kinds.kind import Read
from reconciler.live.errors import CallError
from reconciler.model.live import Presence

Item: TypeAlias = Mapping[str, Any] | str
"""An object as the API gives it, or the bare string that stands for one in a list."""

_Index: TypeAlias = dict[tuple[object, ...], Item | None]
"""Items by what they are found by; None for what is there twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One object in an answer. item: when PRESENT. why: when UNKNOWN, for people."""

    presence: Presence
    item: Item = ""
    why: str = ""


_NOT_FOUND: Final = Found(presence=Presence.ABSENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a URL told: all pages of it, or that there is nothing, or why it is not known.

    error: what is behind `why`, if it was an error; a kind may have a hint for it.
    shows_secrets: whether the answer may hold secrets; else it says nothing about them.
    """

    presence: Presence = Presence.PRESENT
    pages: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    why: str = ""
    error: CallError | None = None
    shows_secrets: bool = False
    _indexes: dict[object, _Index | str] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def find(self, read: Read, values: Mapping[str, str]) -> Found:
        """Return the object that `read` looks for; `values` are those of the identity.

        A list is indexed at the first look, so that 10,000 looks cost one pass.
        """
        if self.presence is not Presence.PRESENT:
            return Found(presence=self.presence, why=self.why)
        if not read.find:
            return self._whole(read)
        index = self._index(read)
        if isinstance(index, str):
            return _unknown(index)
        item = index.get(tuple(values.get(name) for name in read.find.values()), _NOT_FOUND)
        if item is None:
            return _unknown(f"{_place(read)} lists it twice")
        return item if isinstance(item, Found) else Found(presence=Presence.PRESENT, item=item)

    def _whole(self, read: Read) -> Found:
        item = _at(self.pages[0], read.answer)
        if not isinstance(item, dict):
            return _unknown(f"{_place(read)} is not an object")
        return Found(presence=Presence.PRESENT, item=item)

    def _index(self, read: Read) -> _Index | str:
        """Return the list's index, or why there is none: a list in doubt tells of no object's absence."""
        name = (read.answer, tuple(read.find.items()))
        if name not in self._indexes:
            try:
                self._indexes[name] = _indexed(read, self.pages)
            except _DoubtError as err:
                self._indexes[name] = str(err)
        return self._indexes[name]


class _DoubtError(Exception):
    """A list that cannot be relied on."""


def _indexed(read: Read, pages: Sequence[Mapping[str, Any]]) -> _Index:
    keys = tuple(read.find)
    index: _Index = {}
    for item in _items(read, pages):
        found_by = tuple(map(_comparable, (item if key == "" else _of(item, key) for key in keys)))
        if None in found_by:
            raise _DoubtError(f"{_place(read)} holds something without a name")
        index[found_by] = None if found_by in index else item
    return index


def _items(read: Read, pages: Sequence[Mapping[str, Any]]) -> Iterator[Any]:
    for page in pages:
        items = _at(page, read.answer)
        if not isinstance(items, list):
            raise _DoubtError(f"{_place(read)} is not a list")
        yield from items


def _of(item: object, key: str) -> object:
    return item.get(key) if isinstance(item, dict) else None


def _comparable(value: object) -> str | None:
    """Return a name as text, as identities have it; numbers are names too."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _at(value: object, path: Sequence[str]) -> object:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _place(read: Read) -> str:
    return f"{'.'.join(read.answer) or 'all'} in the answer of {read.path}"


def _unknown(why: str) -> Found:
    return Found(presence=Presence.UNKNOWN, why=why)
