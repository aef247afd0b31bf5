"""Reading everything once: how many calls that takes, and how each failure ends."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from live_kinds import DATABASE, PG, POOL, PROJECT, USER, kind
from live_tools import Clock, answers, client_over, ok, refusal, run

from reconciler.live.errors import (
    ApiError,
    CallError,
    DeadlineError,
    ProtocolError,
    UnauthorizedError,
    UnreachableError,
)
from reconciler.live.snapshot import ReadRequest, Snapshot
from reconciler.model.diagnostic import Severity
from reconciler.model.live import LiveObject, ObjectKey, Presence
from reconciler.model.values import Secret

Reply = httpx.Response | Exception


class Api:
    """A tiny API: what each path answers, and what it was asked. `path?secrets` for asked with them."""

    def __init__(self, replies: dict[str, Reply | Callable[[httpx.Request], Reply]]) -> None:
        self.replies = replies
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        with_secrets = "include_secrets" in request.url.params
        self.asked.append(f"{path}?secrets" if with_secrets else path)
        found = self.replies.get(f"{path}?secrets" if with_secrets else "", self.replies.get(path))
        reply = found(request) if callable(found) else found
        if isinstance(reply, Exception):
            raise reply
        if reply is None:
            return refusal(404, "Service does not exist", "service_not_found")
        return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)


def path(service: str, project: str = "p") -> str:
    return f"/v1/project/{project}/service/{service}"


def service(pools: int = 1, **more: Any) -> httpx.Response:
    listed = [
        {"pool_name": f"pool{n}", "database": "d", "connection_uri": "postgres://u:pw@h/d"}
        for n in range(pools)
    ]
    content = {"connection_pools": listed, "users": [{"username": "u"}], "databases": ["d"]}
    return ok(service={**content, "plan": "startup-4", **more})


def pool(n: int = 0, name: str = "s", **options: Any) -> ReadRequest:
    return ReadRequest(kind=POOL, identity=f"p/{name}/pool{n}", **options)


def read(
    api: Callable[[httpx.Request], httpx.Response],
    *requests: ReadRequest,
    clock: Clock | None = None,
    seconds: float = 600.0,
) -> tuple[dict[ObjectKey, LiveObject], Snapshot]:
    async def go() -> tuple[dict[ObjectKey, LiveObject], Snapshot]:
        async with client_over(api, clock) as client:
            snapshot = Snapshot(client)
            return await snapshot.read_all(requests, client.deadline(seconds)), snapshot

    return run(go())


def only(found: dict[ObjectKey, LiveObject]) -> LiveObject:
    (one,) = found.values()
    return one


# How many calls


@pytest.mark.parametrize("count", [1, 10, 200])
def test_one_get_serves_everything_on_a_service(count: int) -> None:
    """Service, database, user and any number of pools."""
    api = Api({path("s"): service(pools=count)})
    found, _ = read(
        api,
        ReadRequest(kind=PG, identity="p/s"),
        ReadRequest(kind=USER, identity="p/s/u"),
        ReadRequest(kind=DATABASE, identity="p/s/d"),
        *(pool(n) for n in range(count)),
    )
    assert len(found) == count + 3
    assert all(one.is_present for one in found.values())
    assert api.asked == [path("s")]


def test_each_service_is_read_once_a_few_at_a_time() -> None:
    """As many workers as asked for."""
    names = [f"s{n}" for n in range(20)]
    api = Api({path(name): service() for name in names})
    found, _ = read(api, *(pool(name=name) for name in names))
    assert Counter(api.asked) == dict.fromkeys(map(path, names), 1)
    assert list(found) == [("aiven_connection_pool", f"p/{name}/pool0") for name in names]


def test_nothing_to_read_makes_no_call() -> None:
    """Not even to see whether the API is there."""
    api = Api({})
    assert read(api)[0] == {}
    assert api.asked == []


def test_a_read_for_other_attributes_is_not_made() -> None:
    """The CA certificate is fetched only when somebody needs it."""
    replies = {"/v1/project/p": ok(project={}), "/v1/project/p/kms/ca": ok(certificate="PEM")}
    api = Api(dict(replies))
    found, _ = read(api, ReadRequest(kind=PROJECT, identity="p", attributes=frozenset({"tags"})))
    assert api.asked == ["/v1/project/p"]
    assert "ca_cert" not in only(found).attributes
    found, _ = read(api, ReadRequest(kind=PROJECT, identity="p", attributes=frozenset({"ca_cert"})))
    assert only(found).attributes["ca_cert"] == Secret("PEM")


def test_the_same_object_asked_for_twice_is_read_for_both() -> None:
    """Once as a resource, once as somebody's reference."""
    api = Api({"/v1/project/p": ok(project={}), "/v1/project/p/kms/ca": ok(certificate="PEM")})
    found, _ = read(
        api,
        ReadRequest(kind=PROJECT, identity="p", attributes=frozenset({"ca_cert"})),
        ReadRequest(kind=PROJECT, identity="p"),
    )
    assert only(found).attributes["ca_cert"] == Secret("PEM")
    assert len(api.asked) == 2


