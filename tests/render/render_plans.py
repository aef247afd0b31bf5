"""Plans to render: one for each situation, made by hand with addresses as people write them."""

from collections.abc import Mapping, Sequence
from itertools import count

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.location import Location
from reconciler.model.plan import Action, Change, Drift, Effect, Field, Plan, Resolution, Step
from reconciler.model.state import Op
from reconciler.model.values import Secret, Unknown

CANARY = "SECRET-7d1c3f0a"
POOL = "aiven_connection_pool"
SERVICE = "my-project/example-postgres"
CUT = "clients connected to {0} are cut, open transactions abort, new logins to {0} fail"


def at(line: int, file: str = "pools.yaml") -> Location:
    return Location(file, line, 7)


def address(text: str) -> Address:
    return Address.parse(text)


def field(name: str, before: object, after: object, **more: object) -> Field:
    return Field(path=tuple(name.split(".")), before=before, after=after, **more)  # type: ignore[arg-type]  # a test's shorthand


def step(n: int, op: Op, where: Address, needs: tuple[int, ...] = (), identity: str = "") -> Step:
    return Step(
        n=n, op=op, address=where, identity=identity or str(where), timeout_s=1200.0, needs=needs
    )


def create(
    n: int,
    where: Address,
    identity: str,
    attributes: Mapping[str, object],
    *,
    line: int = 13,
    needs: tuple[int, ...] = (),
    reason: str = "not recorded",
) -> Change:
    return Change(
        address=where,
        action=Action.CREATE,
        reason=reason,
        identity=identity,
        source=at(line),
        fields=tuple(field(name, None, value) for name, value in attributes.items()),
        steps=(step(n, Op.CREATE, where, needs, identity),),
    )


def pool(n: int, name: str, *, key: str | None = None, line: int = 13, **more: object) -> Change:
    attributes = {
        "project": "my-project",
        "service_name": "example-postgres",
        "pool_name": key or name,
        "database_name": "catalog",
        "pool_mode": "transaction",
        "pool_size": 15,
        "username": "search_ro",
        **more,
    }
    where = Address.of(POOL, name, key)
    return create(n, where, f"{SERVICE}/{key or name}", attributes, line=line)


def update(n: int, where: str, *fields: Field, line: int = 7, **more: object) -> Change:
    found = address(where)
    return Change(
        address=found,
        action=Action.UPDATE,
        reason="desired changed",
        identity=f"{SERVICE}/{found.name}",
        source=at(line),
        fields=fields,
        steps=(step(n, Op.UPDATE, found),),
        **more,  # type: ignore[arg-type]  # a test's shorthand
    )


def revert(n: int, where: str, name: str, live: object, wanted: object, *, line: int) -> Change:
    return update(
        n,
        where,
        field(name, live, wanted, last_applied=wanted, source=at(line)),
        drift=(Drift(path=tuple(name.split(".")), recorded=wanted, live=live),),
        line=line - 2,
    )


def rename(n: int, where: str, old: str, new: str, *, line: int = 9) -> Change:
    found = address(where)
    return Change(
        address=found,
        action=Action.REPLACE,
        reason="pool_name",
        identity=f"{SERVICE}/{new}",
        source=at(line),
        fields=(
            field(
                "pool_name", old, new, last_applied=old, source=at(line + 1), forces_replace=True
            ),
        ),
        effects=(
            Effect(
                code="cut-clients",
                text=CUT.format(old),
                instead=f"keep pool_name: {old}, and nothing is replaced",
            ),
        ),
        steps=(
            step(n, Op.DELETE, found, identity=f"{SERVICE}/{old}"),
            step(n + 1, Op.CREATE, found, (n,), identity=f"{SERVICE}/{new}"),
        ),
    )


def delete(n: int, where: str, *, effects: Sequence[Effect] | None = None) -> Change:
    found = address(where)
    felt = (Effect(code="cut-clients", text=CUT.format(found.name)),)
    return Change(
        address=found,
        action=Action.DELETE,
        reason="no longer declared",
        identity=f"{SERVICE}/{found.name}",
        effects=felt if effects is None else tuple(effects),
        steps=(step(n, Op.DELETE, found),),
    )


