"""Reading a plan file back, to show it or to compare it. Strict: it may have been edited."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import NoReturn, TypeVar

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.errors import ReconcileError
from reconciler.model.location import Location, Path
from reconciler.model.plan import Action, Change, Drift, Effect, Field, Plan, Resolution, Step
from reconciler.model.state import Op
from reconciler.model.values import Secret, Unknown
from reconciler.render.json import AFTER_STEP, FORMAT, LITERAL, SECRET

Item = TypeVar("Item")
Word = TypeVar("Word", bound=StrEnum)

_FAMILY = FORMAT.partition("/")[0]
_HIDDEN = Secret("")
"""Stands for a secret that the file does not hold. It is shown, never sent."""


class PlanFileError(ReconcileError):
    """The text is not a plan that this version reads."""


class _MisfitError(Exception):
    """Something in the file is not as it should be; where is told from the inside out."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.where = ""


def plan_from_json(text: str, *, file: str = "plan.json") -> Plan:
    """Return the plan that `plan_json` wrote, but for what apply alone needs; raise PlanFileError."""
    content = _content(text, file)
    _refuse_other_formats(content, file)
    try:
        return _plan(content)
    except _MisfitError as error:
        raise _error(
            file,
            "Not a complete plan",
            f"{error.where or 'The file'}: {error.problem}.",
            "the file was cut or edited; write it again with reconcile plan --out",
        ) from error


def _content(text: str, file: str) -> object:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        place = Location(file, error.lineno, error.colno)
        problem = f"{error.msg}."
    except (ValueError, RecursionError) as error:
        place = Location(file)
        problem = f"{error}."
    raise PlanFileError(
        Diagnostic(
            summary="Not JSON",
            detail=problem,
            hint="a plan file is written by reconcile plan --out plan.json",
            location=place,
        )
    )


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _refuse_other_formats(content: object, file: str) -> None:
    found = content.get("format") if isinstance(content, dict) else None
    if found == FORMAT:
        return
    if isinstance(found, str) and found.startswith(f"{_FAMILY}/"):
        detail = f"The file's format is {found}; this version reads {FORMAT}."
        raise _error(file, "Plan of another version", detail, "use the version that wrote it")
    detail = f"The file does not say format: {FORMAT}."
    hint = "a plan file is written by reconcile plan --out plan.json"
    raise _error(file, "Not a plan file", detail, hint)


def _error(file: str, summary: str, detail: str, hint: str) -> PlanFileError:
    found = Diagnostic(summary=summary, detail=detail, hint=hint, location=Location(file))
    return PlanFileError(found)


# The objects of the file.


def _plan(content: object) -> Plan:
    members = _object(
        content,
        "format stack digest lineage serial projects destroy diagnostics resolutions changes meta",
    )
    changes = _each(members, "changes", _change)
    return Plan(
        stack=_text(members, "stack"),
        changes=changes,
        steps=tuple(sorted((s for c in changes for s in c.steps), key=lambda step: step.n)),
        digest=_text(members, "digest"),
        lineage=_text(members, "lineage"),
        serial=_integer(members, "serial"),
        projects=_each(members, "projects", _plain_text),
        destroy=_flag(members, "destroy"),
        diagnostics=_each(members, "diagnostics", _diagnostic),
        resolutions=_each(members, "resolutions", _resolution),
        meta=_mapping(members, "meta"),
    )


def _change(content: object) -> Change:
    members = _object(
        content,
        "address action reason identity source fields drift effects precondition steps diagnostics",
    )
    address = _address(members, "address")
    return Change(
        address=address,
        action=_word(members, "action", Action),
        reason=_text(members, "reason"),
        identity=_text(members, "identity"),
        source=_place(members),
        fields=_each(members, "fields", _field),
        drift=_each(members, "drift", _drift),
        effects=_each(members, "effects", _effect),
        precondition=None if members["precondition"] is None else _mapping(members, "precondition"),
        steps=_each(members, "steps", lambda item: _step(item, address)),
        diagnostics=_each(members, "diagnostics", _diagnostic),
    )


def _field(content: object) -> Field:
    members = _object(content, "path before after last_applied source forces_replace sensitive")
    return Field(
        path=_path(members),
        before=_value(members["before"]),
        after=_value(members["after"]),
        last_applied=_value(members["last_applied"]),
        source=_place(members),
        forces_replace=_flag(members, "forces_replace"),
        sensitive=_flag(members, "sensitive"),
    )


def _drift(content: object) -> Drift:
    members = _object(content, "path recorded live sensitive")
    return Drift(
        path=_path(members),
        recorded=_value(members["recorded"]),
        live=_value(members["live"]),
        sensitive=_flag(members, "sensitive"),
    )


def _effect(content: object) -> Effect:
    members = _object(content, "code text instead")
    return Effect(
        code=_text(members, "code"),
        text=_text(members, "text"),
        instead=_text(members, "instead"),
    )


