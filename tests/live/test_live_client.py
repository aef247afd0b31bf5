"""The client: what it sends, what it takes for an answer, what it tries again and what it never does."""

import asyncio
import json
import random

import httpx
import pytest
from live_tools import (
    TOKEN,
    URL,
    Clock,
    answers,
    call,
    client_over,
    get,
    ok,
    post,
    refusal,
    run,
)

from reconciler.live.client import Client
from reconciler.live.errors import (
    ApiError,
    CallError,
    DeadlineError,
    OutcomeUnknownError,
    ProtocolError,
    UnauthorizedError,
    UnreachableError,
)
from reconciler.live.request import Request
from reconciler.model.errors import ExitCode
from reconciler.model.values import Secret


def fail(client: Client, request: Request, seconds: float = 60.0) -> CallError:
    """Make the call and return the error it ends in."""
    with pytest.raises(CallError) as caught:
        run(call(client, request, seconds))
    return caught.value


# What is sent


def test_a_call_is_signed_and_its_answer_is_the_json_object() -> None:
    """The token goes into the header, the body is JSON, and no compression is asked for."""
    handler, asked = answers(ok(message="made"))
    answer = run(call(client_over(handler), post("/v1/x", pool_size=5)))
    assert answer == {"message": "made"}
    assert asked[0].headers["authorization"] == f"aivenv1 {TOKEN}"
    assert asked[0].headers["accept-encoding"] == "identity"
    assert asked[0].headers["content-type"] == "application/json"
    assert json.loads(asked[0].content) == {"pool_size": 5}


def test_secrets_are_revealed_in_the_body_and_nowhere_else() -> None:
    """The body holds the text; the request as a Python object shows a mask or nothing."""
    handler, asked = answers(ok())
    request = post(new_password=Secret("hunter2"))
    run(call(client_over(handler), request))
    assert json.loads(asked[0].content) == {"new_password": "hunter2"}
    assert "hunter2" not in repr(request)


def test_encoded_paths_and_queries_arrive_as_they_are() -> None:
    """httpx neither decodes %2F nor drops anything of the path."""
    handler, asked = answers(ok())
    path = "/v1/project/a%2Fb/service/%3F%25..x"
    request = Request(method="GET", path=path, query={"include_secrets": "true"})
    run(call(client_over(handler), request))
    assert asked[0].url.raw_path.decode() == f"{path}?include_secrets=true"


def test_a_base_url_may_have_a_path_and_a_slash_at_its_end() -> None:
    """A gateway's prefix is kept, and no double slash comes out."""
    handler, asked = answers(ok())
    client = Client(
        "http://gate.test/aiven/",
        Secret(TOKEN),
        transport=httpx.MockTransport(handler),
        timing=Clock().timing(),
    )
    run(call(client, get("/v1/project")))
    assert str(asked[0].url) == "http://gate.test/aiven/v1/project"


@pytest.mark.parametrize(
    "url",
    ["ftp://api.test", "api.test", "http://", "http://u:p@api.test", "http://api.test?x=1", ""],
)
def test_a_url_that_cannot_be_called_is_refused_at_once(url: str) -> None:
    """Nothing is sent, and the hint names the variable it comes from."""
    with pytest.raises(UnreachableError) as caught:
        Client(url, Secret(TOKEN))
    assert "AIVEN_WEB_URL" in caught.value.hint
    assert "u:p" not in str(caught.value)


@pytest.mark.parametrize("token", ["", "a b", "token\n", "tökn"])
def test_a_token_that_cannot_be_sent_is_refused_without_showing_it(token: str) -> None:
    """A line end pasted along with the token is the usual case."""
    with pytest.raises(UnauthorizedError) as caught:
        Client(URL, Secret(token))
    assert "AIVEN_TOKEN" in caught.value.hint
    assert not token or token not in str(caught.value)


def test_every_request_is_reported_with_status_and_without_query() -> None:
    """The hook sees retries too; status 0 stands for no answer."""
    handler, _ = answers(httpx.ConnectError("refused"), refusal(500, "oops"), ok())
    seen: list[tuple[str, str, int]] = []
    client = client_over(
        handler, on_call=lambda method, path, status, _s: seen.append((method, path, status))
    )
    run(call(client, Request(method="GET", path="/v1/x", query={"a": "b"})))
    assert seen == [("GET", "/v1/x", 0), ("GET", "/v1/x", 500), ("GET", "/v1/x", 200)]


