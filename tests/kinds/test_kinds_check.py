"""Malformed kind files: each mistake is told, in its place, and the sound file is let through."""

import copy
import json
from typing import Any

import pytest

from reconciler.kinds.check import check_kind, check_references
from reconciler.kinds.parse import parse_kind
from reconciler.kinds.places import line_and_column

TEXT = {"description": "Words.", "type": "string"}

SOUND: dict[str, Any] = {
    "$schema": "kind.meta.json",
    "title": "widget",
    "description": "A widget.",
    "type": "object",
    "additionalProperties": False,
    "required": ["box", "name"],
    "properties": {
        "box": {**TEXT, "x-force-new": True, "x-refers-to": "box.name"},
        "name": {**TEXT, "x-force-new": True},
        "size": {"description": "Its size.", "type": "integer", "default": 3},
        "note": {**TEXT, "x-local": True},
        "state": {**TEXT, "readOnly": True},
        "rules": {
            "description": "Its rules.",
            "type": "array",
            "items": {"type": ["string", "object"], "properties": {"net": {"type": "string"}}},
            "x-unordered": True,
            "x-shorthand": "net",
        },
        "config": {
            "description": "Its options.",
            "type": "object",
            "x-merge": True,
            "properties": {"a.b": {"description": "One.", "type": "integer"}},
        },
        "id": {**TEXT, "readOnly": True},
    },
    "x-kind": {
        "identity": ["box", "name"],
        "routes": {
            "read": [
                {"path": "/v1/widgets", "answer": "widgets", "find": {"name": "name"}},
                {"path": "/v1/widgets/{name}", "only_for": ["state"]},
            ],
            "create": [
                {"method": "POST", "path": "/v1/w", "send": ["name", "size", "rules", "config"]}
            ],
            "update": [
                {"method": "PUT", "path": "/v1/w/{name}", "send": ["size", "rules", "config"]}
            ],
            "delete": [{"method": "DELETE", "path": "/v1/w/{name}"}],
        },
        "settle": {"attribute": "state", "wanted": {"create": ["UP"]}},
        "retry": [{"status": 404, "message": "m", "ops": ["create"], "within": "10s"}],
        "hints": [{"status": 403, "message": "m", "hint": "h"}],
        "timeouts": {"create": "5m"},
        "effects": [
            {
                "on": ["update"],
                "attributes": ["config.a.b", "size"],
                "becomes": [7, "x", True, None],
                "code": "cut-clients",
                "text": "{name} goes from {before} to {after}",
            }
        ],
        "stateful": False,
        "checks": [
            {
                "container_attribute": "label",
                "pattern": "^a",
                "message": "{name} needs a box with an a, not {value}",
                "hint": "another box for {name}",
            }
        ],
        "given": {"names": ["first"], "unless": ["inside.full"]},
        "takes_connections": "size",
        "gives_connections": {
            "attribute": "size",
            "set_by": "config.a.b",
            "by": "name",
            "values": [["^small", 1], [".", 2]],
        },
    },
}

BOX: dict[str, Any] = {
    "title": "box",
    "description": "A box.",
    "type": "object",
    "additionalProperties": False,
    "required": ["name"],
    "properties": {
        "name": {**TEXT, "x-force-new": True},
        "label": TEXT,
        "inside": {
            "description": "Its inside.",
            "type": "object",
            "x-merge": True,
            "properties": {"full": {"description": "Full.", "type": "boolean"}},
        },
    },
    "x-kind": {"identity": ["name"], "routes": {"read": [{"path": "/v1/boxes/{name}"}]}},
}

BOXES = {"box": parse_kind(BOX)}

REMOVED = object()


def changed(path: str, value: object) -> dict[str, Any]:
    """Return the sound file with the value at `path` (parts joined by `/`) put in or taken out."""
    document = copy.deepcopy(SOUND)
    node: Any = document
    *parents, last = (int(part) if part.isdigit() else part for part in path.split("/"))
    for part in parents:
        node = node[part]
    if value is REMOVED:
        del node[last]
    else:
        node[last] = value
    return document


def summaries(document: object) -> list[str]:
    """Return the summaries of what is wrong with it."""
    return [diagnostic.summary for diagnostic in check_kind(document, "widget.json")]