def _step(content: object, address: Address) -> Step:
    members = _object(content, "n op identity timeout_s needs")
    return Step(
        n=_integer(members, "n"),
        op=_word(members, "op", Op),
        address=address,
        identity=_text(members, "identity"),
        timeout_s=_number(members, "timeout_s"),
        needs=_each(members, "needs", _plain_integer),
    )


def _resolution(content: object) -> Resolution:
    members = _object(content, "intent address op done")
    return Resolution(
        intent=_text(members, "intent"),
        address=_address(members, "address"),
        op=_word(members, "op", Op),
        done=_flag(members, "done"),
        record=None,
    )


def _diagnostic(content: object) -> Diagnostic:
    members = _object(content, "severity summary detail hint source")
    return Diagnostic(
        severity=_word(members, "severity", Severity),
        summary=_text(members, "summary"),
        detail=_text(members, "detail"),
        hint=_text(members, "hint"),
        location=_place(members),
    )


def _place(members: Mapping[str, object]) -> Location | None:
    if members["source"] is None:
        return None
    with _inside("source"):
        found = _object(members["source"], "file line column")
        return Location(_text(found, "file"), _integer(found, "line"), _integer(found, "column"))


def _path(members: Mapping[str, object]) -> Path:
    return _each(members, "path", _part)


def _part(content: object) -> str | int:
    if isinstance(content, str):
        return content
    return _plain_integer(content)


def _value(content: object) -> object:
    """Return a value, with what a marker stands for in its place."""
    if isinstance(content, list):
        return [_value(item) for item in content]
    if not isinstance(content, dict):
        return content
    if AFTER_STEP in content:
        return _unknown(content)
    if SECRET in content:
        return _HIDDEN
    inner = content.get(LITERAL, content)
    if not isinstance(inner, dict):
        raise _MisfitError(f"{LITERAL} must be an object")
    return {key: _value(item) for key, item in inner.items()}


def _unknown(content: dict[str, object]) -> Unknown:
    members = _object({"sensitive": False, **content}, f"{AFTER_STEP} address attribute sensitive")
    return Unknown(
        _address(members, "address"),
        _text(members, "attribute"),
        sensitive=_flag(members, "sensitive"),
    )


# The pieces of objects. Each says what it wants; `_inside` adds where.


@contextmanager
def _inside(key: str) -> Iterator[None]:
    try:
        yield
    except _MisfitError as error:
        dot = "." if error.where and not error.where.startswith("[") else ""
        error.where = f"{key}{dot}{error.where}"
        raise


def _object(content: object, keys: str) -> Mapping[str, object]:
    if not isinstance(content, dict):
        raise _MisfitError("must be an object")
    wanted = keys.split()
    for key in wanted:
        if key not in content:
            raise _MisfitError(f"{key} is missing")
    if len(content) > len(wanted):
        extra = next(key for key in content if key not in wanted)
        raise _MisfitError(f"{extra} is not known")
    return content


def _each(
    members: Mapping[str, object], key: str, read: Callable[[object], Item]
) -> tuple[Item, ...]:
    items = members[key]
    if not isinstance(items, list):
        raise _misfit(key, "must be a list")
    made: list[Item] = []
    try:
        made.extend(map(read, items))
    except _MisfitError as error:
        with _inside(f"{key}[{len(made)}]"):
            raise error from None
    return tuple(made)


def _misfit(key: str, problem: str) -> _MisfitError:
    error = _MisfitError(problem)
    error.where = key
    return error


def _text(members: Mapping[str, object], key: str) -> str:
    found = members[key]
    if not isinstance(found, str):
        raise _misfit(key, "must be a string")
    return found


def _integer(members: Mapping[str, object], key: str) -> int:
    found = members[key]
    if type(found) is not int:
        raise _misfit(key, "must be a whole number")
    return found


def _number(members: Mapping[str, object], key: str) -> float:
    found = members[key]
    if type(found) is not int and not isinstance(found, float):
        raise _misfit(key, "must be a number")
    return found


def _flag(members: Mapping[str, object], key: str) -> bool:
    found = members[key]
    if not isinstance(found, bool):
        raise _misfit(key, "must be true or false")
    return found


def _mapping(members: Mapping[str, object], key: str) -> dict[str, object]:
    found = members[key]
    if not isinstance(found, dict):
        raise _misfit(key, "must be an object")
    with _inside(key):
        return {name: _value(item) for name, item in found.items()}


def _word(members: Mapping[str, object], key: str, words: type[Word]) -> Word:
    found = _text(members, key)
    try:
        return words(found)
    except ValueError:
        raise _misfit(key, f"{found} is none of {', '.join(words)}") from None


def _address(members: Mapping[str, object], key: str) -> Address:
    found = _text(members, key)
    try:
        return Address.parse(found)
    except ValueError:
        raise _misfit(key, f"{found} is no address") from None


def _plain_text(content: object) -> str:
    if not isinstance(content, str):
        raise _MisfitError("must be a string")
    return content


def _plain_integer(content: object) -> int:
    if type(content) is not int:
        raise _MisfitError("must be a whole number")
    return content
