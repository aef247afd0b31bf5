"""The door: tokens, secrets, and whatever somebody throws at it."""

from __future__ import annotations

import json
import socket
from urllib.parse import quote, urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sandbox_api import Api

from reconciler.sandbox import Running

ALL_ROUTES = [
    ("GET", ""),
    ("PUT", ""),
    ("GET", "/kms/ca"),
    ("PUT", "/tags"),
    ("POST", "/service"),
    ("PUT", "/service/pg1"),
    ("PATCH", "/service/pg1/tags"),
    ("POST", "/service/pg1/task"),
    ("POST", "/service/pg1/db"),
    ("POST", "/service/pg1/user"),
    ("PUT", "/service/pg1/user/avnadmin"),
    ("POST", "/service/pg1/connection_pool"),
    ("PUT", "/service/pg1/connection_pool/p"),
]
WITH_BODY = [route for route in ALL_ROUTES if route[0] != "GET"]


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ({}, 401),
        ({"authorization": "aivenv1 wrong"}, 403),
        ({"authorization": "aivenv1"}, 403),
        ({"authorization": "Bearer {token}"}, 403),
        ({"authorization": "wr\xf6ng".encode("latin-1")}, 403),
        ({"authorization": "aivenv1 {token}"}, 200),
        ({"authorization": "AIVENV1 {token}"}, 200),
    ],
)
def test_only_the_right_token_opens(
    sandbox: Running, header: dict[str, str | bytes], status: int
) -> None:
    filled = {
        key: value.replace("{token}", sandbox.token) if isinstance(value, str) else value
        for key, value in header.items()
    }
    answer = httpx.get(f"{sandbox.url}/v1/project", headers=filled, trust_env=False)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["errors"][0]["error_code"] == "authentication_failed"


def test_unknown_paths_and_methods_are_answered_as_json(api: Api, sandbox: Running) -> None:
    assert api.refused(404, "GET", "/nope")
    assert api.refused(404, "GET", "/project/my%2Fproject/x")
    assert api.refused(405, "DELETE", "/project")
    assert api.refused(405, "PATCH", api.path)
    assert api.refused(404, "GET", "/project/")
    assert httpx.get(f"{sandbox.url}/v1/nope", trust_env=False).status_code == 401


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"7",
        b"\xff\xfe",
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a":' + b"[" * 100_000,
        b'{"a":' * 200 + b"1" + b"}" * 200,
        b"{'a': 1}",
    ],
)
def test_what_is_no_json_object_is_refused_everywhere(api: Api, pg: str, raw: bytes) -> None:
    assert pg
    for method, path in WITH_BODY:
        answer = api.http.request(
            method,
            f"/v1{api.path}{path}",
            content=raw,
            headers={"content-type": "application/json"},
        )
        assert answer.status_code == 400, (method, path)
        assert answer.json()["message"].startswith("Invalid input: ")


def test_body_must_be_called_json_and_no_body_may_be_called_anything(api: Api, pg: str) -> None:
    """avn labels calls without a body application/octet-stream."""
    octets = {"content-type": "application/octet-stream"}
    url = f"/v1{pg}/credentials/reset"
    assert api.http.put(url, headers=octets).status_code == 200
    assert api.http.post(f"/v1{pg}/db", headers=octets, content=b"{}").status_code == 400
    form = api.http.post(f"/v1{pg}/db", data={"database": "a"})
    assert form.status_code == 400
    json_with_charset = {"content-type": "application/json; charset=utf-8"}
    body = b'{"database": "a"}'
    assert api.http.post(f"/v1{pg}/db", headers=json_with_charset, content=body).status_code == 200


def test_huge_body_is_refused_with_words(api: Api, pg: str) -> None:
    body = b'{"database": "' + b"a" * 6_000_000 + b'"}'
    headers = {"content-type": "application/json"}
    answer = api.http.post(f"/v1{pg}/db", content=body, headers=headers)
    assert answer.status_code == 400
    assert "larger" in answer.json()["message"]