def test_sound_kind_has_nothing_to_be_told() -> None:
    """Every word of the vocabulary may be used."""
    assert check_kind(SOUND, "schemas/widget.json") == ()


PROPERTY = "properties/size"
ROUTES = "x-kind/routes"
CREATE = f"{ROUTES}/create/0"
UPDATE = f"{ROUTES}/update/0"

OUT_OF_VOCABULARY = {
    "x-forse-new": ("properties/name/x-forse-new", True),
    "unknown standard word": (f"{PROPERTY}/oneOf", []),
    "unknown word at the top": ("x-identity", ["name"]),
    "unknown word in x-kind": ("x-kind/identities", ["name"]),
    "unknown word in a route": (f"{CREATE}/body", {}),
    "unknown word in a read": (f"{ROUTES}/read/0/method", "GET"),
    "unknown route": (f"{ROUTES}/replace", [{"method": "PUT", "path": "/v1/w"}]),
    "unknown word in a merged property": ("properties/config/properties/a.b/x-x", 1),
    "unknown word in items": ("properties/rules/items/x-x", 1),
    "unknown operation with a timeout": ("x-kind/timeouts/settle", "5m"),
}

LACKING = {
    "no title": ("title", REMOVED),
    "no life": ("x-kind", REMOVED),
    "no identity": ("x-kind/identity", REMOVED),
    "no read": (f"{ROUTES}/read", REMOVED),
    "attribute without description": (f"{PROPERTY}/description", REMOVED),
    "merged property without description": (
        "properties/config/properties/a.b/description",
        REMOVED,
    ),
    "merged object without properties": ("properties/config/properties", REMOVED),
    "call without a method": (f"{CREATE}/method", REMOVED),
    "check of what": ("x-kind/checks/0/container_attribute", REMOVED),
    "retry without an end": ("x-kind/retry/0/within", REMOVED),
}

WRONG = {
    "a host in a path": (f"{CREATE}/path", "https://example.com/v1/w"),
    "a host after slashes": (f"{CREATE}/path", "//example.com/v1/w"),
    "a relative path": (f"{CREATE}/path", "v1/w"),
    "a path with a query": (f"{CREATE}/path", "/v1/w?x=1"),
    "a placeholder that is half a segment": (f"{CREATE}/path", "/v1/w-{name}"),
    "a method that reads": (f"{CREATE}/method", "GET"),
    "open to any attribute": ("additionalProperties", True),
    "a flag that is a word": ("properties/name/x-force-new", "yes"),
    "unset to what": (f"{PROPERTY}/x-unset", "zero"),
    "unknown conversion": (f"{PROPERTY}/x-convert", "rot13"),
    "reference without an attribute": (f"{PROPERTY}/x-refers-to", "aiven_pg"),
    "wire with an empty key": (f"{PROPERTY}/x-wire", "a..b"),
    "wire of another direction": (f"{PROPERTY}/x-wire", 3),
    "duration without a unit": ("x-kind/timeouts/create", "300"),
    "message that is no pattern": ("x-kind/hints/0/message", "(unclosed"),
    "status that is no error": ("x-kind/hints/0/status", 200),
    "effect code in words": ("x-kind/effects/0/code", "Cut clients!"),
    "name with a dash": ("properties/my-name", TEXT),
    "connections by a word": ("x-kind/gives_connections/values", [["^a", "many"]]),
    "connections by what": ("x-kind/gives_connections/by", REMOVED),
    "check that is no pattern": ("x-kind/checks/0/pattern", "["),
    "becomes a list": ("x-kind/effects/0/becomes", [[1]]),
    "becomes without an attribute": ("x-kind/effects/0/attributes", REMOVED),
    "given nothing": ("x-kind/given/names", []),
    "delete without create": (f"{ROUTES}/create", REMOVED),
    "nullable type": (f"{PROPERTY}/type", ["integer", "null"]),
}

