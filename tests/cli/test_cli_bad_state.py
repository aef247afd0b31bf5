"""States that are held, newer, damaged or unwritable: refused before anything is called, and kept."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from workbench import Workbench, pg, pool, stack, wait_until

SCHEMAS = Path(__file__).parent.parent.parent / "schemas"


@pytest.fixture
def applied(bench: Workbench) -> Workbench:
    """A service that was applied, and a pool declared since."""
    bench.write(stack(pg={"main": pg()}))
    bench.apply()
    bench.write(stack(pg={"main": pg()}, connection_pool={"main": pool("app")}))
    return bench


@contextmanager
def slow_apply(bench: Workbench) -> Iterator[subprocess.Popen[str]]:
    """Yield a process that is in the middle of an apply."""
    bench.fault(method="POST", path=f"{bench.project}/service/pg1/connection_pool", latency_s=30)
    with bench.start("apply", "--auto-approve") as process:
        try:
            wait_until(lambda: bench.hook("GET", "faults")["faults"] == [])
            yield process
        finally:
            process.send_signal(signal.SIGKILL)
            process.communicate()


def test_a_second_run_is_told_who_holds_the_stack(applied: Workbench) -> None:
    """Exit 7, process, host and since when; a plan needs no lock."""
    with slow_apply(applied) as process:
        for words in (
            ["apply", "--auto-approve"],
            ["destroy", "--auto-approve"],
            ["refresh"],
            ["import", "aiven_connection_pool.main", f"{applied.project}/pg1/app"],
            ["state", "rm", "aiven_pg.main"],
            ["state", "mv", "aiven_pg.main", "aiven_pg.other"],
        ):
            ran = applied.reconcile(*words)
            assert ran.code == 7, ran.both
            assert f"Process {process.pid} on {os.uname().nodename} has been applying" in ran.said
            assert "--lock-timeout" in ran.said
        assert applied.reconcile("plan").code == 0
        assert applied.reconcile("state", "list").code == 0


def test_who_may_wait_gets_the_stack_when_it_is_free(applied: Workbench) -> None:
    """The killed run's lock goes with it; what it left open is resolved."""
    with slow_apply(applied) as process:
        waiting = applied.start("apply", "--auto-approve", "--lock-timeout", "30s")
        process.send_signal(signal.SIGKILL)
        out, err = waiting.communicate(timeout=20)
    assert waiting.returncode == 0, out + err
    assert applied.changes() == {}


def damage(bench: Workbench, old: str, new: str) -> bytes:
    """Change the state file's text; return what it holds then."""
    text = bench.state_file.read_text()
    assert old in text
    bench.state_file.write_text(text.replace(old, new))
    return bench.state_file.read_bytes()


DAMAGES = {
    "newer": ("version: 1", "version: 2", "version"),
    "edited": ('"plan":"startup-4"', '"plan":"startup-8"', "edited"),
    "cut off": ("# end", "", "edited"),
    "another stack's": ("stack: test\n", "stack: other\n", ""),
    "not a state": ("resources:", "resource:", ""),
}


@pytest.mark.parametrize("name", DAMAGES)
@pytest.mark.parametrize("verb", ["plan", "apply", "destroy", "refresh", "list"])
def test_a_state_that_cannot_be_trusted_is_refused_and_kept(
    applied: Workbench, name: str, verb: str
) -> None:
    """Exit 1, the file and what may have happened; nothing is called, not a byte changed."""
    old, new, says = DAMAGES[name]
    before = damage(applied, old, new)
    words = {"list": ["state", "list"]}.get(verb, [verb])
    words += ["--auto-approve"] if verb in ("apply", "destroy") else []
    with applied.counted() as calls:
        ran = applied.reconcile(*words)
    assert ran.code == 1, ran.both
    assert re.search(r"state/test\.yaml\S*: error:", ran.err), ran.err
    assert says in ran.said
    assert "hint:" in ran.err
    assert not [call for call in calls if not call.startswith("GET")]
    assert applied.state_file.read_bytes() == before


def test_a_state_that_vanished_is_not_taken_for_a_first_run(applied: Workbench) -> None:
    """Its lock file and backups tell of it; planning everything anew would be wrong."""
    applied.state_file.unlink()
    ran = applied.reconcile("apply", "--auto-approve")
    assert ran.code == 1, ran.both
    assert "hint:" in ran.err
    assert set(applied.pools()) == set()


def test_a_state_folder_that_is_a_file_is_told(applied: Workbench) -> None:
    """Exit 1 before any call."""
    (applied.folder / "elsewhere").write_text("")
    with applied.counted() as calls:
        ran = applied.reconcile("apply", "--auto-approve", "--state", "elsewhere")
    assert ran.code in (1, 64), ran.both
    assert calls == {}


def test_a_folder_that_cannot_be_written_is_told(applied: Workbench) -> None:
    """/proc takes no files, not even from root."""
    with applied.counted() as calls:
        ran = applied.reconcile("apply", "--auto-approve", "--state", "/proc/reconcile")
    assert ran.code == 1, ran.both
    assert "/proc/reconcile" in ran.err
    assert "--state DIR" in ran.err
    assert calls == {}


def test_a_state_of_a_kind_nobody_knows_any_more_is_told(applied: Workbench) -> None:
    """A kind file that is gone must not end in a mistake of ours."""
    kind = {
        "$schema": "kind.meta.json",
        **json.loads((SCHEMAS / "aiven_pg_database.json").read_text()),
        "title": "my_database",
    }
    (applied.folder / "kinds").mkdir()
    applied.write(kind, "kinds/my_database.json")
    declared = stack(
        pg={"main": pg()},
    )
    declared["resources"]["my_database"] = {
        "one": {
            "project": "${vars.project}",
            "service_name": "${aiven_pg.main.service_name}",
            "database_name": "one",
        }
    }
    applied.write(declared)
    applied.apply("--schemas", "kinds")
    applied.write(stack(pg={"main": pg()}))
    for words in (["plan"], ["apply", "--auto-approve"], ["destroy", "--auto-approve"]):
        ran = applied.reconcile(*words)
        assert ran.code == 1, ran.both
        assert "my_database.one" in ran.said
        assert "--schemas" in ran.said
    assert applied.reconcile("state", "rm", "my_database.one").code == 0
    assert applied.reconcile("plan").code == 0
