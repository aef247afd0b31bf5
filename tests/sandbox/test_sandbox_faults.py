"""What goes wrong on demand: slow, cut, stale, forbidden and stuck; and the log of it all."""

from __future__ import annotations

import re
import time

import httpx
import pytest
from sandbox_api import Api


def test_body_can_be_cut_in_the_middle_after_the_work_was_done(api: Api, pg: str) -> None:
    api.hook("POST", "faults", {"method": "POST", "path": "/db$", "truncate": True})
    with pytest.raises(httpx.RemoteProtocolError):
        api.call("POST", f"{pg}/db", {"database": "a"})
    assert api.service(pg)["databases"] == ["a", "defaultdb"]


def test_body_can_come_slowly_and_is_whole(api: Api, pg: str) -> None:
    api.hook("POST", "faults", {"slow_s": 0.5, "path": pg})
    begun = time.monotonic()
    slow = api.ok("GET", pg)
    assert time.monotonic() - begun >= 0.4
    assert slow == api.ok("GET", pg)


def test_fault_may_last_instead_of_being_counted(api: Api, pg: str) -> None:
    """As Aiven refuses a new member for some seconds."""
    fault = {"for_s": 1.5, "status": 403, "message": "Not a project member"}
    api.hook("POST", "faults", fault)
    for _ in range(3):
        assert api.refused(403, "GET", pg) == "Not a project member"
    assert 0 < api.hook("GET", "faults")["faults"][0]["for_s"] < 1.5
    time.sleep(1.5)
    api.ok("GET", pg)
    assert api.hook("GET", "faults") == {"faults": []}


def test_service_can_be_stuck_in_its_build_and_others_not(api: Api) -> None:
    api.hook("POST", "faults", {"stuck": True, "path": "/service/pg1$"})
    stuck, other = api.create_service("pg1"), api.create_service("pg2")
    assert [api.service(path)["state"] for path in (stuck, other)] == ["REBUILDING", "RUNNING"]
    assert api.code("POST", f"{stuck}/db", {"database": "a"}) == (409, "not_powered")
    api.hook("DELETE", "faults")
    assert api.service(stuck)["state"] == "RUNNING"


def test_reads_can_be_behind_writes(api: Api, pg: str) -> None:
    """Writes see the truth: only what is shown is old."""
    api.service(pg)
    api.hook("PUT", "settings", {"stale_reads_s": 1.5})
    api.ok("POST", f"{pg}/db", {"database": "a"})
    assert api.service(pg)["databases"] == ["defaultdb"]
    assert "already exists" in api.refused(409, "POST", f"{pg}/db", {"database": "a"})
    time.sleep(0.75)
    api.ok("DELETE", f"{pg}/db/a")
    time.sleep(0.85)
    assert api.service(pg)["databases"] == ["a", "defaultdb"]
    time.sleep(0.85)
    assert api.service(pg)["databases"] == ["defaultdb"]


def test_console_edit_needs_no_token_and_meets_no_fault(api: Api, pg: str) -> None:
    api.hook("POST", "faults", {"status": 500, "count": 10})
    edit = {"method": "POST", "path": f"{pg}/db", "body": {"database": "by-hand"}}
    api.hook("POST", "edit", edit)
    api.hook("DELETE", "faults")
    assert api.service(pg)["databases"] == ["by-hand", "defaultdb"]
    assert api.hook("GET", "log")["entries"][-2]["by"] == "console"


@pytest.mark.parametrize(
    ("edit", "status"),
    [
        ({"method": "POST", "path": "/nowhere"}, 404),
        ({"method": "GET", "path": "/project"}, 400),
        ({"path": "/project"}, 400),
        ({"method": "DELETE", "path": "/project/who"}, 404),
    ],
)
def test_wrong_edit_is_refused(api: Api, edit: object, status: int) -> None:
    assert api.http.post("/sandbox/edit", json=edit).status_code == status


def test_log_can_be_read(api: Api, pg: str) -> None:
    """One line a request: when, status, how long, which, and what was done to it on purpose."""
    api.hook("DELETE", "log")
    api.ok("GET", f"{pg}?include_secrets=true")
    api.call("GET", f"{api.path}/service/nope")
    api.hook("POST", "faults", {"drop": True})
    with pytest.raises(httpx.TransportError):
        api.call("DELETE", pg)
    lines = api.hook("GET", "log")["lines"]
    head = r"\d\d:\d\d:\d\d\.\d{3} "
    path = re.escape(f"/v1{api.path}/service")
    for line, form in zip(
        lines,
        [
            rf"200 +[\d.]+ ms GET    {path}/pg1",
            rf"404 +[\d.]+ ms GET    {path}/nope service_not_found",
            rf"cut +[\d.]+ ms DELETE {path}/pg1 \[cut before the work\]",
        ],
        strict=True,
    ):
        assert re.fullmatch(head + form, line), line