MISFITS = {
    "title of another kind": ("title", "gadget", "Kind and file differ in name"),
    "reserved kind": ("title", "data", "Reserved name"),
    "reserved attribute": ("properties/depends_on", {**TEXT, "readOnly": True}, "Reserved name"),
    "declared id": ("properties/id/readOnly", False, "Reserved name"),
    "required attribute there is not": ("required", ["name", "nmae"], "Unknown attribute"),
    "forbidden pair there is not": ("not", {"required": ["name", "x"]}, "Unknown attribute"),
    "identity there is not": ("x-kind/identity", ["name", "nmae"], "Unknown attribute"),
    "identity that may change": (
        "properties/name/x-force-new",
        False,
        "Identity attribute that may vary",
    ),
    "identity that may be missing": ("required", [], "Identity attribute that may vary"),
    "find there is not": (f"{ROUTES}/read/0/find", {"name": "nmae"}, "Unknown attribute"),
    "only_for there is not": (f"{ROUTES}/read/1/only_for", ["stat"], "Unknown attribute"),
    "first read for some only": (
        f"{ROUTES}/read/0/only_for",
        ["state"],
        "Read that cannot be made",
    ),
    "pages of what": (
        f"{ROUTES}/read/1/page",
        {"cursor": "next", "parameter": "after"},
        "Read that cannot be made",
    ),
    "placeholder there is not": (f"{CREATE}/path", "/v1/{nmae}", "Unknown path part"),
    "placeholder that may be missing": (f"{UPDATE}/path", "/v1/{size}", "Unknown path part"),
    "when there is not": (f"{UPDATE}/when", ["nmae"], "Unknown attribute"),
    "send of a local": (
        f"{CREATE}/send",
        ["name", "size", "rules", "config", "note"],
        "Attribute that is never sent",
    ),
    "send of a computed": (
        f"{CREATE}/send",
        ["name", "size", "rules", "config", "state"],
        "Attribute that is never sent",
    ),
    "update of a forced": (
        f"{UPDATE}/send",
        ["name", "size", "rules", "config"],
        "Attribute that is never sent",
    ),
    "update of a create-only": (
        f"{PROPERTY}/x-create-only",
        True,
        "Attribute that is never sent",
    ),
    "never sent": ("properties/lost", TEXT, "Attribute that is never sent"),
    "never updated": (f"{UPDATE}/send", ["rules", "config"], "Attribute that cannot change"),
    "settle there is not": ("x-kind/settle/attribute", "stat", "Unknown attribute"),
    "effect of what": ("x-kind/effects/0/attributes", ["config.a.c"], "Unknown attribute"),
    "connections taken by what": ("x-kind/takes_connections", "sise", "Unknown attribute"),
    "connections told by what": ("x-kind/gives_connections/attribute", "x", "Unknown attribute"),
    "connections set by what": ("x-kind/gives_connections/set_by", "config.b", "Unknown attribute"),
    "connections by what": ("x-kind/gives_connections/by", "nmae", "Unknown attribute"),
    "check that says what": ("x-kind/checks/0/message", "{nmae}", "Unknown placeholder"),
    "check that hints at what": ("x-kind/checks/0/hint", "{nmae}", "Unknown placeholder"),
    "effect that says what": ("x-kind/effects/0/text", "{nmae}", "Unknown placeholder"),
    "effect with a loose brace": ("x-kind/effects/0/text", "{name", "Unknown placeholder"),
    "before of what": (
        "x-kind/effects/0",
        {"on": ["delete"], "code": "c", "text": "{before}"},
        "Unknown placeholder",
    ),
    "computed default": (f"{PROPERTY}/x-computed", True, "Words that contradict one another"),
    "secret default": (f"{PROPERTY}/x-sensitive", True, "Words that contradict one another"),
    "read and write only": (
        "properties/state/writeOnly",
        True,
        "Words that contradict one another",
    ),
    "local on the wire": ("properties/note/x-wire", "n", "Words that contradict one another"),
    "required, yet filled in": (
        "properties/name/x-computed",
        True,
        "Words that contradict one another",
    ),
    "updatable anyway": (f"{PROPERTY}/x-updatable", True, "Words that contradict one another"),
    "unordered number": (f"{PROPERTY}/x-unordered", True, "Words that contradict one another"),
    "shorthand for nothing": ("properties/rules/x-shorthand", "cidr", "Unknown property"),
    "pattern": ("properties/name/pattern", "(unclosed", "Pattern that cannot be read"),
    "pattern of items": (
        "properties/rules/items/pattern",
        "[",
        "Pattern that cannot be read",
    ),
    "default out of range": (f"{PROPERTY}/maximum", 2, "Default that is not allowed"),
}