def quiet(where: str, action: Action, reason: str, *steps: Step, **more: object) -> Change:
    return Change(
        address=address(where),
        action=action,
        reason=reason,
        identity=f"{SERVICE}/x",
        steps=steps,
        **more,  # type: ignore[arg-type]  # a test's shorthand
    )


def unchanged(number: int) -> list[Change]:
    return [quiet(f"aiven_pg_user.u{n:02}", Action.NO_OP, "in sync") for n in range(number)]


def plan(*changes: Change, **more: object) -> Plan:
    steps = sorted((s for change in changes for s in change.steps), key=lambda s: s.n)
    facts: dict[str, object] = {
        "stack": "example",
        "digest": "5739d596" * 8,
        "lineage": "7f9c2ba4e88f827d616045507605853e",
        "serial": 118,
        "projects": ("my-project",),
        "meta": {"read_s": 0.2131, "requests": 1},
    }
    return Plan(
        changes=tuple(sorted(changes, key=lambda change: change.address)),
        steps=tuple(steps),
        **{**facts, **more},  # type: ignore[arg-type]  # a test's shorthand
    )


def spec() -> Plan:
    """The plan of the design: a rename, a removal, a resize, a new pool, and somebody's resize."""
    return plan(
        rename(3, f"{POOL}.billing", "billing", "billing-v2"),
        delete(5, f"{POOL}.legacy_reports"),
        update(6, f"{POOL}.orders", field("pool_size", 10, 25, last_applied=10, source=at(7))),
        pool(1, "search"),
        revert(2, f"{POOL}.analytics", "pool_size", 40, 30, line=20),
        *unchanged(41),
    )


def replace_ways() -> Plan:
    asked = rename(1, f"{POOL}.asked", "asked", "asked")
    triggered = rename(3, f"{POOL}.follows", "follows", "follows")
    return plan(
        quiet(
            asked.address,
            Action.REPLACE,
            "requested",
            *asked.steps,
            effects=asked.effects,
            source=at(3),
        ),
        quiet(
            triggered.address,
            Action.REPLACE,
            f"triggered by {POOL}.asked",
            *triggered.steps,
            source=at(30),
        ),
        rename(5, f"{POOL}.renamed", "old", "new"),
    )


def drift_beside() -> Plan:
    """What somebody else changed, beside what we change: the same attribute, and another one."""
    return plan(
        update(
            1,
            f"{POOL}.orders",
            field("pool_size", 12, 25, last_applied=10, source=at(7)),
            field("pool_mode", "session", "transaction", last_applied="session", source=at(8)),
            drift=(
                Drift(path=("pool_size",), recorded=10, live=12),
                Drift(path=("username",), recorded=None, live="admin"),
            ),
        ),
        revert(2, f"{POOL}.analytics", "username", "somebody", None, line=20),
    )


def blocked() -> Plan:
    taken = Diagnostic(
        summary="Object exists already",
        detail=f"{SERVICE}/taken was not made here.",
        hint=f"reconcile import {POOL}.taken {SERVICE}/taken",
        location=at(30),
    )
    unread = Diagnostic(
        summary="Object could not be read",
        detail="GET /v1/project/other/service/pg answered 403: Not a member of the project.",
        hint="a token of a member of the project other",
    )
    guard = Diagnostic(
        summary="Resource is protected",
        detail=f"{POOL}.legacy_reports would be deleted, but has prevent_destroy.",
        hint="remove lifecycle.prevent_destroy first, and apply that",
    )
    crowded = Diagnostic(
        summary="More connections than the service has",
        detail="example-postgres may be asked for 120 connections at the peak, of 100; the rest queue.",
        severity=Severity.WARNING,
        location=at(2),
    )
    return plan(
        quiet(
            f"{POOL}.taken",
            Action.REFUSE,
            "exists, but was not made here",
            source=at(30),
            diagnostics=(taken,),
        ),
        quiet(
            "aiven_pg.other",
            Action.UNKNOWN,
            "could not be read",
            source=at(40),
            diagnostics=(unread,),
        ),
        delete(1, f"{POOL}.legacy_reports"),
        update(2, f"{POOL}.orders", field("pool_size", 10, 25, source=at(7))),
        diagnostics=(guard, crowded),
    )


