"""What the meta-schema cannot say about the life of a kind: settling, effects, connections, and others."""

import string
from collections.abc import Container, Iterator, Mapping

from reconciler.kinds.kind import Kind
from reconciler.kinds.problem import Problem, did_you_mean, resolves, unknown_attributes, walk
from reconciler.model.location import Path


def lint_life(kind: Kind) -> Iterator[Problem]:
    """Yield what in `x-kind`, routes aside, does not fit the attributes."""
    if kind.settle:
        place: Path = ("x-kind", "settle", "attribute")
        yield from unknown_attributes(place, (kind.settle.attribute,), kind)
    yield from _connections(kind)
    for i, check in enumerate(kind.checks):
        for word, text in (("message", check.message), ("hint", check.hint)):
            path = ("x-kind", "checks", i, word)
            yield from _placeholders_in(path, text, {*kind.attributes, "value"})
    for i, rule in enumerate(kind.effects):
        place = ("x-kind", "effects", i)
        for dotted in rule.attributes:
            if not resolves(dotted, kind.attributes):
                detail = f"{kind.name} has no attribute '{dotted}'."
                yield Problem((*place, "attributes"), "Unknown attribute", detail)
        known = {*kind.attributes, *(("before", "after") if rule.attributes else ())}
        for word, text in (("text", rule.text), ("instead", rule.instead)):
            yield from _placeholders_in((*place, word), text, known)


def _connections(kind: Kind) -> Iterator[Problem]:
    if kind.takes_connections:
        yield from unknown_attributes(
            ("x-kind", "takes_connections"), (kind.takes_connections,), kind
        )
    limit = kind.gives_connections
    if limit is None:
        return
    place: Path = ("x-kind", "gives_connections")
    yield from unknown_attributes((*place, "attribute"), (limit.attribute,), kind)
    yield from unknown_attributes((*place, "by"), filter(None, (limit.by,)), kind)
    if limit.set_by and not resolves(limit.set_by, kind.attributes):
        detail = f"{kind.name} has no attribute '{limit.set_by}'."
        yield Problem((*place, "set_by"), "Unknown attribute", detail)


def _placeholders_in(place: Path, text: str, known: Container[str]) -> Iterator[Problem]:
    for name in _fields(text):
        if name not in known:
            detail = f"'{{{name}}}' stands for nothing here."
            yield Problem(place, "Unknown placeholder", detail)


def _fields(text: str) -> Iterator[str]:
    try:
        yield from (name for _, name, _, _ in string.Formatter().parse(text) if name is not None)
    except ValueError:
        yield text


def lint_references(kind: Kind, catalogue: Mapping[str, Kind]) -> Iterator[Problem]:
    """Yield each name of another kind, or of an attribute of one, that means nothing in `catalogue`."""
    yield from _lint_container(kind, catalogue)
    for path, attribute in walk(kind.attributes, ()):
        if attribute.refers_to is None:
            continue
        name, target = attribute.refers_to
        place = (*path, "x-refers-to")
        if name != kind.name and name not in catalogue:
            detail = f"There is no kind '{name}'."
            yield Problem(place, "Unknown kind", detail, did_you_mean(name, catalogue))
        else:
            named = kind if name == kind.name else catalogue[name]
            yield from unknown_attributes(place, (target,), named)


def _lint_container(kind: Kind, catalogue: Mapping[str, Kind]) -> Iterator[Problem]:
    """Yield what is said of the object that this one lies in, and means nothing."""
    life: Path = ("x-kind",)
    if not kind.container and (kind.checks or kind.given or kind.takes_connections):
        detail = f"{kind.name} lies in nothing: no part of its identity has x-refers-to."
        yield Problem(life, "Words about what it lies in", detail)
    container = catalogue.get(kind.container)
    if container is None:
        return
    for path, dotted in _said_of_container(kind):
        if not resolves(dotted, container.attributes):
            detail = f"{container.name} has no attribute '{dotted}'."
            hint = did_you_mean(dotted, container.attributes)
            yield Problem((*life, *path), "Unknown attribute", detail, hint)


def _said_of_container(kind: Kind) -> Iterator[tuple[Path, str]]:
    for i, check in enumerate(kind.checks):
        yield ("checks", i, "container_attribute"), check.container_attribute
    for dotted in kind.given.unless if kind.given else ():
        yield ("given", "unless"), dotted
