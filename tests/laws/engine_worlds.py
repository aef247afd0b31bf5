"""Random stacks, records and accounts, and a tiny account that steps can be carried out on."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st
from plan_rows import KINDS, Situation, situation

from reconciler.apply.late import LateValues, live_by_address
from reconciler.kinds.kind import Kind
from reconciler.model.address import Address
from reconciler.model.live import ABSENT, LiveObject, ObjectKey, Presence
from reconciler.model.plan import Change, Plan, Step
from reconciler.model.state import Op, Recorded, State
from reconciler.model.values import Secret
from reconciler.plan.links import container_identity, named_identity
from reconciler.plan.record import recordable

CANARY = "canary-7c1e"
Side = dict[str, dict[str, Any]]

# Random sides.

_LIFECYCLE = st.fixed_dictionaries(
    {},
    optional={
        "create_before_destroy": st.just(True),
        "ignore_changes": st.just(["pool_size"]),
        "update_in_place": st.just(True),
    },
)


@st.composite
def sides(draw: st.DrawFn, *, is_wild: bool = False) -> Side:
    """Return a stack of one or two services and what lies in them, by literal names and references.

    is_wild: with depends_on in any direction, circles included.
    """
    services = draw(st.sets(st.sampled_from(["s", "t"]), min_size=1))
    side: Side = {f"pg.{name}": _service(draw, name) for name in sorted(services)}
    for kind, name in draw(st.sets(st.sampled_from(_INSIDE), min_size=3)):
        where = f"pg.{draw(st.sampled_from(sorted(services)))}"
        side[f"{kind}.{name}"] = {"service_name": _name_of(draw, side, where, "service_name")}
    for address in sorted(side, key=lambda address: address.startswith("pool")):
        _fill_in(draw, side, address)
    if is_wild:
        for address in draw(st.sets(st.sampled_from(sorted(side)), max_size=2)):
            side[address]["depends_on"] = [draw(st.sampled_from(sorted(side)))]
    return side


_INSIDE = [("db", "d"), ("db", "e"), ("user", "u"), ("user", "v"), *(("pool", n) for n in "abc")]
_NAMED = {"pg": "service_name", "db": "database_name", "user": "username", "pool": "pool_name"}


def _service(draw: st.DrawFn, name: str) -> dict[str, Any]:
    more: dict[str, Any] = {"plan": draw(st.sampled_from(["startup-4", "startup-8"]))}
    if draw(st.integers(0, 5)) == 0:
        more["service_name"] = f"{name}-v2"
    if draw(st.booleans()):
        more["pg_user_config"] = {"work_mem": draw(st.integers(1, 3))}
    if draw(st.integers(0, 5)) == 0:
        more["lifecycle"] = {"create_before_destroy": True}
    return more


def _name_of(draw: st.DrawFn, side: Side, address: str, attribute: str) -> str:
    """Return the name of what is declared there: as a reference, or in letters."""
    if draw(st.booleans()):
        return f"${{{address}.{attribute}}}"
    return str(side[address].get(attribute, address.partition(".")[2]))


def _service_of(side: Side, address: str) -> str:
    """Return the address of the service that something lies in, however it is written."""
    name = str(side[address]["service_name"])
    if name.startswith("${"):
        return name.removeprefix("${").rpartition(".")[0]
    return next(
        a for a in side if a.startswith("pg.") and _letters(side, a, "service_name") == name
    )


def _letters(side: Side, address: str, attribute: str) -> str:
    return str(side[address].get(attribute, address.partition(".")[2]))


def _fill_in(draw: st.DrawFn, side: Side, address: str) -> None:
    kind, _, name = address.partition(".")
    given = side[address]
    if kind != "pg" and draw(st.integers(0, 4)) == 0:
        given[_NAMED[kind]] = f"{name}-v2"
    if kind == "user":
        given |= draw(st.sampled_from(_SECRETS))
    if kind != "pool":
        return
    near = [a for a in sorted(side) if a[:2] in ("db", "us") and _beside(side, a, address)]
    databases = [a for a in near if a.startswith("db")]
    users = [a for a in near if a.startswith("user")]
    given["database_name"] = "defaultdb"
    if databases and draw(st.booleans()):
        target = draw(st.sampled_from(databases))
        given["database_name"] = _name_of(draw, side, target, "database_name")
    if users and draw(st.booleans()):
        given["username"] = _name_of(draw, side, draw(st.sampled_from(users)), "username")
    given["pool_size"] = draw(st.integers(1, 3))
    given["lifecycle"] = draw(_LIFECYCLE)


_SECRETS: list[dict[str, Any]] = [
    {},
    {},
    {"password": f"secret {CANARY}-1"},
    {"password": f"secret {CANARY}-2"},
    {"password_wo": f"secret {CANARY}-3", "password_wo_version": 1},
    {"pg_allow_replication": True},
]


def _beside(side: Side, one: str, other: str) -> bool:
    return _service_of(side, one) == _service_of(side, other)


@st.composite
def calm(draw: st.DrawFn) -> Situation:
    """Return a stack over what another left behind, with drift and with objects that are gone."""
    applied, desired = draw(sides()), draw(sides())
    found = situation({"applied": applied})
    after = situation({"desired": desired})
    live = _with_given(found.live)
    for key in draw(_some_of(found.live)):
        if key in live and key[0] == "aiven_connection_pool":
            shown = {**live[key].attributes, "pool_size": draw(st.integers(1, 3))}
            live[key] = LiveObject(presence=Presence.PRESENT, attributes=shown)
        if draw(st.booleans()):
            live = without(live, key)
    gone = sorted(" ".join(key) for key in found.live.keys() - live.keys())
    told = f"\napplied: {applied}\ndesired: {desired}\ngone: {gone}\n"
    return replace(found, stack=after.stack, live=live, told=told)


@st.composite
def wild(draw: st.DrawFn) -> Situation:
    """Return anything: strangers, unreadable objects, lost records, circles."""
    found = draw(calm())
    desired = draw(sides(is_wild=True))
    after = situation({"desired": desired})
    live, records = dict(found.live), dict(found.state.resources)
    for key in draw(_some_of(live)):
        live[key] = draw(st.sampled_from([ABSENT, _UNREADABLE]))
    for address in draw(_some_of(records)):
        del records[address]
    state = replace(found.state, resources=records)
    told = f"{found.told}wild: {desired}\n"
    return replace(found, stack=after.stack, live=live, state=state, told=told)


_UNREADABLE = LiveObject(presence=Presence.UNKNOWN, why="403 Forbidden")


def _some_of(values: Iterable[Any]) -> st.SearchStrategy[list[Any]]:
    """Return up to three of them."""
    among = sorted(values)
    return st.lists(st.sampled_from(among), max_size=3, unique=True) if among else st.just([])


def _with_given(live: Mapping[ObjectKey, LiveObject]) -> dict[ObjectKey, LiveObject]:
    found = dict(live)
    for kind, identity in live:
        if kind == "aiven_pg":
            found |= given_along(identity)
    return found


def given_along(service: str) -> dict[ObjectKey, LiveObject]:
    """Return what every service has without anybody declaring it."""
    return {
        (name, f"{service}/{only}"): LiveObject(
            presence=Presence.PRESENT, attributes=KINDS[name].identity_values(f"{service}/{only}")
        )
        for name, only in (("aiven_pg_database", "defaultdb"), ("aiven_pg_user", "avnadmin"))
    }


def without(live: Mapping[ObjectKey, LiveObject], key: ObjectKey) -> dict[ObjectKey, LiveObject]:
    """Return the account without an object and all that lies in it."""
    return {
        other: found
        for other, found in live.items()
        if other != key and container_identity(KINDS[other[0]], other[1], KINDS) != key
    }


# An account.


class RefusedError(AssertionError):
    """The API would not do this: the plan's order is wrong."""


