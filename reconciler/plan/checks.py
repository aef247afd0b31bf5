"""What the API would refuse only while a plan is carried out, found from what is live and declared.

Two sorts, both from the kind files: an attribute names an object that will not be there
(`x-refers-to`), and what an object lies in is not such that it can be (`checks`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from urllib.parse import unquote

from reconciler.kinds.kind import Attribute, Check, Kind
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.live import Live, ObjectKey
from reconciler.model.plan import Action
from reconciler.plan.effects import filled
from reconciler.plan.links import Catalogue, container_identity, named_identity
from reconciler.plan.lookup import value_at
from reconciler.plan.survey import Decided, DecidedMap

_WRITTEN = (Action.CREATE, Action.REPLACE, Action.UPDATE)
_STAYS = (*_WRITTEN, Action.NO_OP, Action.ADOPT)
_MADE = (Action.CREATE, Action.REPLACE)
_ENDS = (Action.DELETE, Action.REPLACE)


def check(decided: DecidedMap, live: Live, catalogue: Catalogue) -> tuple[Diagnostic, ...]:
    """Return every reason for which the API would refuse a step; errors, with the attribute's place.

    decided: the addresses the plan covers. live: an object that is not in it was not read, and of what
    was not read nothing is claimed.
    """
    world = _World(decided, live, catalogue)
    return tuple(
        problem
        for _, one in sorted(decided.items())
        if one.action in _STAYS and one.wanted and one.resource
        for problem in (*_lost_names(world, one), *_unfit_container(world, one))
    )


class _World:
    """Which objects there will be once the plan is carried out."""

    def __init__(self, decided: DecidedMap, live: Live, catalogue: Catalogue) -> None:
        self.live = live
        self.catalogue = catalogue
        self.after: dict[ObjectKey, Decided] = {
            (one.kind.name, one.wanted.identity): one
            for one in decided.values()
            if one.wanted and one.resource and one.action is not Action.DELETE
        }
        self.ended: dict[ObjectKey, Decided] = {
            (one.kind.name, one.recorded.identity): one
            for one in decided.values()
            if one.recorded and one.action in _ENDS
        }

    def container(self, key: ObjectKey) -> ObjectKey | None:
        return container_identity(self.catalogue[key[0]], key[1], self.catalogue)

    def will_be(self, key: ObjectKey) -> bool | None:
        """Whether the object exists after the plan; None when nobody can say."""
        if key in self.after:
            return True
        if key in self.ended:
            return False
        container = self.container(key)
        owner = self.after.get(container) if container else None
        if owner is not None and owner.action in _MADE:
            return _comes_with(self.catalogue[key[0]], key[1], owner)
        if container in self.ended:
            return False
        if key not in self.live or self.live[key].presence == "unknown":
            return None
        return self.live[key].is_present

    def names_near(self, key: ObjectKey) -> list[str]:
        """Return the names of objects of that kind, in the same container, that there may be."""
        known = {*self.after, *(k for k, found in self.live.items() if found.is_present)}
        around = key[1].rpartition("/")[0]
        names = {
            _name(other)
            for kind, other in known
            if kind == key[0] and other.rpartition("/")[0] == around and other
        }
        given = self.catalogue[key[0]].given
        return sorted((names | set(given.names if given else ())) - {_name(key[1])})


def _comes_with(kind: Kind, identity: str, owner: Decided) -> bool | None:
    """Whether the server makes the object along with the new one it lies in."""
    if kind.given is None:
        return False
    if _name(identity) in kind.given.names:
        return True
    wanted = owner.wanted.attributes if owner.wanted else {}
    is_open = any(
        value_at(wanted, tuple(dotted.split("."))) is not None for dotted in kind.given.unless
    )
    return None if is_open else False


def _name(identity: str) -> str:
    return unquote(identity.rpartition("/")[2])


# Names of objects that will not be there.


@dataclass(frozen=True, slots=True)
class _Named:
    """An object that an attribute names. is_written: whether the name is sent by this plan."""

    attribute: Attribute
    key: ObjectKey
    is_written: bool


def _lost_names(world: _World, one: Decided) -> Iterator[Diagnostic]:
    lost = {named.key: named for named in _names(world, one) if _is_lost(world, named)}
    for named in lost.values():
        if world.container(named.key) not in lost:
            yield _lost(world, one, named)


def _names(world: _World, one: Decided) -> Iterator[_Named]:
    """Yield every object that is named, but for kinds that can only be looked up: they cost a read."""
    wanted = one.wanted.attributes if one.wanted else {}
    changed = {change.path[0] for change in one.verdict.changes}
    for attribute in one.kind.attributes.values():
        kind = world.catalogue.get(attribute.refers_to[0]) if attribute.refers_to else None
        if attribute.refers_to is None or kind is None or not kind.is_resource:
            continue
        identity = named_identity(wanted, attribute.name, attribute.refers_to, world.catalogue)
        if identity is not None:
            is_sent = one.action in _MADE or attribute.name in changed
            yield _Named(attribute, (kind.name, identity), is_sent and one.action in _WRITTEN)


def _is_lost(world: _World, named: _Named) -> bool:
    """Whether the API would refuse: to write a name of nothing, or to delete what is still named."""
    if world.will_be(named.key) is not False:
        return False
    return named.is_written or named.key in world.ended


def _lost(world: _World, one: Decided, named: _Named) -> Diagnostic:
    kind, identity = named.key
    name = named.attribute.name
    ended = world.ended.get(named.key)
    what = f"{one.address}.{name} names the {kind} {identity}"
    if ended is not None:
        summary = "Named object would be deleted"
        detail = f"{what}, which this plan deletes ({ended.address}: {ended.verdict.reason})."
        hint = f"keep {ended.address} declared, or let {name} name another"
    else:
        summary = "Named object does not exist"
        detail = f"{what}, which neither exists nor is declared here."
        close = get_close_matches(_name(identity), world.names_near(named.key), n=1)
        hint = (
            f"did you mean '{close[0]}'?" if close else f"declare it as an {kind}, or name another"
        )
    place = one.resource.places.at((name,)) if one.resource else None
    return Diagnostic(summary=summary, detail=detail, hint=hint, location=place)


# What an object lies in.


def _unfit_container(world: _World, one: Decided) -> Iterator[Diagnostic]:
    if not one.kind.checks or one.wanted is None:
        return
    container = world.catalogue.get(one.kind.container)
    identity = container.identity_of(one.wanted.attributes) if container else None
    if container is None or identity is None:
        return
    key = (container.name, identity)
    owner = world.after.get(key)
    for rule in one.kind.checks:
        is_due = one.action in _WRITTEN or (owner is not None and _changes(owner, rule))
        value = _container_value(world, key, owner, rule.container_attribute)
        if is_due and isinstance(value, str) and not re.search(rule.pattern, value):
            yield _unfit(one, owner, rule, value)


def _changes(owner: Decided, rule: Check) -> bool:
    return any(change.path[0] == rule.container_attribute for change in owner.verdict.changes)


def _container_value(world: _World, key: ObjectKey, owner: Decided | None, name: str) -> object:
    wanted = owner.wanted.attributes.get(name) if owner and owner.wanted else None
    if wanted is not None:
        return wanted
    return world.live[key].attributes.get(name) if key in world.live else None


def _unfit(one: Decided, owner: Decided | None, rule: Check, value: str) -> Diagnostic:
    facts = {**(one.wanted.attributes if one.wanted else {}), "value": value}
    place = None
    if owner is not None and owner.resource is not None:
        place = owner.resource.places.at((rule.container_attribute,))
    elif one.resource is not None:
        place = one.resource.places.at((_container_attribute(one.kind),))
    return Diagnostic(
        summary="Not possible in what it lies in",
        detail=f"{one.address}: {filled(rule.message, facts)}",
        hint=filled(rule.hint, facts),
        location=place,
    )


def _container_attribute(kind: Kind) -> str:
    """Return the attribute of the identity that names what an object lies in."""
    return next(
        name
        for name in reversed(kind.identity[:-1])
        if (to := kind.attributes[name].refers_to) and to[0] == kind.container
    )
