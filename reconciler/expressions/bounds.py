"""How much an evaluation can cost at most, found before it begins: the library cannot be stopped.

The library itself bounds the depth of a text (32) and the rounds of all loops together (10,000), but
not how long a string or a list becomes: `.map(a, a + a)` nine times over doubles nine times, and
replace() and join() multiply as well. So the tree is gone through with sizes in place of values. Every
bound grows with its inputs at least in proportion, and so do sums of such bounds: a loop over parts of
sizes s1, s2, … costs no more than `rounds × body(0) + body(s1 + s2 + …) - body(0)`, however what it
goes over is made up.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from reconciler.expressions.syntax import (
    Call,
    Constant,
    Entries,
    Items,
    Loop,
    Name,
    Node,
    Select,
    children,
)

MAX_WORK = 50_000_000
"""In steps of some 20 to 40 ns each, so that no evaluation takes much over a second."""

MAX_ROUNDS = 10_000
"""Of all loops of one evaluation together: the library's own bound."""

MAX_NESTED = 5
"""Loops inside loops; the bound goes through a body twice for each."""


@dataclass(frozen=True, slots=True)
class Size:
    """At most so many characters, in at most so many values, at any depth.

    items: at most so many of the values lie in it directly.
    """

    characters: int = 0
    values: int = 0
    items: int = 0

    @property
    def total(self) -> int:
        return self.characters + self.values

    @property
    def is_scalar(self) -> bool:
        """Whether it is a number, true, false, null, or something empty."""
        return self.characters == 0 and self.values <= 1

    def __add__(self, other: "Size") -> "Size":
        return Size(
            self.characters + other.characters,
            self.values + other.values,
            self.items + other.items,
        )

    def grown(self, rounds: int, without: "Size") -> "Size":
        """Return `rounds` times what is made `without` an element, and what all elements add."""
        return Size(
            without.characters * rounds + max(self.characters - without.characters, 0),
            without.values * rounds + max(self.values - without.values, 0),
        )

    def or_(self, other: "Size") -> "Size":
        """Return the bound of either."""
        return Size(
            max(self.characters, other.characters),
            max(self.values, other.values),
            max(self.items, other.items),
        )

    def inside(self) -> "Size":
        """Return the bound of anything that lies in it, at any depth."""
        return Size(self.characters, self.values, self.values)


_NOTHING, _ONE = Size(), Size(0, 1)


def size_of(value: object) -> Size:
    """Return the size of a JSON value."""
    if isinstance(value, str):
        return Size(len(value), 1)
    if not isinstance(value, dict | list):
        return _ONE
    characters, values = 0, 1
    parts: list[object] = [value]
    while parts:
        part = parts.pop()
        if isinstance(part, str):
            characters += len(part)
            continue
        if isinstance(part, dict):
            parts += part
            parts += part.values()
            values += 2 * len(part)
        elif isinstance(part, list):
            parts += part
            values += len(part)
    return Size(characters, values, len(value))


def _around(parts: list[Size]) -> Size:
    """Return the size of a list of these parts."""
    within = sum(parts, _NOTHING)
    return Size(within.characters, within.values + 1, len(parts))


def nested_loops(node: Node) -> int:
    """Return how many loops stand inside one another."""
    if isinstance(node, Loop):
        inside = max(map(nested_loops, (node.start, node.step, node.result)))
        return max(1 + inside, nested_loops(node.over))
    return max(map(nested_loops, children(node)), default=0)


def is_harmless(node: Node) -> bool:
    """Whether nothing in it multiplies, so that it costs no more than its text and its inputs."""
    if isinstance(node, Loop) or (isinstance(node, Call) and node.function in _MULTIPLYING):
        return False
    return all(map(is_harmless, children(node)))


def bound_work(node: Node, variables: Mapping[str, object]) -> int:
    """Return how many steps an evaluation takes at most, and how large its result is, together."""
    meter = _Meter(variables)
    size = meter.measure(node, {})
    return meter.work + size.total


