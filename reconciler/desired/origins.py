"""Where values came from: worked out from what is kept anyway, when somebody asks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.desired.declare import Draft
from reconciler.desired.marks import Node
from reconciler.desired.names import Names
from reconciler.desired.problems import Problems
from reconciler.desired.texts import read_expressions
from reconciler.expressions import ExpressionError, Indexed, Reference, Template, spell_path
from reconciler.model.address import Address
from reconciler.model.location import Path
from reconciler.model.resource import Origin, OriginKind


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
        tracer = _Tracer(self._sources)
        return tuple(tracer.attribute(self._draft, path))


class _Tracer:
    """Follows one value back; each reference once, so that it ends."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._seen: set[tuple[Reference, str | None]] = set()

    def attribute(self, draft: Draft, path: Path) -> Iterator[Origin]:
        """Yield where the value at `path` of a resource stands, and what it came from."""
        name = str(path[0]) if path else ""
        raw = draft.body.raw
        attribute = draft.kind.attributes.get(name)
        if raw.get(name) is None:
            if attribute and attribute.has_default and not draft.is_data:
                yield Origin(kind=OriginKind.SCHEMA, name=f"{draft.kind.name}.json")
            return
        is_default = name in draft.body.defaulted
        yield Origin(
            kind=OriginKind.DEFAULT if is_default else OriginKind.ATTRIBUTE,
            name=spell_path(
                (f"defaults.{draft.kind.name}" if is_default else draft.address, *path)
            ),
            location=draft.places.at(path),
        )
        yield from self._inside(raw[name], path[1:], draft)

    def _inside(self, value: object, path: Path, draft: Draft | None) -> Iterator[Origin]:
        """Yield what the value at `path` inside a declared value came from."""
        for depth, part in enumerate(path):
            if isinstance(value, Template):
                yield from self._template(value, path[depth:], draft)
                return
            if isinstance(value, dict) and part in value:
                value = value[str(part)]
            elif isinstance(value, list) and isinstance(part, int) and part < len(value):
                value = value[part]
            else:
                return
        yield from self._anywhere(value, draft)

    def _anywhere(self, value: object, draft: Draft | None) -> Iterator[Origin]:
        if isinstance(value, Template):
            yield from self._template(value, (), draft)
        elif isinstance(value, dict):
            for inner in value.values():
                yield from self._anywhere(inner, draft)
        elif isinstance(value, list):
            for inner in value:
                yield from self._anywhere(inner, draft)

    def _template(self, template: Template, path: Path, draft: Draft | None) -> Iterator[Origin]:
        """Yield what a Template refers to; `path` goes on inside its value."""
        for part in template.parts:
            if isinstance(part, Reference):
                inner = part.extended(path) if template.is_single else part
                yield from self._reference(inner, draft)
            elif isinstance(part, Indexed):
                for index in part.references:
                    if index.root == "each" or part.root not in ("vars", "locals"):
                        yield from self._reference(index, draft)
                resolved = self._resolved(part, draft)
                if resolved is not None:
                    yield from self._reference(resolved, draft)
            elif isinstance(part, str):
                continue
            else:
                for reference in Template((part,)).references:
                    yield from self._reference(reference, draft)

    def _resolved(self, part: Indexed, draft: Draft | None) -> Reference | None:
        names = self._sources.names
        if draft is not None and draft.each is not None:
            names = names.with_each(draft.each)
        try:
            return part.resolve(names.lookup)
        except ExpressionError:
            return None

    def _reference(self, reference: Reference, draft: Draft | None) -> Iterator[Origin]:
        key = (reference, draft.address if draft and reference.root == "each" else None)
        if key in self._seen:
            return
        self._seen.add(key)
        if reference.address is not None:
            yield from self._other(reference, reference.address)
            return
        match reference.root:
            case "vars":
                yield from self._variable(reference)
            case "locals":
                yield from self._local(reference)
            case "each" if draft is not None:
                yield from self._each(reference, draft)

    def _other(self, reference: Reference, address: Address) -> Iterator[Origin]:
        target = self._sources.drafts.get(address)
        chain = list(self.attribute(target, reference.path)) if target else []
        is_written = bool(chain) and chain[0].kind is OriginKind.ATTRIBUTE
        yield Origin(
            kind=OriginKind.REFERENCE,
            name=str(reference),
            location=chain[0].location if is_written else None,
        )
        yield from chain[1:] if is_written else chain

    def _variable(self, reference: Reference) -> Iterator[Origin]:
        given = self._sources.names.variables.given.get(str(reference.path[0]))
        if given is None:
            return
        yield Origin(
            kind=OriginKind.VARIABLE,
            name=f"{reference} from {given.source}",
            location=given.places.at(reference.path[1:]) if given.is_placed else None,
        )

    def _local(self, reference: Reference) -> Iterator[Origin]:
        node = self._sources.locals.get(str(reference.path[0]))
        if node is None:
            return
        path = reference.path[1:]
        yield Origin(kind=OriginKind.LOCAL, name=str(reference), location=node.places.at(path))
        raw = read_expressions(node.value, (), node.places, Problems())
        yield from self._inside(raw, path, None)

    def _each(self, reference: Reference, draft: Draft) -> Iterator[Origin]:
        for_each, each = draft.body.for_each, draft.each
        if for_each is None or each is None:
            return
        path = reference.path[1:]
        is_literal = isinstance(for_each.raw, dict)
        location = each.location
        if is_literal and reference.path[0] == "value":
            location = for_each.node.places.at((each.key, *path))
        yield Origin(
            kind=OriginKind.FOR_EACH,
            name=f'{reference} of "{each.key}"',
            location=location,
        )
        if isinstance(for_each.raw, dict):
            yield from self._inside(for_each.raw, (each.key, *path), None)
        else:
            yield from self._inside(for_each.raw, (), None)
