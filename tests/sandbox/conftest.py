"""Two sandboxes for each test process, and a client that speaks to them over real HTTP.

Tests share the sandboxes and keep apart by the names of their projects. What both engines must
do alike is in the modules of `BOTH`: each of their tests runs once for each engine.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import httpx
import pytest
from sandbox_api import Api
from sandbox_real import Shop, need_programs

from reconciler.sandbox import Running, Settings, running

BOTH = {
    "test_sandbox_services",
    "test_sandbox_inside",
    "test_sandbox_user_config",
    "test_avn",
}
NO_ENGINE = ("wrong", "refusals", "avn_projects", "avn_certificate", "needs", "tags", "page_size")
"""In the names of tests that no engine ever hears of."""
ENGINES = ["memory", pytest.param("real", marks=pytest.mark.real_engine)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    is_for_both = not any(word in metafunc.function.__name__ for word in NO_ENGINE)
    if metafunc.module.__name__ in BOTH and "sandbox" in metafunc.fixturenames and is_for_both:
        metafunc.parametrize("engine", ENGINES, indirect=True)


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    return str(getattr(request, "param", "memory"))


@pytest.fixture(scope="session")
def memory_sandbox() -> Iterator[Running]:
    with running(Settings()) as found:
        yield found


@pytest.fixture(scope="session")
def real_sandbox() -> Iterator[Running]:
    need_programs()
    with running(Settings(engine="real")) as found:
        yield found


@pytest.fixture
def sandbox(engine: str, request: pytest.FixtureRequest) -> Running:
    found: Running = request.getfixturevalue(f"{engine}_sandbox")
    return found


@pytest.fixture(scope="session")
def shared_http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture
def http(sandbox: Running, shared_http: httpx.Client) -> httpx.Client:
    shared_http.base_url = sandbox.url
    shared_http.headers["authorization"] = f"aivenv1 {sandbox.token}"
    return shared_http


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
    if sandbox.engine == "real":
        api.remove_services()


@pytest.fixture
def pg(api: Api) -> str:
    """The path of a running service."""
    return api.create_service()


@pytest.fixture(scope="module")
def shop(real_sandbox: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A service of the real engine for all tests of a module, which use names of their own."""
    headers = {"authorization": f"aivenv1 {real_sandbox.token}"}
    with httpx.Client(
        base_url=real_sandbox.url, headers=headers, trust_env=False, timeout=30
    ) as http:
        project = f"shop-{next(_numbers)}"
        api = Api(http=http, root=real_sandbox.url, project=project)
        api.ok("POST", "/project", {"project": project})
        ca = tmp_path_factory.mktemp("ca") / "ca.pem"
        ca.write_text(api.ok("GET", f"{api.path}/kms/ca")["certificate"])
        yield Shop(api=api, path=api.create_service(), ca=ca)
        api.hook("DELETE", "faults")
        api.remove_services()
