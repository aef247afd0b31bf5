"""Which values a CEL expression needs: the paths in its tree."""

from collections.abc import Iterator

from reconciler.expressions.errors import ExpressionError
from reconciler.expressions.reference import ROOTS, Need, Part, Reference, make_path
from reconciler.expressions.syntax import Call, Constant, Loop, Name, Node, Select, children

TYPES = frozenset(
    {"bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint"}
)
"""Names that stand for a type, as in `type(x) == string`."""

NAMESPACES = frozenset({"math", "strings"})
"""What stands before the point in `math.greatest(…)` and is no value."""


def find_needs(node: Node) -> tuple[tuple[Need, ...], bool]:
    """Return each path once, in order, and whether has() asks for one as a whole.

    The path in has(a.b) is a, as far as that names a value: that b is missing is no error there.
    Raises ExpressionError for a path that can name no value.
    """
    finder = _Finder()
    finder.walk(node, frozenset())
    return tuple(finder.found), finder.tests_presence


def free_names(node: Node) -> Iterator[Name]:
    """Yield each name that a macro does not bind and that stands for no type or namespace."""
    yield from _free_names(node, frozenset())


def _free_names(node: Node, bound: frozenset[str]) -> Iterator[Name]:
    if isinstance(node, Name):
        if node.name not in bound | TYPES:
            yield node
    elif isinstance(node, Loop):
        yield from _free_names(node.over, bound)
        inside = bound | {node.variable, node.accumulator}
        for part in (node.start, node.step, node.result):
            yield from _free_names(part, inside)
    elif isinstance(node, Call) and is_in_namespace(node):
        for argument in node.arguments:
            yield from _free_names(argument, bound)
    else:
        for child in children(node):
            yield from _free_names(child, bound)


def is_in_namespace(call: Call) -> bool:
    """Whether it is a call such as `strings.quote(x)`, whose target is no value."""
    return isinstance(call.target, Name) and call.target.name in NAMESPACES


class _Finder:
    def __init__(self) -> None:
        self.found: dict[Need, None] = {}
        self.tests_presence = False

    def walk(self, node: Node, bound: frozenset[str]) -> None:
        chain = _chain(node)
        if chain is not None and chain[0] not in bound and not (chain[0] in TYPES and not chain[1]):
            self._take(chain[0], chain[1], bound)
        elif isinstance(node, Loop):
            self.walk(node.over, bound)
            inside = bound | {node.variable, node.accumulator}
            for part in (node.start, node.step, node.result):
                self.walk(part, inside)
        elif isinstance(node, Call) and is_in_namespace(node):
            for argument in node.arguments:
                self.walk(argument, bound)
        else:
            for child in children(node):
                self.walk(child, bound)

    def _take(self, root: str, links: list[Node], bound: frozenset[str]) -> None:
        """Note the path that begins at `root`, and the paths in its indexes."""
        parts: list[Part | Reference] = []
        for link in links:
            is_test = isinstance(link, Select) and link.is_test
            if is_test and _is_whole(root, parts):
                break
            self.tests_presence = self.tests_presence or is_test
            part = _part_of(link, bound)
            if not isinstance(part, Part) and _is_whole(root, parts):
                break
            if part is None:
                raise _unknown_index(link)
            parts.append(part)
        for link in links:
            if isinstance(link, Call):
                self.walk(link.arguments[1], bound)
        self.found[make_path(root, tuple(parts))] = None


def _is_whole(root: str, parts: list[Part | Reference]) -> bool:
    """Whether the path so far names a value."""
    try:
        make_path(root, tuple(parts))
    except ExpressionError:
        return False
    return True


def _unknown_index(link: Node) -> ExpressionError:
    return ExpressionError(
        "Not known here",
        f"The index at column {link.offset + 1} says whose value it is, and is more than a path.",
        'write it as ["key"] or [each.key]',
    )


def _chain(node: Node) -> tuple[str, list[Node]] | None:
    """Return the name that a path begins with, and its links in order; None for no path."""
    links: list[Node] = []
    while True:
        match node:
            case Name(name=name):
                return name, links[::-1]
            case Select():
                links.append(node)
                node = node.operand
            case Call(function="_[_]", arguments=(operand, _)):
                links.append(node)
                node = operand
            case _:
                return None


def _part_of(link: Node, bound: frozenset[str]) -> Part | Reference | None:
    """Return what a link adds to the path; None when that is known only when it is evaluated."""
    match link:
        case Select():
            return Part(link.name, is_name=True)
        case Call(arguments=(_, Constant(value=str() as key))):
            return Part(key, is_name=False)
        case Call(arguments=(_, Constant(value=int() as index))) if (
            not isinstance(index, bool) and index >= 0
        ):
            return Part(index, is_name=False)
        case Call(arguments=(_, index)):
            return _index(index, bound)
        case _:
            return None


def _index(node: Node, bound: frozenset[str]) -> Reference | None:
    """Return the index's own path when it is plain, such as each.key."""
    chain = _chain(node)
    if chain is None or chain[0] in bound or chain[0] not in ROOTS or chain[0] == "data":
        return None
    parts = tuple(_part_of(link, bound) for link in chain[1])
    if not all(isinstance(part, Part) for part in parts):
        return None
    path = make_path(chain[0], tuple(part for part in parts if isinstance(part, Part)))
    return path if isinstance(path, Reference) else None
