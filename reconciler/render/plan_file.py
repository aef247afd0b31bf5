"""Reading a plan file back, to show it or to compare it. Strict: it may have been edited."""

import json
from collections.abc import Mapping
from typing import NoReturn

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.errors import ReconcileError
from reconciler.model.location import Location, Path
from reconciler.model.plan import (
    Action,
    Change,
    Connections,
    Drift,
    Effect,
    Field,
    Plan,
    Resolution,
    Step,
)
from reconciler.model.state import Op, Recorded
from reconciler.model.values import Secret, Unknown
from reconciler.render.json import AFTER_STEP, FORMAT, LITERAL, SECRET
from reconciler.render.members import (
    MisfitError,
    address_at,
    as_address,
    as_integer,
    as_text,
    each,
    flag_at,
    inside,
    integer_at,
    members_of,
    misfit,
    number_at,
    text_at,
    word_at,
)

_FAMILY = FORMAT.partition("/")[0]
_HIDDEN = Secret("")
"""Stands for a secret that the file does not hold. It is shown, never sent."""
_ADOPTED = Recorded(identity="", attributes={})
"""Stands for the record of what is imported, which the file does not hold either."""


class PlanFileError(ReconcileError):
    """The text is not a plan that this version reads."""


def plan_from_json(text: str, *, file: str = "plan.json") -> Plan:
    """Return the plan that `plan_json` wrote, but for what apply alone needs; raise PlanFileError."""
    content = _content(text, file)
    _refuse_other_formats(content, file)
    try:
        return _plan(content)
    except MisfitError as error:
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
    members = members_of(
        content,
        "format stack digest lineage serial projects destroy refresh_only limited_to acks allow_delete"
        " connections diagnostics resolutions changes meta",
    )
    changes = each(members, "changes", _change)
    return Plan(
        stack=text_at(members, "stack"),
        changes=changes,
        steps=tuple(sorted((s for c in changes for s in c.steps), key=lambda step: step.n)),
        digest=text_at(members, "digest"),
        lineage=text_at(members, "lineage"),
        serial=integer_at(members, "serial"),
        projects=each(members, "projects", as_text),
        destroy=flag_at(members, "destroy"),
        refresh_only=flag_at(members, "refresh_only"),
        limited_to=None
        if members["limited_to"] is None
        else each(members, "limited_to", as_address),
        acks=each(members, "acks", as_text),
        allow_delete=integer_at(members, "allow_delete"),
        connections=each(members, "connections", _connections),
        diagnostics=each(members, "diagnostics", _diagnostic),
        resolutions=each(members, "resolutions", _resolution),
        meta=_mapping(members, "meta"),
    )


def _change(content: object) -> Change:
    members = members_of(
        content,
        "address action reason identity moved_from adopted source fields drift effects precondition"
        " steps diagnostics",
    )
    address = address_at(members, "address")
    return Change(
        address=address,
        action=word_at(members, "action", Action),
        reason=text_at(members, "reason"),
        identity=text_at(members, "identity"),
        moved_from=None if members["moved_from"] is None else address_at(members, "moved_from"),
        adopted=_ADOPTED if flag_at(members, "adopted") else None,
        source=_place(members),
        fields=each(members, "fields", _field),
        drift=each(members, "drift", _drift),
        effects=each(members, "effects", _effect),
        precondition=None if members["precondition"] is None else _mapping(members, "precondition"),
        steps=each(members, "steps", lambda item: _step(item, address)),
        diagnostics=each(members, "diagnostics", _diagnostic),
    )


def _connections(content: object) -> Connections:
    members = members_of(content, "service now peak after limit basis over")
    return Connections(
        service=text_at(members, "service"),
        now=integer_at(members, "now"),
        peak=integer_at(members, "peak"),
        after=integer_at(members, "after"),
        limit=None if members["limit"] is None else integer_at(members, "limit"),
        basis=text_at(members, "basis"),
        over=integer_at(members, "over"),
    )


def _field(content: object) -> Field:
    members = members_of(
        content, "path before after last_applied from source forces_replace sensitive"
    )
    return Field(
        path=_path(members),
        before=_value(members["before"]),
        after=_value(members["after"]),
        last_applied=_value(members["last_applied"]),
        origin="" if members["from"] is None else text_at(members, "from"),
        source=_place(members),
        forces_replace=flag_at(members, "forces_replace"),
        sensitive=flag_at(members, "sensitive"),
    )


def _drift(content: object) -> Drift:
    members = members_of(content, "path recorded live sensitive")
    return Drift(
        path=_path(members),
        recorded=_value(members["recorded"]),
        live=_value(members["live"]),
        sensitive=flag_at(members, "sensitive"),
    )


def _effect(content: object) -> Effect:
    members = members_of(content, "code text instead")
    return Effect(
        code=text_at(members, "code"),
        text=text_at(members, "text"),
        instead=text_at(members, "instead"),
    )


def _step(content: object, address: Address) -> Step:
    members = members_of(content, "n op identity timeout_s needs")
    return Step(
        n=integer_at(members, "n"),
        op=word_at(members, "op", Op),
        address=address,
        identity=text_at(members, "identity"),
        timeout_s=number_at(members, "timeout_s"),
        needs=each(members, "needs", as_integer),
    )


def _resolution(content: object) -> Resolution:
    members = members_of(content, "intent address op done")
    return Resolution(
        intent=text_at(members, "intent"),
        address=address_at(members, "address"),
        op=word_at(members, "op", Op),
        done=flag_at(members, "done"),
        record=None,
    )


def _diagnostic(content: object) -> Diagnostic:
    members = members_of(content, "severity summary detail hint source")
    return Diagnostic(
        severity=word_at(members, "severity", Severity),
        summary=text_at(members, "summary"),
        detail=text_at(members, "detail"),
        hint=text_at(members, "hint"),
        location=_place(members),
    )


def _place(members: Mapping[str, object]) -> Location | None:
    if members["source"] is None:
        return None
    with inside("source"):
        found = members_of(members["source"], "file line column")
        return Location(
            text_at(found, "file"), integer_at(found, "line"), integer_at(found, "column")
        )


def _path(members: Mapping[str, object]) -> Path:
    return each(members, "path", _part)


def _part(content: object) -> str | int:
    if isinstance(content, str):
        return content
    return as_integer(content)


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
        raise MisfitError(f"{LITERAL} must be an object")
    return {key: _value(item) for key, item in inner.items()}


def _unknown(content: dict[str, object]) -> Unknown:
    members = members_of(
        {"sensitive": False, **content}, f"{AFTER_STEP} address attribute sensitive"
    )
    return Unknown(
        address_at(members, "address"),
        text_at(members, "attribute"),
        sensitive=flag_at(members, "sensitive"),
    )


def _mapping(members: Mapping[str, object], key: str) -> dict[str, object]:
    found = members[key]
    if not isinstance(found, dict):
        raise misfit(key, "must be an object")
    with inside(key):
        return {name: _value(item) for name, item in found.items()}