@dataclass(slots=True)
class _Meter:
    """variables: by name; those that a loop binds have a size only.

    sizes: of the variables' parts, by the object's id.
    """

    variables: Mapping[str, object]
    work: int = 0
    sizes: dict[int, Size] = field(default_factory=dict)

    def measure(self, node: Node, bound: dict[str, Size]) -> Size:
        """Return the bound of the result's size; add the steps to `work`."""
        self.work += 1
        match node:
            case Constant():
                return size_of(node.value if isinstance(node.value, str) else None)
            case Name() | Select():
                return self._path(node, bound)
            case Items() | Entries():
                parts = [self.measure(child, bound) for child in children(node)]
                return _around(parts)
            case Call():
                return self._call(node, bound)
            case Loop():
                return self._loop(node, bound)

    def _path(self, node: Name | Select, bound: dict[str, Size]) -> Size:
        found = self._variable(node, bound)
        if found is not None:
            value = found[0]
            if id(value) not in self.sizes:
                self.sizes[id(value)] = size_of(value)
            return self.sizes[id(value)]
        if isinstance(node, Name):
            return bound.get(node.name, _ONE)
        return self.measure(node.operand, bound).inside()

    def _variable(self, node: Node, bound: dict[str, Size]) -> tuple[object] | None:
        """Return the value, in a tuple, when the path is one of a variable."""
        if isinstance(node, Name) and node.name not in bound and node.name in self.variables:
            return (self.variables[node.name],)
        if isinstance(node, Select) and not node.is_test:
            around = self._variable(node.operand, bound)
            if around and isinstance(around[0], Mapping) and node.name in around[0]:
                return (around[0][node.name],)
        return None

    def _call(self, call: Call, bound: dict[str, Size]) -> Size:
        if call.function == "_?_:_":
            _, yes, no = (self.measure(argument, bound) for argument in call.arguments)
            return yes.or_(no)
        given = [self.measure(child, bound) for child in children(call)]
        self.work += _steps(call, given)
        if call.function in _SCALAR:
            return _ONE
        if call.function == "_[_]":
            return given[0].inside()
        if call.function not in _MULTIPLYING and all(size.is_scalar for size in given):
            return _ONE
        result = _MULTIPLYING.get(call.function, _together)(given)
        self.work += result.total
        return result

    def _loop(self, loop: Loop, bound: dict[str, Size]) -> Size:
        over = self.measure(loop.over, bound)
        rounds = min(over.items, MAX_ROUNDS)
        without, cheapest = self._round(loop, bound, _NOTHING)
        with_all, dearest = self._round(loop, bound, over.inside())
        self.work += cheapest * rounds + max(dearest - cheapest, 0) + rounds
        if not loop.makes_list:
            return _ONE
        self.work += rounds * rounds  # each round copies the list so far
        grown = with_all.grown(rounds, without)
        return Size(grown.characters, grown.values + 1, rounds)

    def _round(self, loop: Loop, bound: dict[str, Size], element: Size) -> tuple[Size, int]:
        """Return what one round over such an element adds to the result, and its steps."""
        inside = {**bound, loop.variable: element, loop.accumulator: _NOTHING}
        meter = _Meter(self.variables, sizes=self.sizes)
        size = meter.measure(loop.step, inside)
        meter.measure(loop.condition, inside)
        return size, meter.work


def _steps(call: Call, given: list[Size]) -> int:
    """Return the steps of one call beyond those of making its result."""
    match call.function:
        case "size":
            return given[0].characters
        case "distinct":  # compares each with each
            return given[0].values ** 2
        case "matches":
            return _matching(call, given)
        case "contains" | "indexOf" | "lastIndexOf" | "split" | "replace" if len(given) > 1:
            # Looked for at each place, but very fast.
            return given[0].characters * given[1].characters // 500 + given[0].total
        case "@in":
            return given[0].total + given[1].total
        case function if function in _SCALAR:
            return min((size.total for size in given), default=0)
        case _:
            return 0


def _matching(call: Call, given: list[Size]) -> int:
    """RE2 is linear in the text, times the pattern's length with its repetitions written out.

    It refuses more than 1,000 repetitions, nested ones multiplied.
    """
    pattern = call.arguments[-1]
    is_simple = isinstance(pattern, Constant) and "{" not in str(pattern.value)
    length = given[-1].characters + 1
    text = given[0].characters + length
    return text * length // 4 + length if is_simple else text * 1000


def _together(given: list[Size]) -> Size:
    return sum(given, _ONE)


def _replaced(given: list[Size]) -> Size:
    new = given[2].characters if len(given) > 2 else 0
    return given[0] + Size(new * (given[0].characters + 1), 1)


def _joined(given: list[Size]) -> Size:
    separator = given[1].characters if len(given) > 1 else 0
    return Size(given[0].characters + given[0].values * separator, 1)


def _formatted(given: list[Size]) -> Size:
    """`%.1000f` is the longest that a number becomes, and needs some characters of its own."""
    return _together(given) + Size(given[0].characters * 500, 1)


def _quoted(given: list[Size]) -> Size:
    return Size(sum(size.characters for size in given) * 6 + 2, 1)


def _split(given: list[Size]) -> Size:
    return Size(given[0].characters, given[0].characters + 2, given[0].characters + 1)


def _flattened(given: list[Size]) -> Size:
    return given[0].inside()


def _as_text(given: list[Size]) -> Size:
    """A number has at most some 30 characters."""
    return Size(given[0].characters + 30, 1)


_MULTIPLYING: dict[str, Callable[[list[Size]], Size]] = {
    "replace": _replaced,
    "join": _joined,
    "format": _formatted,
    "quote": _quoted,
    "split": _split,
    "string": _as_text,
    "flatten": _flattened,
    "matches": _together,
    "distinct": _together,
    "sort": _together,
    "contains": _together,
    "indexOf": _together,
    "lastIndexOf": _together,
}
"""Functions whose cost or result may be more than what goes in."""

_SCALAR = frozenset(
    {
        *("_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "_&&_", "_||_", "!_", "@in", "size"),
        *("startsWith", "endsWith", "contains", "indexOf", "lastIndexOf", "matches", "type"),
        *("int", "double", "uint", "bool", "_-_", "_*_", "_/_", "_%_", "-_"),
    }
)
"""Functions whose result is a number, true or false."""
