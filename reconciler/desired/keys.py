"""`for_each`: the keys that one declaration is made for, known before anything else is."""

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.desired.marks import Node
from reconciler.desired.names import Each, Names
from reconciler.desired.problems import BROKEN, Problems
from reconciler.desired.texts import put_names_in, read_expressions
from reconciler.expressions import Template
from reconciler.model.location import Location
from reconciler.model.values import Secret

_MAX_KEY = 256
"""Characters; a key becomes part of addresses, which become keys of the state."""


@dataclass(frozen=True, slots=True)
class ForEach:
    """What a for_each says.

    node: as written. raw: with its expressions read. keys: None where it could not be read.
    """

    node: Node
    raw: object
    keys: Mapping[str, Each] | None


def read_for_each(entry: Node, owner: str, names: Names, problems: Problems) -> ForEach:
    """Return the keys in their order; problems are noted."""
    before = len(problems)
    raw = read_expressions(entry.value, (), entry.places, problems)
    value = put_names_in(raw, (), entry.places, names, problems)
    if value is BROKEN or len(problems) > before:
        return ForEach(entry, raw, None)
    what = f"{owner}.for_each"
    reader = _Keys(entry, what, isinstance(raw, list | dict), problems)
    keys: Mapping[str, Each] | None = None
    if isinstance(value, dict):
        keys = reader.of_map(value)
    elif isinstance(value, list):
        keys = reader.of_list(value)
    elif isinstance(value, Template):
        _note_late(value, entry, what, problems)
    else:
        shown = "null" if value is None else "neither"
        problems.add(
            entry.location,
            "Wrong type",
            f"{what} must be a map or a list of distinct strings"
            + (", and is null." if shown == "null" else "."),
            "write for_each: {orders: 20, billing: 5} or for_each: [orders, billing]",
        )
    return ForEach(entry, raw, keys)


@dataclass(frozen=True, slots=True)
class _Keys:
    """Makes the keys of one for_each. is_literal: whether each has a place of its own."""

    entry: Node
    what: str
    is_literal: bool
    problems: Problems

    def of_map(self, values: Mapping[str, object]) -> Mapping[str, Each] | None:
        places = [entry.key_location for entry in self.entry.entries()] if self.is_literal else []
        before = len(self.problems)
        keys = {}
        for index, (key, value) in enumerate(values.items()):
            place = places[index] if places else self.entry.location
            self._check(key, place)
            keys[key] = Each(key, value, place)
        return keys if len(self.problems) == before else None

    def of_list(self, items: list[object]) -> Mapping[str, Each] | None:
        before = len(self.problems)
        keys: dict[str, Each] = {}
        is_broken = False
        for index, item in enumerate(items):
            place = self.entry.places.at((index,)) if self.is_literal else self.entry.location
            if item is BROKEN:
                is_broken = True  # told already
            elif not isinstance(item, str):
                self._refuse_item(item, place)
            elif item in keys:
                self._refuse_duplicate(item, keys[item].location, place)
            else:
                self._check(item, place)
                keys[item] = Each(item, item, place)
        return keys if len(self.problems) == before and not is_broken else None

    def _check(self, key: str, place: Location) -> None:
        if not key.isprintable() or not 0 < len(key) <= _MAX_KEY:
            self.problems.add(
                place,
                "Invalid key",
                f"A key of {self.what} must have 1 to {_MAX_KEY} printable characters.",
            )

    def _refuse_item(self, item: object, place: Location) -> None:
        if isinstance(item, Secret):
            detail, hint = "an item is a secret, and keys are shown.", "use a map with other keys"
        elif isinstance(item, Template):
            detail, hint = "an item is known only later.", "use a map, with the item as its value"
        elif isinstance(item, int | float):
            detail, hint = "an item is no string.", "quote it"
        else:
            detail, hint = "an item is no string.", "use a map for more than names"
        self.problems.add(place, "Wrong type", f"{self.what} takes strings; {detail}", hint)

    def _refuse_duplicate(self, key: str, first: Location, place: Location) -> None:
        where = f" ({first})" if self.is_literal else ""
        self.problems.add(
            place,
            "Duplicate key",
            f"{self.what} has '{key}' twice{where}.",
            "remove one",
        )


def _note_late(value: Template, entry: Node, what: str, problems: Problems) -> None:
    """Note keys that are known too late, unless what hides them is told already."""
    late = [reference for reference in value.references if reference.address is not None]
    if not late:
        return
    problems.add(
        entry.location,
        "Not known here",
        f"{what} must be known before any resource is looked at; ${{{late[0]}}} belongs to one.",
        "use a literal, a variable or a local; its values may refer to resources, its keys may not",
    )
