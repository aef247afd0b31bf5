"""What must be read for a plan: every declared, recorded and intended object, no more of it than needed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from reconciler.expressions.template import references
from reconciler.kinds.kind import Attribute, Kind
from reconciler.live.snapshot import ReadRequest
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ReconcileError
from reconciler.model.live import ObjectKey
from reconciler.model.resource import Resource, Stack
from reconciler.model.state import State
from reconciler.model.values import Attributes
from reconciler.plan.links import named_identity

Catalogue = Mapping[str, Kind]


class UnknownKindError(ReconcileError):
    """The state records objects of kinds that are not at hand; `kinds` names them."""

    def __init__(self, kinds: tuple[str, ...], addresses: tuple[Address, ...]) -> None:
        super().__init__(
            Diagnostic(
                summary="Kind is recorded, but not known",
                detail=f"The state holds {', '.join(addresses)}; there is no kind {', '.join(kinds)}.",
                hint="name the folder of its kind file: --schemas DIR",
            )
        )
        self.kinds = kinds


def check_kinds(state: State, catalogue: Catalogue) -> None:
    """Raise UnknownKindError when something recorded cannot be read for want of its kind file."""
    recorded = {*state.resources, *(intent.address for intent in state.unresolved.values())}
    lost = sorted(address for address in recorded if address.kind not in catalogue)
    if lost:
        raise UnknownKindError(tuple(sorted({address.kind for address in lost})), tuple(lost))


def read_requests(stack: Stack, state: State, catalogue: Catalogue) -> list[ReadRequest]:
    """Return a request for each object whose identity is known offline, and for those they name."""
    taken = _taken_by_references(stack)
    own = [
        _request(kind, identity, attributes, taken.get(address, frozenset()))
        for address, kind, identity, attributes in _objects(stack, state, catalogue)
    ]
    return [*own, *_named_requests(stack, catalogue)]


def _named_requests(stack: Stack, catalogue: Catalogue) -> list[ReadRequest]:
    """Return requests for what resources name, so that the plan can tell when it does not exist.

    They need no call of their own where one answer shows everything of a service. What can only be
    looked up (a project) would, and is left out.
    """
    named: set[ObjectKey] = set()
    for resource in stack.resources.values():
        for attribute in catalogue[resource.address.kind].attributes.values():
            to = attribute.refers_to
            if to is None or to[0] not in catalogue or not catalogue[to[0]].is_resource:
                continue
            identity = named_identity(resource.attributes, attribute.name, to, catalogue)
            if identity is not None:
                named.add((to[0], identity))
    return [
        ReadRequest(kind=catalogue[kind], identity=identity) for kind, identity in sorted(named)
    ]


def requests_of(
    objects: Iterable[ObjectKey], stack: Stack, catalogue: Catalogue
) -> list[ReadRequest]:
    """Return requests for objects whose identity came to light with live values."""
    declared: dict[str, set[str]] = defaultdict(set)
    secrets: dict[str, bool] = defaultdict(bool)
    for address, resource in stack.resources.items():
        declared[address.kind] |= resource.attributes.keys()
        secrets[address.kind] |= _declares_secret(catalogue[address.kind], resource.attributes)
    return [
        ReadRequest(
            kind=catalogue[kind],
            identity=identity,
            attributes=frozenset(declared[kind]),
            secrets=secrets[kind],
        )
        for kind, identity in sorted(objects)
    ]


def _objects(
    stack: Stack, state: State, catalogue: Catalogue
) -> Iterator[tuple[Address, Kind, str, Attributes]]:
    for address, resource in (*stack.data.items(), *stack.resources.items()):
        kind = catalogue[address.kind]
        identity = kind.identity_of(resource.attributes)
        if identity is not None:
            yield address, kind, identity, resource.attributes
    for address, recorded in state.resources.items():
        yield address, catalogue[address.kind], recorded.identity, recorded.attributes
    for intent in state.unresolved.values():
        attributes = intent.want.attributes if intent.want else {}
        yield intent.address, catalogue[intent.address.kind], intent.identity, attributes


def _request(
    kind: Kind, identity: str, attributes: Attributes, taken: frozenset[str]
) -> ReadRequest:
    return ReadRequest(
        kind=kind,
        identity=identity,
        attributes=frozenset(attributes) | taken,
        secrets=_declares_secret(kind, attributes)
        or any(kind.attributes[name].sensitive for name in taken),
    )


def _declares_secret(kind: Kind, attributes: Attributes) -> bool:
    """Whether a secret is declared that the API can give back, so that it is compared."""
    return any(
        _is_readable_secret(kind.attributes[name]) for name in attributes if name in kind.attributes
    )


def _is_readable_secret(attribute: Attribute) -> bool:
    return attribute.sensitive and not attribute.write_only


def _taken_by_references(stack: Stack) -> dict[Address, frozenset[str]]:
    """Return what resources take from others that only the API can tell (outputs are read when asked for)."""
    found: dict[Address, set[str]] = defaultdict(set)
    for resource in _all(stack):
        for value in resource.attributes.values():
            for reference in references(value):
                if reference.address is not None:
                    found[reference.address].add(str(reference.path[0]))
    return {address: frozenset(names) for address, names in found.items()}


def _all(stack: Stack) -> Iterator[Resource]:
    yield from stack.resources.values()
    yield from stack.data.values()
