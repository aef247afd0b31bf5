"""A resource's block as it stands in its file: what is written there, and the file's text with it changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.desired.edit import remove_value, set_value
from reconciler.desired.files import read_text
from reconciler.desired.load import Limits, parse_yaml
from reconciler.desired.marks import Node
from reconciler.desired.problems import Problems
from reconciler.expressions import OPENING, ExpressionError, parse_template
from reconciler.expressions.scan import escape
from reconciler.model.location import Location
from reconciler.model.location import Path as ValuePath
from reconciler.model.resource import Resource

_BESIDE = ("for_each", "depends_on", "lifecycle", "timeouts")
_BOM = "\ufeff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One resource's block.

    before: the file's bytes. text: the same as text, edits so far included. path: of the block, from the
    top of the file.
    """

    file: Path
    before: bytes
    text: str
    path: ValuePath
    node: Node

    @property
    def text_before(self) -> str:
        return self.before.decode()

    @property
    def has_for_each(self) -> bool:
        return "for_each" in _mapping(self._value_at(()))

    def at(self, path: ValuePath) -> object:
        """Return what is written for an attribute; None for nothing."""
        return self._value_at(path)

    def has(self, path: ValuePath) -> bool:
        """Whether something is written for an attribute."""
        return path[-1] in _mapping(self._value_at(path[:-1]))

    def expression_at(self, path: ValuePath) -> Location | None:
        """Return the place of the first expression at, around or inside what is written at `path`."""
        for depth in range(1, len(path)):
            if _is_expression(self._value_at(path[:depth])):
                return self._place(path[:depth])
        inside = _first_expression(self._value_at(path), path)
        return None if inside is None else self._place(inside)

    def with_value(self, path: ValuePath, value: object) -> str:
        """Return the file's text with a literal value for an attribute. Raises EditError."""
        return self._whole(
            set_value(self._bare, (*self.path, *path), _literal(value), last=_BESIDE)
        )

    def without(self, path: ValuePath) -> str:
        """Return the file's text without the line of an attribute. Raises EditError."""
        return self._whole(remove_value(self._bare, (*self.path, *path), keep=len(self.path)))

    @property
    def _bare(self) -> str:
        return self.text.removeprefix(_BOM)

    def _whole(self, bare: str) -> str:
        return _BOM + bare if self.text.startswith(_BOM) else bare

    def _value_at(self, path: ValuePath) -> object:
        value = self.node.value
        for part in (*self.path, *path):
            value = _mapping(value).get(str(part))
        return value

    def _place(self, path: ValuePath) -> Location:
        return self.node.places.at((*self.path, *path))


def read_block(resource: Resource, limits: Limits | None = None) -> Block:
    """Return the block that declares a resource. Raises InvalidStackError."""
    limits = limits or Limits()
    file = Path(resource.location.file)
    problems = Problems()
    if read_text(file, limits.size_bytes, problems) is None:
        problems.raise_if_any()
    before = file.read_bytes()
    return _block(resource, file, before, before.decode(), limits)


def reread(block: Block, resource: Resource, text: str) -> Block:
    """Return the block as it stands in an edited text."""
    return _block(resource, block.file, block.before, text, Limits())


def _block(resource: Resource, file: Path, before: bytes, text: str, limits: Limits) -> Block:
    problems = Problems()
    node = parse_yaml(text.removeprefix(_BOM), str(file), problems, limits)
    problems.raise_if_any()
    if node is None:
        raise ValueError(f"{file} was read a moment ago")
    path = ("resources", resource.address.kind, resource.address.name)
    return Block(file=file, before=before, text=text, path=path, node=node)


def _first_expression(value: object, path: ValuePath) -> ValuePath | None:
    if _is_expression(value):
        return path
    inner: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    found = (_first_expression(item, (*path, key)) for key, item in inner)
    return next((place for place in found if place is not None), None)


def _is_expression(value: object) -> bool:
    if not isinstance(value, str) or OPENING not in value:
        return False
    try:
        return not isinstance(parse_template(value), str)
    except ExpressionError:
        return True


def _literal(value: object) -> object:
    """Return what must be written so that no text in it is read as an expression."""
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, dict):
        return {key: _literal(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_literal(inner) for inner in value]
    return value


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
