"""Broken rules of a JSON Schema as messages for people, written from path and rule.

A validator's own texts are never used: they hold the value.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from reconciler.desired.problems import Problems, did_you_mean, enumerate_names
from reconciler.expressions import spell_path
from reconciler.model.location import Location, Path, Places

_MAX_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is being validated.

    name: what the messages begin with, e.g. an address. holder: what has no such attribute.
    origin: where the value came from, e.g. " (from --var size)", or "".
    is_hidden: whether the value at a path must not be shown.
    is_computed: whether the value at a path came out of an expression.
    """

    name: str
    holder: str
    places: Places
    origin: str = ""
    is_hidden: Callable[[Path], bool]
    is_computed: Callable[[Path], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One broken rule: the schema word, what it demands, the value that does not meet it.

    is_key: the value is not at the path, but a key of the map there.
    """

    path: Path
    word: str
    rule: Any
    value: Any
    schema: Mapping[str, Any]
    is_key: bool = False


def note_finding(finding: Finding, subject: Subject, problems: Problems) -> None:
    """Note the finding's problems."""
    explain = _wrong_key if finding.is_key else _EXPLAIN.get(finding.word, _other)
    for message in explain(finding, subject):
        problems.add(message.place, message.summary, message.detail, message.hint)


@dataclass(frozen=True, slots=True)
class _Message:
    place: Location
    summary: str
    detail: str
    hint: str = ""


_Messages: TypeAlias = Iterator[_Message]


def _at(finding: Finding, subject: Subject, summary: str, demand: str, hint: str = "") -> _Message:
    """Return `NAME is VALUE; it DEMAND.` at the value's place."""
    place = subject.places.at(finding.path)
    name = spell_path((subject.name, *finding.path)) + subject.origin
    hint = hint or _default_hint(finding, subject)
    if subject.is_hidden(finding.path):
        return _Message(place, summary, f"{name} {demand}.", hint)
    return _Message(place, summary, f"{name} is {show(finding.value)}; it {demand}.", hint)


def show(value: object) -> str:
    """Return the value as it may stand in a sentence."""
    if isinstance(value, str):
        shown = value if len(value) <= _MAX_SHOWN else value[:_MAX_SHOWN] + "…"
        return f"'{shown}'"
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    return json.dumps(value)


def _default_hint(finding: Finding, subject: Subject) -> str:
    """Return the way back to the default, for an attribute that has one."""
    default = finding.schema.get("default")
    if default is None or not finding.path or subject.origin or subject.is_hidden(finding.path):
        return ""
    shown = default if isinstance(default, str) else json.dumps(default)
    return f"remove the line to get the default, {shown}"


def _wrong_type(finding: Finding, subject: Subject) -> _Messages:
    wanted = [finding.rule] if isinstance(finding.rule, str) else list(finding.rule)
    names = spell_types(wanted)
    hint = ""
    if not subject.is_computed(finding.path) and not subject.is_hidden(finding.path):
        if "string" in wanted and isinstance(finding.value, bool | int | float):
            hint = "quote it"
        elif isinstance(finding.value, str) and _is_quoted(finding.value, wanted):
            hint = "remove the quotes"
    yield _at(finding, subject, "Wrong type", f"must be {names}", hint)


def spell_types(types: Iterable[str]) -> str:
    """Return type names of JSON Schema as people call them."""
    return enumerate_names([_TYPE_NAMES.get(name, name) for name in types], "or")


def _is_quoted(text: str, wanted: Sequence[str]) -> bool:
    """Whether the text without quotes would be of the wanted type."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    if isinstance(value, bool):
        return "boolean" in wanted
    return isinstance(value, int | float) and ("number" in wanted or "integer" in wanted)


def _out_of_range(finding: Finding, subject: Subject) -> _Messages:
    schema = finding.schema
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if low is not None and high is not None:
        demand = f"must be between {low} and {high}"
    else:
        bounds = (("at least", low), ("at most", high), ("above", above), ("below", below))
        demand = "must be " + " and ".join(f"{word} {n}" for word, n in bounds if n is not None)
    yield _at(finding, subject, "Value out of range", demand)


def _not_allowed(finding: Finding, subject: Subject) -> _Messages:
    choices = [finding.rule] if finding.word == "const" else list(finding.rule)
    texts = [choice for choice in choices if isinstance(choice, str)]
    names = [choice if isinstance(choice, str) else json.dumps(choice) for choice in choices]
    hint = ""
    if isinstance(finding.value, str) and not subject.is_hidden(finding.path):
        hint = did_you_mean(finding.value, texts)
    demand = f"must be {enumerate_names(names, 'or')}"
    yield _at(finding, subject, "Value not allowed", demand, hint)


def _wrong_length(finding: Finding, subject: Subject) -> _Messages:
    summary = "Too short" if finding.word.startswith("min") else "Too long"
    limit = "at least" if finding.word.startswith("min") else "at most"
    unit = {"Length": "character", "Items": "item", "Properties": "entry"}[finding.word[3:]]
    units = unit if finding.rule == 1 else {"entry": "entries"}.get(unit, unit + "s")
    demand = f"must have {limit} {finding.rule} {units}"
    if not subject.is_hidden(finding.path):
        demand += f" and has {len(finding.value)}"
    yield _at(finding, subject, summary, demand)


def _wrong_pattern(finding: Finding, subject: Subject) -> _Messages:
    yield _at(finding, subject, "Pattern not met", f"must match {finding.rule}")


def _missing(finding: Finding, subject: Subject) -> _Messages:
    for name in finding.rule:
        if name not in finding.value:
            yield _missing_one(finding.path, name, "is required", subject)


def _missing_dependent(finding: Finding, subject: Subject) -> _Messages:
    for trigger, names in finding.rule.items():
        for name in names if trigger in finding.value else ():
            if name not in finding.value:
                yield _missing_one(finding.path, name, f"is required with {trigger}", subject)


def _missing_one(path: Path, name: str, demand: str, subject: Subject) -> _Message:
    spelled = spell_path((subject.name, *path, name))
    place = subject.places.key_at(path) if not path else subject.places.at(path)
    if subject.places.key_at((*path, name)) != subject.places.key_at(path):
        place = subject.places.at((*path, name))
        demand += ", and its value is null"
    return _Message(place, "Missing attribute", f"{spelled} {demand}.")


def _unknown(finding: Finding, subject: Subject) -> _Messages:
    known = finding.schema.get("properties", {})
    holder = subject.holder if not finding.path else spell_path((subject.name, *finding.path))
    writable = [name for name, words in known.items() if not words.get("readOnly")]
    for name in finding.value:
        if name not in known:
            place = subject.places.key_at((*finding.path, name))
            detail = f"{holder} has no attribute '{name}'."
            yield _Message(place, "Unknown attribute", detail, did_you_mean(name, writable))


def _conflict(finding: Finding, subject: Subject) -> _Messages:
    names = finding.rule.get("required") if isinstance(finding.rule, dict) else None
    if not names:
        yield _at(finding, subject, "Invalid value", "is not allowed here")
        return
    places = [subject.places.key_at((*finding.path, name)) for name in names]
    holder = spell_path((subject.name, *finding.path))
    how = "cannot be set" if len(names) == 1 else "cannot be set together"
    detail = f"{enumerate_names(names)} of {holder} {how}."
    yield _Message(max(places), "Conflicting attributes", detail, "remove one of them")


def _none_fits(finding: Finding, subject: Subject) -> _Messages:
    """Explain anyOf and oneOf, of which the forms in use are told apart."""
    branches = [branch for branch in finding.rule if isinstance(branch, dict)]
    groups = [branch["required"] for branch in branches if "required" in branch]
    holder = spell_path((subject.name, *finding.path))
    if isinstance(finding.value, dict) and groups and len(groups) == len(branches):
        names = enumerate_names([" with ".join(group) for group in groups], "or")
        met = [group for group in groups if all(name in finding.value for name in group)]
        place = subject.places.key_at(finding.path)
        if met:
            detail = f"Only one of {names} can be set in {holder}."
            yield _Message(place, "Conflicting attributes", detail, "remove one of them")
        else:
            yield _Message(place, "Missing attribute", f"{holder} needs {names}.")
        return
    types = [branch["type"] for branch in branches if isinstance(branch.get("type"), str)]
    if types and len(types) == len(branches):
        yield _at(finding, subject, "Wrong type", f"must be {spell_types(types)}")
        return
    yield _at(finding, subject, "Invalid value", "fits none of the forms it may have")


def _wrong_key(finding: Finding, subject: Subject) -> _Messages:
    demands = {
        "minLength": "has fewer characters than",
        "maxLength": "has more characters than",
        "pattern": "does not match",
    }
    demand = demands.get(finding.word, f"does not meet the rule '{finding.word}':")
    rule = finding.rule if isinstance(finding.rule, str) else json.dumps(finding.rule)
    holder = spell_path((subject.name, *finding.path))
    place = subject.places.key_at((*finding.path, str(finding.value)))
    detail = f"The key {show(finding.value)} of {holder} {demand} {rule}."
    yield _Message(place, "Invalid key", detail)


def _not_unique(finding: Finding, subject: Subject) -> _Messages:
    yield _at(finding, subject, "Repeated item", "must not hold an item twice")


def _not_multiple(finding: Finding, subject: Subject) -> _Messages:
    yield _at(finding, subject, "Value out of range", f"must be a multiple of {finding.rule}")


def _other(finding: Finding, subject: Subject) -> _Messages:
    yield _at(
        finding, subject, "Invalid value", f"does not meet the schema's rule '{finding.word}'"
    )


_TYPE_NAMES = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a map",
    "null": "null",
}

_EXPLAIN: Mapping[str, Callable[[Finding, Subject], _Messages]] = {
    "type": _wrong_type,
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _out_of_range),
    "multipleOf": _not_multiple,
    "enum": _not_allowed,
    "const": _not_allowed,
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), _wrong_length),
    **dict.fromkeys(("minProperties", "maxProperties"), _wrong_length),
    "pattern": _wrong_pattern,
    "required": _missing,
    "dependentRequired": _missing_dependent,
    "additionalProperties": _unknown,
    "not": _conflict,
    "anyOf": _none_fits,
    "oneOf": _none_fits,
    "uniqueItems": _not_unique,
}