# What is no answer


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": 1, "a": 2}',
        b'{"a": "\\ud800"}',
        b'{"a": "\xff"}',
        b'{"databases": [{"database_na',
        b"[]",
        b'"text"',
        b"",
        b"[" * 200_000,
        b'{"a": ' + b"1" * 5000 + b"}",
    ],
)
def test_json_that_readers_disagree_on_is_no_answer(body: bytes) -> None:
    """It is read a few times, then told as a protocol error that quotes nothing of it."""
    reply = httpx.Response(200, content=body, headers={"content-type": "application/json"})
    handler, asked = answers(reply)
    error = fail(client_over(handler), get())
    assert isinstance(error, ProtocolError)
    assert len(asked) == 6


def test_large_integers_stay_exact() -> None:
    """2^53 + 1 is not rounded."""
    handler, _ = answers(ok(size=2**53 + 1))
    assert run(call(client_over(handler), get())) == {"size": 2**53 + 1}


@pytest.mark.parametrize("status", [200, 403, 404])
def test_a_web_page_is_no_answer_whatever_its_status(status: int) -> None:
    """A portal's 404 must not pass for "there is none"."""
    page = httpx.Response(status, html="<h1>Sign in\x1b[31m</h1>" + "x" * 1000)
    handler, _ = answers(page)
    error = fail(client_over(handler), get())
    assert isinstance(error, ProtocolError)
    assert "text/html" in error.why
    assert "\x1b" not in str(error)
    assert len(error.why) < 300


def test_a_json_error_without_a_message_is_not_the_apis() -> None:
    """Another program's 404, at a mistyped URL, does not make every object absent."""
    handler, asked = answers(httpx.Response(404, json={"detail": "Not Found"}))
    assert isinstance(fail(client_over(handler), get()), ProtocolError)
    assert len(asked) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_errors_that_name_where_they_lead(status: int) -> None:
    """They are never followed: the token and the body would go along."""
    location = "https://evil.test/login?next=secret-query"
    handler, asked = answers(httpx.Response(status, headers={"location": location}))
    error = fail(client_over(handler), get())
    assert isinstance(error, ProtocolError)
    assert "evil.test/login" in error.why
    assert "secret-query" not in str(error)
    assert len(asked) == 1


def test_a_body_beyond_the_cap_is_not_read_to_its_end() -> None:
    """The stream is dropped once it is over; nothing is tried again."""
    handler, asked = answers(ok(x="y" * 5000))
    error = fail(client_over(handler, body_cap_bytes=1000), get())
    assert isinstance(error, ProtocolError)
    assert "1,000 bytes" in error.why
    assert len(asked) == 1


def test_a_compressed_body_is_not_unpacked() -> None:
    """Nobody asked for compression, so it may be a bomb."""
    reply = httpx.Response(200, json={"a": 1})

    def handle(_request: httpx.Request) -> httpx.Response:
        headers = {"content-encoding": "gzip", "content-type": "application/json"}
        return httpx.Response(200, headers=headers, stream=httpx.ByteStream(reply.content))

    error = fail(client_over(handle), get())
    assert isinstance(error, ProtocolError)
    assert "gzip" in error.why


def test_no_content_is_an_empty_answer() -> None:
    """A delete may be answered 204."""
    handler, _ = answers(httpx.Response(204))
    assert run(call(client_over(handler), Request(method="DELETE", path="/v1/x"))) == {}


def test_a_good_status_with_errors_is_not_trusted() -> None:
    """A read that was answered 200 with errors may be incomplete."""
    handler, _ = answers(ok(databases=[], errors=[{"message": "shard down"}]))
    error = fail(client_over(handler), get())
    assert isinstance(error, ProtocolError)
    assert "shard down" in error.why


# Refusals


def test_a_refusal_carries_status_message_and_codes() -> None:
    """The facts are attributes; the sentence is for people."""
    handler, asked = answers(
        refusal(409, "Connection pool 'x' already exists", "pg_pool_already_exists")
    )
    error = fail(client_over(handler), post())
    assert isinstance(error, ApiError)
    assert (error.status, error.message) == (409, "Connection pool 'x' already exists")
    assert error.codes == ("pg_pool_already_exists",)
    assert (error.method, error.path, error.attempts) == ("POST", "/v1/x", 1)
    assert error.exit_code == ExitCode.ERROR
    assert len(asked) == 1


