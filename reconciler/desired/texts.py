"""The expressions in declared values: read, and vars, locals, each and stack put in."""

from collections.abc import Callable, Iterator
from enum import IntEnum

from reconciler.desired.names import Names
from reconciler.desired.problems import BROKEN, Problems
from reconciler.desired.sensitive import is_sensitive
from reconciler.expressions import (
    OPENING,
    CelExpression,
    ExpressionError,
    Reference,
    Template,
    evaluate,
    parse_template,
)
from reconciler.kinds.kind import Kind
from reconciler.model.location import Path, Places


class Need(IntEnum):
    """What must be known before a value can go to the resources; the higher includes the lower."""

    NOTHING = 0
    NAMES = 1
    EACH = 2


_NEED_OF_ROOT = {
    "vars": Need.NAMES,
    "locals": Need.NAMES,
    "stack": Need.NAMES,
    "each": Need.EACH,
}


def read_expressions(
    value: object,
    path: Path,
    places: Places,
    problems: Problems,
    kind: Kind | None = None,
) -> object:
    """Return `value` with each string that holds expressions read; BROKEN where that fails.

    kind: whose attribute it is, when `path` begins with one.
    """
    if isinstance(value, str):
        if OPENING not in value:
            return value
        try:
            return parse_template(value)
        except ExpressionError as error:
            note_expression_error(error, path, places, problems, kind)
            return BROKEN
    if isinstance(value, dict):
        for key in value:
            if OPENING in key:
                problems.add(
                    places.key_at((*path, key)),
                    "Expression in a key",
                    "A key is taken as it is; expressions stand in values only.",
                )
        return {
            key: read_expressions(inner, (*path, key), places, problems, kind)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [
            read_expressions(inner, (*path, index), places, problems, kind)
            for index, inner in enumerate(value)
        ]
    return value


def put_names_in(
    value: object,
    path: Path,
    places: Places,
    names: Names,
    problems: Problems,
    kind: Kind | None = None,
) -> object:
    """Return `value` with vars, locals, each and stack put in; what refers to resources stays.

    A Template in which that fails is noted and stays as it is.
    """
    if isinstance(value, Template):
        return _put_into_template(value, path, places, names, problems, kind)
    if isinstance(value, dict):
        return {
            key: inner
            if isinstance(inner, str)
            else put_names_in(inner, (*path, key), places, names, problems, kind)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [
            put_names_in(inner, (*path, index), places, names, problems, kind)
            for index, inner in enumerate(value)
        ]
    return value


def need_of(value: object) -> Need:
    """Return what must be known before `value` can go to the resources."""
    if isinstance(value, str):
        return Need.NOTHING
    if isinstance(value, Template):
        if value.parts and value.reference:
            return _NEED_OF_ROOT.get(value.reference.root, Need.NOTHING)
        references = value.references
        roots = {reference.root for reference in references if reference.address is None}
        if "each" in roots:
            return Need.EACH
        return Need.NAMES if roots or not references else Need.NOTHING
    if isinstance(value, dict):
        return max(map(need_of, value.values()), default=Need.NOTHING)
    if isinstance(value, list):
        return max(map(need_of, value), default=Need.NOTHING)
    return Need.NOTHING


def templates(value: object, path: Path) -> Iterator[tuple[Path, Template]]:
    """Yield each Template in `value` with its path."""
    if isinstance(value, str):
        return
    if isinstance(value, Template):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(inner, str):
                yield from templates(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from templates(inner, (*path, index))


def note_expression_error(
    error: ExpressionError,
    path: Path,
    places: Places,
    problems: Problems,
    kind: Kind | None,
) -> None:
    """Note the problem; without the expression's text where that may be part of a password."""
    if kind and is_sensitive(kind, path):
        problems.add(
            places.at(path),
            error.summary,
            "An expression in a sensitive value cannot be used.",
            "write $${ for a literal ${",
        )
        return
    problems.add(places.at(path), error.summary, error.detail, error.hint)


def _put_into_template(
    template: Template,
    path: Path,
    places: Places,
    names: Names,
    problems: Problems,
    kind: Kind | None,
) -> object:
    if template is BROKEN:
        return template
    is_computed = not template.reference and _is_computed(template)
    faults = _faults(template, names.check) if is_computed else []
    if not faults:
        try:
            return evaluate(template, names.lookup)
        except ExpressionError as error:
            faults = [] if is_computed else _faults(template, names.lookup)
            if not faults and not any(map(names.is_failed, template.references)):
                faults = [error]
    for fault in faults:
        note_expression_error(fault, path, places, problems, kind)
    return template


def _is_computed(template: Template) -> bool:
    return any(isinstance(part, CelExpression) for part in template.parts)


def _faults(template: Template, look: Callable[[Reference], object]) -> list[ExpressionError]:
    """Return what is wrong with each name for itself, so that one run tells of all.

    In CEL, what is not there may be in the branch that is not taken; that a name is none is a fault
    in any branch.
    """
    faults: list[ExpressionError] = []
    for reference in template.references:
        try:
            look(reference)
        except ExpressionError as error:
            faults.append(error)
    return faults
