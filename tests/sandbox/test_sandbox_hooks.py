"""What only a sandbox has: faults, counters, settings."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest
from sandbox_api import Api

import reconciler.sandbox as sandbox_package
from reconciler.sandbox import Running


def test_calls_are_counted_by_route(api: Api, pg: str) -> None:
    api.hook("DELETE", "requests")
    api.ok("GET", pg)
    api.ok("GET", f"{pg}?limit=999")
    api.call("GET", f"{api.path}/service/nope")
    api.call("GET", "/nope")
    assert api.hook("GET", "requests") == {
        "routes": {
            "GET (unknown)": 1,
            "GET /v1/project/{project}/service/{service}": 3,
        },
        "total": 4,
    }


def test_fault_before_the_work_prevents_it(api: Api, pg: str) -> None:
    fault = {"method": "POST", "path": "/db$", "count": 2, "status": 503, "retry_after": 7}
    api.hook("POST", "faults", fault)
    for _ in range(2):
        answer = api.call("POST", f"{pg}/db", {"database": "a"})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
        assert answer.json()["errors"][0]["status"] == 503
    assert api.service(pg)["databases"] == ["defaultdb"]
    api.ok("POST", f"{pg}/db", {"database": "a"})


def test_fault_after_the_work_hides_that_it_was_done(api: Api, pg: str) -> None:
    body = {"message": "done, but"}
    api.hook("POST", "faults", {"path": "/db", "when": "after", "status": 501, "body": body})
    answer = api.call("POST", f"{pg}/db", {"database": "a"})
    assert (answer.status_code, answer.json()) == (501, body)
    assert api.service(pg)["databases"] == ["a", "defaultdb"]


@pytest.mark.parametrize(("when", "databases"), [("before", 1), ("after", 2)])
def test_dropped_reply_is_a_cut_connection(api: Api, pg: str, when: str, databases: int) -> None:
    api.hook("POST", "faults", {"path": "/db", "when": when, "drop": True})
    with pytest.raises(httpx.TransportError):
        api.call("POST", f"{pg}/db", {"database": "a"})
    assert len(api.service(pg)["databases"]) == databases


def test_fault_can_wait_and_let_some_calls_pass(api: Api, pg: str) -> None:
    api.hook("POST", "faults", {"method": "get", "skip": 1, "latency_s": 0.3})
    times = []
    for _ in range(3):
        start = time.monotonic()
        api.service(pg)
        times.append(time.monotonic() - start > 0.28)
    assert times == [False, True, False]


def test_faults_can_be_seen_and_cleared(api: Api, pg: str) -> None:
    api.hook("POST", "faults", {"status": 500, "count": 100})
    assert api.call("GET", pg).status_code == 500
    assert api.hook("GET", "faults")["faults"][0]["count"] == 99
    api.hook("DELETE", "faults")
    api.ok("GET", pg)


@pytest.mark.parametrize(
    "body", [{"path": "("}, {"count": 0}, {"colour": "red"}, {"status": "500"}, {"latency_s": -1}]
)
def test_wrong_fault_is_refused(api: Api, body: object) -> None:
    assert api.http.post("/sandbox/faults", json=body).status_code == 400
    assert api.hook("GET", "faults") == {"faults": []}


def test_wrong_settings_are_refused(api: Api) -> None:
    for body in ({"build_delay_s": "long"}, {"build_delay_s": -1}, {"colour": 1}):
        assert api.http.put("/sandbox/settings", json=body).status_code == 400
    assert api.http.patch("/sandbox/settings", json={}).status_code == 405


def test_latency_is_added_to_every_call(api: Api) -> None:
    api.hook("PUT", "settings", {"latency_s": 0.2})
    start = time.monotonic()
    api.ok("GET", api.path)
    assert time.monotonic() - start >= 0.2


def test_hooks_need_no_token(sandbox: Running) -> None:
    answer = httpx.get(f"{sandbox.url}/sandbox/status", trust_env=False)
    assert answer.json()["pid"] == sandbox.pid


def test_every_refusal_says_how_sure_it_is(api: Api) -> None:
    found = api.hook("GET", "errors")
    assert sum(found["shares"].values()) == len(found["errors"])
    assert list(found["shares"]) == ["recorded", "client source", "documented", "assumed"]
    for name, row in found["errors"].items():
        assert name.endswith("_EXISTS") == ("already exists" in row["text"])


def test_thousand_pools_are_made_and_read_quickly(api: Api, pg: str) -> None:
    """Each costs what the first did; the bounds are wide, for slow machines."""
    start = time.monotonic()
    for number in range(1000):
        api.ok(
            "POST",
            f"{pg}/connection_pool",
            {"pool_name": f"pool-{number}", "database": "defaultdb"},
        )
    made = time.monotonic()
    assert len(api.service(pg)["connection_pools"]) == 1000
    assert made - start < 60
    assert time.monotonic() - made < 5


def test_page_of_differences_publishes_the_shares_as_they_are(api: Api) -> None:
    page = Path(sandbox_package.__file__).with_name("DIFFERENCES.md").read_text()
    for source, count in api.hook("GET", "errors")["shares"].items():
        row = next(line for line in page.splitlines() if line.startswith(f"| {source}: "))
        assert row.endswith(f" {count} |"), row
