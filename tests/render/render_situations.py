"""Plans with more to say than their changes: connections, acks, moves, imports, limits."""

from dataclasses import replace

from render_plans import PLANS as PLAIN
from render_plans import (
    POOL,
    SERVICE,
    address,
    at,
    create,
    delete,
    field,
    hostile,
    plan,
    pool,
    quiet,
    rename,
    spec,
    step,
    update,
)

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.plan import Action, Connections, Effect, Plan
from reconciler.model.state import Op, Recorded

OURS = Recorded(identity=f"{SERVICE}/x", attributes={})


def load(service: str, now: int, peak: int, after: int, **more: object) -> Connections:
    facts: dict[str, object] = {"limit": 100, "basis": "plan startup-4"}
    return Connections(
        service=f"my-project/{service}",
        now=now,
        peak=peak,
        after=after,
        **{**facts, **more},  # type: ignore[arg-type]  # a test's shorthand
    )


def connected() -> Plan:
    """Several services: fine, over, untouched, of unknown size, and two of one name."""
    crowded = Diagnostic(
        summary="More connections than the service has",
        detail="Pools of my-project/analytics may take 80 connections now, 120 at the worst step and"
        " 120 after, of 100 (plan startup-4): 20 too many. What finds none waits, and logins that go"
        " past the pools may be refused.",
        hint="make pools smaller, or choose a larger plan for the service",
        severity=Severity.WARNING,
        location=at(2),
    )
    return plan(
        update(1, f"{POOL}.orders", field("pool_size", 10, 25, source=at(7))),
        connections=(
            load("analytics", 80, 120, 120, over=20),
            load("example-postgres", 80, 90, 90),
            load("quiet", 40, 40, 40),
            load("theirs", 0, 1500, 1500, limit=None, basis=""),
            load("twin", 10, 20, 10),
            replace(load("twin", 10, 20, 10), service="other-project/twin"),
        ),
        diagnostics=(crowded,),
    )


def crowded_already() -> Plan:
    """Nothing changes, and there are too many all the same."""
    return plan(*PLAIN["empty"].changes, connections=(load("full", 120, 120, 120, over=20),))


def acknowledged() -> Plan:
    """Data is lost, by name and by number."""
    gone = Effect(code="data-loss", text="the database orders goes with everything in it")
    remade = Effect(code="data-loss", text="the database billing goes with everything in it")
    orders, billing = "aiven_pg_database.orders", 'aiven_pg_database.per_team["billing dept"]'
    return plan(
        quiet(
            orders,
            Action.DELETE,
            "no longer declared",
            step(1, Op.DELETE, address(orders)),
            effects=(gone,),
        ),
        quiet(
            billing,
            Action.REPLACE,
            "lc_collate",
            step(2, Op.DELETE, address(billing)),
            step(3, Op.CREATE, address(billing), (2,)),
            source=at(12),
            effects=(remade,),
            fields=(field("lc_collate", "en_US.UTF-8", "C", source=at(15), forces_replace=True),),
        ),
        delete(4, f"{POOL}.a"),
        delete(5, f"{POOL}.b"),
        acks=(f"data-loss:{orders}", f"data-loss:{billing}"),
        allow_delete=4,
        meta={"read_s": 0.2131, "requests": 1, "recorded": 12},
    )


def moved() -> Plan:
    """Recorded under other addresses: alone, with a change, in a group, and key by key to new names."""
    team = [
        quiet(
            Address.of(POOL, "team", key),
            Action.NO_OP,
            "in sync",
            source=at(30),
            moved_from=Address.of(POOL, "per_team", key),
        )
        for key in ("billing", "orders", "search")
    ]
    return plan(
        quiet(
            f"{POOL}.main", Action.NO_OP, "in sync", source=at(3), moved_from=address(f"{POOL}.old")
        ),
        update(
            1,
            f"{POOL}.grown",
            field("pool_size", 10, 25, source=at(9)),
            moved_from=address(f"{POOL}.small"),
        ),
        *team,
        quiet(
            f"{POOL}.orders",
            Action.NO_OP,
            "in sync",
            source=at(40),
            moved_from=Address.of(POOL, "all", "orders"),
        ),
    )


def imported() -> Plan:
    """What exists becomes ours: as it is, changed, replaced; and what we let go of."""
    names = {name: address(f"{POOL}.{name}") for name in ("same", "other", "renamed", "legacy")}
    renamed = rename(4, names["renamed"], "renamed", "new")
    return plan(
        quiet(
            names["same"],
            Action.ADOPT,
            "imported",
            step(1, Op.RECORD, names["same"]),
            source=at(3),
            adopted=OURS,
        ),
        replace(
            update(3, names["other"], field("pool_size", 10, 25, source=at(9))),
            reason="imported, drifted",
            adopted=OURS,
        ),
        replace(renamed, reason="imported, pool_name", adopted=OURS),
        quiet(
            names["legacy"],
            Action.FORGET,
            "released from management",
            step(6, Op.FORGET, names["legacy"]),
        ),
    )


def limited(number: int = 3) -> Plan:
    """Only what --target leaves, and what that pulls in."""
    service = address("aiven_pg.example_postgres")
    pools = [pool(n + 2, f"p{n:02}") for n in range(number - 1)]
    made = create(1, service, SERVICE, {"plan": "startup-4"}, line=3)
    addresses = tuple(sorted([service, *(found.address for found in pools)]))
    return plan(made, *pools, limited_to=addresses)


def refreshed() -> Plan:
    """Only the record is brought up to date."""
    lost = address(f"{POOL}.lost")
    return plan(
        quiet(lost, Action.FORGET, "gone", step(1, Op.FORGET, lost), source=at(3)),
        refresh_only=True,
    )


def hostile_beside() -> Plan:
    """The same as hostile, where people can put text beside changes."""
    nasty = "\x1b[31mred\n\u202e"
    return replace(
        hostile(),
        connections=(load(nasty, 1, 2, 3, basis=nasty, over=1),),
        acks=(f"data-loss:{Address.of(POOL, 'x', nasty)}",),
        limited_to=(Address.of(POOL, "x", nasty),),
        allow_delete=3,
    )


def designed() -> Plan:
    """The plan of the design, with its connections and where values came from."""
    found = spec()
    changes = tuple(
        replace(change, fields=tuple(replace(f, origin="attribute") for f in change.fields))
        for change in found.changes
    )
    return replace(found, changes=changes, connections=(load("example-postgres", 80, 90, 90),))


PLANS = {
    **PLAIN,
    "spec": designed(),
    "connected": connected(),
    "crowded": crowded_already(),
    "acknowledged": acknowledged(),
    "moved": moved(),
    "imported": imported(),
    "limited": limited(),
    "limited_many": limited(30),
    "refreshed": refreshed(),
    "hostile_beside": hostile_beside(),
}
