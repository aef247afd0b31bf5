"""Small stacks, states and live accounts for the tests of the plan."""

from collections.abc import Iterable, Mapping

from reconciler.expressions.template import Template, parse_template
from reconciler.expressions.template import references as references_in
from reconciler.kinds.catalogue import load_catalogue
from reconciler.model.address import Address
from reconciler.model.live import ABSENT, LiveObject, ObjectKey, Presence
from reconciler.model.location import Location, OnePlace
from reconciler.model.plan import Change, Plan
from reconciler.model.resource import Lifecycle, Resource, Stack, Use
from reconciler.model.state import Intent, Recorded, State
from reconciler.plan.build import build_plan
from reconciler.plan.scope import Scope

KINDS = load_catalogue()
PLACE = Location("stack.yaml", 1, 1)
SERVICE = {"project": "p", "service_name": "s"}

Attributes = Mapping[str, object]


def pg(**attributes: object) -> dict[str, object]:
    return {**SERVICE, "plan": "startup-4", **attributes}


def database(name: str, **attributes: object) -> dict[str, object]:
    return {**SERVICE, "database_name": name, **attributes}


def user(name: str, **attributes: object) -> dict[str, object]:
    return {**SERVICE, "username": name, **attributes}


def pool(name: str, **attributes: object) -> dict[str, object]:
    return {**SERVICE, "pool_name": name, "database_name": "d", **attributes}


def stack(
    resources: Mapping[str, Attributes],
    *,
    data: Mapping[str, Attributes] | None = None,
    depends_on: Mapping[str, Iterable[str]] | None = None,
    protected: Iterable[str] = (),
) -> Stack:
    """Declare resources; values with `${…}` in them stay expressions."""
    needs = {k: tuple(map(Address, v)) for k, v in (depends_on or {}).items()}
    return Stack(
        name="test",
        location=PLACE,
        resources={
            Address(text): _resource(text, attributes, needs.get(text, ()), text in protected)
            for text, attributes in resources.items()
        },
        data={Address(t): _resource(t, a, (), False) for t, a in (data or {}).items()},
    )


def _resource(
    text: str, attributes: Attributes, needs: tuple[Address, ...], protected: bool
) -> Resource:
    values = {
        name: parse_template(value) if isinstance(value, str) else value
        for name, value in attributes.items()
    }
    return Resource(
        address=Address(text),
        attributes=values,
        places=OnePlace(PLACE),
        uses=tuple(_uses(values)),
        depends_on=needs,
        lifecycle=Lifecycle(prevent_destroy=protected),
    )


def _uses(values: Attributes) -> Iterable[Use]:
    for name, value in values.items():
        if isinstance(value, Template):
            for reference in references_in(value):
                if reference.address:
                    yield Use(
                        attribute=name,
                        target=reference.address,
                        target_attribute=reference.attribute,
                    )


def identity(address: str, attributes: Attributes) -> str:
    found = KINDS[Address(address).kind].identity_of(attributes)
    assert found is not None
    return found


def recorded(
    resources: Mapping[str, Attributes],
    *,
    depends_on: Mapping[str, Iterable[str]] | None = None,
    protected: Iterable[str] = (),
    unresolved: Iterable[Intent] = (),
) -> State:
    needs = depends_on or {}
    return State(
        stack="test",
        lineage="0" * 32,
        serial=3,
        resources={
            Address(text): Recorded(
                identity=identity(text, attributes),
                attributes=dict(attributes),
                depends_on=tuple(map(Address, needs.get(text, ()))),
                protected=text in protected,
            )
            for text, attributes in resources.items()
        },
        unresolved={intent.id: intent for intent in unresolved},
    )


def seen(kind: str, **attributes: object) -> LiveObject:
    """An object as the API shows it: every attribute that can be read, defaults filled in."""
    shown: dict[str, object] = {
        name: attribute.default
        for name, attribute in KINDS[kind].attributes.items()
        if not (attribute.sensitive or attribute.write_only or attribute.local)
    }
    if kind == "aiven_pg":
        shown["state"] = "RUNNING"
    return LiveObject(presence=Presence.PRESENT, attributes={**shown, **attributes})


def live(objects: Mapping[str, Attributes]) -> dict[ObjectKey, LiveObject]:
    """Live objects, by any address of their kind (only the kind counts)."""
    return {
        (Address(text).kind, identity(text, attributes)): seen(Address(text).kind, **attributes)
        for text, attributes in objects.items()
    }


def plan_of(
    declared: Stack,
    state: State | None = None,
    objects: Mapping[ObjectKey, LiveObject] | None = None,
    *,
    destroy: bool = False,
    scope: Scope | None = None,
) -> Plan:
    """Return the plan; what is not among the objects is absent."""
    return build_plan(
        declared,
        state or State(stack="test"),
        _Everything(objects or {}),
        KINDS,
        scope=Scope(destroy=destroy) if scope is None else scope,
    )


class _Everything(dict[ObjectKey, LiveObject]):
    def get(self, key: ObjectKey, default: object = None) -> LiveObject:  # type: ignore[override]
        return super().get(key, ABSENT)


def change(plan: Plan, address: str) -> Change:
    return next(c for c in plan.changes if c.address == address)


def steps(plan: Plan) -> list[str]:
    """Return the steps as people would say them: `create aiven_pg.s`."""
    return [f"{step.op} {step.address}" for step in plan.steps]