# Secrets


def test_secrets_are_asked_for_only_where_somebody_needs_them() -> None:
    """One pool's output is enough for its service; the other service is read without."""
    api = Api({path("a"): service(), path("b"): service()})
    found, snapshot = read(
        api,
        ReadRequest(kind=PG, identity="p/a"),
        pool(name="a", secrets=True),
        pool(name="b"),
    )
    assert sorted(api.asked) == [f"{path('a')}?secrets", path("b")]
    uris = [one.attributes.get("connection_uri") for one in found.values()]
    assert uris == [None, Secret("postgres://u:pw@h/d"), None]
    assert snapshot.diagnostics == ()


def test_a_token_that_may_not_read_secrets_reads_without() -> None:
    """The plan goes on, secrets are not known, and a warning says so."""
    denied = refusal(403, "Not allowed to read secrets", "permission_denied")
    api = Api({path("s"): service(), f"{path('s')}?secrets": denied})
    found, snapshot = read(api, pool(secrets=True))
    assert only(found).is_present
    assert "connection_uri" not in only(found).attributes
    assert api.asked == [f"{path('s')}?secrets", path("s")]
    (warning,) = snapshot.diagnostics
    assert warning.severity is Severity.WARNING
    assert path("s") in warning.detail


def test_a_service_that_may_not_be_read_at_all_is_not_about_secrets() -> None:
    """403 with and without: unknown, and no warning about secrets."""
    api = Api({path("s"): refusal(403, "Not a project member")})
    found, snapshot = read(api, pool(secrets=True))
    assert only(found).presence is Presence.UNKNOWN
    assert "Not a project member" in only(found).why
    assert snapshot.diagnostics == ()


# How failures end


def test_a_service_that_is_gone_takes_its_objects_along() -> None:
    """404 is absence, for the service and for all that was on it."""
    found, _ = read(Api({}), ReadRequest(kind=PG, identity="p/s"), pool())
    assert [one.presence for one in found.values()] == [Presence.ABSENT] * 2


@pytest.mark.parametrize("status", [400, 403, 409])
def test_a_refused_read_is_unknown_and_says_why(status: int) -> None:
    """Never absent. The kind's own hint stands with it."""
    api = Api({"/v1/project/p": refusal(status, "Not a project member")})
    found, _ = read(api, ReadRequest(kind=PROJECT, identity="p"))
    assert only(found).presence is Presence.UNKNOWN
    assert f"{status}: Not a project member" in only(found).why
    assert ("check the project's name" in only(found).why) == (status == 403)


@pytest.mark.parametrize(
    "reply",
    [refusal(401, "Missing (expired) db token"), refusal(403, "x", "authentication_failed")],
)
def test_a_bad_token_ends_the_run(reply: httpx.Response) -> None:
    """It is one message, not one for each object."""
    api = Api({path(f"s{n}"): reply for n in range(50)})
    with pytest.raises(UnauthorizedError):
        read(api, *(pool(name=f"s{n}") for n in range(50)))
    assert len(api.asked) <= 10


def test_an_api_out_of_reach_ends_the_run() -> None:
    """No connection, no plan."""
    with pytest.raises(UnreachableError):
        read(Api({path("s"): httpx.ConnectError("refused")}), pool())


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        (refusal(503, "An error occurred. Please try again later."), ApiError),
        (httpx.Response(200, html="portal"), ProtocolError),
    ],
)
def test_one_failing_read_makes_its_objects_unknown_and_all_failing_end_the_run(
    broken: httpx.Response, expected: type[CallError]
) -> None:
    """A powered-off service must not hide the rest of the plan; an API that is down makes none."""
    api = Api({path("good"): service(), path("bad"): broken})
    found, _ = read(api, pool(name="good"), pool(name="bad"))
    assert [one.presence for one in found.values()] == [Presence.PRESENT, Presence.UNKNOWN]
    with pytest.raises(expected):
        read(
            Api({path("bad"): broken, path("worse"): broken}), pool(name="bad"), pool(name="worse")
        )


def test_the_deadline_ends_the_run() -> None:
    """With what was awaited."""
    clock = Clock()
    slow = refusal(429, "slow down", retry_after="50")
    with pytest.raises(DeadlineError):
        read(Api({path("s"): slow}), pool(), clock=clock, seconds=40)


