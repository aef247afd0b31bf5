"""What people will feel of each change, as measured on PgBouncer and PostgreSQL."""

import pytest
from planning import database, live, pg, plan_of, pool, recorded, stack, user

from reconciler.model.plan import Change

POOL = "aiven_connection_pool.p"


def changed(address: str, before: dict[str, object], after: dict[str, object] | None) -> Change:
    """Return the change of one resource; after: None when it is no longer declared."""
    objects = {
        "aiven_pg.s": pg(),
        "aiven_pg_database.d": database("d"),
        "aiven_pg_database.e": database("e"),
        "aiven_pg_user.app": user("app"),
        "aiven_pg_user.rep": user("rep"),
        address: before,
    }
    kept = {key: value for key, value in objects.items() if key != address}
    declared = stack(kept if after is None else {**kept, address: after})
    plan = plan_of(declared, recorded(objects), live(objects))
    return next(c for c in plan.changes if c.address == address)


MEASURED = {
    "a larger pool": ({"pool_size": 10}, {"pool_size": 20}, []),
    "a smaller pool": ({"pool_size": 20}, {"pool_size": 10}, []),
    "session mode": ({"pool_mode": "transaction"}, {"pool_mode": "session"}, ["semantics"]),
    "transaction mode": ({"pool_mode": "session"}, {"pool_mode": "transaction"}, ["semantics"]),
    "statement mode": ({"pool_mode": "session"}, {"pool_mode": "statement"}, ["semantics"]),
    "another user": ({"username": "app"}, {"username": "rep"}, ["role-switch"]),
    "a user at last": ({}, {"username": "rep"}, ["role-switch"]),
    "no user any more": ({"username": "app"}, {}, ["role-switch"]),
    "another database": (
        {"database_name": "d"},
        {"database_name": "e"},
        ["cut-clients", "refuse-logins"],
    ),
    "another name": (
        {"pool_name": "p"},
        {"pool_name": "q"},
        ["cut-clients", "refuse-logins"],
    ),
}


@pytest.mark.parametrize(("before", "after", "codes"), MEASURED.values(), ids=MEASURED)
def test_effects_of_a_pools_change_are_those_measured(
    before: dict[str, object], after: dict[str, object], codes: list[str]
) -> None:
    """Size is felt by nobody, a name or a removal by everybody."""
    change = changed(POOL, {**pool("p"), **before}, {**pool("p"), **after})
    assert [effect.code for effect in change.effects] == codes
    assert all(effect.text and "{" not in effect.text for effect in change.effects)


def test_a_deleted_pool_cuts_its_clients_and_refuses_new_ones() -> None:
    """Nothing else can be done instead."""
    change = changed(POOL, pool("p"), None)
    assert [(e.code, e.instead) for e in change.effects] == [
        ("cut-clients", ""),
        ("refuse-logins", ""),
    ]


@pytest.mark.parametrize(
    ("after", "instead"),
    [
        ({"pool_name": "q"}, "keep pool_name: p, and nothing is replaced"),
        (
            {"database_name": "e"},
            "declare lifecycle.update_in_place: true, and the database changes without cutting anyone",
        ),
    ],
)
def test_a_replaced_pool_names_the_cheaper_way(after: dict[str, object], instead: str) -> None:
    """A name can stay; a database can change in place, which Terraform never offers."""
    change = changed(POOL, pool("p"), {**pool("p"), **after})
    assert [effect.instead for effect in change.effects if effect.instead] == [instead]


def test_session_mode_warns_of_starvation_and_the_others_of_lost_sessions() -> None:
    """The same code, but what people must check is another matter in each direction."""
    to_session = changed(
        POOL, pool("p", pool_mode="transaction"), pool("p", pool_mode="session")
    ).effects[0]
    assert "new logins wait" in to_session.text
    assert "pool_size" in to_session.instead
    for mode in ("transaction", "statement"):
        (effect,) = changed(POOL, pool("p", pool_mode="session"), pool("p", pool_mode=mode)).effects
        assert f"after each {mode}" in effect.text


def test_a_pool_without_its_user_says_who_clients_are_then() -> None:
    """Unset is a value of its own."""
    (effect,) = changed(POOL, pool("p", username="app"), pool("p")).effects
    assert effect.text == "queries no longer run as app: clients log in as themselves"


@pytest.mark.parametrize("attribute", ["plan", "cloud_name"])
def test_a_service_restarts_for_another_plan_or_cloud(attribute: str) -> None:
    """New nodes take over; connections are cut once."""
    before, after = pg(plan="startup-4", cloud_name="a"), pg(plan="startup-4", cloud_name="a")
    after[attribute] = "startup-8" if attribute == "plan" else "b"
    change = changed("aiven_pg.s", before, after)
    assert [effect.code for effect in change.effects] == ["restart"]
