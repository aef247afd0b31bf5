"""How many connections pools may take of their services: now, at the worst step, and after.

Kind-agnostic: kind files say which attribute takes (`takes_connections`) and what there is to take
(`gives_connections`). Only objects that were read count: the declared and the recorded ones.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.kinds.kind import ConnectionLimit
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.live import Live, ObjectKey
from reconciler.model.plan import Action, Connections, Step
from reconciler.model.state import Op
from reconciler.model.values import Attributes
from reconciler.plan.links import Catalogue
from reconciler.plan.lookup import value_at
from reconciler.plan.survey import Decided, DecidedMap
from reconciler.plan.takings import Taking, taking_of

_MADE = (Action.CREATE, Action.REPLACE)


@dataclass(slots=True)
class _Service:
    """One service while its steps are walked. taken: by address and whether it is the new object."""

    limit: int | None
    basis: str
    taken: dict[tuple[Address, bool], int] = field(default_factory=dict)
    total: int = 0
    now: int = 0
    peak: int = 0
    worst: int = 0
    """The largest excess over the limit of the moment, from the first step on."""
    excess_now: int = 0
    is_gone: bool = False

    def put(self, key: tuple[Address, bool], amount: int) -> None:
        self.total += amount - self.taken.get(key, 0)
        self.taken[key] = amount

    def drop(self, key: tuple[Address, bool]) -> None:
        self.total -= self.taken.pop(key, 0)

    def empty(self) -> None:
        self.taken.clear()
        self.total = 0

    @property
    def excess(self) -> int:
        return 0 if self.limit is None else max(0, self.total - self.limit)

    def start(self) -> None:
        self.now = self.peak = self.total
        self.excess_now = self.excess

    def note(self) -> None:
        self.peak = max(self.peak, self.total)
        self.worst = max(self.worst, self.excess)


def connections(
    decided: DecidedMap, steps: Sequence[Step], live: Live, catalogue: Catalogue
) -> tuple[Connections, ...]:
    """Return the figures of every service that something takes connections of, by identity.

    decided: every address, also those that --target and --exclude leave out: they take as they do now.
    steps: of this plan, in their order. A service that is deleted for good is left out.
    """
    takings = {a: taking for a, one in decided.items() if (taking := taking_of(one, catalogue))}
    if not takings:
        return ()
    services = _at_start(takings, live, catalogue)
    for step in steps:
        one = decided[step.address]
        if step.address in takings:
            _take(services, step, takings[step.address])
        elif one.kind.gives_connections:
            _give(services, step, one, one.kind.gives_connections)
    return tuple(
        _figures(key, service) for key, service in sorted(services.items()) if not service.is_gone
    )


def _at_start(
    takings: Mapping[Address, Taking], live: Live, catalogue: Catalogue
) -> dict[ObjectKey, _Service]:
    services: dict[ObjectKey, _Service] = {}
    for address, taking in takings.items():
        for part in filter(None, (taking.before, taking.after)):
            if part.service not in services:
                services[part.service] = _Service(*_live_limit(part.service, live, catalogue))
        if taking.before:
            services[taking.before.service].put((address, False), taking.before.amount)
    for service in services.values():
        service.start()
    return services


def _take(services: Mapping[ObjectKey, _Service], step: Step, taking: Taking) -> None:
    """Carry out a step of what takes connections."""
    old, new = (step.address, False), (step.address, True)
    match step.op:
        case Op.DELETE if taking.before:
            services[taking.before.service].drop(old)
        case Op.UPDATE if taking.before and taking.after:
            services[taking.before.service].put(old, taking.after.amount)
        case Op.CREATE if taking.after:
            services[taking.after.service].put(new, taking.after.amount)
    for part in filter(None, (taking.before, taking.after)):
        services[part.service].note()


def _give(
    services: Mapping[ObjectKey, _Service], step: Step, one: Decided, rule: ConnectionLimit
) -> None:
    """Carry out a step of a service itself."""
    service = services.get((one.kind.name, step.identity))
    if service is None:
        return
    match step.op:
        case Op.DELETE:
            service.empty()
            service.is_gone = True
        case Op.CREATE:
            service.is_gone = False
            service.limit, service.basis = _new_limit(one, rule)
        case Op.UPDATE if _changes_limit(one, rule):
            service.limit, service.basis = _new_limit(one, rule)
    service.note()


# The limit: told by the live object, set by an option, or told by the plan's name.


def _live_limit(key: ObjectKey, live: Live, catalogue: Catalogue) -> tuple[int | None, str]:
    found = live.get(key)
    rule = catalogue[key[0]].gives_connections
    if found is None or not found.is_present or rule is None:
        return None, ""
    by_name = _by_name(rule, found.attributes)
    told = found.attributes.get(rule.attribute)
    if not isinstance(told, int) or told == by_name[0]:
        return by_name
    return told, "live"


def _by_name(rule: ConnectionLimit, attributes: Attributes) -> tuple[int | None, str]:
    name = attributes.get(rule.by)
    if isinstance(name, str):
        for pattern, number in rule.values:
            if re.search(pattern, name):
                return number, f"{rule.by} {name}"
    return None, ""


def _changes_limit(one: Decided, rule: ConnectionLimit) -> bool:
    deciding = ((rule.by,), tuple(rule.set_by.split(".")))
    return any(
        path[: len(change.path)] == change.path
        for change in one.verdict.changes
        for path in deciding
    )


def _new_limit(one: Decided, rule: ConnectionLimit) -> tuple[int | None, str]:
    """Return the limit of a service that is made, or of one of which what decides it changes."""
    is_new = one.action in _MADE
    path = tuple(rule.set_by.split("."))
    option = _value_after(one, path, is_new=is_new)
    if isinstance(option, int):
        return option, "declared"
    return _by_name(rule, {rule.by: _value_after(one, (rule.by,), is_new=is_new)})


def _value_after(one: Decided, path: tuple[str, ...], *, is_new: bool) -> object:
    if is_new:
        return value_at(one.wanted.attributes if one.wanted else {}, path)
    for change in one.verdict.changes:
        if path[: len(change.path)] == change.path:
            return value_at(change.want, path[len(change.path) :])
    return value_at(one.live.attributes, path)


def _figures(key: ObjectKey, service: _Service) -> Connections:
    makes_worse = service.worst > service.excess_now
    return Connections(
        service=key[1],
        now=service.now,
        peak=service.peak,
        after=service.total,
        limit=service.limit,
        basis=service.basis,
        over=service.worst if makes_worse else service.excess,
    )


def crowded(found: Iterable[Connections], decided: DecidedMap) -> tuple[Diagnostic, ...]:
    """Return a warning, never more, for each service whose pools may ask for more than there is."""
    owners = {
        one.wanted.identity: one
        for one in decided.values()
        if one.wanted and one.kind.gives_connections
    }
    return tuple(_warning(one, owners.get(one.service)) for one in found if one.is_over)


def _warning(found: Connections, owner: Decided | None) -> Diagnostic:
    basis = f" ({found.basis})" if found.basis else ""
    return Diagnostic(
        summary="More connections than the service has",
        detail=f"Pools of {found.service} may take {found.now} connections now, {found.peak} at the"
        f" worst step and {found.after} after, of {found.limit}{basis}: {found.over} too many."
        " What finds none waits, and logins that go past the pools may be refused.",
        hint="make pools smaller, or choose a larger plan for the service",
        location=owner.resource.location if owner and owner.resource else None,
        severity=Severity.WARNING,
    )
