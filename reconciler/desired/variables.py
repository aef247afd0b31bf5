"""Variables: what is declared, and the value each of them gets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from reconciler.desired.marks import Node
from reconciler.desired.messages import Subject
from reconciler.desired.problems import Problems, did_you_mean
from reconciler.desired.validate import Validators, schema_fault
from reconciler.desired.values import decode_json
from reconciler.expressions import ExpressionError, Template, parse_template
from reconciler.model.location import Location, OnePlace, Places
from reconciler.model.values import Secret

ENVIRONMENT_PREFIX = "RECONCILE_VAR_"
_WORDS = (
    *("title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"),
    *("type", "enum", "const", "format", "pattern", "minLength", "maxLength"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("items", "prefixItems", "contains", "minContains", "maxContains"),
    *("minItems", "maxItems", "uniqueItems", "unevaluatedItems", "unevaluatedProperties"),
    *("properties", "patternProperties", "additionalProperties", "propertyNames"),
    *("required", "dependentRequired", "dependentSchemas", "minProperties", "maxProperties"),
    *("allOf", "anyOf", "oneOf", "not", "if", "then", "else"),
    *("contentEncoding", "contentMediaType", "contentSchema"),
)
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef", "$id", "$schema")


@dataclass(frozen=True, slots=True)
class Given:
    """A value and where it is from.

    source: for people, e.g. "--var size". is_encoded: whether it is text to be read by the type.
    is_placed: whether `places` are those of the value; else they are those of the declaration.
    """

    value: object
    source: str
    places: Places
    is_encoded: bool = False
    is_placed: bool = True


@dataclass(frozen=True, slots=True)
class _Variable:
    """A declared variable; node: its schema, which `schema` is when it is one that can be used."""

    node: Node
    schema: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def is_secret(self) -> bool:
        return self.schema.get("writeOnly") is True

    @property
    def is_text(self) -> bool:
        """Whether a value from the command line is taken as it is, not as JSON."""
        wanted = self.schema.get("type")
        if wanted is None:
            choices = self.schema.get("enum")
            return isinstance(choices, list) and all(isinstance(c, str) for c in choices)
        return bool(wanted == "string")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variables:
    """The variables of a stack.

    declared: all names. values: of those that have a value that fits. given: where each is from.
    """

    declared: Mapping[str, Node] = field(default_factory=dict)
    values: Mapping[str, object] = field(default_factory=dict)
    given: Mapping[str, "Given"] = field(default_factory=dict)


def read_variables(
    declared: Mapping[str, Node],
    *,
    var: Mapping[str, str],
    var_files: Sequence[Node],
    environ: Mapping[str, str],
    validators: Validators,
    problems: Problems,
) -> Variables:
    """Return each variable's value: from var, else the last of var_files, else environ, else default.

    var_files: the environment's file first, so that those which were typed win over it.
    A variable whose value is missing or wrong is left out, with the problem noted.
    """
    variables = {name: _read_declaration(node, problems) for name, node in declared.items()}
    given = _from_environment(environ, declared)
    for file in var_files:
        given.update(_from_file(file, declared, problems))
    given.update(_from_command_line(var, declared, problems))
    values: dict[str, object] = {}
    used: dict[str, Given] = {}
    for name, variable in variables.items():
        if variable is None:
            continue
        chosen = given.get(name) or _default(variable, problems)
        if chosen and chosen.is_encoded:
            chosen = _decoded(chosen, variable, problems)
        if chosen and _is_valid(variable, chosen, validators, problems):
            is_secret = variable.is_secret and isinstance(chosen.value, str)
            values[name] = Secret(str(chosen.value)) if is_secret else chosen.value
            used[name] = chosen
    return Variables(declared=declared, values=values, given=used)


_Declared: TypeAlias = Mapping[str, Node]


def _read_declaration(node: Node, problems: Problems) -> _Variable | None:
    """Return the variable, or None with a problem noted when its schema cannot be used."""
    schema = {} if node.value is None else node.value
    if not isinstance(schema, dict):
        problems.add(
            node.location,
            "Wrong type",
            f"variables.{node.name} must be a JSON Schema.",
            f"write {node.name}: {{type: string}}",
        )
        return None
    _check_words(node, problems)
    fault = schema_fault(schema) or next(
        (f"{word} cannot be used here" for word in _REFERENCES if _holds_key(schema, word)), ""
    )
    if fault:
        problems.add(
            node.location,
            "Invalid schema",
            f"variables.{node.name} is not a JSON Schema that can be used: {fault}.",
        )
        return None
    if schema.get("writeOnly") is True and schema.get("type") != "string":
        problems.add(
            node.location,
            "Invalid schema",
            f"variables.{node.name} is a secret (writeOnly); a secret must be a string.",
            "add type: string",
        )
        return None
    return _Variable(node, schema)


def _check_words(node: Node, problems: Problems) -> None:
    """Note words that JSON Schema does not have and would pass over in silence."""
    for entry in node.entries():
        if entry.name not in _WORDS and not entry.name.startswith(("x-", "$")):
            hint = "write writeOnly: true" if entry.name in ("sensitive", "secret") else ""
            problems.add(
                entry.key_location,
                "Unknown key",
                f"variables.{node.name} is a JSON Schema, which has no '{entry.name}'.",
                hint or did_you_mean(entry.name, _WORDS),
            )


def _holds_key(value: object, key: str) -> bool:
    if isinstance(value, dict):
        return key in value or any(_holds_key(inner, key) for inner in value.values())
    return isinstance(value, list) and any(_holds_key(inner, key) for inner in value)


def _from_environment(environ: Mapping[str, str], declared: _Declared) -> dict[str, Given]:
    """Return the values of declared variables; other names may belong to another stack."""
    return {
        name: _encoded(environ[ENVIRONMENT_PREFIX + name], ENVIRONMENT_PREFIX + name, node)
        for name, node in declared.items()
        if ENVIRONMENT_PREFIX + name in environ
    }


def _from_command_line(
    var: Mapping[str, str], declared: _Declared, problems: Problems
) -> dict[str, Given]:
    for name in var:
        if name not in declared:
            _note_unknown(name, declared, None, ", which --var sets", problems)
    return {
        name: _encoded(text, f"--var {name}", declared[name])
        for name, text in var.items()
        if name in declared
    }


def _from_file(file: Node, declared: _Declared, problems: Problems) -> dict[str, Given]:
    if file.value is not None and not isinstance(file.value, dict):
        problems.add(
            file.location, "Wrong type", "A file of variables is a map of names to values."
        )
    given = {}
    for entry in file.entries():
        if entry.name in declared:
            given[entry.name] = Given(entry.value, entry.location.file, entry.places)
        else:
            _note_unknown(entry.name, declared, entry.key_location, "", problems)
    return given


def _encoded(text: str, source: str, declaration: Node) -> Given:
    place = OnePlace(declaration.key_location)
    return Given(text, source, place, is_encoded=True, is_placed=False)


def _decoded(given: Given, variable: _Variable, problems: Problems) -> Given | None:
    """Return the value that the text stands for by the variable's type; the text is never shown."""
    if variable.is_text:
        return replace(given, is_encoded=False)
    try:
        return replace(given, value=decode_json(str(given.value)), is_encoded=False)
    except ValueError:
        problems.add(
            given.places.at(()),
            "Invalid value",
            f"vars.{variable.name} (from {given.source}) must be JSON, since its type is not string.",
            'write 10, true, null, "text", […] or {…}',
        )
        return None


