"""Make the result of a CEL expression the same on every run.

CEL leaves the order of a map's keys open, and the library's differs from one process to the next.
So map() and filter() go through a map in the order of its sorted keys.
"""

from dataclasses import replace

from reconciler.expressions.syntax import (
    Call,
    Constant,
    Entries,
    Items,
    Loop,
    Name,
    Node,
    Select,
)

_LISTS = frozenset({"sort", "distinct", "flatten", "slice", "split"})
_RANGE, _KEY, _RESULT = "@range", "@key", "@result"
_TRUE, _FALSE = Constant(True, b"\x10\x01"), Constant(False, b"\x10\x00")


def ordered(node: Node, lists: frozenset[str] = frozenset()) -> Node:
    """Return the tree with the keys sorted wherever a list is made from what may be a map.

    lists: names known to stand for lists.
    """
    match node:
        case Select():
            return replace(node, operand=ordered(node.operand, lists))
        case Call():
            return replace(
                node,
                target=ordered(node.target, lists) if node.target else None,
                arguments=tuple(ordered(argument, lists) for argument in node.arguments),
            )
        case Items():
            return replace(node, items=tuple(ordered(item, lists) for item in node.items))
        case Entries():
            entries = tuple((ordered(k, lists), ordered(v, lists)) for k, v in node.entries)
            return replace(node, entries=entries)
        case Loop():
            return _ordered_loop(node, lists)
        case _:
            return node


def _ordered_loop(loop: Loop, lists: frozenset[str]) -> Loop:
    over = ordered(loop.over, lists)
    inside = lists - {loop.variable, loop.accumulator}
    if loop.makes_list and not _is_list(loop.over, lists):
        over = _with_sorted_keys(over)
    return replace(
        loop,
        over=over,
        start=ordered(loop.start, lists),
        step=ordered(loop.step, inside),
        result=ordered(loop.result, inside),
    )


def _is_list(node: Node, lists: frozenset[str]) -> bool:
    match node:
        case Items():
            return True
        case Name():
            return node.name in lists
        case Loop():
            return node.makes_list
        case Call():
            return node.function in _LISTS
        case _:
            return False


def _with_sorted_keys(over: Node) -> Node:
    """Return `cel.bind(@range, over, type(@range) == map ? @range.map(k, k).sort() : @range)`."""
    name = Name(_RANGE)
    is_map = Call("_==_", None, (Call("type", None, (name,)), Name("map")))
    keys = Loop(
        _KEY,
        name,
        _RESULT,
        Items(()),
        _TRUE,
        Call("_+_", None, (Name(_RESULT), Items((Name(_KEY),)))),
        Name(_RESULT),
    )
    choice = Call("_?_:_", None, (is_map, Call("sort", keys, ()), name))
    return Loop("#unused", Items(()), _RANGE, over, _FALSE, name, choice)
