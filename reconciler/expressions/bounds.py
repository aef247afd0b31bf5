"""How much an evaluation can cost at most, found before it begins: the library cannot be stopped.

The library itself bounds the depth of a text (32) and the rounds of all loops together (10,000), but
not how long a string or a list becomes: `.map(a, a + a)` nine times over doubles nine times, and
replace(), join() and flatten() multiply as well. So the tree is gone through with sizes in place of
values. Every bound grows with its inputs at least in proportion, and so do sums of such bounds:
a loop over parts of sizes s1, s2, … costs no more than `rounds × body(0) + body(s1 + s2 + …) -
body(0)`, however its range is made up.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

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
"""In steps of at most some 20 ns each, so that no evaluation takes much over a second."""

MAX_ROUNDS = 10_000
"""Of all loops of one evaluation together: the library's own bound."""

MAX_NESTED = 5
"""Loops inside loops; the bound goes through a body twice for each."""


@dataclass(frozen=True, slots=True)
class Size:
    """At most so many characters, in at most so many values, at any depth."""

    characters: int = 0
    values: int = 0

    @property
    def total(self) -> int:
        return self.characters + self.values

    def __add__(self, other: "Size") -> "Size":
        return Size(self.characters + other.characters, self.values + other.values)

    def times(self, factor: int) -> "Size":
        return Size(self.characters * factor, self.values * factor)

    def beyond(self, part: "Size") -> "Size":
        """Return what is left without `part`."""
        return Size(self.characters - part.characters, self.values - part.values)

    def or_(self, other: "Size") -> "Size":
        """Return the bound of either."""
        return Size(max(self.characters, other.characters), max(self.values, other.values))


_NOTHING, _ONE = Size(), Size(0, 1)


def size_of(value: object) -> Size:
    """Return the size of a JSON value."""
    if isinstance(value, str):
        return Size(len(value), 1)
    if isinstance(value, Mapping):
        return sum((size_of(item) + Size(len(str(k)), 1) for k, item in value.items()), _ONE)
    if isinstance(value, list):
        return sum(map(size_of, value), _ONE)
    return _ONE


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


def bound_work(node: Node, sizes: Mapping[str, Size]) -> int:
    """Return how many steps an evaluation takes at most; `sizes` are those of the free names."""
    meter = _Meter()
    size = meter.measure(node, dict(sizes))
    return meter.work + size.total


class _Meter:
    def __init__(self) -> None:
        self.work = 0

    def measure(self, node: Node, sizes: dict[str, Size]) -> Size:
        """Return the bound of the result's size; add the steps to `work`."""
        self.work += 1
        match node:
            case Constant():
                return size_of(node.value if isinstance(node.value, str) else None)
            case Name():
                return sizes.get(node.name, _ONE)
            case Select():
                return self.measure(node.operand, sizes)
            case Items() | Entries():
                return sum((self.measure(c, sizes) for c in children(node)), _ONE)
            case Call():
                return self._call(node, sizes)
            case Loop():
                return self._loop(node, sizes)

    def _call(self, call: Call, sizes: dict[str, Size]) -> Size:
        if call.function == "_?_:_":
            _, yes, no = (self.measure(argument, sizes) for argument in call.arguments)
            return yes.or_(no)
        given = [self.measure(child, sizes) for child in children(call)]
        if call.function in _COMPARING:
            self.work += min((size.total for size in given), default=0)
            return _ONE
        if call.function in _TELLING:
            self.work += sum(size.total for size in given)
            return _ONE
        if call.function == "matches":
            self.work += _matching(call, given)
            return _ONE
        if call.function == "_[_]":
            return given[0]
        result = _MULTIPLYING.get(call.function, _together)(given)
        self.work += result.total
        return result

    def _loop(self, loop: Loop, sizes: dict[str, Size]) -> Size:
        over = self.measure(loop.over, sizes)
        rounds = min(over.values, MAX_ROUNDS)
        without = self._round(loop, sizes, _NOTHING)
        with_all = self._round(loop, sizes, over)
        self.work += without.work * rounds + max(with_all.work - without.work, 0) + rounds
        grown = without.size.times(rounds) + with_all.size.beyond(without.size)
        return grown + _ONE if loop.makes_list else _ONE

    def _round(self, loop: Loop, sizes: dict[str, Size], element: Size) -> "_Round":
        """Return what one round over an element of this size does to the result, and its steps."""
        inside = {**sizes, loop.variable: element, loop.accumulator: _NOTHING}
        meter = _Meter()
        size = meter.measure(loop.step, inside)
        meter.measure(loop.condition, inside)
        return _Round(size, meter.work)


@dataclass(frozen=True, slots=True)
class _Round:
    size: Size
    work: int


def _together(given: list[Size]) -> Size:
    return sum(given, _ONE)


def _replaced(given: list[Size]) -> Size:
    text, _, new = given[0], given[1], given[2]
    return text + Size(new.characters * (text.characters + 1), 1)


def _joined(given: list[Size]) -> Size:
    separator = given[1].characters if len(given) > 1 else 0
    return given[0] + Size(given[0].values * separator, 1)


def _formatted(given: list[Size]) -> Size:
    """`%.1000f` is the longest that a number becomes, and needs a `%` of its own."""
    return _together(given) + Size(given[0].characters * 500, 1)


def _quoted(given: list[Size]) -> Size:
    return Size(sum(size.characters for size in given) * 6 + 2, 1)


def _split(given: list[Size]) -> Size:
    return Size(given[0].characters, given[0].characters + 2)


def _sorted(given: list[Size]) -> Size:
    """Sorting compares, and leaving out doubles compares each with each."""
    return given[0] + _ONE


def _matching(call: Call, given: list[Size]) -> int:
    """RE2 is linear in the text, times the pattern's length with its repetitions written out.

    It refuses more than 1,000 repetitions, nested ones multiplied.
    """
    pattern = call.arguments[-1]
    is_simple = (
        isinstance(pattern, Constant)
        and isinstance(pattern.value, str)
        and not re.search(r"\{", pattern.value)
    )
    length = given[-1].characters + 1
    text = given[0].characters + length
    return text * length // 4 + length if is_simple else text * 1000


_MULTIPLYING: dict[str, Callable[[list[Size]], Size]] = {
    "replace": _replaced,
    "join": _joined,
    "format": _formatted,
    "strings.quote": _quoted,
    "quote": _quoted,
    "split": _split,
    "matches": _together,
    "distinct": _sorted,
    "sort": _sorted,
}
_COMPARING = frozenset(
    {"_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "_&&_", "_||_", "!_", "startsWith", "endsWith"}
)
_TELLING = frozenset({"@in", "size", "contains", "indexOf", "lastIndexOf", "type"})
