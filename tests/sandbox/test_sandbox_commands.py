"""`reconcile sandbox …`: started, made to fail, edited, read, stopped."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from workbench import RECONCILE

import reconciler.sandbox as sandbox

ROOT = str(Path(sandbox.__file__).resolve().parents[2])
Reconcile = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def reconcile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reconcile]:
    """The command line with a home of its own and a sandbox that runs."""
    home = tmp_path_factory.mktemp("home")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "PYTHONPATH": ROOT,
        "COLUMNS": "100",
    }

    def run(*words: str, code: int = 0, **more: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*RECONCILE, "sandbox", *words],
            env={**environment, **more},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    run("start", "--engine", "memory")
    yield run
    run("stop")


@pytest.fixture(autouse=True)
def no_faults(reconcile: Reconcile) -> Iterator[None]:
    yield
    reconcile("fault", "clear")


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["latency", "0.5"], {"latency_s": 0.5}),
        (["throttle", "--retry-after", "7"], {"status": 429, "retry_after": 7}),
        (["error", "503", "--path", "/db"], {"status": 503, "when": "before", "path": "/db"}),
        (["error", "500", "--after", "--count", "3"], {"status": 500, "when": "after", "count": 3}),
        (["lost", "--method", "POST"], {"drop": True, "when": "after", "method": "POST"}),
        (["reset", "--skip", "2"], {"drop": True, "when": "before", "skip": 2}),
        (["slow", "2"], {"slow_s": 2}),
        (["truncate"], {"truncate": True}),
        (["forbidden", "--count", "4"], {"status": 403, "message": "Not a project member"}),
        (["stuck", "--path", "/service/a$"], {"stuck": True, "path": "/service/a$"}),
    ],
)
def test_every_fault_can_be_asked_for(
    reconcile: Reconcile, words: list[str], fault: dict[str, object]
) -> None:
    shown = json.loads(reconcile("fault", *words).stdout)
    assert fault.items() <= shown.items()
    assert reconcile("fault", "list").stdout.count("\n") == 1


def test_edit_is_in_the_log(reconcile: Reconcile) -> None:
    reconcile("log", "--clear")
    body = '{"service_name": "pg1", "service_type": "pg", "plan": "startup-4"}'
    reconcile("edit", "POST", "/project/my-project/service", body)
    line = reconcile("log").stdout.splitlines()[-1]
    assert line.endswith("POST   /v1/project/my-project/service (console)")
    refused = reconcile("edit", "POST", "/project/my-project/service", body, code=1)
    assert "already exists" in refused.stderr
    reconcile("edit", "PUT", "/project/my-project", "no json", code=64)


def test_stale_reads_are_switched_on_and_off(reconcile: Reconcile) -> None:
    assert "3 s behind" in reconcile("fault", "stale", "3").stderr
    reconcile("fault", "stale", "0")


def test_sandbox_of_the_environment_is_meant_before_the_one_that_was_started(
    reconcile: Reconcile,
) -> None:
    with sandbox.running() as other:
        reconcile("fault", "truncate", AIVEN_WEB_URL=other.url)
        assert len(sandbox.hook(other.url, "GET", "faults")["faults"]) == 1
        assert reconcile("fault", "list").stdout == ""


def test_status_says_what_stands_behind_the_api(reconcile: Reconcile) -> None:
    assert "engine memory" in reconcile("status").stderr


def test_without_a_sandbox_it_says_how_to_start_one(reconcile: Reconcile, tmp_path: Path) -> None:
    refused = reconcile("log", code=1, XDG_STATE_HOME=str(tmp_path))
    assert "reconcile sandbox start" in refused.stderr
