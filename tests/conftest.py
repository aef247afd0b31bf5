"""One sandbox for each test process, one fresh project for each test that asks for a workbench."""

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from workbench import Recorder, Workbench

from reconciler.sandbox import Running, Settings, running


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[Running]:
    with running(Settings()) as found:
        yield found


_numbers = itertools.count(1)


@pytest.fixture
def bench(shared_sandbox: Running, tmp_path: Path) -> Iterator[Workbench]:
    """Faults and settings are as at the start again afterwards."""
    (tmp_path / "state").mkdir()
    bench = Workbench(sandbox=shared_sandbox, project=f"bench-{next(_numbers)}", folder=tmp_path)
    status, answer = bench._call("POST", "/v1/project", {"project": bench.project})
    assert status == 200, answer
    usual = bench.hook("GET", "settings")["settings"]
    yield bench
    bench.hook("PUT", "settings", usual)
    bench.hook("DELETE", "faults")


@pytest.fixture
def recorder(shared_sandbox: Running) -> Iterator[Recorder]:
    """A way to the sandbox that notes what passes."""
    recorder = Recorder(shared_sandbox.url)
    thread = threading.Thread(target=recorder.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield recorder
    recorder.server.shutdown()
    recorder.server.server_close()
    thread.join()
