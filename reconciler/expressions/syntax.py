"""The tree of a CEL expression, read from the bytes in which the library hands it over.

The library has no API for its tree, but serialises it as the protobuf message `cel.expr.ParsedExpr`
(https://github.com/google/cel-spec/blob/master/proto/cel/expr/syntax.proto), whose field numbers do
not change. Macros are expanded in it: `all`, `exists`, `map` and `filter` are all a Loop.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    offset: int = field(default=0, compare=False)
    """Where it stands in the text, in characters from 0: the operator or bracket, not the start."""


@dataclass(frozen=True, slots=True)
class Constant(_Node):
    """A literal. value: None, bool, int, float, str or bytes. raw: as it was read."""

    value: object
    raw: bytes


@dataclass(frozen=True, slots=True)
class Name(_Node):
    name: str


@dataclass(frozen=True, slots=True)
class Select(_Node):
    """`operand.name`; `has(operand.name)` when it is a test."""

    operand: "Node"
    name: str
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class Call(_Node):
    """A function, a method when there is a target, or an operator such as `_+_`."""

    function: str
    target: "Node | None"
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Items(_Node):
    """`[…]`"""

    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Entries(_Node):
    """`{…}`; with the name of a message: `Name{…}`."""

    entries: tuple[tuple["Node", "Node"], ...]
    message: str = ""


@dataclass(frozen=True, slots=True)
class Loop(_Node):
    """A macro over a list or a map: accumulate `step` over `over`, from `start`."""

    variable: str
    over: "Node"
    accumulator: str
    start: "Node"
    condition: "Node"
    step: "Node"
    result: "Node"

    @property
    def makes_list(self) -> bool:
        """Whether it is map() or filter(), whose result is in the order of what is gone through."""
        return isinstance(self.start, Items)


Node: TypeAlias = Constant | Name | Select | Call | Items | Entries | Loop

_PARSED_TYPE = b"type.googleapis.com/cel.expr.ParsedExpr"
_NOTHING = b""


def read_tree(data: bytes) -> Node:
    """Return the tree in the bytes that the library's `serialize()` gives for an unchecked text."""
    parsed = dict(_fields(_only(data, 2)))
    offsets: dict[int, int] = {}
    for number, value in _fields(_bytes(parsed[3])):
        if number == _POSITIONS:
            place, offset = _position(_bytes(value))
            offsets[place] = offset
    return _read(_bytes(parsed[2]), offsets)


