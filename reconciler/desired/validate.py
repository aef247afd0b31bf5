"""Values against JSON Schemas. The only user of jsonschema in this room."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from reconciler.desired.messages import Finding, Subject, note_finding
from reconciler.desired.problems import Problems
from reconciler.desired.verdict import compile_check, compile_pattern
from reconciler.expressions import Template, spell_path
from reconciler.model.values import Secret

_LATE = object()
"""Stands for a value that is not known yet; no rule is held against it."""

_BRANCHING = ("anyOf", "oneOf")
_PLAINER = {"enum": ("type",), "const": ("type",), "pattern": ("minLength", "maxLength")}
"""Word → words that say the same more plainly when they are broken too."""
_PRESENCE = frozenset({"required", "not"})


class Validators:
    """JSON Schemas made ready for use, each once."""

    def __init__(self) -> None:
        self._prepared: dict[str, _Prepared] = {}

    def check(
        self,
        value: object,
        schema: Mapping[str, Any],
        subject: Subject,
        problems: Problems,
        *,
        name: str = "",
    ) -> None:
        """Note every rule of `schema` that `value` breaks.

        Secrets are revealed to the rules, Templates count as present and are not looked into.
        name: of the schema, when it will be used again.
        """
        prepared = self._prepared.get(name) or _Prepared(schema)
        if name:
            self._prepared[name] = prepared
        for finding in prepared.findings(value):
            note_finding(finding, subject, problems)


class _Prepared:
    """One schema: the quick verdict, and behind it the real validator, made when first needed."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._is_surely_valid = compile_check(schema)
        self._validator: Any = None

    def findings(self, value: object) -> Iterator[Finding]:
        if self._is_surely_valid and self._is_surely_valid(value):
            return
        self._validator = self._validator or _compile(self._schema)
        yield from _findings(self._validator, _plain(value))


def schema_fault(schema: Mapping[str, Any]) -> str:
    """Return why this is no JSON Schema that can be used, or ""."""
    if compile_check(schema) and not _holds_properties(schema):
        return ""
    from jsonschema import Draft202012Validator, SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        where = spell_path(tuple(error.absolute_path))
        return f"its '{where}' is not what JSON Schema takes" if where else "it breaks its rules"
    for pattern in _patterns(schema):
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError):
            return "a pattern is no regular expression"
    return ""


def _compile(schema: Mapping[str, Any]) -> Any:
    from referencing import Registry

    # An empty registry: a $ref to elsewhere is an error, never a download.
    return _validator_class()(schema, registry=Registry())


@cache
def _validator_class() -> Any:
    from jsonschema import Draft202012Validator, ValidationError
    from jsonschema.validators import extend

    def pattern(validator: Any, rule: str, value: object, _: object) -> Iterator[Any]:
        if validator.is_type(value, "string") and not compile_pattern(rule).search(str(value)):
            yield ValidationError("pattern")

    extended: Any = extend(Draft202012Validator, {"pattern": pattern})  # type: ignore[no-untyped-call]  # stubs
    return extended


def _holds_properties(value: object) -> bool:
    """Whether there are schemas of properties inside, which the quick verdict may pass over."""
    if isinstance(value, dict):
        return "properties" in value or any(map(_holds_properties, value.values()))
    return isinstance(value, list) and any(map(_holds_properties, value))


def _patterns(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("pattern"), str):
            yield value["pattern"]
        for inner in value.values():
            yield from _patterns(inner)
        if isinstance(value.get("patternProperties"), dict):
            yield from value["patternProperties"]
    elif isinstance(value, list):
        for inner in value:
            yield from _patterns(inner)


def _plain(value: object) -> object:
    """Return the value as the validator may see it."""
    if isinstance(value, str | int | float) or value is None:
        return value
    if isinstance(value, Template):
        return _LATE
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _findings(validator: Any, value: object) -> Iterator[Finding]:
    """Yield what is broken; of several rules that one value breaks in one way, the plainest."""
    findings = list(_all_findings(validator, value))
    words = {(finding.path, finding.word) for finding in findings if not finding.is_key}
    for finding in findings:
        plainer = _PLAINER.get(finding.word, ())
        if finding.is_key or not any((finding.path, word) in words for word in plainer):
            yield finding


def _all_findings(validator: Any, value: object) -> Iterator[Finding]:
    """Yield each broken rule once."""
    seen = set()
    for error in validator.iter_errors(value):
        for real in _innermost(error):
            key = (tuple(real.absolute_path), tuple(real.absolute_schema_path), _key_of(real))
            if key not in seen and not _is_open(real):
                seen.add(key)
                yield Finding(
                    path=key[0],
                    word=str(real.validator),
                    rule=real.validator_value,
                    value=real.instance,
                    schema=real.schema if isinstance(real.schema, dict) else {},
                    is_key="propertyNames" in real.schema_path,
                )


def _key_of(error: Any) -> str:
    """Return the key that is wrong, for a rule about keys."""
    return str(error.instance) if "propertyNames" in error.schema_path else ""


def _innermost(error: Any) -> Iterator[Any]:
    """Yield the errors of the one branch that the value's type fits, else the error itself."""
    if error.validator in _BRANCHING and error.context:
        wrong_type = {
            inner.schema_path[0]
            for inner in error.context
            if inner.validator == "type" and not inner.path
        }
        fitting = {inner.schema_path[0] for inner in error.context} - wrong_type
        if len(fitting) == 1 and wrong_type:
            for inner in error.context:
                if inner.schema_path[0] in fitting:
                    yield from _innermost(inner)
            return
    yield error


def _is_open(error: Any) -> bool:
    """Whether the verdict may turn out otherwise when late values are known."""
    if error.instance is _LATE:
        return True
    if not _holds_late(error.instance):
        return False
    if error.validator in _BRANCHING:
        return not all(_PRESENCE.issuperset(branch) for branch in error.validator_value)
    if error.validator == "not":
        return not _PRESENCE.issuperset(error.validator_value)
    conditional = {"then", "else", *_BRANCHING}.intersection(error.absolute_schema_path)
    return bool(conditional) or error.validator in ("uniqueItems", "contains", "const", "enum")


def _holds_late(value: object) -> bool:
    if isinstance(value, dict):
        return any(_holds_late(inner) for inner in value.values())
    if isinstance(value, list):
        return any(_holds_late(inner) for inner in value)
    return value is _LATE