def _default(variable: _Variable, problems: Problems) -> Given | None:
    node, name = variable.node, variable.name
    default = next((entry for entry in node.entries() if entry.name == "default"), None)
    if default is None:
        problems.add(
            node.key_location,
            "Missing value",
            f"vars.{name} has neither a value nor a default.",
            f"pass --var {name}=… or set {ENVIRONMENT_PREFIX}{name}",
        )
        return None
    try:
        return Given(_without_expressions(default.value), "its default", default.places)
    except ExpressionError:
        problems.add(
            default.location,
            "Expression not allowed",
            f"The default of vars.{name} must be a plain value.",
            "write $${ for a literal ${",
        )
        return None


def _without_expressions(value: object) -> object:
    """Return `value` with `$${` read as `${`; raise ExpressionError when it holds expressions."""
    if isinstance(value, str):
        text = parse_template(value)
        if isinstance(text, Template):
            raise ExpressionError("Expression not allowed", "")
        return text
    if isinstance(value, dict):
        return {key: _without_expressions(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_expressions(inner) for inner in value]
    return value


def _is_valid(
    variable: _Variable, given: Given, validators: Validators, problems: Problems
) -> bool:
    before = len(problems)
    subject = Subject(
        name=f"vars.{variable.name}",
        holder=f"vars.{variable.name}",
        places=given.places,
        origin=f" (from {given.source})",
        is_hidden=lambda _: variable.is_secret,
        is_computed=lambda _: False,
    )
    validators.check(given.value, variable.schema, subject, problems)
    return len(problems) == before


def _note_unknown(
    name: str, declared: _Declared, place: Location | None, who: str, problems: Problems
) -> None:
    problems.add(
        place,
        "Unknown variable",
        f"There is no variable '{name}'{who}.",
        did_you_mean(name, declared) or "declare it under variables",
    )
