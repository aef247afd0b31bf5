"""What the meta-schema cannot say about a kind file: that its parts fit one another."""

import re
from collections.abc import Iterable, Iterator, Mapping

from reconciler.kinds.kind import Attribute, Kind
from reconciler.kinds.lint_life import lint_life
from reconciler.kinds.parse import Document
from reconciler.kinds.problem import Problem, unknown_attributes, walk
from reconciler.model.location import Path

RESERVED_ATTRIBUTES = frozenset({"for_each", "depends_on", "lifecycle", "timeouts"})
RESERVED_KINDS = frozenset({"vars", "locals", "data", "each", "stack"})


def lint(kind: Kind, document: Document) -> Iterator[Problem]:
    """Yield what does not fit, for a document that fits the meta-schema."""
    yield from _names(kind, document)
    yield from _identity(kind)
    yield from _routes(kind)
    yield from lint_life(kind)
    for path, attribute in walk(kind.attributes, ()):
        yield from _words(path, attribute)
    for name, attribute in kind.attributes.items():
        yield from _reach(kind, name, attribute)


def _names(kind: Kind, document: Document) -> Iterator[Problem]:
    if kind.name in RESERVED_KINDS:
        yield Problem(("title",), "Reserved name", f"No kind may be called '{kind.name}'.")
    for name in sorted(RESERVED_ATTRIBUTES & set(kind.attributes)):
        yield Problem(
            ("properties", name), "Reserved name", f"No attribute may be called '{name}'."
        )
    declared: list[tuple[Path, Iterable[str]]] = [(("required",), document.get("required", ()))]
    for name, needed in document.get("dependentRequired", {}).items():
        declared.append((("dependentRequired", name), (name, *needed)))
    if "not" in document:
        declared.append((("not",), document["not"]["required"]))
    declared += [
        (("allOf", i), part["not"]["required"]) for i, part in enumerate(document.get("allOf", ()))
    ]
    for path, names in declared:
        yield from unknown_attributes(path, names, kind)


def _identity(kind: Kind) -> Iterator[Problem]:
    path: Path = ("x-kind", "identity")
    yield from unknown_attributes(path, kind.identity, kind)
    for name in kind.identity:
        attribute = kind.attributes.get(name)
        if attribute is None:
            continue
        missing = [
            words
            for words, holds in (
                ("required", attribute.required),
                ('"type": "string"', attribute.schema.get("type") == "string"),
                ("x-force-new", attribute.force_new or not kind.is_resource),
            )
            if not holds
        ]
        if missing:
            detail = f"'{name}' is part of the identity, so it must be {', '.join(missing)}."
            yield Problem(path, "Identity attribute that may vary", detail)


def _routes(kind: Kind) -> Iterator[Problem]:
    routes: Path = ("x-kind", "routes")
    for i, read in enumerate(kind.reads):
        place = (*routes, "read", i)
        yield from _placeholders(place, read.path, kind)
        yield from unknown_attributes((*place, "find"), read.find.values(), kind)
        yield from unknown_attributes((*place, "only_for"), read.only_for, kind)
        if read.page and not read.find:
            yield Problem(place, "Read that cannot be made", "A list in pages needs `find`.")
    if kind.reads[0].only_for:
        detail = "The first read decides whether the object is there; it cannot have `only_for`."
        yield Problem((*routes, "read", 0, "only_for"), "Read that cannot be made", detail)
    for op, calls in (("create", kind.create), ("update", kind.update), ("delete", kind.delete)):
        for i, call in enumerate(calls):
            place = (*routes, op, i)
            yield from _placeholders(place, call.path, kind)
            yield from unknown_attributes((*place, "when"), call.when, kind)
            yield from unknown_attributes((*place, "send"), call.send, kind)
            yield from _unsendable((*place, "send"), op, call.send, kind)


def _placeholders(place: Path, path: str, kind: Kind) -> Iterator[Problem]:
    for name in re.findall(r"\{(\w+)\}", path):
        if name not in kind.identity:
            detail = (
                f"'{name}' in the path is not part of the identity, so a delete may not know it."
            )
            yield Problem((*place, "path"), "Unknown path part", detail)


