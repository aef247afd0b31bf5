"""The decision table: one verdict for one resource from what is desired, recorded and live."""

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.kinds.kind import Kind
from reconciler.model.live import LiveObject, Presence
from reconciler.model.location import Path
from reconciler.model.plan import Action
from reconciler.model.state import Recorded
from reconciler.model.values import Attributes, Unknown
from reconciler.plan.diff import Difference, differences, same_declaration, with_ignored


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The desired side of one resource, with every value put in that can be known.

    identity: "" while a part of it is known only after a step.
    record: what the state would hold for it.
    ignored, updates_in_place: of its lifecycle.
    """

    identity: str
    attributes: Attributes
    record: Recorded
    ignored: tuple[Path, ...] = ()
    updates_in_place: bool = False

    def ignores(self, path: Path) -> bool:
        """Whether a difference at `path` is to be left alone."""
        return any(path[: len(ignored)] == ignored for ignored in self.ignored)

    def beside(self, live: Attributes) -> dict[str, object]:
        """Return the attributes with what is left alone as it is live; for an object that stays."""
        return with_ignored(self.attributes, self.ignored, live)

    def forces_replace(self, change: Difference) -> bool:
        """Whether the difference can only be mended by making the object anew.

        A value that an update may or may not change is no reason yet: should it change, apply stops.
        """
        if isinstance(change.want, Unknown) and not change.want.is_new:
            return False
        in_place = self.updates_in_place and change.attribute.updatable
        return change.attribute.force_new and not in_place


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Action and reason for one resource, with what differs.

    changes: live against desired. drift: recorded against live (want = recorded).
    stale_record: the record must be written although nothing is sent.
    """

    action: Action
    reason: str
    changes: tuple[Difference, ...] = ()
    drift: tuple[Difference, ...] = ()
    stale_record: bool = False


def decide(
    kind: Kind,
    wanted: Wanted | None,
    recorded: Recorded | None,
    live: Mapping[str, LiveObject],
) -> Verdict:
    """Return the verdict. `live` holds the objects at the wanted and at the recorded identity."""
    for identity in _identities(wanted, recorded):
        if live[identity].presence is Presence.UNKNOWN:
            return Verdict(action=Action.UNKNOWN, reason=f"could not be read: {live[identity].why}")
    if wanted is None:
        if recorded is None:
            raise ValueError("neither desired nor recorded: nothing to decide")
        return _decide_undeclared(live[recorded.identity])
    if recorded is None:
        return _decide_unrecorded(wanted, live)
    return _decide_recorded(kind, wanted, recorded, live)


def _identities(wanted: Wanted | None, recorded: Recorded | None) -> tuple[str, ...]:
    sides = (wanted.identity if wanted else "", recorded.identity if recorded else "")
    return tuple(dict.fromkeys(filter(None, sides)))


def _decide_undeclared(live: LiveObject) -> Verdict:
    if live.is_present:
        return Verdict(action=Action.DELETE, reason="no longer declared")
    return Verdict(action=Action.FORGET, reason="gone on both sides")


def _decide_unrecorded(wanted: Wanted, live: Mapping[str, LiveObject]) -> Verdict:
    if wanted.identity and live[wanted.identity].is_present:
        return _refuse_stranger()
    return Verdict(action=Action.CREATE, reason="not recorded")


def _refuse_stranger() -> Verdict:
    return Verdict(action=Action.REFUSE, reason="exists, but was not made here")


def _decide_recorded(
    kind: Kind, wanted: Wanted, recorded: Recorded, live: Mapping[str, LiveObject]
) -> Verdict:
    # An identity that only a step tells is no reason yet: what is sure to change it forces a replace.
    moves = wanted.identity not in ("", recorded.identity)
    if moves and live[wanted.identity].is_present:
        return _refuse_stranger()
    present = live[recorded.identity]
    if not present.is_present:
        return Verdict(action=Action.CREATE, reason="deleted outside")
    seen = {**kind.identity_values(recorded.identity), **present.attributes}
    found = differences(kind, wanted.beside(seen), recorded.attributes, seen)
    changes = tuple(change for change in found if not wanted.ignores(change.path))
    applied = with_ignored(recorded.attributes, wanted.ignored, seen)
    drifted = differences(kind, applied, applied, seen)
    drift = tuple(change for change in drifted if not wanted.ignores(change.path))
    forced = tuple(change for change in changes if wanted.forces_replace(change))
    if moves or forced:
        reason = ", ".join(str(c.path[-1]) for c in forced)
        return Verdict(action=Action.REPLACE, reason=reason, changes=changes, drift=drift)
    return _decide_in_place(kind, wanted, recorded, changes, drift)


def _decide_in_place(
    kind: Kind,
    wanted: Wanted,
    recorded: Recorded,
    changes: tuple[Difference, ...],
    drift: tuple[Difference, ...],
) -> Verdict:
    same = same_declaration(kind, recorded.attributes, wanted.attributes)
    fixed = [".".join(map(str, c.path)) for c in changes if c.attribute.create_only]
    if fixed:
        reason = f"{', '.join(fixed)} can only be set when the object is made"
        return Verdict(action=Action.REFUSE, reason=reason, changes=changes, drift=drift)
    if changes:
        reason = "desired changed"
        if same:
            reason = "drifted" if any(map(_shows_drift, changes)) else "not as declared"
        return Verdict(action=Action.UPDATE, reason=reason, changes=changes, drift=drift)
    if same and recorded == wanted.record:
        return Verdict(action=Action.NO_OP, reason="in sync")
    reason = "in sync" if same else "already so"
    return Verdict(action=Action.NO_OP, reason=reason, stale_record=True)


def _shows_drift(change: Difference) -> bool:
    """Whether a difference from what is declared as it was recorded can only be somebody else's doing.

    Secrets are not recorded, and a value that a step will bring may be another one.
    """
    return not (change.attribute.sensitive or isinstance(change.want, Unknown))
