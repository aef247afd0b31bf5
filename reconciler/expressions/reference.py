"""References: dotted paths such as `vars.size` or `aiven_pg.main.service_name`."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from reconciler.expressions.errors import ExpressionError
from reconciler.model.address import NAME_PATTERN, Address
from reconciler.model.location import Path

ROOTS = ("vars", "locals", "each", "stack", "data")
"""First names with a meaning of their own; any other is the name of a kind."""

_TERRAFORM_ROOTS = {"var": "vars", "local": "locals"}
"""What hands write by habit."""

_QUOTED = r"""\["((?:[^"\\]|\\["'\\])*)"\]|\['((?:[^'\\]|\\["'\\])*)'\]"""
_PART = re.compile(rf"\.({NAME_PATTERN})|\[([0-9]{{1,9}})\]|{_QUOTED}")
_PATH = re.compile(rf"({NAME_PATTERN})((?:{_PART.pattern})*)")
_INDEX = rf"\[({NAME_PATTERN}(?:\.{NAME_PATTERN})+)\]"
_STEP = re.compile(rf"{_PART.pattern}|{_INDEX}")
_INDEXED = re.compile(rf"({NAME_PATTERN})((?:{_STEP.pattern})*)")
_NAME = re.compile(NAME_PATTERN)


@dataclass(frozen=True, slots=True)
class Reference:
    """One path.

    root: its first name: vars, locals, each, stack, data, or a kind.
    path: what follows the root, or, where it refers to a resource, what follows its address.
    address: of the resource or data source it refers to; None for the other roots.
    """

    root: str
    path: Path
    address: Address | None = None

    @property
    def attribute(self) -> str:
        """Return the path as people write it, e.g. `pg_user_config.work_mem`."""
        return spell_path(self.path)

    def extended(self, path: Path) -> "Reference":
        """Return the reference to what lies at `path` inside the value this one refers to."""
        return Reference(self.root, self.path + path, self.address)

    def __str__(self) -> str:
        return spell_path((str(self.address or self.root), *self.path))


class Part(NamedTuple):
    """One step of a path."""

    value: str | int
    is_name: bool
    """Whether it was written `.name`, not in brackets."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """A path with an index that is itself a path, e.g. `aiven_pg_user.app[each.key].username`.

    Which value it refers to is known once the index is.
    """

    root: str
    parts: tuple[Part | Reference, ...]

    @property
    def references(self) -> tuple[Reference, ...]:
        """Return what must be known first: the indexes, and the named value they reach into."""
        indexes = tuple(part for part in self.parts if isinstance(part, Reference))
        is_named = self.root in ROOTS and self.root != "data"
        leading = tuple(_leading(self.parts))
        return (Reference(self.root, leading), *indexes) if is_named and leading else indexes

    def resolve(self, lookup: Callable[[Reference], object]) -> Reference:
        """Return the reference with the values of the indexes in it. Raises ExpressionError."""
        parts = [
            part if isinstance(part, Part) else Part(self._index(part, lookup), is_name=False)
            for part in self.parts
        ]
        return _reference(self.root, tuple(parts), str(self))

    def _index(self, reference: Reference, lookup: Callable[[Reference], object]) -> str | int:
        value = lookup(reference)
        if isinstance(value, str | int) and not isinstance(value, bool):
            return value
        raise ExpressionError(
            "Not a key",
            f"{reference} in ${{{self}}} is neither a string nor a whole number.",
        )

    def __str__(self) -> str:
        return _spell(self.root, self.parts)


Need: TypeAlias = Reference | Indexed
"""What an expression needs to know."""


def parse_path(text: str) -> Reference | Indexed | None:
    """Return the reference that `text` spells; None when it is more than a path.

    Raises ExpressionError for a path that can name no value.
    """
    if match := _PATH.fullmatch(text):
        return _reference(match[1], tuple(_parts(match[2])), text)
    if match := _INDEXED.fullmatch(text):
        return _indexed(match[1], match[2], text)
    return None


def make_path(root: str, parts: tuple[Part | Reference, ...]) -> Reference | Indexed:
    """Return the path of these parts. Raises ExpressionError when it can name no value."""
    text = _spell(root, parts)
    plain = tuple(part for part in parts if isinstance(part, Part))
    if len(plain) == len(parts):
        return _reference(root, plain, text)
    return _checked_index(root, parts, text)


def spell_path(path: Path) -> str:
    """Return the path as people write it: `a.b["odd key"][0]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif not text:
            text = part
        elif _NAME.fullmatch(part):
            text += "." + part
        else:
            text += _in_brackets(part)
    return text


def _in_brackets(part: str | int) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    escaped = part.replace("\\", "\\\\").replace('"', '\\"')
    return f'["{escaped}"]'


def _indexed(root: str, rest: str, text: str) -> Indexed:
    """Make the path with indexes; refuse what would be no reference whatever the indexes are."""
    parts: list[Part | Reference] = []
    for match in _STEP.finditer(rest):
        if match[5]:
            index_root, *path = match[5].split(".")
            index = _reference(index_root, tuple(Part(n, is_name=True) for n in path), match[5])
            if index.address is not None:
                raise ExpressionError(
                    "Not known here",
                    f"'{match[5]}' in '{text}' cannot be a key: it belongs to a resource.",
                    "use each.key, a variable or a local",
                )
            parts.append(index)
        else:
            parts += _parts(match[0])
    return _checked_index(root, tuple(parts), text)


def _checked_index(root: str, parts: tuple[Part | Reference, ...], text: str) -> Indexed:
    example = tuple(part if isinstance(part, Part) else Part("", is_name=False) for part in parts)
    _reference(root, example, text)
    return Indexed(root, parts)


def _leading(parts: Iterable[Part | Reference]) -> Iterator[str | int]:
    """Yield what stands before the first index that is a path."""
    for part in parts:
        if not isinstance(part, Part):
            return
        yield part.value


def _spell(root: str, parts: Iterable[Part | Reference]) -> str:
    return root + "".join(
        f"[{part}]" if isinstance(part, Reference) else _spell_part(part) for part in parts
    )


def _spell_part(part: Part) -> str:
    return f".{part.value}" if part.is_name else _in_brackets(part.value)


def _parts(text: str) -> Iterator[Part]:
    for name, index, double, single in _PART.findall(text):
        if name:
            yield Part(name, is_name=True)
        elif index:
            yield Part(int(index), is_name=False)
        else:
            yield Part(re.sub(r"\\(.)", r"\1", double or single), is_name=False)


def _reference(root: str, parts: tuple[Part, ...], text: str) -> Reference:
    if root in ROOTS and root != "data":
        if not parts:
            raise _incomplete(text, f"name one of them: {root}.name")
        return Reference(root, tuple(part.value for part in parts))
    if root in _TERRAFORM_ROOTS and len(parts) == 1:
        raise ExpressionError(
            "Unknown name",
            f"'{root}' is no root.",
            f"write {_TERRAFORM_ROOTS[root]}{text[len(root) :]}",
        )
    names, address_length = (parts, 1) if root != "data" else (parts[1:], 2)
    if len(parts) < address_length or not all(part.is_name for part in parts[:address_length]):
        example = "data.kind.name.attribute" if root == "data" else f"{root}.name.attribute"
        raise _incomplete(text, f"write {example}")
    kind = str(parts[0].value) if root == "data" else root
    return _resource_reference(root, kind, names, text)


def _resource_reference(root: str, kind: str, parts: tuple[Part, ...], text: str) -> Reference:
    """Make the reference of the resource's name, perhaps its key, and the path inside it."""
    name, rest, key = str(parts[0].value), parts[1:], None
    if rest and not rest[0].is_name:
        if not isinstance(rest[0].value, str):
            raise _incomplete(
                text, 'a resource has keys, not positions: kind.name["key"].attribute'
            )
        key, rest = rest[0].value, rest[1:]
    if not rest:
        raise _incomplete(text, f"name one of its attributes: {text}.id")
    address = Address.of(kind, name, key, data=root == "data")
    return Reference(root, tuple(part.value for part in rest), address)


def _incomplete(text: str, hint: str) -> ExpressionError:
    return ExpressionError("Incomplete reference", f"'{text}' does not name a value.", hint)