def write_tree(node: Node) -> bytes:
    """Return the bytes from which the library's `deserialize()` makes a program."""
    expression = _write(node, count(1))
    return _part(1, _PARSED_TYPE) + _part(2, _part(2, expression) + _part(3, _NOTHING))


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes right below, but not those of a Loop, whose names mean other things."""
    match node:
        case Select():
            return (node.operand,)
        case Call():
            return node.arguments if node.target is None else (node.target, *node.arguments)
        case Items():
            return node.items
        case Entries():
            return tuple(part for entry in node.entries for part in entry)
        case _:
            return ()


def _position(entry: bytes) -> tuple[int, int]:
    if len(entry) == _BOTH_SHORT:
        return entry[1], entry[3]
    fields = dict(_fields(entry))
    return _int(fields.get(1, 0)), _int(fields.get(2, 0))


_POSITIONS = 4
_BOTH_SHORT = 4
"""Bytes of an entry whose id and offset are below 128: nearly all of them."""
_CONSTANT, _NAME, _SELECT, _CALL, _ITEMS, _ENTRIES, _LOOP = range(3, 10)


def _read(data: bytes, offsets: dict[int, int]) -> Node:
    fields = dict(_fields(data))
    offset = offsets.get(_int(fields.pop(2, 0)), 0)
    [(number, value)] = fields.items()
    content = _bytes(value)
    match number:
        case 3:
            return Constant(_constant(content), content, offset=offset)
        case 4:
            return Name(_text(dict(_fields(content)).get(1, _NOTHING)), offset=offset)
        case 5:
            part = dict(_fields(content))
            operand = _read(_bytes(part[1]), offsets)
            return Select(operand, _text(part[2]), bool(part.get(3)), offset=offset)
        case 6:
            return _read_call(content, offsets, offset)
        case 7:
            items = tuple(_read(_bytes(v), offsets) for n, v in _fields(content) if n == 1)
            return Items(items, offset=offset)
        case 8:
            return _read_entries(content, offsets, offset)
        case _:
            return _read_loop(content, offsets, offset)


def _read_call(content: bytes, offsets: dict[int, int], offset: int) -> Call:
    target: Node | None = None
    function = ""
    arguments: list[Node] = []
    for number, value in _fields(content):
        if number == 1:
            target = _read(_bytes(value), offsets)
        elif number == 2:
            function = _text(value)
        else:
            arguments.append(_read(_bytes(value), offsets))
    return Call(function, target, tuple(arguments), offset=offset)


def _read_entries(content: bytes, offsets: dict[int, int], offset: int) -> Entries:
    message = ""
    entries: list[tuple[Node, Node]] = []
    for number, value in _fields(content):
        if number == 1:
            message = _text(value)
            continue
        entry = dict(_fields(_bytes(value)))
        if 3 in entry:
            entries.append(
                (_read(_bytes(entry[3]), offsets), _read(_bytes(entry[4]), offsets)),
            )
    return Entries(tuple(entries), message, offset=offset)


def _read_loop(content: bytes, offsets: dict[int, int], offset: int) -> Loop:
    part = dict(_fields(content))
    over, start, condition, step, result = (
        _read(_bytes(part[number]), offsets) for number in (2, 4, 5, 6, 7)
    )
    return Loop(_text(part[1]), over, _text(part[3]), start, condition, step, result, offset=offset)


def _constant(content: bytes) -> object:
    fields = list(_fields(content))
    if not fields:
        return None
    number, value = fields[0]
    match number:
        case 2:
            return bool(value)
        case 3:
            signed = _int(value)
            return signed - (1 << 64) if signed >= 1 << 63 else signed
        case 4:
            return float(_int(value))  # unsigned: an index in no path
        case 6:
            return _text(value)
        case 7:
            return _bytes(value)
        case 5:
            return 0.0  # its value is of no interest here; `raw` has it
        case _:
            return None


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield number and content of each field of a protobuf message."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        match tag & 7:
            case 0:
                value, position = _varint(data, position)
                yield tag >> 3, value
            case 2:
                length, position = _varint(data, position)
                yield tag >> 3, data[position : position + length]
                position += length
            case wire:
                length = 8 if wire == 1 else 4
                yield tag >> 3, data[position : position + length]
                position += length


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7


def _only(data: bytes, number: int) -> bytes:
    return _bytes(dict(_fields(data))[number])


def _bytes(value: int | bytes) -> bytes:
    return value if isinstance(value, bytes) else _NOTHING


def _int(value: int | bytes) -> int:
    return value if isinstance(value, int) else 0


def _text(value: int | bytes) -> str:
    return _bytes(value).decode()


def _write(node: Node, ids: Iterator[int]) -> bytes:
    """Return the Expr message of the node, with ids of its own."""
    number, content = _content(node, ids)
    return _number(2, next(ids)) + _part(number, content)


def _content(node: Node, ids: Iterator[int]) -> tuple[int, bytes]:
    match node:
        case Constant():
            return _CONSTANT, node.raw
        case Name():
            return _NAME, _part(1, node.name.encode())
        case Select():
            test = _number(3, 1) if node.is_test else _NOTHING
            name = _part(2, node.name.encode())
            return _SELECT, _part(1, _write(node.operand, ids)) + name + test
        case Call():
            target = _part(1, _write(node.target, ids)) if node.target else _NOTHING
            arguments = b"".join(_part(3, _write(argument, ids)) for argument in node.arguments)
            return _CALL, target + _part(2, node.function.encode()) + arguments
        case Items():
            return _ITEMS, b"".join(_part(1, _write(item, ids)) for item in node.items)
        case Entries():
            return _ENTRIES, b"".join(
                _part(
                    2, _number(1, next(ids)) + _part(3, _write(k, ids)) + _part(4, _write(v, ids))
                )
                for k, v in node.entries
            )
        case Loop():
            return _LOOP, b"".join(
                (
                    _part(1, node.variable.encode()),
                    _part(2, _write(node.over, ids)),
                    _part(3, node.accumulator.encode()),
                    _part(4, _write(node.start, ids)),
                    _part(5, _write(node.condition, ids)),
                    _part(6, _write(node.step, ids)),
                    _part(7, _write(node.result, ids)),
                )
            )


def _number(field_number: int, value: int) -> bytes:
    return _as_varint(field_number << 3) + _as_varint(value)


def _part(field_number: int, content: bytes) -> bytes:
    return _as_varint(field_number << 3 | 2) + _as_varint(len(content)) + content


def _as_varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
