"""Who refers to whom: `${…}` references, `depends_on`, and literal names of declared objects."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.kinds.kind import Kind
from reconciler.model.address import Address
from reconciler.model.resource import Resource

Catalogue = Mapping[str, Kind]


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """A resource refers to `target` by `attribute` (its first path part; "" for depends_on)."""

    target: Address
    attribute: str = ""

    def is_name(self, kind: Kind) -> bool:
        """Whether the attribute, of a resource of `kind`, holds the name of the target."""
        attribute = kind.attributes.get(self.attribute)
        to = attribute.refers_to if attribute else None
        return to is not None and to[0] == self.target.kind


Links = Mapping[Address, tuple[Link, ...]]


def link(resources: Mapping[Address, Resource], catalogue: Catalogue) -> Links:
    """Return every resource's links to other resources of the stack, sorted."""
    by_identity = _index(resources, catalogue)
    return {
        address: tuple(sorted(set(_links(resource, resources, catalogue, by_identity))))
        for address, resource in resources.items()
    }


def _index(
    resources: Mapping[Address, Resource], catalogue: Catalogue
) -> dict[tuple[str, str], Address]:
    found = {}
    for address, resource in resources.items():
        identity = catalogue[address.kind].identity_of(resource.attributes)
        if identity is not None:
            found[address.kind, identity] = address
    return found


def _links(
    resource: Resource,
    resources: Mapping[Address, Resource],
    catalogue: Catalogue,
    by_identity: Mapping[tuple[str, str], Address],
) -> Iterator[Link]:
    for use in resource.uses:
        if use.target in resources:
            yield Link(use.target, use.attribute.partition(".")[0])
    triggers = (trigger.target for trigger in resource.lifecycle.replace_triggered_by)
    for target in (*resource.depends_on, *triggers):
        if target in resources:
            yield Link(target)
    for attribute in catalogue[resource.address.kind].attributes.values():
        if attribute.refers_to is None or attribute.refers_to[0] not in catalogue:
            continue
        identity = named_identity(
            resource.attributes, attribute.name, attribute.refers_to, catalogue
        )
        literal = by_identity.get((attribute.refers_to[0], identity)) if identity else None
        if literal is not None and literal != resource.address:
            yield Link(literal, attribute.name)


def named_identity(
    attributes: Mapping[str, object],
    attribute: str,
    refers_to: tuple[str, str],
    catalogue: Catalogue,
) -> str | None:
    """Return the identity of the object that `attribute` names: same project and service as its own."""
    kind, named = refers_to
    values = {**attributes, named: attributes.get(attribute)}
    return catalogue[kind].identity_of(values)


def container_identity(kind: Kind, identity: str, catalogue: Catalogue) -> tuple[str, str] | None:
    """Return (kind, identity) of the object that this one lies in and vanishes with, or None."""
    container = catalogue.get(kind.container)
    if container is None:
        return None
    inside = container.identity_of(kind.identity_values(identity))
    return (container.name, inside) if inside else None
