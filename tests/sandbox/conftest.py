"""One sandbox per test process, and a client that speaks to it over real HTTP.

Tests share the sandbox and keep apart by the names of their projects.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import httpx
import pytest
from sandbox_api import Api

from reconciler.sandbox import Running, Settings, running


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Running]:
    with running(Settings()) as found:
        yield found


@pytest.fixture(scope="session")
def http(sandbox: Running) -> Iterator[httpx.Client]:
    headers = {"authorization": f"aivenv1 {sandbox.token}"}
    with httpx.Client(base_url=sandbox.url, headers=headers, trust_env=False) as client:
        yield client


_numbers = itertools.count()


@pytest.fixture
def api(http: httpx.Client, sandbox: Running) -> Iterator[Api]:
    """A fresh project; faults and settings are as at the start again afterwards."""
    project = f"test-{next(_numbers)}"
    api = Api(http=http, root=sandbox.url, project=project)
    api.ok("POST", "/project", {"project": project})
    usual = api.hook("GET", "settings")["settings"]
    yield api
    api.hook("PUT", "settings", usual)
    api.hook("DELETE", "faults")


@pytest.fixture
def pg(api: Api) -> str:
    """The path of a running service."""
    return api.create_service()
