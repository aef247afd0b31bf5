"""Verdicts for tests of what is worked out from them."""

from collections.abc import Mapping
from dataclasses import dataclass

from planning import KINDS

from reconciler.model.address import Address
from reconciler.model.live import ABSENT, Live, LiveObject, ObjectKey
from reconciler.model.plan import Change, Connections, Step
from reconciler.model.resource import Stack
from reconciler.model.state import State
from reconciler.plan.capacity import connections
from reconciler.plan.changes import make_change
from reconciler.plan.contagion import left_inside
from reconciler.plan.links import link
from reconciler.plan.order import walk_order
from reconciler.plan.steps import make_steps
from reconciler.plan.survey import Decided, DecidedMap, Inputs
from reconciler.plan.takings import shrink_before_grow
from reconciler.plan.verdicts import decide_declared, decide_undeclared


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Every address decided, with its steps."""

    decided: DecidedMap
    steps: tuple[Step, ...]
    live: Live

    @property
    def connections(self) -> tuple[Connections, ...]:
        return connections(self.decided, self.steps, self.live, KINDS)

    @property
    def changes(self) -> list[Change]:
        return [
            make_change(one, tuple(s for s in self.steps if s.address == address), None)
            for address, one in self.decided.items()
        ]

    @property
    def walk(self) -> list[str]:
        return [f"{step.op} {step.address}" for step in self.steps]


class _Everything(dict[ObjectKey, LiveObject]):
    """What is not there is absent."""

    def get(self, key: ObjectKey, default: object = None) -> LiveObject:  # type: ignore[override]
        return super().get(key, ABSENT)


def verdicts(
    declared: Stack,
    state: State | None = None,
    objects: Mapping[ObjectKey, LiveObject] | None = None,
) -> Verdicts:
    """Decide every address; what gives connections back goes before what takes them."""
    recorded = state.resources if state else {}
    live = _Everything(objects or {})
    inputs = Inputs(
        resources=declared.resources,
        data=declared.data,
        recorded=recorded,
        live=live,
        catalogue=KINDS,
        links=link(declared.resources, KINDS),
        by_identity={(a.kind, r.identity): a for a, r in recorded.items()},
    )
    decided: dict[Address, Decided] = {}
    for address in sorted(recorded.keys() - declared.resources.keys(), key=_outermost(recorded)):
        decided[address] = decide_undeclared(inputs, address, decided)
    for address in walk_order(declared.resources, inputs.links):
        decided[address] = decide_declared(inputs, address, decided)
    decided |= left_inside(inputs, decided)
    soft = shrink_before_grow(decided, KINDS)
    return Verdicts(decided, make_steps(inputs, decided, soft), live)


def _outermost(recorded: Mapping[Address, object]) -> object:
    return lambda address: (recorded[address].identity.count("/"), address)  # type: ignore[attr-defined]  # a test's shorthand