def _unsendable(place: Path, op: str, names: Iterable[str], kind: Kind) -> Iterator[Problem]:
    for name in names:
        attribute = kind.attributes.get(name)
        if attribute is None:
            continue
        if attribute.read_only or attribute.local:
            detail = f"'{name}' is {'readOnly' if attribute.read_only else 'x-local'}."
            yield Problem(place, "Attribute that is never sent", detail)
        elif op == "update" and attribute.create_only:
            yield Problem(place, "Attribute that is never sent", f"'{name}' is x-create-only.")
        elif op == "update" and attribute.force_new and not attribute.updatable:
            detail = f"'{name}' is x-force-new; x-updatable would say that it can change in place."
            yield Problem(place, "Attribute that is never sent", detail)


def _reach(kind: Kind, name: str, attribute: Attribute) -> Iterator[Problem]:
    """Yield what keeps a declared value, or a change of it, from reaching the API."""
    if attribute.read_only or attribute.local or name in kind.identity:
        return
    created = {sent for call in kind.create for sent in call.send}
    updated = {sent for call in kind.update for sent in call.send}
    if name not in created | updated:
        detail = f"'{name}' can be declared, but no call sends it; is it readOnly or x-local?"
        yield Problem(("properties", name), "Attribute that is never sent", detail)
    elif name not in updated and not attribute.force_new and not attribute.create_only:
        detail = f"No update sends '{name}'; is it x-force-new or x-create-only?"
        yield Problem(("properties", name), "Attribute that cannot change", detail)


_CONTRADICTIONS = (
    ("readOnly", "writeOnly"),
    ("readOnly", "default"),
    ("readOnly", "x-computed"),
    ("readOnly", "x-force-new"),
    ("readOnly", "x-create-only"),
    ("readOnly", "x-unset"),
    ("x-create-only", "x-force-new"),
    ("x-computed", "default"),
    ("x-sensitive", "default"),
    ("x-local", "x-wire"),
    ("x-local", "x-convert"),
    ("x-merge", "default"),
    ("x-merge", "x-convert"),
    ("x-merge", "x-sensitive"),
)

_NEEDS_TYPE = (("x-merge", "object"), ("x-unordered", "array"), ("x-shorthand", "array"))


def _words(path: Path, attribute: Attribute) -> Iterator[Problem]:
    """Yield words of one attribute that contradict or lack one another."""
    words: Document = attribute.schema
    present = {word for word, value in words.items() if value is not False or word == "default"}
    clashes = [pair for pair in _CONTRADICTIONS if present.issuperset(pair)]
    lacks = [
        (word, kind) for word, kind in _NEEDS_TYPE if word in present and words.get("type") != kind
    ]
    for one, other in clashes:
        detail = f"'{attribute.name}' cannot be both {one} and {other}."
        yield Problem(path, "Words that contradict one another", detail)
    for word, kind in lacks:
        detail = f"'{attribute.name}' has {word}, so its type must be {kind}."
        yield Problem(path, "Words that contradict one another", detail)
    if attribute.required and _is_filled_in(path, attribute):
        detail = f"'{attribute.name}' is required, so the server does not fill it in."
        yield Problem(path, "Words that contradict one another", detail)
    if attribute.updatable and not attribute.force_new:
        detail = (
            f"'{attribute.name}' is x-updatable, which means something beside x-force-new only."
        )
        yield Problem(path, "Words that contradict one another", detail)
    if attribute.name == "id" and len(path) == _TOP and not attribute.read_only:
        yield Problem(path, "Reserved name", "'id' is the identity, so it must be readOnly.")
    if attribute.shorthand and not _has_item_property(words, attribute.shorthand):
        detail = f"Items of '{attribute.name}' have no property '{attribute.shorthand}'."
        yield Problem((*path, "x-shorthand"), "Unknown property", detail)
    yield from _patterns(path, words)


_TOP = len(("properties", "name"))


def _is_filled_in(path: Path, attribute: Attribute) -> bool:
    """Whether the server sets it; every property of a merged object may be, required or not."""
    return attribute.read_only or (attribute.computed and len(path) == _TOP)


def _has_item_property(words: Document, name: str) -> bool:
    return name in words.get("items", {}).get("properties", {})


def _patterns(path: Path, words: Document) -> Iterator[Problem]:
    for deeper in ("items", "additionalProperties", "propertyNames"):
        if isinstance(words.get(deeper), Mapping):
            yield from _patterns((*path, deeper), words[deeper])
    if "pattern" not in words:
        return
    try:
        re.compile(words["pattern"])
    except re.error as error:
        detail = f"The pattern is not a regular expression: {error}."
        yield Problem((*path, "pattern"), "Pattern that cannot be read", detail)
