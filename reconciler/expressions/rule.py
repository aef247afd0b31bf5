"""Rules: CEL expressions with given names in place of a stack's paths."""

from collections.abc import Collection

from reconciler.expressions.cel import Program, compile_cel
from reconciler.expressions.errors import ExpressionError
from reconciler.expressions.needs import free_names


def compile_rule(text: str, names: Collection[str], lists: frozenset[str] = frozenset()) -> Program:
    """Return the program of a rule that may refer to `names` only. Raises ExpressionError.

    lists: those that always stand for lists.
    """
    program = compile_cel(text, lists)
    for name in free_names(program.tree):
        if name.name not in names:
            raise ExpressionError(
                "Unknown name",
                f"There is no '{name.name}' here (column {name.offset + 1}).",
                f"a rule may use {', '.join(sorted(names))}",
            )
    return program
