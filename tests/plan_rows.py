"""Rows of `tests/cases/plan`: short notation → the three sides of a plan, and a plan → short notation.

A row starts from `applied`: what is declared, recorded and live alike. `desired`, `recorded` and `live`
say what is different on that side: attributes are laid over, null takes an attribute or a whole
address out. `pool.a` is aiven_connection_pool.a, which is named a and lies in the service s of the
project p; its database is defaultdb.
"""

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.expressions.reference import Reference
from reconciler.expressions.template import Template, evaluate, parse_template, references
from reconciler.kinds.catalogue import load_catalogue
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ReconcileError
from reconciler.model.live import ABSENT, LiveObject, ObjectKey, Presence
from reconciler.model.location import Location, OnePlace, Path
from reconciler.model.plan import Change, Plan
from reconciler.model.resource import (
    Import,
    Lifecycle,
    Move,
    Policy,
    Removal,
    Resource,
    Stack,
    Trigger,
    Use,
)
from reconciler.model.state import Intent, Op, Recorded, State
from reconciler.model.values import Secret, Unknown
from reconciler.plan.build import MissingLiveError, build_plan
from reconciler.plan.links import link
from reconciler.plan.scope import Scope

KINDS = load_catalogue()
PLACE = Location("row.yaml", 1)

KIND_NAMES = {
    "pool": "aiven_connection_pool",
    "db": "aiven_pg_database",
    "user": "aiven_pg_user",
    "pg": "aiven_pg",
    "project": "aiven_project",
}
_INSIDE = {"project": "p", "service_name": "s"}
_DEFAULTS: Mapping[str, Mapping[str, object]] = {
    "aiven_connection_pool": {**_INSIDE, "database_name": "defaultdb"},
    "aiven_pg_database": _INSIDE,
    "aiven_pg_user": _INSIDE,
    "aiven_pg": {"project": "p", "plan": "startup-4"},
    "aiven_project": {},
}
_BESIDE = frozenset({"depends_on", "lifecycle", "protected"})

Row = Mapping[str, Any]
Side = dict[Address, dict[str, Any]]


# Short and long names.

_SHORT = re.compile(r"(?<![\w.])(data\.)?(pool|db|user|pg|project)\.(?=[A-Za-z_])")
_LONG = re.compile("|".join(sorted(KIND_NAMES.values(), key=len, reverse=True)))
_SHORT_NAMES = {name: short for short, name in KIND_NAMES.items()}


def spell_out(text: str) -> str:
    """Return the text with kinds in full: `pool.a` → `aiven_connection_pool.a`."""
    return _SHORT.sub(lambda match: f"{match[1] or ''}{KIND_NAMES[match[2]]}.", text)


def shorten(text: str) -> str:
    """Return the text with kinds in short."""
    return _LONG.sub(lambda match: _SHORT_NAMES[match[0]], text)


def _address(text: str) -> Address:
    return Address.parse(spell_out(text))


# One side of a row.


def _laid_over(applied: Row, given: Row) -> Side:
    """Return the side: what is applied with what is given laid over it; None takes out."""
    side = {_address(text): dict(found or {}) for text, found in applied.items()}
    for text, found in given.items():
        address = _address(text)
        if found is None:
            side.pop(address, None)
        else:
            side[address] = {**side.get(address, {}), **found}
    return side