def record_only() -> Plan:
    names = {op: address(f"{POOL}.{op}_me") for op in (Op.SETTLE, Op.RECORD, Op.FORGET)}
    return plan(
        quiet(
            names[Op.SETTLE],
            Action.NO_OP,
            "in sync",
            step(1, Op.SETTLE, names[Op.SETTLE]),
            source=at(3),
        ),
        quiet(
            names[Op.RECORD],
            Action.NO_OP,
            "already so",
            step(2, Op.RECORD, names[Op.RECORD]),
            source=at(9),
        ),
        quiet(
            names[Op.FORGET],
            Action.FORGET,
            "gone on both sides",
            step(3, Op.FORGET, names[Op.FORGET]),
        ),
        quiet(
            f"{POOL}.found",
            Action.ADOPT,
            "imported",
            step(4, Op.RECORD, address(f"{POOL}.found")),
            source=at(20),
        ),
    )


def known_later() -> Plan:
    service = address("aiven_pg.example_postgres")
    user = address("aiven_pg_user.search")
    return plan(
        create(
            1,
            service,
            SERVICE,
            {
                "project": "my-project",
                "service_name": "example-postgres",
                "cloud_name": "google-europe-west1",
                "plan": "startup-4",
                "pg_version": "17",
                "maintenance_window_time": "10:00:00",
                "pg_user_config": {
                    "ip_filter": ["10.0.0.0/8", "192.168.0.0/16"],
                    "pg": {"jit": False},
                },
            },
            line=3,
        ),
        create(
            2,
            user,
            "",
            {
                "service_name": Unknown(service, "service_name"),
                "username": "search",
                "password": Secret(CANARY),
            },
            needs=(1,),
            line=20,
        ),
        create(
            3,
            Address.of(POOL, "search"),
            "",
            {
                "username": Unknown(user, "username"),
                "pool_size": 15,
                "note": Unknown(user, "password", sensitive=True),
            },
            needs=(1, 2),
            line=30,
        ),
    )


def secrets() -> Plan:
    """Secrets as they should come, and as they should not but might."""
    return plan(
        update(
            1,
            "aiven_pg_user.app",
            field("password", Secret("old" + CANARY), Secret(CANARY), sensitive=True, source=at(5)),
            field("token", CANARY, None, last_applied=CANARY, sensitive=True, source=at(6)),
            field("options", {"a": Secret(CANARY)}, {"b": [Secret(CANARY)]}, source=at(7)),
            precondition={"password": CANARY, "token": Secret(CANARY), "username": "app"},
            drift=(Drift(path=("password",), recorded=None, live=CANARY, sensitive=True),),
        ),
    )


def hostile() -> Plan:
    nasty = "\x1b[31mred\x1b[0m\n\u202egnp.exe\u2066\x9b2J\U000e0041[bold]x[/bold]"
    where = Address.of(POOL, "per_team", nasty)
    return plan(
        pool(1, "per_team", key=nasty, username=nasty),
        update(2, f"{POOL}.orders", field("username", "\x07", nasty, source=Location(nasty, 4))),
        quiet(
            where,
            Action.REFUSE,
            nasty,
            diagnostics=(Diagnostic(summary=nasty, detail=nasty, hint=nasty),),
        ),
        delete(3, f"{POOL}.gone", effects=[Effect(code=nasty, text=nasty, instead=nasty)]),
        stack=nasty,
        projects=(nasty,),
        diagnostics=(
            Diagnostic(summary=nasty, detail=nasty, hint=nasty, location=Location(nasty, 1)),
        ),
    )


def long_addresses() -> Plan:
    name = "reporting_for_the_quarterly_review_of_all_european_payment_providers"
    config = {f"setting_{n:02}": n for n in range(40)}
    return plan(
        pool(1, name),
        update(
            2,
            f"{POOL}.{name}_2",
            field("pool_size", 10, 25, source=at(1117, "stacks/production/europe/pools.yaml")),
            field(
                "pool_mode",
                "session",
                "transaction",
                source=at(1118, "stacks/production/europe/pools.yaml"),
            ),
        ),
        update(3, f'{POOL}.per_team["{"k" * 90}"]', field("pool_size", 10, 25)),
        delete(4, f"{POOL}.{name}_3"),
        update(
            5,
            "aiven_pg.main",
            field("pg_user_config.log_line_prefix", "a" * 200 + "b", "a" * 200 + "c", source=at(4)),
            field(
                "pg_user_config.ip_filter",
                [f"10.0.{n}.0/24" for n in range(60)],
                [f"10.0.{n}.0/24" for n in range(1, 61)],
                source=at(5),
            ),
            field("pg_user_config.pg", config, {**config, "setting_39": 0}, source=at(6)),
            field("description", "", "two words", source=at(7)),
        ),
    )