@pytest.mark.parametrize(("path", "value"), OUT_OF_VOCABULARY.values(), ids=OUT_OF_VOCABULARY)
def test_unknown_words_are_mistakes(path: str, value: object) -> None:
    """A word that means nothing would be believed to mean something."""
    assert summaries(changed(path, value)) == ["Unknown word"]


@pytest.mark.parametrize(("path", "value"), LACKING.values(), ids=LACKING)
def test_missing_words_are_told(path: str, value: object) -> None:
    """What every kind needs is asked for."""
    assert "Missing word" in summaries(changed(path, value))


@pytest.mark.parametrize(("path", "value"), WRONG.values(), ids=WRONG)
def test_wrong_values_are_told(path: str, value: object) -> None:
    """A word's value must be one of those it can have; above all no path may leave the API's host."""
    assert "Wrong value" in summaries(changed(path, value))


@pytest.mark.parametrize(("path", "value", "summary"), MISFITS.values(), ids=MISFITS)
def test_parts_must_fit_one_another(path: str, value: object, summary: str) -> None:
    """What each part says of the others must be so."""
    assert summary in summaries(changed(path, value))


@pytest.mark.parametrize("document", [None, [], "widget", 3, {}])
def test_what_is_no_kind_at_all_is_told(document: object) -> None:
    """Anything JSON can hold is answered, not crashed upon."""
    assert summaries(document)


def test_near_miss_is_guessed() -> None:
    """A typing error gets the word that was meant."""
    (told,) = check_kind(changed("properties/name/x-forse-new", True), "widget.json")
    assert told.hint == "did you mean 'x-force-new'?"


def test_diagnostic_names_line_and_column() -> None:
    """With the text at hand a problem stands where its word stands."""
    document = changed("properties/size/x-x", 1)
    text = json.dumps(document, indent=2)
    (told,) = check_kind(document, "widget.json", text=text)
    assert told.location is not None
    line = text.splitlines()[told.location.line - 1]
    assert line[told.location.column - 1 :].startswith('"x-x": 1')


def test_problem_of_what_is_missing_stands_at_what_lacks_it() -> None:
    """A place that is not there falls back on the nearest around it."""
    text = '{"a": [1, {"b": null}]}'
    assert line_and_column(text, ("a", 1, "b")) == (1, 12)
    assert line_and_column(text, ("a", 1, "c")) == (1, 11)
    assert line_and_column(text, ("a", 7)) == (1, 2)
    assert line_and_column(text, ()) == (1, 1)


def test_references_must_lead_somewhere() -> None:
    """The kind must be there, and so must its attribute; one's own kind counts."""
    document = changed("properties/note/x-refers-to", "widget.name")
    kind = parse_kind(document)
    assert check_references(kind, BOXES, "widget.json") == ()
    for target, summary in (("gadget.name", "Unknown kind"), ("widget.nmae", "Unknown attribute")):
        lost = parse_kind(changed("properties/note/x-refers-to", target))
        (told,) = check_references(lost, {**BOXES, "widgets": kind}, "widget.json")
        assert told.summary == summary
        assert told.hint.startswith("did you mean '")


OF_THE_CONTAINER = {
    "a check of what it has not": (
        "x-kind/checks/0/container_attribute",
        "lable",
        "Unknown attribute",
    ),
    "unless what it has not": ("x-kind/given/unless", ["inside.fill"], "Unknown attribute"),
    "lies in nothing": ("properties/box/x-refers-to", REMOVED, "Words about what it lies in"),
}


def test_words_about_what_it_lies_in_are_sound() -> None:
    """Attributes of the container may be named, also inside merged ones."""
    assert check_references(parse_kind(SOUND), BOXES, "widget.json") == ()


@pytest.mark.parametrize(
    ("path", "value", "summary"), OF_THE_CONTAINER.values(), ids=OF_THE_CONTAINER
)
def test_words_about_what_it_lies_in_must_fit_that(path: str, value: object, summary: str) -> None:
    """They are held against the container's own kind, once it is known."""
    kind = parse_kind(changed(path, value))
    assert summary in [told.summary for told in check_references(kind, BOXES, "widget.json")]
