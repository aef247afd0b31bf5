"""Paths: whatever a value holds, it stays inside its segment."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live_tools import answers, call, client_over, ok, run

from reconciler.live.errors import PathError
from reconciler.live.request import Request, path_of
from reconciler.model.errors import ReconcileError
from reconciler.model.values import Secret, Unknown

TEMPLATE = "/v1/project/{project}/service/{service}/db"

NAMES = st.text(st.characters(exclude_categories=("Cs",)), min_size=1).filter(
    lambda name: name not in (".", "..")
)


@settings(deadline=None)
@given(project=NAMES, service=NAMES)
def test_a_value_is_one_segment_and_comes_back_whole(project: str, service: str) -> None:
    """Slashes, dots, percent signs and question marks do not change the path's shape."""
    path = path_of(TEMPLATE, {"project": project, "service": service})
    assert re.fullmatch(r"/v1/project/[^/?#]+/service/[^/?#]+/db", path)
    assert [unquote(part) for part in path.split("/")[3::2]] == [project, service]


@settings(deadline=None)
@given(project=NAMES)
def test_a_path_arrives_at_the_server_byte_by_byte(project: str) -> None:
    """The HTTP library neither normalises nor decodes it on the way."""
    path = path_of("/v1/project/{project}/service", {"project": project})
    handler, asked = answers(ok())
    run(call(client_over(handler), Request(method="GET", path=path)))
    assert asked[0].url.raw_path.decode() == path


@pytest.mark.parametrize("value", ["", ".", "..", None, 5, Secret("s"), "\ud800"])
def test_a_value_that_is_no_name_makes_no_path(value: object) -> None:
    """A step up, nothing, a secret or what is not text: refused, with the attribute's name."""
    with pytest.raises(PathError) as caught:
        path_of(TEMPLATE, {"project": value, "service": "pg"})
    assert caught.value.attribute == "project"
    assert isinstance(caught.value, ReconcileError)


def test_a_value_not_known_yet_makes_no_path() -> None:
    """Such a step must wait."""
    from reconciler.model.address import Address

    unknown = Unknown(Address("aiven_pg.main"), "service_name")
    with pytest.raises(PathError):
        path_of(TEMPLATE, {"project": "p", "service": unknown})


def test_text_around_a_value_stays() -> None:
    """A segment may hold more than the value, which then may be a dot."""
    assert path_of("/v1/x-{a}.json", {"a": "."}) == "/v1/x-..json"


def test_a_request_shows_no_body() -> None:
    """What is printed of it, in a log or a traceback, is method, path and query."""
    request = Request(method="POST", path="/v1/x", body={"name": "n", "password": Secret("s3")})
    assert "s3" not in repr(request)
    assert "name" not in repr(request)
    assert request.secrets() == ("s3",)
