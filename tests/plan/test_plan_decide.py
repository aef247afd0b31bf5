"""The decision table of ARCHITECTURE.md, row by row."""

from collections.abc import Mapping

import pytest

from reconciler.kinds.catalogue import load_catalogue
from reconciler.model.live import ABSENT, LiveObject, Presence
from reconciler.model.plan import Action
from reconciler.model.state import Recorded
from reconciler.plan.decide import Verdict, Wanted, decide

POOL = load_catalogue()["aiven_connection_pool"]
BASE = {
    "project": "p",
    "service_name": "s",
    "pool_name": "pool",
    "database_name": "d",
    "pool_size": 25,
}
LIVE = {**BASE, "pool_mode": "transaction", "username": None}


def wanted(**changes: object) -> Wanted:
    attributes = {k: v for k, v in {**BASE, **changes}.items() if v is not None}
    identity = f"p/s/{attributes['pool_name']}"
    return Wanted(
        identity=identity,
        attributes=attributes,
        record=Recorded(identity=identity, attributes=attributes),
    )


def recorded(**changes: object) -> Recorded:
    return wanted(**changes).record


def present(**changes: object) -> LiveObject:
    return LiveObject(presence=Presence.PRESENT, attributes={**LIVE, **changes})


UNREADABLE = LiveObject(presence=Presence.UNKNOWN, why="403 Forbidden")


def verdict(
    desired: Wanted | None, record: Recorded | None, live: LiveObject, **others: LiveObject
) -> Verdict:
    objects: Mapping[str, LiveObject] = {
        "p/s/pool": live,
        **{f"p/s/{name}": value for name, value in others.items()},
    }
    return decide(POOL, desired, record, objects)


TABLE = [
    ("not recorded", wanted(), None, ABSENT, Action.CREATE, "not recorded"),
    (
        "a stranger",
        wanted(),
        None,
        present(),
        Action.REFUSE,
        "exists, but was not made here",
    ),
    ("deleted outside", wanted(), recorded(), ABSENT, Action.CREATE, "deleted outside"),
    ("in sync", wanted(), recorded(), present(), Action.NO_OP, "in sync"),
    ("drifted", wanted(), recorded(), present(pool_size=40), Action.UPDATE, "drifted"),
    (
        "desired changed",
        wanted(pool_size=42),
        recorded(),
        present(),
        Action.UPDATE,
        "desired changed",
    ),
    (
        "desired changed and drifted",
        wanted(pool_size=42),
        recorded(),
        present(pool_size=30),
        Action.UPDATE,
        "desired changed",
    ),
    (
        "already so",
        wanted(pool_size=42),
        recorded(),
        present(pool_size=42),
        Action.NO_OP,
        "already so",
    ),
    (
        "unreadable",
        wanted(),
        recorded(),
        UNREADABLE,
        Action.UNKNOWN,
        "could not be read: 403 Forbidden",
    ),
    (
        "unreadable and undeclared",
        None,
        recorded(),
        UNREADABLE,
        Action.UNKNOWN,
        "could not be read: 403 Forbidden",
    ),
    (
        "a force-new attribute changed",
        wanted(database_name="e"),
        recorded(),
        present(),
        Action.REPLACE,
        "database_name",
    ),
    (
        "a force-new attribute drifted",
        wanted(),
        recorded(),
        present(database_name="e"),
        Action.REPLACE,
        "database_name",
    ),
    ("no longer declared", None, recorded(), present(), Action.DELETE, "no longer declared"),
    ("gone on both sides", None, recorded(), ABSENT, Action.FORGET, "gone on both sides"),
]


@pytest.mark.parametrize(
    ("desired", "record", "live", "action", "reason"),
    [row[1:] for row in TABLE],
    ids=[row[0] for row in TABLE],
)
def test_decision_table(
    desired: Wanted | None, record: Recorded | None, live: LiveObject, action: Action, reason: str
) -> None:
    """Each row of the table gives its action and its reason."""
    found = verdict(desired, record, live)
    assert (found.action, found.reason) == (action, reason)


def test_drift_is_told_beside_a_change() -> None:
    """When desired changed and somebody else changed the object too, both are told."""
    found = verdict(wanted(pool_size=42), recorded(), present(pool_size=30))
    assert [(c.have, c.want) for c in found.changes] == [(30, 42)]
    assert [(d.have, d.want) for d in found.drift] == [(30, 25)]


def test_already_so_brings_the_record_up_to_date() -> None:
    """Nothing is sent, but the record is written."""
    assert verdict(wanted(pool_size=42), recorded(), present(pool_size=42)).stale_record


def test_protection_that_changed_is_a_stale_record() -> None:
    """The record is written when only what surrounds the attributes changed."""
    declared = wanted()
    record = Recorded(identity="p/s/pool", attributes=declared.attributes, protected=True)
    found = verdict(declared, record, present())
    assert (found.action, found.stale_record) == (Action.NO_OP, True)


def test_a_declared_value_equal_to_the_default_is_no_change() -> None:
    """`pool_size: 10` and no pool_size at all stand for the same."""
    found = verdict(wanted(pool_size=None), recorded(pool_size=10), present(pool_size=10))
    assert (found.action, found.reason, found.stale_record) == (Action.NO_OP, "in sync", True)


def test_a_username_pinned_by_hand_is_drift() -> None:
    """Not declared means unset for an attribute without a default."""
    found = verdict(wanted(), recorded(), present(username="app"))
    assert (found.action, found.reason) == (Action.UPDATE, "drifted")
    assert [(c.path, c.want) for c in found.changes] == [(("username",), None)]


def test_a_new_name_replaces() -> None:
    """Identity is force-new: the object of the old name goes, one of the new name comes."""
    found = verdict(wanted(pool_name="new"), recorded(), present(), new=ABSENT)
    assert (found.action, found.reason) == (Action.REPLACE, "pool_name")


def test_a_new_name_that_is_taken_is_refused() -> None:
    """A replace must not run into somebody else's object."""
    found = verdict(wanted(pool_name="new"), recorded(), present(), new=present(pool_name="new"))
    assert found.action is Action.REFUSE


def test_a_new_name_for_an_object_deleted_outside_creates() -> None:
    """There is nothing left to replace."""
    found = verdict(wanted(pool_name="new"), recorded(), ABSENT, new=ABSENT)
    assert (found.action, found.reason) == (Action.CREATE, "deleted outside")


def test_an_attribute_the_read_did_not_show_is_not_compared() -> None:
    """Missing from live means not known, never unset."""
    live = LiveObject(
        presence=Presence.PRESENT, attributes={k: v for k, v in LIVE.items() if k != "pool_size"}
    )
    assert verdict(wanted(), recorded(), live).action is Action.NO_OP