@pytest.mark.parametrize(
    "reply",
    [
        refusal(401, "Missing (expired) db token"),
        refusal(403, "Forbidden", "authentication_failed"),
        refusal(403, "Invalid token"),
        refusal(403, "Authentication failed"),
    ],
)
def test_a_bad_token_is_told_apart_from_a_forbidden_call(reply: httpx.Response) -> None:
    """It ends the run, so it is a class of its own, and it is not tried again."""
    handler, asked = answers(reply)
    error = fail(client_over(handler), get())
    assert isinstance(error, UnauthorizedError)
    assert "AIVEN_TOKEN" in error.hint
    assert len(asked) == 1


def test_other_403s_are_plain_refusals() -> None:
    """Plan limits and protection are 403 too."""
    handler, _ = answers(refusal(403, "Not a project member"))
    error = fail(client_over(handler), get())
    assert isinstance(error, ApiError)
    assert error.status == 403


def test_messages_are_printable_short_and_hold_no_secret() -> None:
    """A server that echoes the password, the token or a URI does not get them into a log."""
    echo = f"bad 'hunter2' \x1b]0;x\x07 \u202e {TOKEN} postgres://u:pw-9@h:1/d " + "z" * 500
    handler, _ = answers(refusal(400, echo))
    error = fail(client_over(handler), post(new_password=Secret("hunter2")))
    assert isinstance(error, ApiError)
    for leak in ("hunter2", TOKEN, "pw-9", "\x1b", "\x07", "\u202e"):
        assert leak not in str(error)
    assert "\\x1b" in error.message
    assert len(error.message) <= 320


# Trying again


def test_a_read_is_tried_again_with_growing_random_pauses() -> None:
    """500, a timeout and half an answer are all worth another try."""
    half = httpx.Response(200, content=b"{", headers={"content-type": "application/json"})
    clock = Clock()
    handler, asked = answers(
        refusal(500, "a"), httpx.ReadTimeout("t"), half, refusal(504, "b"), ok(a=1)
    )
    assert run(call(client_over(handler, clock), get())) == {"a": 1}
    assert len(asked) == 5
    assert clock.slept == [0.25, 0.5, 1.0, 2.0]


def test_a_read_that_goes_on_failing_is_told_after_a_few_tries() -> None:
    """The error is the server's own."""
    handler, asked = answers(refusal(502, "bad gateway"))
    error = fail(client_over(handler), get())
    assert isinstance(error, ApiError)
    assert (error.status, error.message) == (502, "bad gateway")
    assert len(asked) == 6


def test_a_failing_servers_page_does_not_hide_its_status() -> None:
    """A gateway's 502 is HTML as a rule."""
    handler, _ = answers(httpx.Response(502, html="<p>Bad gateway</p>"))
    error = fail(client_over(handler), get())
    assert isinstance(error, ApiError)
    assert error.status == 502


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_a_connection_that_does_not_come_about_is_tried_again_for_any_method(method: str) -> None:
    """Nothing was sent, so nothing can be done twice; after a few tries the API is unreachable."""
    request = Request(method=method, path="/v1/x")
    handler, asked = answers(httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), ok())
    assert run(call(client_over(handler), request)) == {}
    assert len(asked) == 3
    handler, asked = answers(httpx.ConnectError("Name or service not known"))
    error = fail(client_over(handler), request)
    assert isinstance(error, UnreachableError)
    assert "AIVEN_WEB_URL" in error.hint
    assert len(asked) == 6


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "reply",
    [
        httpx.ReadTimeout("t"),
        httpx.WriteTimeout("t"),
        httpx.ReadError("reset"),
        httpx.WriteError("pipe"),
        httpx.RemoteProtocolError("disconnected"),
        refusal(500, "oops"),
        refusal(501, "oops"),
        refusal(503, "An error occurred. Please try again later."),
        refusal(504, "oops"),
        refusal(408, "slow"),
        httpx.Response(200, content=b"{", headers={"content-type": "application/json"}),
        httpx.Response(200, html="<p>portal</p>"),
        httpx.Response(302, headers={"location": "https://other.test/"}),
    ],
)
def test_a_write_whose_outcome_is_not_known_is_never_sent_again(
    method: str, reply: httpx.Response | Exception
) -> None:
    """It raises the one error that says so, and the run ends with exit 6 unless it is resolved."""
    handler, asked = answers(reply)
    error = fail(client_over(handler), Request(method=method, path="/v1/x", body={"a": 1}))
    assert isinstance(error, OutcomeUnknownError)
    assert error.exit_code == ExitCode.PARTIAL
    assert len(asked) == 1