@dataclass(slots=True)
class Account:
    """Objects and records, changed step by step as the API and the journal would."""

    plan: Plan
    state: State
    objects: dict[ObjectKey, LiveObject]
    late: LateValues
    made: Iterable[int] = field(default_factory=lambda: itertools.count(1))

    @classmethod
    def before(cls, found: Situation, plan: Plan) -> "Account":
        objects = {key: one for key, one in found.live.items() if one.is_present}
        late = LateValues(before=live_by_address(plan, {}, found.live))
        return cls(plan, found.state, objects, late)

    def carry_out(self, steps: Iterable[Step]) -> None:
        """Do the steps in this order. Raises RefusedError."""
        changes = {change.address: change for change in self.plan.changes}
        for step in steps:
            change = changes[step.address]
            kind = KINDS[step.address.kind]
            match step.op:
                case Op.CREATE:
                    self._create(change, kind)
                case Op.UPDATE:
                    self._update(step, change, kind)
                case Op.DELETE:
                    self._delete(step, change, kind)
                case Op.FORGET:
                    self._record(step.address, None)
                case Op.RECORD | Op.SETTLE:
                    self._record(step.address, change.adopted or self._final(change, kind)[1])

    def _create(self, change: Change, kind: Kind) -> None:
        wanted, record = self._final(change, kind)
        key = (kind.name, record.identity)
        self._check(key not in self.objects, f"{change.address}: {key} is there already")
        self._check_names(change, kind, wanted, wanted.keys())
        self.objects[key] = self._shown(kind, wanted)
        if kind.name == "aiven_pg":
            self.objects |= given_along(record.identity)
        self.late.after[change.address] = self.objects[key]
        for old, kept in change.left_over.items():
            self._record(old, kept)
        self._record(change.address, record)

    def _update(self, step: Step, change: Change, kind: Kind) -> None:
        wanted, record = self._final(change, kind)
        key = (kind.name, step.identity)
        self._check(key in self.objects, f"{change.address}: {key} is not there")
        changed = {str(field.path[0]) for field in change.fields}
        self._check_names(change, kind, wanted, changed)
        before = dict(self.objects[key].attributes)
        after = {**before, **{name: self._default(kind, name, wanted) for name in changed}}
        if "pg_user_config" in changed:
            after["pg_user_config"] = wanted.get("pg_user_config", {})
        self.objects[key] = LiveObject(presence=Presence.PRESENT, attributes=after)
        self.late.after[change.address] = self.objects[key]
        self._record(change.address, record)

    def _delete(self, step: Step, change: Change, kind: Kind) -> None:
        key = (kind.name, step.identity)
        self._check(key in self.objects, f"{change.address}: {key} is not there")
        for other, named in self._named():
            inside = container_identity(KINDS[other[0]], other[1], KINDS) == key
            self._check(inside or named != key, f"{change.address}: {other} still names {key}")
        self.objects = without(self.objects, key)
        held = self.state.resources.get(change.address)
        if held is not None and held.identity == step.identity:
            self._record(change.address, None)
        for old in change.left_over:
            self._record(old, None)

    def _named(self) -> Iterable[tuple[ObjectKey, ObjectKey]]:
        """Yield what each object names."""
        for key, found in self.objects.items():
            kind = KINDS[key[0]]
            for attribute in kind.attributes.values():
                if attribute.refers_to and KINDS[attribute.refers_to[0]].is_resource:
                    attributes = {**kind.identity_values(key[1]), **found.attributes}
                    to = named_identity(attributes, attribute.name, attribute.refers_to, KINDS)
                    if to:
                        yield key, (attribute.refers_to[0], to)

    def _check_names(
        self, change: Change, kind: Kind, wanted: Mapping[str, object], sent: Iterable[str]
    ) -> None:
        for name in sent:
            refers_to = kind.attributes[name].refers_to
            if refers_to is None or not KINDS[refers_to[0]].is_resource:
                continue
            named = named_identity(wanted, name, refers_to, KINDS)
            there = named is None or (refers_to[0], named) in self.objects
            self._check(there, f"{change.address}: {refers_to[0]} {named} is not there")

    def _final(self, change: Change, kind: Kind) -> tuple[dict[str, object], Recorded]:
        assert change.record is not None
        wanted = {name: self.late.put_in(value) for name, value in change.wanted.items()}
        kept = {n: self.late.put_in(value) for n, value in change.record.attributes.items()}
        identity = kind.identity_of(wanted) or change.record.identity
        record = replace(change.record, identity=identity, attributes=recordable(kind, kept))
        return wanted, record

    def _shown(self, kind: Kind, wanted: Mapping[str, object]) -> LiveObject:
        shown = {
            name: self._default(kind, name, wanted)
            for name, attribute in kind.attributes.items()
            if not (attribute.write_only or attribute.local)
        }
        number = next(iter(self.made))
        if kind.name == "aiven_pg":
            shown |= {"state": "RUNNING", "service_host": f"host-{number}"}
        if kind.name == "aiven_pg_user":
            shown["password"] = wanted.get("password") or Secret(f"{CANARY}-made-{number}")
        return LiveObject(presence=Presence.PRESENT, attributes=shown)

    @staticmethod
    def _default(kind: Kind, name: str, wanted: Mapping[str, object]) -> object:
        value = wanted.get(name)
        return kind.attributes[name].default if value is None else value

    def _record(self, address: Address, record: Recorded | None) -> None:
        resources = {a: r for a, r in self.state.resources.items() if a != address}
        if record is not None:
            resources[address] = record
        self.state = replace(self.state, resources=resources)

    @staticmethod
    def _check(is_so: bool, why: str) -> None:
        if not is_so:
            raise RefusedError(why)

    def plan_again(self, found: Situation) -> Plan:
        """Return the plan of the same stack over what is there now."""
        return replace(found, state=self.state, live=dict(self.objects)).plan()
