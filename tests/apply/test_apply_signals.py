"""Signals, kills, readers that leave: what was sent is finished or found out, and the next run arrives."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from workbench import (
    RECONCILE,
    Workbench,
    database,
    many_pools,
    pg,
    pool,
    stack,
    user,
    wait_until,
)

PG = "${aiven_pg.main.service_name}"


def thirty_objects(pools: int = 20) -> dict[str, Any]:
    """A service, five databases, four users and twenty pools, or as many as are asked for."""
    return stack(
        pg={"main": pg()},
        pg_database={f"d{n}": database(f"d{n}", PG) for n in range(5)},
        pg_user={f"u{n}": user(f"u{n}", PG) for n in range(4)},
        connection_pool=many_pools(pools),
    )


@pytest.fixture
def slow(bench: Workbench) -> Workbench:
    """Thirty objects declared, the service made; each call takes a while from here on."""
    declared = thirty_objects()
    bench.write(stack(pg={"main": pg()}))
    bench.apply()
    bench.write(declared)
    bench.settings(latency_s=0.12)
    return bench


def made(bench: Workbench) -> int:
    """Return how many of the objects there are."""
    found = bench.service()
    return len(found["databases"]) - 1 + len(found["users"]) - 1 + len(found["connection_pools"])


def wait_for_writes(bench: Workbench, count: int = 1) -> None:
    """Return when so many writes have begun to arrive."""

    def writes() -> int:
        routes = bench.hook("GET", "requests")["routes"]
        return sum(number for route, number in routes.items() if not route.startswith("GET"))

    wait_until(lambda: writes() >= count)


def recorded_is_real(bench: Workbench) -> None:
    """What the state holds is there, and what is there is in the state."""
    assert len(bench.state()) - 1 == made(bench)


def finish(bench: Workbench) -> None:
    """The next run arrives without a duplicate or an error, and leaves nothing to do."""
    bench.settings(latency_s=0)
    bench.apply()
    assert made(bench) == 29
    recorded_is_real(bench)
    assert bench.steps() == []
    bench.destroy()
    assert bench.services() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_lets_what_is_in_flight_finish(slow: Workbench, number: int) -> None:
    """Nothing new is started; exit 130; everything done is recorded."""
    slow.hook("DELETE", "requests")
    with slow.start("apply", "--auto-approve", "--parallelism", "4") as process:
        wait_for_writes(slow)
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 130, out + err
    assert "Traceback" not in err
    assert "not started" in out + err
    slow.settings(latency_s=0)
    assert 0 < made(slow) <= 8
    recorded_is_real(slow)
    assert not (slow.folder / "state" / "test.journal").exists()
    finish(slow)


def test_a_second_signal_drops_what_is_in_flight(slow: Workbench) -> None:
    """Within a second; what may have been done stays open (6), and the next run finds out."""
    slow.settings(latency_s=0)
    slow.fault(method="POST", latency_s=2, count=50)
    slow.hook("DELETE", "requests")
    with slow.start("apply", "--auto-approve", "--parallelism", "4") as process:
        wait_for_writes(slow)
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert time.monotonic() - began < 1.5
    assert process.returncode == 6, out + err
    assert "Traceback" not in err
    slow.hook("DELETE", "faults")
    finish(slow)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_before_anything_was_sent_changes_nothing(slow: Workbench, number: int) -> None:
    """While the plan is made: exit 130, the lock is free again, no journal is left."""
    slow.settings(latency_s=2)
    slow.hook("DELETE", "requests")
    with slow.start("apply", "--auto-approve") as process:
        wait_until(lambda: slow.hook("GET", "requests")["total"] > 0)
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert process.returncode == 130, out + err
    assert "Traceback" not in err
    assert not (slow.folder / "state" / "test.journal").exists()
    slow.settings(latency_s=0)
    assert made(slow) == 0
    finish(slow)


def test_a_hang_up_that_is_to_be_ignored_is_ignored(slow: Workbench) -> None:
    """`nohup reconcile apply` goes on when the terminal goes."""
    line = " ".join(f"'{word}'" for word in (*RECONCILE, "apply", "--auto-approve"))
    slow.hook("DELETE", "requests")
    with subprocess.Popen(
        ["sh", "-c", f"trap '' HUP; exec {line}"],
        cwd=slow.folder,
        env=slow.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        wait_for_writes(slow)
        process.send_signal(signal.SIGHUP)
        out, _ = process.communicate(timeout=20)
    assert process.returncode == 0, out
    slow.settings(latency_s=0)
    assert slow.steps() == []


def test_kills_in_the_middle_leave_nothing_unrecorded_and_nothing_twice(slow: Workbench) -> None:
    """kill -9 again and again, wherever it comes: each real object is recorded or announced."""
    slow.write(thirty_objects(pools=50))
    for writes in (1, 7, 15):
        slow.settings(latency_s=0.08)
        slow.hook("DELETE", "requests")
        with slow.start("apply", "--auto-approve", "--parallelism", "10") as process:
            wait_for_writes(slow, writes)
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=20)
        slow.settings(latency_s=0)
        time.sleep(0.1)
        assert made(slow) < 59
        assert made(slow) <= len(all_known(slow)) - 1
    plan = slow.plan()
    assert {c["action"] for c in plan["changes"]} <= {"no-op", "create"}
    slow.apply()
    assert made(slow) == 59
    recorded_is_real(slow)
    assert slow.steps() == []


def all_known(bench: Workbench) -> set[str]:
    """Return every address that the state or the journal knows of, recorded or announced."""
    texts = [bench.state_file, bench.state_file.with_suffix(".journal")]
    words = (word for file in texts if file.exists() for word in file.read_text().split('"'))
    return {word for word in words if word.startswith("aiven_") and word.count(".") == 1}


def test_a_kill_while_a_service_is_built_makes_no_second_one(bench: Workbench) -> None:
    """Its identity was on disk before the wait."""
    bench.write(thirty_objects())
    bench.settings(build_delay_s=100)
    with bench.start("apply", "--auto-approve") as process:
        wait_until(lambda: bench.services() == ["pg1"])
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=20)
    bench.settings(build_delay_s=0)
    with bench.counted() as calls:
        bench.apply()
    assert "POST service" not in calls
    assert bench.steps() == []


def test_a_reader_that_leaves_does_not_stop_an_apply(slow: Workbench) -> None:
    """`reconcile apply | head -1`: all is done and recorded."""
    slow.settings(latency_s=0.02)
    for pools, flags in enumerate(([], ["--json"]), 20):
        slow.write(thirty_objects(pools))
        process = slow.start("apply", "--auto-approve", *flags)
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
        process.stderr.close()
        assert process.wait(timeout=20) == 0, err
        assert "Traceback" not in err
        assert slow.steps() == []


@pytest.mark.parametrize("closed", ["stdout", "stderr", "both"])
def test_closed_streams_do_not_stop_an_apply(slow: Workbench, closed: str) -> None:
    """Closed from the start, as under some supervisors."""
    slow.settings(latency_s=0)
    redirect = {"stdout": ">&-", "stderr": "2>&-", "both": ">&- 2>&-"}[closed]
    line = " ".join(f"'{word}'" for word in (*RECONCILE, "apply", "--auto-approve"))
    done = subprocess.run(
        ["sh", "-c", f"{line} {redirect}"],
        cwd=slow.folder,
        env=slow.environment(),
        capture_output=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    assert slow.steps() == []


def test_a_full_disk_behind_stdout_does_not_stop_an_apply(slow: Workbench) -> None:
    """/dev/full takes nothing."""
    slow.settings(latency_s=0)
    with Path("/dev/full").open("w") as full:
        process = slow.start("apply", "--auto-approve", stdout=full)
        _, err = process.communicate(timeout=30)
    assert "Traceback" not in err
    assert process.returncode == 0, err
    assert slow.steps() == []


@pytest.mark.parametrize("words", [["plan"], ["--help"], ["kinds", "aiven_pg"]])
def test_a_reader_that_leaves_is_no_error(bench: Workbench, words: list[str]) -> None:
    """`reconcile plan | head -1` ends as if it had been read."""
    bench.write(thirty_objects())
    reading, writing = os.pipe()
    os.close(reading)
    process = bench.start(*words, stdout=writing)
    os.close(writing)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "")


def test_a_plan_that_cannot_be_printed_is_an_error(bench: Workbench) -> None:
    """A full disk behind stdout: who asked for it must not take half of it for the whole."""
    bench.write(stack(pg={"main": pg()}))
    with Path("/dev/full").open("w") as full:
        process = bench.start("plan", stdout=full)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "No space left on device" in err
    assert "mistake in reconcile" not in err


def test_events_are_one_json_object_a_line(slow: Workbench) -> None:
    """From run_start to run_end; each step starts, is sent and is done; nothing else on stdout."""
    slow.settings(latency_s=0)
    ran = slow.process("apply", "--auto-approve", "--json")
    assert ran.code == 0, ran.both
    assert ran.err == ""
    events = ran.events()
    assert (events[0]["event"], events[-1]["event"]) == ("run_start", "run_end")
    assert len({(event["run"], event["plan"]) for event in events}) == 1
    for kind in ("step_start", "step_sent", "step_done"):
        assert sorted(e["step"] for e in events if e["event"] == kind) == list(range(1, 30))
    sent = next(event for event in events if event["event"] == "step_sent")
    assert (sent["method"], sent["path"].startswith("/v1/project/")) == ("POST", True)
    assert all(isinstance(event["elapsed_ms"], int) for event in events)


def test_events_tell_of_failures(slow: Workbench) -> None:
    """With the diagnostic; problems go to stderr for people as well."""
    slow.settings(latency_s=0)
    body = {"message": "No, thanks", "errors": [{"message": "No, thanks"}]}
    slow.fault(method="POST", path=f"{slow.project}/.*/db$", status=400, body=body)
    ran = slow.process("apply", "--auto-approve", "--json")
    assert ran.code == 6
    (failed,) = [event for event in ran.events() if event["event"] == "step_failed"]
    assert "No, thanks" in json.dumps(failed["diagnostic"])
    assert "No, thanks" in ran.err


def test_the_journal_of_a_run_is_not_left_in_the_way(slow: Workbench) -> None:
    """Neither lock nor journal of a finished run keeps the next from starting."""
    slow.settings(latency_s=0)
    for _ in range(2):
        slow.apply()
    names = sorted(os.listdir(slow.folder / "state"))  # noqa: PTH208  (names are wanted)
    assert names == ["backups", "test.lock", "test.log", "test.yaml"]


def mixed(step: int) -> dict[str, Any]:
    """Ten pools that stay with another size, ten renamed, ten of this step only."""
    stay = {f"s{n}": pool(f"stay-{n}", PG, pool_size=5 + step) for n in range(10)}
    renamed = {f"r{n}": pool(f"renamed-{n}-{step}", PG) for n in range(10)}
    only = {f"o{step}_{n}": pool(f"only-{step}-{n}", PG) for n in range(10)}
    return stack(pg={"main": pg()}, connection_pool={**stay, **renamed, **only})


def test_kills_among_updates_replacements_and_deletions_are_finished(bench: Workbench) -> None:
    """kill -9 three times on the way from one stack to another; the fourth run arrives."""
    bench.write(mixed(0))
    bench.apply()
    bench.write(mixed(1))
    for writes in (2, 9, 14):
        bench.settings(latency_s=0.06)
        bench.hook("DELETE", "requests")
        with bench.start("apply", "--auto-approve", "--allow-delete", "30") as process:
            wait_for_writes(bench, writes)
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=20)
        bench.settings(latency_s=0)
        time.sleep(0.1)
    assert bench.reconcile("plan").code == 0
    bench.apply()
    assert len(bench.pools()) == len(bench.state()) - 1 == 30
    assert bench.steps() == []
    bench.destroy()
    assert bench.state() == {}
