"""The driver and the snapshot against the sandbox: over real HTTP, to a server with none of our code."""

import asyncio
import itertools
import json
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
from live_kinds import DATABASE, PG, POOL, PROJECT, USER

from reconciler.kinds.kind import Kind
from reconciler.live.client import Client
from reconciler.live.deadline import Timing
from reconciler.live.driver import Driver, requests_for
from reconciler.live.errors import ApiError, OutcomeUnknownError, UnauthorizedError
from reconciler.live.snapshot import ReadRequest, Snapshot
from reconciler.model.live import LiveObject, Presence
from reconciler.model.location import Path
from reconciler.model.state import Op
from reconciler.model.values import Secret
from reconciler.sandbox import Running, Settings, running

T = TypeVar("T")

TIMING = Timing(jitter=lambda: 0.0)
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Sandbox:
    """A sandbox and its hooks."""

    running: Running
    project: str = "my-project"

    def hook(self, verb: str, name: str, /, **body: Any) -> Any:
        request = urllib.request.Request(
            f"{self.running.url}/sandbox/{name}",
            method=verb,
            data=json.dumps(body).encode() if body else None,
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def calls(self) -> dict[str, int]:
        """Return the number of calls by route since the last `forget_calls`."""
        return dict(self.hook("GET", "requests")["routes"])

    def forget_calls(self) -> None:
        self.hook("DELETE", "requests")


@dataclass(frozen=True)
class Hands:
    """A client of the sandbox with all that is built on it."""

    client: Client
    driver: Driver
    snapshot: Snapshot

    async def carry_out(
        self, kind: Kind, op: Op, wanted: dict[str, object], *changed: Path
    ) -> None:
        """Make the calls of one operation."""
        identity = kind.identity_of(wanted)
        assert identity
        for request in requests_for(kind, op, wanted, changed, identity):
            await self.driver.send(kind, op, request, self.client.deadline(10))

    async def read(
        self, kind: Kind, wanted: dict[str, object], *attributes: str, secrets: bool = False
    ) -> LiveObject:
        """Return the object as it is now."""
        return await self.snapshot.fresh(
            kind,
            kind.identity_of(wanted) or "",
            self.client.deadline(10),
            since=self.client.timing.clock(),
            attributes=frozenset(attributes),
            secrets=secrets,
        )


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(Settings()) as found:
        yield found


@pytest.fixture
def sandbox(server: Running) -> Iterator[Sandbox]:
    sandbox = Sandbox(server)
    yield sandbox
    sandbox.hook("DELETE", "faults")
    sandbox.hook("PUT", "settings", redact_secrets=False)


def with_hands(sandbox: Sandbox, work: Callable[[Hands], Awaitable[T]], token: str = "") -> T:
    async def go() -> T:
        key = Secret(token or sandbox.running.token)
        async with Client(sandbox.running.url, key, timing=TIMING) as client:
            return await work(Hands(client, Driver(client), Snapshot(client)))

    return asyncio.run(go())


def new_service() -> dict[str, object]:
    return {
        "project": "my-project",
        "service_name": f"live-{next(_numbers)}",
        "plan": "startup-4",
        "termination_protection": False,
    }


def on(service: dict[str, object], **attributes: object) -> dict[str, object]:
    """Return the attributes of something on a service."""
    return {"project": service["project"], "service_name": service["service_name"], **attributes}


def test_life_of_a_pool(sandbox: Sandbox) -> None:
    """Made with 25, grown to 42, pinned and unpinned, deleted, deleted again."""
    service = new_service()
    pool = on(service, pool_name="main", database_name="defaultdb", pool_size=25)

    async def live(hands: Hands) -> None:
        await hands.carry_out(PG, Op.CREATE, service)
        await hands.read(PG, service)
        assert await hands.read(POOL, pool) == LiveObject(presence=Presence.ABSENT)

        await hands.carry_out(POOL, Op.CREATE, pool)
        found = (await hands.read(POOL, pool)).attributes
        assert (found["pool_size"], found["pool_mode"], found["username"]) == (
            25,
            "transaction",
            None,
        )
        assert found["id"] == f"my-project/{service['service_name']}/main"

        grown = {**pool, "pool_size": 42, "username": "avnadmin"}
        await hands.carry_out(POOL, Op.UPDATE, grown, ("pool_size",), ("username",))
        found = (await hands.read(POOL, pool)).attributes
        assert (found["pool_size"], found["username"]) == (42, "avnadmin")

        await hands.carry_out(POOL, Op.UPDATE, {**grown, "username": None}, ("username",))
        found = (await hands.read(POOL, pool)).attributes
        assert (found["pool_size"], found["username"]) == (42, None)

        await hands.carry_out(POOL, Op.DELETE, pool)
        assert (await hands.read(POOL, pool)).presence is Presence.ABSENT
        await hands.carry_out(POOL, Op.DELETE, pool)

    with_hands(sandbox, live)


@pytest.mark.parametrize("count", [1, 10, 200])
def test_one_get_per_service_whatever_is_on_it(sandbox: Sandbox, count: int) -> None:
    """Counted by the server: for the plan's read, and for settling all pools at once."""
    service = new_service()
    pools = [
        on(service, pool_name=f"pool-{n}", database_name="defaultdb", pool_size=1)
        for n in range(count)
    ]
    admin = on(service, username="avnadmin")
    database = on(service, database_name="defaultdb")

    async def live(hands: Hands) -> None:
        await hands.carry_out(PG, Op.CREATE, service)
        await hands.read(PG, service)
        for pool in pools:
            await hands.carry_out(POOL, Op.CREATE, pool)
        everything = [(PG, service), (USER, admin), (DATABASE, database)]
        everything += [(POOL, pool) for pool in pools]
        requests = [ReadRequest(kind=k, identity=k.identity_of(w) or "") for k, w in everything]

        sandbox.forget_calls()
        found = await hands.snapshot.read_all(requests, hands.client.deadline(10))
        assert len(found) == count + 3
        assert all(one.is_present for one in found.values())
        assert sum(sandbox.calls().values()) == 1

        sandbox.forget_calls()
        await asyncio.gather(*(hands.read(POOL, pool) for pool in pools))
        assert sum(sandbox.calls().values()) == 1

    with_hands(sandbox, live)


@pytest.mark.parametrize("redact", [False, True])
def test_life_of_a_user_and_its_secrets(sandbox: Sandbox, redact: bool) -> None:
    """A given password takes two calls; it is known only when it was asked for."""
    sandbox.hook("PUT", "settings", redact_secrets=redact)
    service = new_service()
    user = on(service, username="app", password=Secret("first-password"))

    async def live(hands: Hands) -> None:
        await hands.carry_out(PG, Op.CREATE, service)
        await hands.read(PG, service)
        await hands.carry_out(USER, Op.CREATE, {**user, "pg_allow_replication": True})
        found = (await hands.read(USER, user, secrets=True)).attributes
        assert found["password"] == Secret("first-password")
        assert found["pg_allow_replication"] is True
        assert "password" not in (await hands.read(USER, user)).attributes

        again = {**user, "password": Secret("second-password"), "pg_allow_replication": False}
        await hands.carry_out(USER, Op.UPDATE, again, ("password",), ("pg_allow_replication",))
        found = (await hands.read(USER, user, secrets=True)).attributes
        assert found["password"] == Secret("second-password")
        assert found["pg_allow_replication"] is False

        await hands.carry_out(USER, Op.DELETE, user)
        assert (await hands.read(USER, user)).presence is Presence.ABSENT

    with_hands(sandbox, live)


def test_life_of_a_service(sandbox: Sandbox) -> None:
    """Sizes, merged options and tags, each by the call the API has for it."""
    service = {
        **new_service(),
        "tags": {"team": "payments"},
        "tech_emails": ["ops@example.com"],
        "maintenance_window_dow": "monday",
        "maintenance_window_time": "10:00:00",
        "pg_user_config": {"work_mem": 8, "pg": {"jit": True}, "ip_filter": ["10.0.0.0/8"]},
    }

    async def live(hands: Hands) -> None:
        await hands.carry_out(PG, Op.CREATE, service)
        found = (await hands.read(PG, service)).attributes
        assert found["tags"] == {"team": "payments"}
        assert found["tech_emails"] == ["ops@example.com"]
        assert found["maintenance_window_dow"] == "monday"
        assert str(found["disk_space"]).endswith("GiB")
        assert isinstance(found["service_port"], int)
        options = found["pg_user_config"]
        assert isinstance(options, dict)
        assert (options["work_mem"], options["pg"]["jit"]) == (8, True)

        changed = {**service, "pg_user_config": {"pg": {"jit": False}}}
        del changed["tags"]
        paths: list[Path] = [
            ("tags",),
            ("pg_user_config", "work_mem"),
            ("pg_user_config", "pg", "jit"),
        ]
        sandbox.forget_calls()
        await hands.carry_out(PG, Op.UPDATE, changed, *paths)
        assert sum(sandbox.calls().values()) == 2
        found = (await hands.read(PG, service)).attributes
        options = found["pg_user_config"]
        assert isinstance(options, dict)
        assert found["tags"] == {}
        assert options.get("work_mem") is None
        assert options["pg"]["jit"] is False
        assert options["ip_filter"] == ["10.0.0.0/8"]

        await hands.carry_out(PG, Op.DELETE, service)
        assert (await hands.read(PG, service)).presence is Presence.ABSENT

    with_hands(sandbox, live)


def test_databases_are_listed_to_the_last_page(sandbox: Sandbox) -> None:
    """The locale of the 260th is on the second page of 250."""
    service = new_service()
    names = [f"db{n:03}" for n in range(260)]

    async def live(hands: Hands) -> None:
        await hands.carry_out(PG, Op.CREATE, service)
        await hands.read(PG, service)
        for name in names:
            wanted = on(service, database_name=name, lc_collate="C")
            await hands.carry_out(DATABASE, Op.CREATE, wanted)
        sandbox.forget_calls()
        last = on(service, database_name=names[-1])
        found = await hands.read(DATABASE, last, "lc_collate")
        assert found.attributes["lc_collate"] == "C"
        assert sum(sandbox.calls().values()) == 3

    with_hands(sandbox, live)


def test_a_project_is_looked_up_with_or_without_its_certificate(sandbox: Sandbox) -> None:
    """The certificate is a call of its own."""
    project: dict[str, object] = {"project": "my-project"}

    async def live(hands: Hands) -> None:
        found = await hands.read(PROJECT, project)
        assert found.is_present
        assert "ca_cert" not in found.attributes
        found = await hands.read(PROJECT, project, "ca_cert")
        assert isinstance(found.attributes["ca_cert"], Secret)
        assert (await hands.read(PROJECT, {"project": "nobody"})).presence is Presence.ABSENT

    with_hands(sandbox, live)


@pytest.mark.parametrize(
    "fault",
    [{"drop": True}, {"status": 500}, {"status": 503}, {"status": 200, "body": {"errors": [1]}}],
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_create_that_was_lost_is_found_by_reading(
    sandbox: Sandbox, fault: dict[str, Any], when: str
) -> None:
    """The outcome is not known, and the next read tells."""
    service = new_service()
    pool = on(service, pool_name="main", database_name="defaultdb", pool_size=2)

    async def live(hands: Hands) -> None:
        await hands.carry_out(PG, Op.CREATE, service)
        await hands.read(PG, service)
        sandbox.forget_calls()
        sandbox.hook("POST", "faults", method="POST", path="connection_pool", when=when, **fault)
        with pytest.raises(OutcomeUnknownError):
            await hands.carry_out(POOL, Op.CREATE, pool)
        assert sum(sandbox.calls().values()) == 1
        assert (await hands.read(POOL, pool)).is_present is (when == "after")

    with_hands(sandbox, live)


def test_reads_outlast_a_few_failures(sandbox: Sandbox) -> None:
    """Dropped connections and 500s of a read are tried again."""
    project: dict[str, object] = {"project": "my-project"}

    async def live(hands: Hands) -> None:
        sandbox.hook("POST", "faults", method="GET", status=500, count=2)
        sandbox.hook("POST", "faults", method="GET", drop=True, count=2)
        assert (await hands.read(PROJECT, project)).is_present

    with_hands(sandbox, live)


def test_refusals_of_the_api_reach_people_with_a_hint(sandbox: Sandbox) -> None:
    """A pool on a plan without pooling, and a user that does not exist."""
    service = {**new_service(), "plan": "hobbyist"}
    pool = on(service, pool_name="main", database_name="defaultdb")

    async def live(hands: Hands) -> None:
        await hands.carry_out(PG, Op.CREATE, service)
        await hands.read(PG, service)
        with pytest.raises(ApiError) as caught:
            await hands.carry_out(POOL, Op.CREATE, pool)
        assert caught.value.status == 403
        assert "startup-4" in caught.value.hint

    with_hands(sandbox, live)


def test_a_wrong_token_is_told_as_such(sandbox: Sandbox) -> None:
    """Whatever the call."""

    async def live(hands: Hands) -> None:
        with pytest.raises(UnauthorizedError):
            await hands.read(PROJECT, {"project": "my-project"})

    with_hands(sandbox, live, token="wrong")