def test_message_about_a_long_value_is_short(api: Api, pg: str) -> None:
    assert len(api.refused(400, "POST", f"{pg}/db", {"database": "x\x00\u202e" * 10_000})) < 500


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        "project",
        "project_name",
        "tags",
        "cloud",
        "service_name",
        "service_type",
        "plan",
        "user_config",
        "powered",
        "username",
        "maintenance",
        "tech_emails",
        "database",
        "pool_name",
        "pool_size",
        "pool_mode",
        "operation",
        "new_password",
        "task_type",
        "access_control",
        "upgrade_check",
        "termination_protection",
        "disk_space_mb",
        "service_integrations",
    ]
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(route=st.sampled_from(WITH_BODY), body=st.dictionaries(KEYS, JSON, max_size=5))
def test_no_body_makes_the_server_fail(
    api: Api, route: tuple[str, str], body: dict[str, object]
) -> None:
    """Whatever is sent, the answer is JSON, not a 5xx, and the account stays readable."""
    raw = json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    answer = api.http.request(route[0], f"/v1{api.path}{route[1]}", content=raw, headers=headers)
    assert answer.status_code < 500, answer.text
    assert isinstance(answer.json(), dict)
    assert api.call("GET", "/project").status_code == 200


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=st.text(min_size=1, max_size=30))
def test_no_name_in_a_path_makes_the_server_fail(api: Api, name: str) -> None:
    quoted = "/" + quote(name, safe="")
    for pattern in ("/project{}", "/project/my-project/service{}", "/organization{}"):
        answer = api.http.get("/v1" + pattern.format(quoted))
        assert answer.status_code in (200, 404)


@pytest.mark.parametrize(
    "raw",
    [
        b"nonsense\r\n\r\n",
        b"GET /v1/project HTTP/1.1\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nhost: x\r\n\r\n",
        b"POST /v1/project HTTP/1.1\r\nhost: x\r\ncontent-length: x\r\n\r\n",
        b"POST /v1/project HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nshort",
    ],
)
def test_broken_http_does_not_hurt_the_next_call(api: Api, sandbox: Running, raw: bytes) -> None:
    parts = urlsplit(sandbox.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as line:
        line.sendall(raw)
        line.shutdown(socket.SHUT_WR)
        line.recv(4096)
    assert api.call("GET", "/project").status_code == 200


# Secrets


def test_secrets_are_shown_today_and_on_demand_from_march_2027(api: Api) -> None:
    config = {
        "admin_password": "a-secret-1",
        "migration": {"host": "h", "port": 1, "password": "a-secret-2"},
    }
    pg = api.create_service(user_config=config)
    api.ok("POST", f"{pg}/connection_pool", {"pool_name": "p", "database": "defaultdb"})
    new = {"operation": "reset-credentials", "new_password": "a-secret-3"}
    shown = json.dumps(api.service(pg))
    assert "a-secret-1" in shown
    assert "a-secret-2" in shown

    api.hook("PUT", "settings", {"redact_secrets": True})
    made = api.ok("POST", f"{pg}/user", {"username": "u"})["user"]
    assert made["password"].startswith("AVNS_")
    answers = [
        api.ok("GET", pg),
        api.ok("GET", f"{api.path}/service"),
        api.ok("GET", f"{pg}/user/u"),
        api.ok("PUT", f"{pg}/user/u", new),
        api.ok("PUT", pg, {"plan": "startup-4"}),
        api.ok("GET", f"{pg}?include_secrets=false"),
    ]
    for answer in answers:
        assert "secret" not in json.dumps(answer)
        assert "AVNS_" not in json.dumps(answer)
        assert "<redacted>" in json.dumps(answer)
    asked = f"{pg}?include_secrets=true&limit=999"
    assert "a-secret-3" in json.dumps(api.ok("GET", asked))
    assert api.ok("GET", f"{pg}/user/u?include_secrets=true")["user"]["password"] == "a-secret-3"
    assert "a-secret-1" in json.dumps(api.ok("GET", f"{api.path}/service?include_secrets=true"))


def test_masked_user_config_sent_back_overwrites_nothing(api: Api) -> None:
    pg = api.create_service(
        user_config={"migration": {"host": "h", "port": 1, "password": "a-secret"}}
    )
    body = {"migration": {"host": "i", "port": 1, "password": "<redacted>"}}
    api.ok("PUT", pg, {"user_config": body})
    kept = {"host": "i", "port": 1, "password": "a-secret"}
    assert api.service(pg)["user_config"]["migration"] == kept
