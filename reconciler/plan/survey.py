"""What the verdicts are made from, and what each address came to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from reconciler.kinds.kind import Kind
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.live import ABSENT, Live, LiveObject, ObjectKey
from reconciler.model.plan import Action
from reconciler.model.resource import Lifecycle, Resource
from reconciler.model.state import Recorded
from reconciler.plan.decide import Verdict, Wanted
from reconciler.plan.links import Catalogue, Links

NO_LIFECYCLE = Lifecycle()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One address with its verdict.

    live: the object at the recorded identity, else at the wanted one.
    container: the address whose deletion or replacement takes this object along, or None.
    adopted: the record of an object that an `import` block hands over.
    """

    address: Address
    kind: Kind
    verdict: Verdict
    resource: Resource | None = None
    recorded: Recorded | None = None
    wanted: Wanted | None = None
    live: LiveObject = ABSENT
    container: Address | None = None
    adopted: Recorded | None = None
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def action(self) -> Action:
        return self.verdict.action

    @property
    def lifecycle(self) -> Lifecycle:
        return self.resource.lifecycle if self.resource else NO_LIFECYCLE

    @property
    def keeps_identity(self) -> bool:
        """Whether the object will be found under the identity it has."""
        recorded, wanted = self.recorded, self.wanted
        return bool(recorded and wanted and recorded.identity == wanted.identity)


DecidedMap: TypeAlias = Mapping[Address, Decided]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The three sides, linked.

    recorded: with the outcomes of a former run's writes, moves and imports in it already.
    adopted: the part of it that `import` blocks brought. released: what `removed` blocks let go of.
    replace: addresses whose replacement was asked for. destroys: nothing counts as declared.
    by_identity: recorded objects → the address that owns them.
    missing: objects that must be read before the verdicts can stand; filled while deciding.
    """

    resources: Mapping[Address, Resource]
    data: Mapping[Address, Resource]
    recorded: Mapping[Address, Recorded]
    live: Live
    catalogue: Catalogue
    links: Links
    adopted: Mapping[Address, str] = field(default_factory=dict)
    released: frozenset[Address] = frozenset()
    replace: frozenset[Address] = frozenset()
    destroys: bool = False
    by_identity: Mapping[ObjectKey, Address] = field(default_factory=dict)
    missing: set[ObjectKey] = field(default_factory=set)

    def at(self, kind: Kind, identity: str) -> LiveObject:
        """Return the live object, ABSENT for one that is not even named yet."""
        if not identity:
            return ABSENT
        found = self.live.get((kind.name, identity))
        if found is None:
            self.missing.add((kind.name, identity))
        return found or ABSENT