# Being asked to wait


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured_for_any_method(method: str, status: int) -> None:
    """The API turned the call away, so it may be sent again, after the time it asked for."""
    clock = Clock()
    handler, asked = answers(refusal(status, "slow down", retry_after="7"), ok())
    request = Request(method=method, path="/v1/x", body={"a": 1})
    assert run(call(client_over(handler, clock), request)) == {}
    assert len(asked) == 2
    assert clock.slept == [7.0]


def test_retry_after_may_be_a_date_against_the_answers_own() -> None:
    """Our clock may be days wrong."""
    clock = Clock()
    date = {"date": "Wed, 21 Oct 2015 07:28:00 GMT", "retry_after": "Wed, 21 Oct 2015 07:28:09 GMT"}
    handler, _ = answers(refusal(429, "slow down", **date), ok())
    run(call(client_over(handler, clock), get()))
    assert clock.slept == [9.0]


@pytest.mark.parametrize("value", ["0", "-5", "soon", "", "Wed, 21 Oct 2015 07:28:00 GMT", "²"])
def test_an_unusable_retry_after_means_the_usual_pause(value: str) -> None:
    """Neither a storm nor a crash."""
    clock = Clock()
    handler, _ = answers(
        httpx.Response(429, json={}, headers=[(b"retry-after", value.encode())]), ok()
    )
    run(call(client_over(handler, clock), get()))
    assert clock.slept == [0.25]


@pytest.mark.parametrize("value", ["61", "1000000000", "9" * 400])
def test_a_wait_longer_than_the_deadline_is_told_at_once(value: str) -> None:
    """Waiting first would not make it better; the deadline is named in words."""
    clock = Clock()
    handler, asked = answers(refusal(429, "slow down", retry_after=value))
    error = fail(client_over(handler, clock), post(), seconds=60)
    assert isinstance(error, DeadlineError)
    assert "1m" in error.detail
    assert "slow down" in error.last
    assert (len(asked), clock.slept) == (1, [])


def test_being_told_to_wait_goes_on_until_the_deadline_and_not_beyond() -> None:
    """429 has no number of tries: it is the API's way of spacing calls."""
    clock = Clock()
    handler, asked = answers(refusal(429, "slow down", retry_after="9"))
    error = fail(client_over(handler, clock), get(), seconds=100)
    assert isinstance(error, DeadlineError)
    assert len(asked) == 12
    assert clock.now <= 1100


def test_one_answer_makes_every_call_wait() -> None:
    """64 calls, one of them turned away for 30 seconds: the others are not sent to hear the same."""
    clock = Clock()
    sent_at: list[float] = []

    def handle(_request: httpx.Request) -> httpx.Response:
        sent_at.append(clock.now)
        return refusal(429, "slow down", retry_after="30") if len(sent_at) == 1 else ok()

    async def all_at_once() -> None:
        async with client_over(handle, clock, parallelism=4) as client:
            deadline = client.deadline(600)
            await asyncio.gather(*(client.call(get(), deadline) for _ in range(64)))

    run(all_at_once())
    assert len(sent_at) == 65
    assert sum(at < 1030 for at in sent_at) <= 4


def test_an_absurd_wait_ends_with_the_operation_that_was_told_it() -> None:
    """A later operation tries for itself."""
    clock = Clock()
    handler, asked = answers(refusal(429, "slow down", retry_after="1000000000"), ok())

    async def short_then_long() -> dict[str, object]:
        async with client_over(handler, clock) as client:
            with pytest.raises(DeadlineError):
                await client.call(get(), client.deadline(10))
            return await client.call(get(), client.deadline(60))

    assert run(short_then_long()) == {}
    assert len(asked) == 2
    assert clock.now == 1010


# Deadlines and bounds