def many(number: int) -> Plan:
    """Pools of a for_each, of which every tenth is another size; users by hand; removed and drifted ones."""
    numbers = count(1)
    pools = [
        pool(next(numbers), "per_team", key=f"team{n:04}", pool_size=30 if n % 10 == 0 else 10)
        for n in range(number * 7 // 10)
    ]
    deleted = [delete(next(numbers), f"{POOL}.old{n:04}") for n in range(number // 10)]
    drifted = [
        revert(next(numbers), f"{POOL}.drifted{n:04}", "pool_size", 5, 10, line=100 + n)
        for n in range(number // 10)
    ]
    rest = number - len(pools) - len(deleted) - len(drifted)
    differing = [
        update(next(numbers), f"{POOL}.own{n:04}", field("pool_size", n, n + 1), line=500 + n)
        for n in range(rest)
    ]
    return plan(*pools, *deleted, *drifted, *differing)


def destroy() -> Plan:
    return plan(
        delete(1, f"{POOL}.main"),
        quiet(
            "aiven_pg.example_postgres",
            Action.DELETE,
            "destroy",
            step(2, Op.DELETE, address("aiven_pg.example_postgres"), (1,)),
            effects=(Effect(code="data-loss", text="all databases of example-postgres are gone"),),
            source=at(3),
        ),
        destroy=True,
    )


def resolved() -> Plan:
    """A plan after a run that was cut: one write had happened, one had not, one object is still busy."""
    made, lost, busy = (address(f"{POOL}.made"), address(f"{POOL}.lost"), "aiven_pg.main")
    return plan(
        quiet(made, Action.NO_OP, "in sync"),
        pool(1, "lost"),
        quiet(
            busy,
            Action.NO_OP,
            "not settled yet: state is REBUILDING",
            step(2, Op.SETTLE, address(busy)),
            source=at(3),
        ),
        resolutions=(
            Resolution(intent="117.1", address=made, op=Op.CREATE, done=True, record=None),
            Resolution(intent="117.2", address=lost, op=Op.CREATE, done=False, record=None),
        ),
    )


PLANS = {
    "resolved": resolved(),
    "spec": spec(),
    "create": plan(pool(1, "search"), projects=("my-project", "other-project")),
    "update": plan(
        update(1, f"{POOL}.orders", field("pool_size", 10, 25, source=at(7))),
        update(
            2,
            f"{POOL}.reports",
            field("username", "app", None, source=at(17)),
            field("pool_size", 10, 12),
        ),
        update(
            3,
            f"{POOL}.mode",
            field("pool_mode", "session", "transaction", source=at(27)),
            effects=(
                Effect(code="semantics", text="the pool goes from session to transaction mode"),
            ),
        ),
        meta={},
    ),
    "recreate": plan(
        create(
            1,
            address(f"{POOL}.main"),
            f"{SERVICE}/main",
            {"pool_name": "main"},
            reason="deleted outside",
        )
    ),
    "replace": replace_ways(),
    "delete": plan(delete(1, f"{POOL}.a"), delete(2, f"{POOL}.b", effects=[])),
    "destroy": destroy(),
    "drift": plan(revert(1, f"{POOL}.analytics", "pool_size", 40, 30, line=20), *unchanged(3)),
    "drift_beside": drift_beside(),
    "blocked": blocked(),
    "record_only": record_only(),
    "known_later": known_later(),
    "secrets": secrets(),
    "hostile": hostile(),
    "long_addresses": long_addresses(),
    "empty": plan(*unchanged(46)),
    "nothing": plan(projects=(), serial=0, digest="", meta={}),
    "many_10": many(10),
    "many_200": many(200),
}
