"""Holding a kind file against the meta-schema and against itself. A user of jsonschema."""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path as File
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from reconciler.kinds.catalogue import shipped_dir
from reconciler.kinds.kind import Kind
from reconciler.kinds.lint import lint
from reconciler.kinds.lint_life import lint_references
from reconciler.kinds.parse import Document, parse_kind
from reconciler.kinds.places import line_and_column
from reconciler.kinds.problem import Problem, did_you_mean
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.location import Location, Path

_LONGEST_SHOWN = 60


def check_kind(document: object, file: str, *, text: str = "") -> tuple[Diagnostic, ...]:
    """Return what is wrong with a kind file, sorted by place.

    document: its decoded JSON; text: the JSON itself, for lines and columns.
    """
    problems = [
        problem
        for error in _validator().iter_errors(document)
        for problem in _from_meta_schema(error)
    ]
    if not problems and isinstance(document, Mapping):
        problems += _against_itself(document, file)
    return _diagnostics(dict.fromkeys(problems), file, text)


def check_references(
    kind: Kind, catalogue: Mapping[str, Kind], file: str, *, text: str = ""
) -> tuple[Diagnostic, ...]:
    """Return each `x-refers-to` of a kind that names nothing in `catalogue`, sorted by place."""
    return _diagnostics(lint_references(kind, catalogue), file, text)


def _diagnostics(problems: Iterable[Problem], file: str, text: str) -> tuple[Diagnostic, ...]:
    diagnostics = [
        Diagnostic(
            summary=problem.summary,
            detail=problem.detail,
            hint=problem.hint,
            location=_location(file, text, problem.path),
        )
        for problem in problems
    ]
    return tuple(sorted(diagnostics, key=lambda diagnostic: diagnostic.sort_key))


@cache
def _validator() -> Draft202012Validator:
    meta = json.loads((shipped_dir() / "kind.meta.json").read_bytes())
    return Draft202012Validator(meta, format_checker=Draft202012Validator.FORMAT_CHECKER)


def _location(file: str, text: str, path: Path) -> Location:
    return Location(file, *line_and_column(text, path)) if text else Location(file)


def _from_meta_schema(error: ValidationError) -> Iterator[Problem]:
    path = tuple(error.absolute_path)
    schema: Any = error.schema
    wanted: Any = error.validator_value
    value: Any = error.instance
    match error.validator:
        case "additionalProperties":
            known = schema["properties"]
            for word in sorted(set(value) - set(known)):
                detail = f"{_dotted(path)} has the word '{word}', which means nothing here."
                yield Problem((*path, word), "Unknown word", detail, did_you_mean(word, known))
        case "required":
            missing = [word for word in wanted if word not in value]
            detail = f"{_dotted(path)} needs {', '.join(missing)}."
            yield Problem(path, "Missing word", detail)
        case _:
            yield Problem(path, "Wrong value", f"{_dotted(path)}: {_clause(error)}.")


def _clause(error: ValidationError) -> str:
    shown = _shown(error.instance)
    wanted: Any = error.validator_value
    match error.validator:
        case "type":
            return f"{shown} must be of type {wanted if isinstance(wanted, str) else ' or '.join(wanted)}"
        case "enum":
            return f"{shown} must be one of {', '.join(map(json.dumps, wanted))}"
        case "const":
            return f"{shown} must be {json.dumps(wanted)}"
        case "pattern":
            return f"{shown} must match {wanted}"
        case "format":
            return f"{shown} is not a regular expression"
        case "dependentRequired":
            lacking = [f"{word} needs {', '.join(needed)}" for word, needed in wanted.items()]
            return "; ".join(lacking)
        case rule:
            return f"{shown} breaks the rule {rule} {json.dumps(wanted)}"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


def _dotted(path: Path) -> str:
    return ".".join(map(str, path)) or "the file"


def _against_itself(document: Document, file: str) -> Iterator[Problem]:
    kind = parse_kind(document)
    if File(file).stem != kind.name:
        detail = f"The file is called {File(file).name}, its title is '{kind.name}'."
        hint = f"name the file {kind.name}.json"
        yield Problem(("title",), "Kind and file differ in name", detail, hint)
    yield from lint(kind, document)
    for name, attribute in kind.attributes.items():
        if attribute.has_default:
            yield from _wrong_default(name, attribute.schema)


def _wrong_default(name: str, schema: Document) -> Iterator[Problem]:
    for error in Draft202012Validator(schema).iter_errors(schema["default"]):
        detail = f"The default of '{name}' breaks its own rule '{error.validator}'."
        yield Problem(("properties", name, "default"), "Default that is not allowed", detail)
