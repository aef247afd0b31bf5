"""Making a kind's call: "not yet" is waited out, errors get the kind's hint."""

import httpx
import pytest
from live_kinds import PG, POOL, kind
from live_tools import Clock, Handler, answers, client_over, ok, refusal, run

from reconciler.kinds.kind import Kind
from reconciler.live.driver import Driver
from reconciler.live.errors import ApiError, OutcomeUnknownError
from reconciler.live.request import Request
from reconciler.model.state import Op

THING = kind(
    {},
    {"create": [{"method": "POST", "path": "/things", "send": ["name"]}]},
    retry=[{"status": 404, "message": "^Owner .* not found", "ops": ["create"], "within": "30s"}],
    hints=[{"status": 404, "message": "Owner", "hint": "make the owner first"}],
)
NOT_YET = refusal(404, "Owner x not found")


def send(
    handler: Handler,
    clock: Clock,
    *,
    kind_of: Kind = THING,
    op: Op = Op.CREATE,
    method: str = "POST",
    seconds: float = 600.0,
) -> dict[str, object]:
    async def go() -> dict[str, object]:
        async with client_over(handler, clock) as client:
            request = Request(method=method, path="/things", body={"name": "n"})
            return await Driver(client).send(kind_of, op, request, client.deadline(seconds))

    return run(go())


def test_not_yet_is_tried_again_until_it_works() -> None:
    """A user just made may be unknown to the next call for a moment."""
    clock = Clock()
    handler, asked = answers(NOT_YET, NOT_YET, ok(message="made"))
    assert send(handler, clock) == {"message": "made"}
    assert len(asked) == 3
    assert clock.slept == [0.25, 0.5]


def test_not_yet_ends_when_the_kind_says_so_and_the_error_has_its_hint() -> None:
    """30 seconds here; then it is an error like any other."""
    clock = Clock()
    handler, asked = answers(NOT_YET)
    with pytest.raises(ApiError) as caught:
        send(handler, clock)
    assert (caught.value.status, caught.value.hint) == (404, "make the owner first")
    assert 20 < clock.now - 1000 <= 30
    assert len(asked) > 5


def test_not_yet_ends_at_the_deadline() -> None:
    """Whichever comes first."""
    clock = Clock()
    handler, _ = answers(NOT_YET)
    with pytest.raises(ApiError):
        send(handler, clock, seconds=2)
    assert clock.now <= 1002


@pytest.mark.parametrize(
    ("reply", "op"),
    [
        (refusal(404, "Project not found"), Op.CREATE),
        (refusal(403, "Owner x not found"), Op.CREATE),
        (NOT_YET, Op.UPDATE),
    ],
)
def test_other_answers_and_operations_are_not_tried_again(reply: httpx.Response, op: Op) -> None:
    """Status, message and operation must all fit."""
    handler, asked = answers(reply)
    with pytest.raises(ApiError):
        send(handler, Clock(), op=op)
    assert len(asked) == 1


def test_deleting_what_is_gone_has_succeeded() -> None:
    """Somebody, or a first try, was faster."""
    handler, _ = answers(refusal(404, "Connection pool 'x' does not exist"))
    assert send(handler, Clock(), op=Op.DELETE, method="DELETE") == {}
    with pytest.raises(ApiError):
        send(handler, Clock(), op=Op.UPDATE, method="PUT")


def test_hints_of_the_shipped_kinds_reach_people() -> None:
    """By status and text, as the API words them."""
    message = (
        "Service is protected against termination and shutdown. Remove termination protection."
    )
    handler, _ = answers(refusal(403, message))
    with pytest.raises(ApiError) as caught:
        send(handler, Clock(), kind_of=PG, op=Op.DELETE, method="DELETE")
    assert "termination_protection: false" in caught.value.hint
    handler, _ = answers(refusal(403, "Service database username u does not exist"))
    with pytest.raises(ApiError) as caught:
        send(handler, Clock(), kind_of=POOL)
    assert "aiven_pg_user" in caught.value.diagnostics[0].hint


def test_an_unknown_outcome_is_not_the_drivers_to_mend() -> None:
    """It is passed on after one request."""
    handler, asked = answers(httpx.ReadTimeout("t"))
    with pytest.raises(OutcomeUnknownError):
        send(handler, Clock())
    assert len(asked) == 1