@pytest.mark.parametrize("identity", ["p/s", "p/s/x/y", "p//x", "p/../x", ""])
def test_an_identity_that_finds_nothing_is_unknown_and_nothing_is_read(identity: str) -> None:
    """A hand-made import id may be anything."""
    api = Api({})
    found, _ = read(api, ReadRequest(kind=POOL, identity=identity))
    assert only(found).presence is Presence.UNKNOWN
    assert only(found).why
    assert api.asked == []


# Pages

LISTED = kind(
    {"size": {"type": "integer"}},
    {
        "read": [
            {
                "path": "/things",
                "answer": "things",
                "find": {"name": "name"},
                "page": {"cursor": "next", "parameter": "after"},
            }
        ]
    },
)


def things(*names: str, **more: object) -> httpx.Response:
    return ok(things=[{"name": name, "size": 1} for name in names], **more)


def paged(**pages: Reply) -> Api:
    """Return an API whose list has these pages by cursor; `first` is the one without."""
    return Api({"/things": lambda request: pages[request.url.params.get("after", "first")]})


def test_a_list_is_read_to_its_end() -> None:
    """Objects of every page are found, and one that is on none is absent."""
    api = paged(
        first=things("a", next="2"), **{"2": things("b", next="3"), "3": things("c", next="")}
    )
    found, _ = read(api, *(ReadRequest(kind=LISTED, identity=name) for name in "abcx"))
    assert [one.presence for one in found.values()] == [Presence.PRESENT] * 3 + [Presence.ABSENT]
    assert len(api.asked) == 3


@pytest.mark.parametrize(
    "second",
    [
        refusal(403, "no"),
        refusal(404, "gone"),
        refusal(500, "oops"),
        things("b", next="2"),
        things("b", next="first"),
        things("b", next={"odd": 1}),
        ok(nothing=1),
    ],
)
def test_a_list_that_was_not_read_whole_tells_of_nothing(second: httpx.Response) -> None:
    """Not of what was on a page that came, nor of what was on none."""
    api = paged(first=things("a", next="2"), **{"2": second})
    api.replies["/other"] = ok(thing={})
    found, _ = read(api, *(ReadRequest(kind=LISTED, identity=name) for name in "ax"))
    assert [one.presence for one in found.values()] == [Presence.UNKNOWN] * 2


def test_an_object_on_two_pages_is_unknown() -> None:
    """The list changed while it was read."""
    api = paged(first=things("a", next="2"), **{"2": things("a")})
    found, _ = read(api, ReadRequest(kind=LISTED, identity="a"))
    assert only(found).presence is Presence.UNKNOWN


# Fresh reads


class Slow:
    """An API whose answers take a while, and which counts them; each says how many came before."""

    def __init__(self, seconds: float = 0.01) -> None:
        self.seconds = seconds
        self.count = 0
        self.under_way = 0
        self.secrets: list[bool] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.count += 1
        self.secrets.append("include_secrets" in request.url.params)
        assert self.under_way == 0
        self.under_way += 1
        size = self.count
        await asyncio.sleep(self.seconds)
        self.under_way -= 1
        listed = [{"pool_name": f"pool{n}", "pool_size": size} for n in range(200)]
        return ok(service={"connection_pools": listed})


def fresh_reads(api: Any, work: Callable[[Snapshot, Any], Any]) -> Any:
    from reconciler.live.client import Client
    from reconciler.live.deadline import Timing

    async def go() -> Any:
        transport = httpx.MockTransport(api)
        timing = Timing(jitter=lambda: 0.0)
        async with Client(
            "http://api.test", Secret("t"), transport=transport, timing=timing
        ) as client:
            return await work(Snapshot(client), client)

    return run(go())


def test_those_who_wait_at_the_same_time_share_a_read() -> None:
    """200 pools of one service are settled by one GET."""
    api = Slow()

    async def work(snapshot: Snapshot, client: Any) -> list[LiveObject]:
        since, deadline = client.timing.clock(), client.deadline(5)
        return await asyncio.gather(
            *(snapshot.fresh(POOL, f"p/s/pool{n}", deadline, since=since) for n in range(200))
        )

    found = fresh_reads(api, work)
    assert api.count == 1
    assert all(one.is_present for one in found)


