"""CEL, the Common Expression Language: the only user of its library, Google's `cel-expr-python`.

Imported only when an expression is more than a path. What the library does not do by itself is done
here: results are the same on every run (order), their cost is bounded before they begin (bounds), and
its answers are taken apart value by value, see `_json`.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from reconciler.expressions.bounds import (
    MAX_NESTED,
    MAX_WORK,
    bound_work,
    is_harmless,
    nested_loops,
)
from reconciler.expressions.errors import ExpressionError, shortened
from reconciler.expressions.needs import free_names
from reconciler.expressions.order import ordered
from reconciler.expressions.syntax import Call, Entries, Loop, Node, children, read_tree, write_tree
from reconciler.expressions.words import (
    Problem,
    failed,
    not_compiled,
    read_problems,
    too_much,
)

if TYPE_CHECKING:
    from cel_expr_python.cel import Env, Expression, Value

MAX_LENGTH = 10_000
"""Characters of one expression. The library takes ten times as many, and long to refuse them."""

MAX_INPUT = 10_000_000
"""Characters and values that go into one evaluation."""

_SMALL_INPUT = 1_000

MAX_DEPTH = 100
"""Maps and lists inside one another, in what goes in; the library crashes at some thousands."""

MAX_INTEGER = 2**53
"""Beyond it, JSON readers differ; YAML's integers have the same bound."""

_EXTENSIONS = "name: reconcile\nextensions:\n - name: strings\n - name: math\n - name: lists\n"


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A CEL expression that compiled.

    tree: as written, for finding the paths in it.
    is_harmless: nothing in it multiplies, so a small input is bound enough.
    """

    text: str
    tree: Node
    is_harmless: bool
    _expression: "Expression"

    def evaluate(self, variables: Mapping[str, object]) -> object:
        """Return the JSON value. Raises ExpressionError, whose text may show parts of variables.

        variables: JSON values by name, their maps and lists as dict and list.
        """
        total = sum(map(_checked_size, variables.values()))
        if total > MAX_INPUT:
            raise too_much(self.text, "what goes into it is too large")
        is_cheap = self.is_harmless and total < _SMALL_INPUT
        if not is_cheap and bound_work(self.tree, variables) > MAX_WORK:
            raise too_much(self.text, "it could take too long or become too large")
        try:
            value = self._expression.eval(data=dict(variables))
            return _json(value, self.text)
        except (RuntimeError, ValueError, TypeError) as error:
            raise failed(self.text, str(error)) from None


@lru_cache(maxsize=16_384)
def compile_cel(text: str, lists: frozenset[str] = frozenset()) -> Program:
    """Return the program. Raises ExpressionError that says where in the text the mistake is.

    lists: names that always stand for lists; going through them costs less.
    """
    _check_text(text)
    try:
        unchecked = _environment(frozenset()).compile(text, disable_check=True)
        tree = read_tree(unchecked.serialize())
    except RuntimeError as error:
        raise not_compiled(text, read_problems(str(error))[0]) from None
    _check_tree(text, tree)
    _check_types(text, tree)
    rewritten = ordered(tree, lists)
    if rewritten != tree:
        unchecked = _environment(frozenset()).deserialize(write_tree(rewritten))
    return Program(text, tree, is_harmless(tree), unchecked)


@lru_cache(maxsize=64)
def _environment(names: frozenset[str]) -> "Env":
    """Return where texts are compiled that use these names; of any type, as YAML has them."""
    from cel_expr_python import cel

    variables = dict.fromkeys(sorted(names), cel.Type.DYN)
    return cel.NewEnv(config=cel.NewEnvConfigFromYaml(_EXTENSIONS), variables=variables)


def _check_text(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise too_much(text, f"it has {len(text)} characters; {MAX_LENGTH} is the most")
    if not _is_encodable(text):
        raise ExpressionError("Invalid expression", "It holds half of a character.")


def _check_tree(text: str, tree: Node) -> None:
    if nested_loops(tree) > MAX_NESTED:
        raise too_much(text, f"more than {MAX_NESTED} loops stand inside one another")
    for node in _nodes(tree):
        if isinstance(node, Entries) and node.message:
            raise not_compiled(text, Problem(node.offset, f"there is no type '{node.message}'"))
        if isinstance(node, Call) and node.function == "range":  # its result has any size
            raise not_compiled(text, Problem(node.offset, "there is no function 'range'"))


def _check_types(text: str, tree: Node) -> None:
    """Raise ExpressionError for what the library's checker finds, such as an unknown function.

    But the branches of a condition may differ in type here: null unsets an attribute.
    """
    names = frozenset(name.name for name in free_names(tree))
    try:
        _environment(names).compile(text)
    except RuntimeError as error:
        problems = [
            problem for problem in read_problems(str(error)) if "'_?_:_'" not in problem.message
        ]
        if problems:
            raise not_compiled(text, problems[0]) from None


def _nodes(node: Node) -> Iterable[Node]:
    yield node
    below = children(node)
    if isinstance(node, Loop):
        below = (node.over, node.start, node.step, node.result)
    for child in below:
        yield from _nodes(child)


def _checked_size(value: object, depth: int = 0) -> int:
    """Return how many characters and values go in.

    Raises ExpressionError where the library would crash or lose a part of them.
    """
    if depth > MAX_DEPTH:
        raise ExpressionError("Expression is too much", f"A value has over {MAX_DEPTH} levels.")
    if isinstance(value, str):
        if "\0" in value or not _is_encodable(value):
            raise ExpressionError(
                "Invalid value", "A text that goes in holds a NUL or half of a character."
            )
        return len(value) + 1
    size = 1
    if isinstance(value, dict):
        for key, item in value.items():
            size += _checked_size(key, depth) + _checked_size(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            size += _checked_size(item, depth + 1)
    return size


def _is_encodable(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@cache
def _kinds() -> dict[str, str]:
    """Return our words for the library's names of its types."""
    from cel_expr_python.cel import Type

    known = {
        "null": Type.NULL,
        "error": Type.ERROR,
        "number": Type.DOUBLE,
        "list": Type.LIST,
        "map": Type.MAP,
        "text": Type.STRING,
        "boolean": Type.BOOL,
        "integer": Type.INT,
        "unsigned": Type.UINT,
    }
    return {kind.name(): word for word, kind in known.items()}


