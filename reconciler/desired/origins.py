"""Where values came from: worked out from what is kept anyway, when somebody asks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from reconciler.desired.declare import Draft
from reconciler.desired.marks import Node
from reconciler.desired.names import Names
from reconciler.desired.problems import Problems
from reconciler.desired.texts import read_expressions
from reconciler.expressions import (
    ExpressionError,
    Indexed,
    Reference,
    Template,
    references,
    spell_path,
)
from reconciler.model.address import Address
from reconciler.model.location import Path
from reconciler.model.resource import Origin, OriginKind

_PLAIN = frozenset({str, int, float, bool})
_KIND_OF_ROOT = {
    "vars": OriginKind.VARIABLE,
    "locals": OriginKind.LOCAL,
    "each": OriginKind.FOR_EACH,
    "stack": OriginKind.ATTRIBUTE,
}


@dataclass(frozen=True, slots=True)
class Sources:
    """What values may come from, for all resources of a stack."""

    names: Names
    locals: Mapping[str, Node]
    drafts: Mapping[Address, Draft]


class DraftOrigins:
    """The origins of one resource's values; see model.resource.Origins."""

    __slots__ = ("_draft", "_sources")

    def __init__(self, draft: Draft, sources: Sources) -> None:
        self._draft = draft
        self._sources = sources

    def of(self, path: Path) -> tuple[Origin, ...]:
        """Return the chain for the value at `path`, nearest first."""
        if self._draft.body.raw.get(str(path[0])).__class__ in _PLAIN:
            return (_written_at(self._draft, path),)
        return tuple(_Tracer(self._sources).attribute(self._draft, path))

    def kind_of(self, path: Path) -> OriginKind | None:
        """Return what gave the value at `path`, without following it further."""
        name = str(path[0])
        raw = self._draft.body.raw.get(name)
        if raw is None:
            return OriginKind.SCHEMA if _has_default(self._draft, name) else None
        if raw.__class__ not in _PLAIN:
            used = next(references(_inside(raw, path[1:])[0]), None)
            if used is not None:
                return _KIND_OF_ROOT.get(used.root, OriginKind.REFERENCE)
        is_default = name in self._draft.body.defaulted
        return OriginKind.DEFAULT if is_default else OriginKind.ATTRIBUTE


def _has_default(draft: Draft, name: str) -> bool:
    attribute = draft.kind.attributes.get(name)
    return attribute is not None and attribute.has_default and not draft.is_data


def _written_at(draft: Draft, path: Path) -> Origin:
    """Return the link to where the value at `path` of a resource stands."""
    is_default = path[0] in draft.body.defaulted
    owner = f"defaults.{draft.kind.name}" if is_default else draft.address
    return Origin(
        kind=OriginKind.DEFAULT if is_default else OriginKind.ATTRIBUTE,
        name=spell_path((owner, *path)),
        location=draft.places.at(path),
    )


def _inside(value: object, path: Path) -> tuple[object, Path]:
    """Return what is declared at `path`, or the Template on the way there and the rest of the path.

    None where nothing is declared.
    """
    for depth, part in enumerate(path):
        if isinstance(value, dict) and part in value:
            value = value[str(part)]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        elif isinstance(value, Template):
            return value, path[depth:]
        else:
            return None, ()
    return value, ()