def test_those_who_come_while_a_read_runs_share_the_next() -> None:
    """Never the one that started before their write was answered, and never one each."""
    api = Slow(0.03)

    async def work(snapshot: Snapshot, client: Any) -> list[LiveObject]:
        async def one(n: int) -> LiveObject:
            await asyncio.sleep(0.001 * n)
            since = client.timing.clock()
            return await snapshot.fresh(POOL, f"p/s/pool{n}", client.deadline(5), since=since)

        return await asyncio.gather(*(one(n) for n in range(30)))

    found = fresh_reads(api, work)
    assert api.count <= 10
    sizes = [one.attributes["pool_size"] for one in found]
    assert sizes[0] == 1
    assert sizes[-1] > 1


def test_a_read_that_started_late_enough_is_used_again() -> None:
    """One object read for two of its attributes' sakes costs one call."""
    api = Slow()

    async def work(snapshot: Snapshot, client: Any) -> None:
        since, deadline = client.timing.clock(), client.deadline(5)
        for _ in range(3):
            await snapshot.fresh(POOL, "p/s/pool1", deadline, since=since)
        assert api.count == 1
        await snapshot.fresh(POOL, "p/s/pool1", deadline, since=client.timing.clock())
        assert api.count == 2

    fresh_reads(api, work)


def test_secrets_join_a_read_that_has_not_started_and_need_their_own_after_that() -> None:
    """One that runs without them cannot show them."""
    api = Slow()

    async def work(snapshot: Snapshot, client: Any) -> None:
        since, deadline = client.timing.clock(), client.deadline(5)
        await asyncio.gather(
            snapshot.fresh(POOL, "p/s/pool1", deadline, since=since),
            snapshot.fresh(POOL, "p/s/pool2", deadline, since=since, secrets=True),
        )
        assert api.secrets == [True]
        since = client.timing.clock()
        await snapshot.fresh(POOL, "p/s/pool1", deadline, since=since)
        await snapshot.fresh(POOL, "p/s/pool1", deadline, since=since, secrets=True)
        await snapshot.fresh(POOL, "p/s/pool1", deadline, since=since)
        assert api.secrets == [True, False, True]

    fresh_reads(api, work)


def test_whoever_waits_goes_by_their_own_deadline() -> None:
    """The read goes on for those who have time; nobody waits for it in vain."""
    api = Slow(0.05)

    async def work(snapshot: Snapshot, client: Any) -> LiveObject:
        since = client.timing.clock()
        patient = asyncio.create_task(
            snapshot.fresh(POOL, "p/s/pool1", client.deadline(5), since=since)
        )
        with pytest.raises(DeadlineError) as caught:
            deadline = client.deadline(0.02, "the create of aiven_connection_pool.a")
            await snapshot.fresh(POOL, "p/s/pool2", deadline, since=since)
        assert caught.value.awaited == "the create of aiven_connection_pool.a"
        return await patient

    assert fresh_reads(api, work).is_present
    assert api.count == 1


def test_a_read_that_nobody_waits_for_any_more_is_stopped() -> None:
    """Nothing is left running when a run is cut, and the next caller gets a read of its own."""
    api = Slow(0.05)

    async def work(snapshot: Snapshot, client: Any) -> None:
        since = client.timing.clock()
        with pytest.raises(DeadlineError):
            await snapshot.fresh(POOL, "p/s/pool1", client.deadline(0.02), since=since)
        api.under_way = 0
        await asyncio.sleep(0.01)
        assert len(asyncio.all_tasks()) == 1
        found = await snapshot.fresh(POOL, "p/s/pool1", client.deadline(5), since=since)
        assert found.is_present

    fresh_reads(api, work)
    assert api.count == 2


@pytest.mark.parametrize(
    "reply",
    [refusal(503, "later"), httpx.ConnectError("refused"), httpx.ReadError("x"), refusal(403, "x")],
)
def test_a_fresh_read_that_fails_is_unknown(reply: Reply) -> None:
    """Whoever waits for the object looks again; only the token and the deadline end that."""
    handler, _ = answers(reply)

    async def go() -> LiveObject:
        async with client_over(handler) as client:
            deadline = client.deadline(600)
            return await Snapshot(client).fresh(POOL, "p/s/pool1", deadline, since=0.0)

    found = run(go())
    assert found.presence is Presence.UNKNOWN
    assert found.why


def test_a_fresh_read_with_a_bad_token_raises_for_all_who_wait() -> None:
    """There is no use in looking again."""
    handler, asked = answers(refusal(401, "expired"))

    async def go() -> list[object]:
        async with client_over(handler) as client:
            snapshot, deadline = Snapshot(client), client.deadline(600)
            return await asyncio.gather(
                *(snapshot.fresh(POOL, f"p/s/pool{n}", deadline, since=0.0) for n in range(5)),
                return_exceptions=True,
            )

    assert [type(error) for error in run(go())] == [UnauthorizedError] * 5
    assert len(asked) == 1