def _with_names(address: Address, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes with the names that go without saying."""
    own = KINDS[address.kind].identity[-1]
    attributes = {k: v for k, v in given.items() if k not in _BESIDE}
    return {**_DEFAULTS[address.kind], own: address.key or address.name, **attributes}


def _value(value: Any) -> Any:
    """Return a value as the loader would: expressions parsed, `secret …` a secret."""
    if isinstance(value, Mapping):
        return {key: _value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_value(item) for item in value]
    if isinstance(value, str) and value.startswith("secret "):
        return Secret(value.removeprefix("secret "))
    return parse_template(spell_out(value)) if isinstance(value, str) and "${" in value else value


def _declared(side: Side) -> dict[Address, Resource]:
    """Return the resources with everything put in that is known offline, as the loader does."""
    raw = {
        address: {k: v for k, v in _value(_with_names(address, given)).items() if v is not None}
        for address, given in side.items()
    }

    def look_up(reference: Reference) -> object:
        target = reference.address
        attributes = raw.get(target) if target is not None else None
        if target is None or attributes is None:
            return Template((reference,))
        name = str(reference.path[0])
        if name == "id":
            known = evaluate(attributes, look_up)
            found = KINDS[target.kind].identity_of(known if isinstance(known, dict) else {})
        else:
            found = evaluate(attributes.get(name), look_up)
            found = KINDS[target.kind].attributes[name].default if found is None else found
        return Template((reference,)) if found is None else found

    return {
        address: _resource(address, side[address], attributes, evaluate(attributes, look_up))
        for address, attributes in raw.items()
    }


def _resource(address: Address, given: Mapping[str, Any], raw: Any, known: Any) -> Resource:
    return Resource(
        address=address,
        attributes=known,
        places=OnePlace(PLACE),
        uses=tuple(_uses(raw)),
        depends_on=tuple(map(_address, given.get("depends_on", ()))),
        lifecycle=_lifecycle(given.get("lifecycle", {})),
    )


def _uses(raw: Mapping[str, object]) -> Iterator[Use]:
    for name, value in raw.items():
        for reference in references(value):
            if reference.address is not None:
                yield Use(
                    attribute=name, target=reference.address, target_attribute=reference.attribute
                )


def _lifecycle(given: Mapping[str, Any]) -> Lifecycle:
    known = dict(given)
    ignored = tuple(tuple(dotted.split(".")) for dotted in known.pop("ignore_changes", ()))
    triggers = tuple(map(_trigger, known.pop("replace_triggered_by", ())))
    return Lifecycle(ignore_changes=ignored, replace_triggered_by=triggers, **known)


def _trigger(text: str) -> Trigger:
    kind, name, *attribute = spell_out(text).split(".", 2)
    return Trigger(target=Address(f"{kind}.{name}"), attribute="".join(attribute))


def _recorded(side: Side) -> dict[Address, Recorded]:
    """Return the records an apply of this side would have left."""
    resources = _declared(side)
    links = link(resources, KINDS)
    found = {}
    for address, resource in resources.items():
        kind, given = KINDS[address.kind], side[address]
        needs = {one.target for one in links[address]}
        if "depends_on" in given:
            needs |= set(map(_address, given["depends_on"]))
        attributes = {
            name: value
            for name, value in resource.attributes.items()
            if not kind.attributes[name].sensitive and not isinstance(value, Template)
        }
        identity = kind.identity_of(attributes)
        assert identity is not None, f"{address}: what is recorded has an identity"
        found[address] = Recorded(
            identity=identity,
            attributes=attributes,
            depends_on=tuple(sorted(needs)),
            protected=given.get("protected", resource.lifecycle.prevent_destroy),
        )
    return found


def _live(applied: Row, given: Row) -> dict[ObjectKey, LiveObject]:
    """Return the objects, each as the API shows it: whole, with defaults, without what it hides."""
    unreadable = {text for text, found in given.items() if found == "unreadable"}
    gone = {text for text, found in given.items() if found is None}
    stated = {text: found for text, found in given.items() if isinstance(found, Mapping)}
    shown = _laid_over(applied, stated)
    objects = {}
    for address, resource in _declared(shown).items():
        kind = KINDS[address.kind]
        identity = kind.identity_of(resource.attributes)
        assert identity is not None, f"{address}: what is live has an identity"
        own = {**shown[address], **resource.attributes}
        objects[kind.name, identity] = _seen(kind.name, own)
    for text in (*unreadable, *gone):
        address = _address(text)
        was = next((a for t, a in applied.items() if _address(t) == address), {})
        identity = KINDS[address.kind].identity_of(_with_names(address, was or {}))
        assert identity is not None
        why = LiveObject(presence=Presence.UNKNOWN, why="403 Forbidden")
        objects[address.kind, identity] = why if text in unreadable else ABSENT
    return objects


def _seen(kind_name: str, own: Mapping[str, Any]) -> LiveObject:
    kind = KINDS[kind_name]
    shown: dict[str, object] = {
        name: attribute.default
        for name, attribute in kind.attributes.items()
        if not (attribute.sensitive or attribute.write_only or attribute.local)
    }
    if kind.settle is not None:
        shown[kind.settle.attribute] = "RUNNING"
    for name, value in own.items():
        attribute = kind.attributes.get(name)
        if attribute is None or attribute.write_only or attribute.local or value == "hidden":
            shown.pop(name, None)
        elif not isinstance(value, Template):
            shown[name] = _value(value)
    return LiveObject(presence=Presence.PRESENT, attributes=shown)


# A row → its plan.

ROW_KEYS = frozenset(
    {"name", "why", "applied", "desired", "recorded", "live", "data", "moved", "import", "removed"}
    | {"policies", "unresolved", "flags", "expect"}
)
FLAGS = {"target": "targets", "exclude": "excludes", "replace": "replace"}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Situation:
    """The three sides of a row. told: what it was made from, for who reads a failure."""

    stack: Stack
    state: State
    live: Mapping[ObjectKey, LiveObject]
    scope: Scope
    told: str = ""

    def __repr__(self) -> str:
        return f"Situation({self.told}{self.scope})"

    def plan(self) -> Plan:
        """Return the plan; what comes to light late and is not there is absent, as the API says."""
        live = dict(self.live)
        while True:
            try:
                return build_plan(self.stack, self.state, live, KINDS, scope=self.scope)
            except MissingLiveError as missing:
                live |= dict.fromkeys(missing.objects, ABSENT)


def situation(row: Row) -> Situation:
    """Return what the row stands for."""
    assert not row.keys() - ROW_KEYS, f"unknown: {row.keys() - ROW_KEYS}"
    applied = row.get("applied") or {}
    desired = _declared(_laid_over(applied, row.get("desired") or {}))
    data = {f"data.{text}": found for text, found in (row.get("data") or {}).items()}
    stack = Stack(
        name="rows",
        location=PLACE,
        resources=desired,
        data=_declared({_address(text): dict(found or {}) for text, found in data.items()}),
        moves=tuple(_move(block) for block in row.get("moved", ())),
        imports=tuple(_import(block) for block in row.get("import", ())),
        removals=tuple(_removal(text) for text in row.get("removed", ())),
        policies=tuple(
            Policy(rule=rule, message=message, location=PLACE)
            for message, rule in (row.get("policies") or {}).items()
        ),
    )
    state = State(
        stack="rows",
        lineage="0" * 32,
        serial=3,
        resources=_recorded(_laid_over(applied, row.get("recorded") or {})),
        unresolved={i.id: i for i in map(_intent, row.get("unresolved", ()))},
    )
    live = _live(applied, row.get("live") or {})
    return Situation(stack=stack, state=state, live=live, scope=_scope(row.get("flags") or {}))


def _move(block: Mapping[str, str]) -> Move:
    source, target = _address(block["from"]), _address(block["to"])
    return Move(source=source, target=target, location=PLACE)


def _import(block: Mapping[str, str]) -> Import:
    return Import(target=_address(block["to"]), identity=block["id"], location=PLACE)


def _removal(text: str) -> Removal:
    return Removal(source=_address(text), location=PLACE)


def _intent(given: Mapping[str, Any]) -> Intent:
    address, op = _address(given["address"]), Op(given["op"])
    attributes = _with_names(address, given.get("want", {}))
    identity = KINDS[address.kind].identity_of(attributes)
    assert identity is not None
    want = None if op is Op.DELETE else Recorded(identity=identity, attributes=attributes)
    return Intent(id="2.1", op=op, address=address, identity=identity, want=want)


def _scope(flags: Mapping[str, Any]) -> Scope:
    given = dict(flags)
    named = {FLAGS[k]: tuple(map(spell_out, given.pop(k))) for k in FLAGS if k in given}
    return Scope(**named, **given)


# A plan → what a row expects of it.


def outcome(found: Situation, expected: Row) -> dict[str, Any]:
    """Return what came out: actions, steps and problems always, the rest as far as it is expected."""
    try:
        plan = found.plan()
    except ReconcileError as error:
        return {"error": [problem.summary for problem in error.diagnostics]}
    told: dict[str, Any] = {
        "actions": {shorten(c.address): _verdict(c) for c in plan.changes if c.is_noteworthy},
        "steps": [f"{step.op} {shorten(step.address)}" for step in plan.steps],
        "problems": sorted({_spell_problem(problem) for problem in problems(plan)}),
    }
    for name in expected:
        if name not in told:
            told[name] = _MORE[name](plan, expected[name])
    return told


def expectation(row: Row) -> dict[str, Any]:
    """Return what the row expects; what it does not name of actions, steps and problems is none."""
    expected = dict(row["expect"] or {})
    if "error" in expected:
        return expected
    expected["problems"] = sorted(expected.get("problems", []))
    return {"actions": {}, "steps": [], **expected}


def problems(plan: Plan) -> tuple[Diagnostic, ...]:
    """Return every problem of the plan and of its changes."""
    return (*plan.diagnostics, *(d for c in plan.changes for d in c.diagnostics))


def _verdict(change: Change) -> str:
    return f"{change.action}: {shorten(change.reason)}"


def _spell_problem(problem: Diagnostic) -> str:
    is_error = problem.severity == "error"
    return problem.summary if is_error else f"{problem.severity}: {problem.summary}"


def _of_changes(plan: Plan, expected: Mapping[str, Any]) -> Iterator[tuple[str, Change]]:
    for change in plan.changes:
        if shorten(change.address) in expected:
            yield shorten(change.address), change


def _dotted(path: Path) -> str:
    return ".".join(map(str, path))


def spell(value: object) -> object:
    """Return a value as rows write it: late ones by what they come from, secrets masked."""
    match value:
        case Unknown():
            return f"after {shorten(value.address)}.{value.attribute}"
        case Secret():
            return "(secret)"
        case Mapping():
            return {key: spell(item) for key, item in value.items()}
        case list() | tuple():
            return [spell(item) for item in value]
    return value


def _fields(plan: Plan, expected: Row) -> dict[str, Any]:
    return {
        address: {_dotted(f.path): [spell(f.before), spell(f.after)] for f in change.fields}
        for address, change in _of_changes(plan, expected)
    }


def _drift(plan: Plan, expected: Row) -> dict[str, Any]:
    return {
        address: {_dotted(d.path): [spell(d.recorded), spell(d.live)] for d in change.drift}
        for address, change in _of_changes(plan, expected)
    }


def _effects(plan: Plan, expected: Row) -> dict[str, Any]:
    return {a: [felt.code for felt in change.effects] for a, change in _of_changes(plan, expected)}


def _forced(plan: Plan, expected: Row) -> dict[str, Any]:
    return {
        address: [_dotted(field.path) for field in change.fields if field.forces_replace]
        for address, change in _of_changes(plan, expected)
    }


def _identities(plan: Plan, _expected: Row) -> list[str]:
    return [f"{step.op} {step.identity}" for step in plan.steps]


def _needs(plan: Plan, expected: Iterable[str]) -> dict[str, list[str]]:
    names = {step.n: f"{step.op} {shorten(step.address)}" for step in plan.steps}
    needs = {names[step.n]: [names[n] for n in step.needs] for step in plan.steps}
    return {name: needs.get(name, []) for name in expected}


def _records(plan: Plan, expected: Row) -> dict[str, Any]:
    """Return what the state will hold of an address once its steps are done."""
    return {
        address: None if change.record is None else spell(change.record.attributes)
        for address, change in _of_changes(plan, expected)
    }


_MORE: Mapping[str, Any] = {
    "fields": _fields,
    "drift": _drift,
    "effects": _effects,
    "forced_by": _forced,
    "identities": _identities,
    "needs": _needs,
    "records": _records,
    "covers": lambda plan, _: None if plan.limited_to is None else [*map(shorten, plan.limited_to)],
    "moved": lambda plan, _: {
        shorten(c.address): shorten(c.moved_from) for c in plan.changes if c.moved_from
    },
    "rewrites": lambda plan, _: sorted(map(shorten, plan.rewrites)),
    "resolved": lambda plan, _: {shorten(r.address): r.done for r in plan.resolutions},
    "reverts": lambda plan, _: [shorten(c.address) for c in plan.changes if c.is_revert],
    "acks": lambda plan, _: [*map(shorten, plan.acks)],
    "allow_delete": lambda plan, _: plan.allow_delete,
    "connections": lambda plan, _: {
        one.service: [one.now, one.peak, one.after, one.limit] for one in plan.connections
    },
    "projects": lambda plan, _: list(plan.projects),
}


def difference(row: Row, expected: Row, found: Row) -> str:
    """Return what a person needs to see of a row that came out otherwise."""
    sides = [
        json.dumps(side, indent=1, ensure_ascii=False, default=repr, sort_keys=True).splitlines()
        for side in (expected, found)
    ]
    lines = difflib.unified_diff(*sides, "expected", "found", lineterm="", n=2)
    return "\n".join((row["name"], f"  {row['why']}", *lines))
