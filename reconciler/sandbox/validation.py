"""Checking a value against a JSON Schema, with the path of the first problem in the message."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from reconciler.sandbox.errors import INVALID_BODY, INVALID_VALUE, refuse

LONGEST_MESSAGE = 300


class Schema:
    """A JSON Schema with its validator, which is made when first needed.

    jsonschema is imported then, not at start: it costs as much as the rest of the start.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = schema

    @cached_property
    def validator(self) -> Any:
        from jsonschema import Draft7Validator

        return Draft7Validator(self.schema)


def check(value: object, schema: Schema, *, path: str = "") -> None:
    """Raise the 400 of the first problem by place, if any; `path` is where `value` stands."""
    problems = list(schema.validator.iter_errors(value))
    if not problems:
        return
    first = min(problems, key=lambda problem: [str(part) for part in problem.absolute_path])
    place = ".".join([*([path] if path else []), *map(str, first.absolute_path)])
    problem = _shorten(first.message)
    if not place:
        raise refuse(INVALID_BODY, problem=problem)
    raise refuse(INVALID_VALUE, path=place, problem=problem)


def _shorten(message: str) -> str:
    """Cut what hostile values blow up, and keep control characters out of the answer."""
    clean = re.sub(r"[\x00-\x1f\x7f]", "?", message)
    return clean if len(clean) <= LONGEST_MESSAGE else clean[: LONGEST_MESSAGE - 1] + "…"