def _json(value: "Value", text: str) -> object:
    """Return the JSON value of an answer, maps sorted by key: CEL's have no order.

    Item by item, because the library (0.1.3) gives out null without counting the reference: on
    Python 3.11 some thousands of nulls converted by it would end the process.
    """
    name = value.type().name()
    match _kinds().get(name):
        case "null":
            return None
        case "error":
            raise failed(text, str(value.value()))
        case "list":
            return [_json(item, text) for item in value.value()]
        case "map":
            items = value.value().items()
            return {_key(key, text): _json(item, text) for key, item in sorted(items, key=_by_text)}
        case "number":
            return _finite(value.value(), text)
        case "integer" | "unsigned":
            return _exact(value.value(), text)
        case "text" | "boolean":
            return value.value()
        case _:
            raise ExpressionError(
                "Not a value",
                f"'{shortened(text)}' gives a {name.lower()}, which no attribute can hold.",
                "make a text of it with string(…)",
            )


def _by_text(item: tuple[object, object]) -> str:
    return str(item[0])


def _key(key: object, text: str) -> str:
    if isinstance(key, str):
        return key
    raise ExpressionError(
        "Not a value",
        f"'{shortened(text)}' gives a map with a key that is no text.",
        "make a text of it with string(…)",
    )


def _finite(number: float, text: str) -> float:
    if math.isfinite(number):
        return number
    raise failed(text, "the number is infinite or none")


def _exact(number: int, text: str) -> int:
    if abs(number) <= MAX_INTEGER:
        return number
    raise failed(text, "the integer is beyond 2^53")