def test_nothing_is_sent_after_the_deadline() -> None:
    """What was awaited is in the message."""
    handler, asked = answers(ok())

    async def late() -> None:
        async with client_over(handler) as client:
            await client.call(get(), client.deadline(0, "the create of aiven_pg.main"))

    with pytest.raises(DeadlineError) as caught:
        run(late())
    assert caught.value.awaited == "the create of aiven_pg.main"
    assert asked == []


def test_retries_of_a_read_end_at_the_deadline() -> None:
    """The pauses are part of the operation's time."""
    clock = Clock()
    handler, asked = answers(refusal(500, "oops"))
    error = fail(client_over(handler, clock), get(), seconds=1.0)
    assert isinstance(error, DeadlineError)
    assert "oops" in error.last
    assert len(asked) == 3


def test_no_more_requests_are_under_way_than_connections() -> None:
    """The rest waits here and not in httpx's pool."""
    under_way, most = 0, 0

    async def handle(_request: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.001)
        under_way -= 1
        return ok()

    async def many() -> None:
        transport = httpx.MockTransport(handle)
        async with Client(URL, Secret(TOKEN), transport=transport, parallelism=3) as client:
            deadline = client.deadline(60)
            await asyncio.gather(*(client.call(get(), deadline) for _ in range(20)))

    run(many())
    assert most == 3


def test_waiting_for_a_turn_ends_at_the_deadline_with_nothing_sent() -> None:
    """A write that was never sent is not uncertain."""

    async def handle(_request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.1)
        return ok()

    async def two() -> None:
        transport = httpx.MockTransport(handle)
        async with Client(URL, Secret(TOKEN), transport=transport, parallelism=1) as client:
            first = asyncio.create_task(client.call(get(), client.deadline(60)))
            await asyncio.sleep(0.01)
            with pytest.raises(DeadlineError):
                await client.call(post(), client.deadline(0.02))
            await first

    run(two())


# What a 409 may mean


@pytest.mark.parametrize(
    ("first", "attempts"),
    [
        (httpx.ConnectError("refused"), 1),
        (refusal(429, "slow down", retry_after="1"), 1),
        (refusal(503, "later", retry_after="1"), 2),
    ],
)
def test_a_conflict_says_whether_it_can_be_our_own_doing(
    first: httpx.Response | Exception, attempts: int
) -> None:
    """Only an earlier try that may have worked makes a stranger's object look like ours."""
    handler, _ = answers(first, refusal(409, "Connection pool 'x' already exists"))
    error = fail(client_over(handler), post())
    assert isinstance(error, ApiError)
    assert (error.status, error.attempts) == (409, attempts)


def test_a_brown_out_makes_no_storm() -> None:
    """With every fifth answer a 503, all reads succeed with less than a third more requests."""
    chance = random.Random(27)
    clock = Clock()
    count = 0

    def handle(_request: httpx.Request) -> httpx.Response:
        nonlocal count
        count += 1
        clock.now += 5
        return refusal(503, "later") if chance.random() < 0.2 else ok()

    async def many() -> None:
        async with client_over(handle, clock) as client:
            deadline = client.deadline(20 * 60 * 10)
            await asyncio.gather(*(client.call(get(), deadline) for _ in range(500)))

    run(many())
    assert count <= 500 * 1.3


async def _echo_of_a_secret(seen: str) -> str:
    """Return the message of a refusal whose text holds what another call brought."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/first":
            return httpx.Response(200, json={})
        return httpx.Response(400, json={"message": f"no {seen} here"})

    transport = httpx.MockTransport(answer)
    async with Client("http://api.test", Secret("token-1"), transport=transport) as client:
        deadline = client.deadline(5)
        body = {"password": Secret(seen)}
        await client.call(Request(method="PUT", path="/v1/first", body=body), deadline)
        with pytest.raises(ApiError) as caught:
            await client.call(Request(method="GET", path="/v1/second"), deadline)
    return caught.value.message


def test_a_secret_is_masked_in_answers_to_other_calls_too() -> None:
    """Once seen, masked wherever it turns up."""
    assert asyncio.run(_echo_of_a_secret("hunter2-hunter2")) == "no (secret) here"


def test_a_very_short_secret_does_not_spoil_messages() -> None:
    """Masking `no` would leave nothing readable."""
    assert asyncio.run(_echo_of_a_secret("no")) == "no no here"
