"""depends_on and replace_triggered_by: what they name, each key of a for_each when none is named."""

from collections.abc import Iterator
from dataclasses import replace

from reconciler.desired.declare import Draft, Drafts, Groups
from reconciler.desired.problems import Problems
from reconciler.desired.targets import Targets
from reconciler.expressions import ExpressionError, Reference, parse_expression
from reconciler.model.address import Address
from reconciler.model.location import Location
from reconciler.model.resource import Trigger

MAX_EDGES = 1_000_000
"""All keys of one for_each that depend on all keys of another come to their product."""


def link_drafts(drafts: Drafts, groups: Groups, targets: Targets, problems: Problems) -> None:
    """Fill in `needs` and the triggers of each draft; what names nothing is noted."""
    linker = _Linker(drafts, groups, targets, problems)
    for draft in drafts.values():
        if draft.depends_on:
            draft.needs = linker.needs_of(draft)
        if draft.lifecycle.triggers:
            linker.fill_triggers(draft)


class _Linker:
    def __init__(
        self, drafts: Drafts, groups: Groups, targets: Targets, problems: Problems
    ) -> None:
        self._drafts = drafts
        self._groups = groups
        self._targets = targets
        self._problems = problems
        self._edges = 0
        self._needs: dict[int, tuple[Address, ...]] = {}

    def needs_of(self, draft: Draft) -> tuple[Address, ...]:
        """Return what depends_on names, sorted; worked out once for all keys that share it."""
        shared = id(draft.depends_on)
        if shared not in self._needs:
            found = {
                address
                for named, place in draft.depends_on.items()
                if self._is_other(draft, named, place)
                for address in self._addresses(named, place)
            }
            self._needs[shared] = tuple(sorted(found))
        needs = self._needs[shared]
        self._edges += len(needs)
        if self._edges <= MAX_EDGES:
            return needs
        if self._edges - len(needs) <= MAX_EDGES:
            self._problems.add(
                draft.places.at(("depends_on",)),
                "Too many dependencies",
                f"With those of {draft.address} they are more than {MAX_EDGES:,}.",
                "name the key that is needed, such as kind.name[each.key]",
            )
        return ()

    def fill_triggers(self, draft: Draft) -> None:
        triggers = {
            replace(trigger, target=address)
            for trigger, place in draft.lifecycle.triggers.items()
            if self._is_other(draft, trigger.target, place)
            for address in self._addresses(trigger.target, place)
            if self._is_trigger(replace(trigger, target=address), place)
        }
        draft.triggers = tuple(sorted(triggers))

    def _is_other(self, draft: Draft, named: Address, place: Location) -> bool:
        """Whether it is not the for_each of the draft itself, all keys of which would need all."""
        if draft.each is None or named != draft.body.address:
            return True
        self._problems.add(
            place,
            "Self reference",
            f"{named} refers to itself: each of its keys would need all of them.",
            "name the key that is needed",
        )
        return False

    def _addresses(self, named: Address, place: Location) -> Iterator[Address]:
        if named in self._drafts:
            yield named
            return
        group = self._groups.get(Address(named.split("[", 1)[0]))
        if group is not None and group.keys is None:
            return  # told already
        if group is not None and named == group_address(named):
            for key in group.keys or {}:
                yield Address.of(named.kind, named.name, key, data=named.is_data)
            return
        error = self._targets.unknown(named)
        self._problems.add(place, error.summary, error.detail, error.hint)

    def _is_trigger(self, trigger: Trigger, place: Location) -> bool:
        if trigger.target.is_data:
            self._problems.add(
                place,
                "Not a resource",
                f"{trigger.target} is only looked up, so it cannot trigger a replacement.",
                "name a resource",
            )
            return False
        if not trigger.attribute:
            return True
        try:
            reference = parse_expression(f"{trigger.target}.{trigger.attribute}")
            if isinstance(reference, Reference):
                self._targets.find(reference)
        except ExpressionError as error:
            self._problems.add(place, error.summary, error.detail, error.hint)
            return False
        return True


def group_address(address: Address) -> Address:
    """Return the address without its key."""
    return Address(address.split("[", 1)[0])
