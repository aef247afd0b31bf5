"""Seal, restore, pull, push and log, as typed: what the hints of errors promise is true."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from workbench import Workbench, database, pg, stack, wait_until


@pytest.fixture
def applied(bench: Workbench) -> Workbench:
    """Two runs: a service, then a database on it."""
    bench.write(stack(pg={"main": pg()}))
    bench.apply()
    bench.write(stack(pg={"main": pg()}, pg_database={"orders": database("orders")}))
    bench.apply()
    return bench


def _edit(bench: Workbench, old: str, new: str) -> None:
    text = bench.state_file.read_text()
    assert old in text
    bench.state_file.write_text(text.replace(old, new))


def test_a_hand_edit_is_refused_then_sealed(applied: Workbench) -> None:
    """The refusal names the command; it shows what differs; the next plan goes on from the edit."""
    _edit(applied, '"protected":false', '"protected": true')
    refused = applied.reconcile("plan")
    assert refused.code == 1
    assert "reconcile state seal" in refused.said
    checked = applied.reconcile("state", "seal", "--check")
    assert (checked.code, "protected: false → true" in checked.said) == (0, True)
    assert applied.reconcile("plan").code == 1
    sealed = applied.reconcile("state", "seal")
    assert (sealed.code, "protected: false → true" in sealed.said) == (0, True)
    assert applied.changes() == {}
    assert (
        applied.reconcile("state", "seal").said
        == "Nothing to seal: the state is as it was written."
    )


def test_an_edit_with_mistakes_names_each(applied: Workbench) -> None:
    """With its line; exit 1; the file stays as it is."""
    _edit(applied, '"identity"', '"id"')
    before = applied.state_file.read_bytes()
    ran = applied.reconcile("state", "seal")
    assert ran.code == 1
    assert ran.err.count("error: Edited state does not hold") == 2
    assert "its identity is missing" in ran.said
    assert applied.state_file.read_bytes() == before


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _rubbish(path: Path) -> None:
    path.write_bytes(b"rubbish")


DAMAGE: dict[str, Callable[[Path], None]] = {
    "gone": Path.unlink,
    "empty": _empty,
    "rubbish": _rubbish,
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_lost_state_is_restored_as_the_hint_says(applied: Workbench, name: str) -> None:
    """From the newest backup; what was made since is refused with its import, never made twice."""
    DAMAGE[name](applied.state_file)
    refused = applied.reconcile("apply", "--auto-approve")
    assert refused.code == 1
    assert "reconcile state restore" in refused.said
    restored = applied.reconcile("state", "restore")
    assert restored.code == 0, restored.both
    assert "as serial 3" in restored.said
    assert applied.changes() == {"aiven_pg_database.orders": "refuse"}
    imported = applied.reconcile(
        "import", "aiven_pg_database.orders", f"{applied.project}/pg1/orders"
    )
    assert imported.code == 0, imported.both
    assert applied.changes() == {}


def test_a_state_that_is_fine_is_not_restored_unasked(applied: Workbench) -> None:
    """The backups are listed, and one can be named."""
    before = applied.state_file.read_bytes()
    listed = applied.reconcile("state", "restore")
    assert listed.code == 0
    assert re.search(r"serial +written +recorded\n1 +[-0-9: ]+ UTC +1\n", listed.out)
    assert applied.state_file.read_bytes() == before
    gone_back = applied.reconcile("state", "restore", "--serial", "1")
    assert (gone_back.code, "- aiven_pg_database.orders" in gone_back.said) == (0, True)
    assert list(applied.state()) == ["aiven_pg.main"]
    assert applied.reconcile("state", "restore", "--serial", "2").code == 0
    assert applied.changes() == {}


def test_a_serial_that_is_not_kept_is_refused(applied: Workbench) -> None:
    """Exit 1 and what there is."""
    ran = applied.reconcile("state", "restore", "--serial", "9")
    assert ran.code == 1
    assert "There is no such backup" in ran.said


def test_a_state_is_pulled_edited_and_pushed(applied: Workbench, tmp_path: Path) -> None:
    """Pull prints what a YAML parser reads; push takes it back unless the state has moved on."""
    pulled = applied.reconcile("state", "pull")
    assert (pulled.code, pulled.out) == (0, applied.state_file.read_text())
    file = tmp_path / "pulled.txt"
    file.write_text(pulled.out.replace('"protected":false', '"protected":true'))
    pushed = applied.reconcile("state", "push", str(file))
    assert (pushed.code, "serial 3" in pushed.said) == (0, True)
    assert all(entry["protected"] for entry in applied.state().values())
    again = applied.reconcile("state", "push", str(file))
    assert (again.code, "reconcile state pull" in again.said) == (1, True)


def test_there_is_nothing_to_pull_where_nothing_was_applied(bench: Workbench) -> None:
    """Exit 1; no empty file is taken for a state."""
    bench.write(stack(pg={"main": pg()}))
    ran = bench.reconcile("state", "pull")
    assert (ran.code, ran.out) == (1, "")
    assert bench.reconcile("state", "seal").code == 1
    assert bench.reconcile("state", "restore").code == 0


def test_every_command_that_holds_the_stack_leaves_a_line(applied: Workbench) -> None:
    """Who, what, which plan, how it ended; those that only look leave none."""
    applied.reconcile("plan")
    applied.reconcile("state", "list")
    applied.reconcile("refresh")
    applied.reconcile("state", "rm", "aiven_pg_database.orders")
    applied.reconcile("import", "aiven_pg_database.orders", f"{applied.project}/pg1/orders")
    applied.reconcile("state", "rm", "aiven_pg.nothing")
    ack = ("--ack", "data-loss:aiven_pg.main")
    assert applied.reconcile("destroy", "--auto-approve", *ack).code == 0
    ran = applied.reconcile("state", "log", "--json")
    assert ran.code == 0, ran.both
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [(line["verb"], line["exit"]) for line in lines] == [
        ("apply", 0),
        ("apply", 0),
        ("refresh", 0),
        ("state rm", 0),
        ("import", 0),
        ("state rm", 1),
        ("destroy", 0),
    ]
    assert lines[0]["counts"] == {"create": 1}
    assert lines[-1]["counts"] == {"delete": 1, "forget": 1}
    assert re.fullmatch(r"[0-9a-f]{64}", lines[0]["plan"])
    shown = applied.reconcile("state", "log")
    assert lines[0]["plan"][:8] in shown.out
    assert "7 lines; the chain holds" in shown.err


def test_a_log_that_was_changed_is_told(applied: Workbench) -> None:
    """Exit 1, naming the first line that was; what can be read is shown all the same."""
    log = applied.folder / "state" / "test.log"
    log.write_text(log.read_text().replace('"create":1', '"create":2', 1))
    ran = applied.reconcile("state", "log")
    assert ran.code == 1
    assert "state/test.log:1: error: Log is not as it was written" in ran.err
    assert ran.out.count("apply") == 2
    applied.reconcile("refresh")
    assert applied.reconcile("state", "log").code == 1


def test_a_run_that_did_not_come_to_its_end_is_told(applied: Workbench) -> None:
    """Killed: its line comes with the next run, without an exit code."""
    applied.settings(latency_s=0.3)
    process = applied.start("refresh")
    journal = applied.folder / "state" / "test.journal"
    wait_until(lambda: journal.exists() and journal.read_bytes().endswith(b"\n"))
    process.kill()
    process.communicate()
    applied.settings(latency_s=0)
    applied.reconcile("refresh")
    shown = applied.reconcile("state", "log")
    assert shown.code == 0, shown.both
    assert [line.split()[7] for line in shown.out.splitlines()[1:]] == ["0", "0", "cut", "0"]


def test_a_state_that_others_may_read_is_warned_of_once(applied: Workbench) -> None:
    """Never refused (O7): git does not keep modes; the next version is for its owner only."""
    applied.state_file.chmod(0o644)
    first, second = applied.reconcile("refresh"), applied.reconcile("refresh")
    assert (first.code, second.code) == (0, 0)
    assert "warning: State can be read by others" in first.err
    assert "warning" not in second.err
    assert applied.reconcile("state", "rm", "aiven_pg_database.orders").code == 0
    assert applied.state_file.stat().st_mode & 0o777 == 0o600