class _Tracer:
    """Follows one value back; each reference once."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._seen: set[tuple[Reference, Address | None]] = set()

    def attribute(self, draft: Draft, path: Path) -> Iterator[Origin]:
        """Yield where the value at `path` of a resource stands, and what it came from."""
        name = str(path[0])
        if draft.body.raw.get(name) is None:
            if _has_default(draft, name):
                yield Origin(kind=OriginKind.SCHEMA, name=f"{draft.kind.name}.json")
            return
        yield _written_at(draft, path)
        yield from self._value(draft.body.raw[name], path[1:], draft)

    def _value(self, value: object, path: Path, draft: Draft | None) -> Iterator[Origin]:
        """Yield what the value at `path` inside a declared value came from."""
        found, rest = _inside(value, path)
        for template in _templates(found):
            yield from self._template(template, rest, draft)

    def _template(self, template: Template, path: Path, draft: Draft | None) -> Iterator[Origin]:
        """Yield what a Template refers to; `path` goes on inside its value."""
        for reference in self._used(template, path, draft):
            yield from self.reference(reference, draft)

    def _used(self, template: Template, path: Path, draft: Draft | None) -> Iterator[Reference]:
        if template.parts and template.reference:
            yield template.reference.extended(path)
            return
        for part in template.parts:
            if isinstance(part, Indexed):
                yield from (index for index in part.parts if isinstance(index, Reference))
                yield from self._resolved(part, draft)
            else:
                yield from references(Template((part,)))

    def _resolved(self, part: Indexed, draft: Draft | None) -> Iterator[Reference]:
        names = self._sources.names
        if draft is not None and draft.each is not None:
            names = names.with_each(draft.each)
        try:
            yield part.resolve(names.lookup)
        except ExpressionError:
            return

    def reference(self, reference: Reference, draft: Draft | None) -> Iterator[Origin]:
        """Yield the link to what a reference in `draft` names, and what that came from."""
        key = (reference, draft.address if draft and reference.root == "each" else None)
        if key in self._seen:
            return
        self._seen.add(key)
        if reference.address is not None:
            yield from self._other(reference, self._sources.drafts.get(reference.address))
        elif reference.root == "vars":
            yield from self._variable(reference)
        elif reference.root == "locals":
            yield from self._local(reference)
        elif reference.root == "each" and draft is not None:
            yield from self._each(reference, draft)

    def _other(self, reference: Reference, target: Draft | None) -> Iterator[Origin]:
        """Yield the link to another resource's attribute, and what that came from."""
        chain = list(self.attribute(target, reference.path)) if target else []
        is_written = bool(chain) and chain[0].kind is OriginKind.ATTRIBUTE
        location = chain[0].location if is_written else None
        yield Origin(kind=OriginKind.REFERENCE, name=str(reference), location=location)
        yield from chain[1:] if is_written else chain

    def _variable(self, reference: Reference) -> Iterator[Origin]:
        given = self._sources.names.variables.given.get(str(reference.path[0]))
        if given is not None:
            location = given.places.at(reference.path[1:]) if given.is_placed else None
            name = f"{reference} from {given.source}"
            yield Origin(kind=OriginKind.VARIABLE, name=name, location=location)

    def _local(self, reference: Reference) -> Iterator[Origin]:
        node = self._sources.locals.get(str(reference.path[0]))
        if node is not None:
            path = reference.path[1:]
            location = node.places.at(path)
            yield Origin(kind=OriginKind.LOCAL, name=str(reference), location=location)
            raw = read_expressions(node.value, (), node.places, Problems())
            yield from self._value(raw, path, None)

    def _each(self, reference: Reference, draft: Draft) -> Iterator[Origin]:
        for_each, each = draft.body.for_each, draft.each
        if for_each is None or each is None:
            return
        name = f'{reference} of "{each.key}"'
        location, raw = each.location, for_each.raw
        if isinstance(raw, list):
            inside: Path = (list(for_each.keys or ()).index(each.key),)
        else:
            inside = (each.key, *reference.path[1:])
        is_key = reference.path[0] == "key" or each.value is each.key
        if isinstance(raw, dict) and not is_key:
            location = for_each.node.places.at(inside)
        yield Origin(kind=OriginKind.FOR_EACH, name=name, location=location)
        if not is_key or isinstance(raw, list):
            yield from self._value(raw, inside, None)
            return
        for used in references(raw) if isinstance(raw, Template) else ():
            # What holds the keys; the values below them are not what the key came from.
            yield from islice(_Tracer(self._sources).reference(used, None), 1)


def _templates(value: object) -> Iterator[Template]:
    if isinstance(value, Template):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _templates(inner)
