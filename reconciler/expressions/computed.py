"""Expressions that are more than a path: which values they need, and what comes out of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from reconciler.expressions.errors import ExpressionError, shortened
from reconciler.expressions.reference import Indexed, Need, Reference, parse_path, spell_path
from reconciler.model.location import Path
from reconciler.model.values import Secret, Unknown

_LITERALS = frozenset({"true", "false", "null"})


@dataclass(frozen=True, slots=True)
class CelExpression:
    """A CEL expression.

    needs: the paths in it, each once.
    known: values that were put in already, perhaps with expressions of their own inside.
    tests_presence: has() asks whether one of the needs is there at all.
    """

    text: str
    needs: tuple[Need, ...]
    known: tuple[tuple[Need, object], ...] = field(default=(), hash=False)
    tests_presence: bool = False

    @property
    def outermost(self) -> tuple[Need, ...]:
        """Return the needs that lie inside no other, so that each value has one source."""
        paths = {need: _names(need) for need in self.needs if isinstance(need, Reference)}
        return tuple(
            need
            for need in self.needs
            if isinstance(need, Indexed) or not _is_inside(paths[need], paths.values())
        )

    def known_values(self) -> dict[Need, object]:
        return dict(self.known)

    def extended(self, path: Path) -> "CelExpression":
        """Return the expression for what lies at `path` inside this one's value."""
        return replace(self, text=f"({self.text}){spell_path(('', *path))}")

    def __str__(self) -> str:
        return self.text


def parse_expression(text: str) -> Reference | Indexed | CelExpression:
    """Return what `text`, the inside of a `${…}`, is.

    A path costs next to nothing; anything else is CEL, whose library is loaded then. Raises
    ExpressionError.
    """
    text = text.strip()
    if not text:
        raise ExpressionError(
            "Empty expression", "There is nothing between ${ and }.", "write $${ for a literal ${"
        )
    path = None if text in _LITERALS else parse_path(text)
    return path or _parse_cel(text)


def _parse_cel(text: str) -> CelExpression:
    from reconciler.expressions.cel import compile_cel
    from reconciler.expressions.needs import find_needs

    needs, tests_presence = find_needs(compile_cel(text).tree)
    return CelExpression(text, needs, tests_presence=tests_presence)


@dataclass(slots=True)
class Given:
    """What the lookup answered for the needs of one expression.

    values: known in full. late: with a Template or an Unknown inside. missing: not there.
    """

    values: dict[Reference, object] = field(default_factory=dict)
    late: dict[Reference, object] = field(default_factory=dict)
    missing: list[ExpressionError] = field(default_factory=list)


def compute(expression: CelExpression, given: Given) -> object:
    """Return the value: JSON or a Secret. Raises ExpressionError.

    A value that is late or missing is left out: what CEL does not come to look at, such as the other
    branch of a condition, need not be known.
    """
    from reconciler.expressions.cel import compile_cel

    variables, is_secret = _revealed(_variables(given))
    try:
        value = compile_cel(expression.text).evaluate(variables)
    except ExpressionError as error:
        if given.missing:
            raise given.missing[0] from None
        if is_secret:
            raise _hidden(expression) from None
        raise error from None
    return _hide(expression, value) if is_secret else value


def unknowns(value: object) -> Iterator[Unknown]:
    """Yield every Unknown inside."""
    if isinstance(value, Unknown):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from unknowns(item)
    elif isinstance(value, list):
        for item in value:
            yield from unknowns(item)


def contains(value: object, is_wanted: Callable[[object], bool]) -> bool:
    """Whether such a value is anywhere inside."""
    if is_wanted(value):
        return True
    if isinstance(value, Mapping):
        return any(contains(item, is_wanted) for item in value.values())
    return isinstance(value, list) and any(contains(item, is_wanted) for item in value)


def _variables(given: Given) -> dict[str, object]:
    """Return the values as CEL's variables: maps inside maps, as the paths say."""
    tree = _Branch()
    late = [_names(reference) for reference in given.late]
    for reference, value in given.values.items():
        names = _names(reference)
        if any(names[: len(around)] == around for around in late):
            continue  # a part of a value is no value for the whole
        branch = tree
        for name in names[:-1]:
            inner = branch.setdefault(name, _Branch())
            if not isinstance(inner, _Branch):
                break  # it lies inside a value that is there as a whole
            branch = inner
        else:
            branch[names[-1]] = value
    return {str(name): value for name, value in tree.items()}


class _Branch(dict[str | int, object]):
    """A map that only leads to values; no value itself."""


def _names(reference: Reference) -> tuple[str | int, ...]:
    """Return the path from CEL's root name on."""
    address = reference.address
    if address is None:
        return (reference.root, *reference.path)
    data = ("data",) if address.is_data else ()
    key = () if address.key is None else (address.key,)
    return (*data, address.kind, address.name, *key, *reference.path)


def _is_inside(own: tuple[str | int, ...], paths: Iterable[tuple[str | int, ...]]) -> bool:
    return any(len(path) < len(own) and own[: len(path)] == path for path in paths)


def _revealed(variables: Mapping[str, object]) -> tuple[dict[str, object], bool]:
    """Return the variables with their secrets in plain text, and whether there was one."""
    found: list[Secret] = []

    def reveal(value: object) -> object:
        if isinstance(value, Secret):
            found.append(value)
            return value.reveal()
        if isinstance(value, Mapping):
            return {key: reveal(item) for key, item in value.items()}
        return [reveal(item) for item in value] if isinstance(value, list) else value

    return {name: reveal(value) for name, value in variables.items()}, bool(found)


def _hide(expression: CelExpression, value: object) -> Secret | None:
    """Return what was made from a secret as a secret; null, which unsets, is none."""
    if value is None:
        return None
    if isinstance(value, str):
        return Secret(value)
    raise ExpressionError(
        "Only a text can be secret",
        f"A secret goes into '{shortened(expression.text)}', and what comes out is no text.",
        "write the map or list in YAML, with an expression for the secret alone",
    )


def _hidden(expression: CelExpression) -> ExpressionError:
    return ExpressionError(
        "Expression fails",
        f"'{shortened(expression.text)}' fails; a secret goes into it, so why is not shown.",
    )
