"""Seal, restore, push: what people do to a state by hand, checked, and nothing thrown away unseen."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from recorded_states import LINEAGE, approval, intent, plain_state, pool, record, states

from reconciler.model.state import State
from reconciler.recorded.codec import decode, encode
from reconciler.recorded.edited import read_edited
from reconciler.recorded.errors import DamagedStateError, NewerStateError, StateError
from reconciler.recorded.mending import BackupError, RefusedPushError
from reconciler.recorded.stores.file import FileStore

NOW = datetime(2025, 11, 23, 10, 42, 7, tzinfo=UTC)
US: dict[str, Any] = {"run_id": "mend", "now": NOW}


def _store(folder: Path) -> FileStore:
    return FileStore(folder, "example", new_lineage=lambda: LINEAGE)


def _applied(folder: Path, *names: str) -> None:
    for name in names:
        with _store(folder).open_run("apply", run_id=f"r{name}", now=NOW) as run:
            asyncio.run(run.record(pool(name), record(name)))


def _cut(folder: Path, *names: str) -> None:
    """Leave the journal of a run behind that recorded these, and one write of unknown outcome."""
    with _store(folder).open_run("apply", run_id="cut", now=NOW) as run:
        for name in names:
            asyncio.run(run.record(pool(name), record(name)))
        asyncio.run(run.announce(intent(run.next_intent_id(), "open")))
        run.abandon()


def _edit(folder: Path, old: str, new: str) -> None:
    path = folder / "example.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def _size(state: State, name: str) -> object:
    return state.resources[pool(name)].attributes["pool_size"]


# --- reading an edit


@given(states)
@settings(max_examples=50)
def test_what_was_not_edited_is_read_as_it_is(state: State) -> None:
    """Patience changes nothing."""
    assert read_edited(encode(state)) == state


EDITS: dict[str, Callable[[str], str]] = {
    "a value": lambda text: text.replace('"pool_size":10', '"pool_size":10 ', 1),
    "line ends of another system": lambda text: text.replace("\n", "\r\n"),
    "a byte order mark": lambda text: "\ufeff" + text,
    "blank lines and comments": lambda text: text.replace("\n", "\n\n# why\n  \n"),
    "no crc": lambda text: "\n".join(x for x in text.split("\n") if not x.startswith("crc")),
    "keys without quotes": lambda text: text.replace(
        '"aiven_connection_pool.a":', "aiven_connection_pool.a:"
    ),
    "keys in single quotes": lambda text: text.replace(
        '"aiven_connection_pool.a":', "'aiven_connection_pool.a' :"
    ),
    "lines in another order": lambda text: "\n".join(
        text.split("\n")[:7] + text.split("\n")[7:10][::-1] + text.split("\n")[10:]
    ),
    "what may be missing": lambda text: text.replace(',"protected":false', "", 2),
    "a remark behind a value": lambda text: text.replace("false}\n", "false}  # mine\n", 1),
    "no newline at the end": lambda text: text.rstrip("\n"),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_that_means_the_same_is_read_the_same(name: str) -> None:
    """What people and editors do to a file."""
    edited = EDITS[name](encode(plain_state()).decode())
    assert read_edited(edited.encode()) == plain_state()


BROKEN: dict[str, tuple[str, str]] = {
    "cut short": ("# end\n", ""),
    "a resource without identity": ('"identity":"my-project/my-service/a",', ""),
    "an attribute in the wrong place": ('"protected":false', '"pool_size":3'),
    "a comma too many": ('"pool_size":10}', '"pool_size":10,}'),
    "no address": ('"aiven_connection_pool.a":', '"a":'),
    "twice the same address": ("aiven_connection_pool.b", "aiven_connection_pool.a"),
    "one object for two addresses": ("my-service/b", "my-service/a"),
    "block style": (' {"identity":"my-project/my-service/a"', "\n    identity: a\n    x: {"),
    "a lineage cut": (LINEAGE, LINEAGE[:-1]),
    "a serial with a word": ("serial: 12", "serial: twelve"),
    "a header that is none": ("serial: 12", "serial: 12\nowner: me"),
    "an intent that is none": ('"op":"create"', '"op":"make"'),
    "no resources": ("resources:\n", ""),
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_edit_that_does_not_hold_is_refused_with_its_line(name: str) -> None:
    """And never read as something else."""
    old, new = BROKEN[name]
    text = encode(plain_state()).decode()
    assert old in text
    with pytest.raises(DamagedStateError) as caught:
        read_edited(text.replace(old, new).encode(), "state/example.yaml")
    for problem in caught.value.diagnostics:
        assert problem.location is not None
        assert problem.location.file == "state/example.yaml"
        assert "state restore" in problem.hint


def test_all_that_is_wrong_is_told_at_once() -> None:
    """Each with its line."""
    text = encode(plain_state()).decode()
    text = text.replace("my-service/a", "x", 1).replace('"aiven_connection_pool.b"', '"b"')
    text = text.replace('"op":"create"', '"op":"make"')
    with pytest.raises(DamagedStateError) as caught:
        read_edited(text.encode(), "f")
    assert [d.location.line for d in caught.value.diagnostics if d.location] == [9, 10]


def test_a_newer_format_is_no_edit() -> None:
    """It is refused with the version needed."""
    with pytest.raises(NewerStateError):
        read_edited(encode(plain_state()).replace(b"version: 1", b"version: 2"))


# --- seal


def test_an_edit_is_sealed_under_a_serial_of_its_own(tmp_path: Path) -> None:
    """The file is canonical again; runs go on; the log says so."""
    _applied(tmp_path, "a", "b")
    _edit(tmp_path, '"pool_size":10},"depends_on":["aiven_pg.main"]', '"pool_size": 7}')
    with pytest.raises(DamagedStateError):
        _store(tmp_path).read()
    edit = _store(tmp_path).seal(**US)
    state = _store(tmp_path).read()
    assert edit.before is not None
    assert (edit.before.serial, edit.is_as_written) == (1, False)
    assert (state, state.serial, _size(state, "b")) == (edit.state, 3, 7)
    assert (tmp_path / "example.yaml").read_bytes() == encode(state)
    assert [line.verb for line in _store(tmp_path).read_log().logged][-1] == "state seal"
    _applied(tmp_path, "c")
    assert _store(tmp_path).read().serial == 4


def test_what_was_not_edited_is_not_sealed(tmp_path: Path) -> None:
    """Nothing is written."""
    _applied(tmp_path, "a")
    before = (tmp_path / "example.yaml").read_bytes()
    assert _store(tmp_path).seal(**US).is_as_written
    assert (tmp_path / "example.yaml").read_bytes() == before


def test_the_journal_of_a_cut_run_is_sealed_in(tmp_path: Path) -> None:
    """What it recorded wins over the edit, as it came after what was edited."""
    _applied(tmp_path, "a")
    _cut(tmp_path, "b")
    _edit(tmp_path, '"pool_size":10', '"pool_size":7')
    _store(tmp_path).seal(**US)
    state = _store(tmp_path).read()
    assert _size(state, "a") == 7
    assert pool("b") in state.resources
    assert [item.address for item in state.unresolved.values()] == [pool("open")]
    assert not (tmp_path / "example.journal").exists()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (LINEAGE, "0" * 32),
        ("stack: example", "stack: other"),
        ("# end", ""),
        ('{"', '{"x'),
        ("", ""),
    ],
)
def test_an_edit_that_does_not_hold_is_left_as_it_is(tmp_path: Path, old: str, new: str) -> None:
    """Of another history, of another stack, cut short, broken, empty."""
    _applied(tmp_path, "a", "b")
    path = tmp_path / "example.yaml"
    path.write_text(path.read_text().replace(old, new) if old else "")
    before = path.read_bytes()
    with pytest.raises(DamagedStateError):
        _store(tmp_path).seal(**US)
    assert path.read_bytes() == before


# --- restore


def test_the_newest_good_backup_is_put_back(tmp_path: Path) -> None:
    """Under a serial above all others; the damaged file is kept for a look."""
    _applied(tmp_path, "a", "b", "c")
    (tmp_path / "example.yaml").write_bytes(b"rubbish")
    restored = _store(tmp_path).restore(None, **US)
    state = _store(tmp_path).read()
    assert (state, state.serial, set(state.resources)) == (
        restored.state,
        4,
        {pool("a"), pool("b")},
    )
    assert restored.source.name == "example.2.yaml"
    assert [path.read_bytes() for path in restored.set_aside] == [b"rubbish"]


@pytest.mark.parametrize("content", [None, b"", b"\0" * 100])
def test_a_vanished_or_empty_state_is_put_back(tmp_path: Path, content: bytes | None) -> None:
    """As C6 has it."""
    _applied(tmp_path, "a", "b")
    if content is None:
        (tmp_path / "example.yaml").unlink()
    else:
        (tmp_path / "example.yaml").write_bytes(content)
    assert set(_store(tmp_path).restore(None, **US).state.resources) == {pool("a")}
    assert _store(tmp_path).read().serial == 3


def test_any_backup_can_be_put_back_and_that_undone(tmp_path: Path) -> None:
    """What was there is a backup then."""
    _applied(tmp_path, "a", "b", "c")
    assert [backup.serial for backup in _store(tmp_path).list_backups()] == [2, 1]
    _store(tmp_path).restore(1, **US)
    assert set(_store(tmp_path).read().resources) == {pool("a")}
    _store(tmp_path).restore(3, **US)
    state = _store(tmp_path).read()
    assert set(state.resources) == {pool("a"), pool("b"), pool("c")}
    assert state.serial == 5


def test_what_a_cut_run_recorded_is_put_in(tmp_path: Path) -> None:
    """Its journal outlives the state it went on from."""
    _applied(tmp_path, "a", "b")
    _cut(tmp_path, "c")
    (tmp_path / "example.yaml").write_bytes(b"")
    restored = _store(tmp_path).restore(None, **US)
    assert set(restored.state.resources) == {pool("a"), pool("c")}
    assert [item.address for item in restored.state.unresolved.values()] == [pool("open")]
    assert (restored.taken_up, restored.lost) == (2, 0)
    assert _store(tmp_path).read() == restored.state


def test_an_old_state_beside_a_newer_journal_can_be_gone_on_from(tmp_path: Path) -> None:
    """As C11 leaves it."""
    _applied(tmp_path, "a", "b")
    _cut(tmp_path, "c")
    (tmp_path / "example.yaml").write_bytes((tmp_path / "backups/example.1.yaml").read_bytes())
    with pytest.raises(DamagedStateError):
        _store(tmp_path).read()
    restored = _store(tmp_path).restore(None, **US)
    assert set(restored.state.resources) == {pool("a"), pool("c")}
    assert restored.state.serial == 3


def test_of_a_damaged_journal_what_is_whole_is_put_in(tmp_path: Path) -> None:
    """The state itself stays; how much is lost is told; the journal is kept for a look."""
    _applied(tmp_path, "a")
    _cut(tmp_path, "b", "c", "d")
    path = tmp_path / "example.journal"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b"10", b"11")
    path.write_bytes(b"".join(lines))
    with pytest.raises(DamagedStateError):
        _store(tmp_path).read()
    restored = _store(tmp_path).restore(None, **US)
    assert set(restored.state.resources) == {pool("a"), pool("b"), pool("d")}
    assert (restored.taken_up, restored.lost) == (3, 1)
    assert [kept.read_bytes() for kept in restored.set_aside] == [b"".join(lines)]
    assert _store(tmp_path).read() == restored.state


@pytest.mark.parametrize("serial", [None, 1, 7])
def test_without_a_good_backup_nothing_is_put_back(tmp_path: Path, serial: int | None) -> None:
    """And nothing is changed."""
    _applied(tmp_path, "a", "b")
    (tmp_path / "backups/example.1.yaml").write_bytes(b"")
    (tmp_path / "example.yaml").write_bytes(b"rubbish")
    with pytest.raises(BackupError):
        _store(tmp_path).restore(serial, **US)
    assert (tmp_path / "example.yaml").read_bytes() == b"rubbish"


# --- push


def test_a_pulled_state_is_pushed_after_an_edit(tmp_path: Path) -> None:
    """Whatever its crc says; what was there is a backup."""
    _applied(tmp_path, "a", "b")
    pulled = encode(_store(tmp_path).read()).replace(b'"pool_size":10', b'"pool_size":7')
    before = _store(tmp_path).push(pulled, "f", **US)
    state = _store(tmp_path).read()
    assert (before.serial, state.serial, _size(state, "a")) == (2, 3, 7)
    assert decode((tmp_path / "backups/example.2.yaml").read_bytes()) == before


def test_pushing_what_is_there_writes_nothing(tmp_path: Path) -> None:
    """The serial stays."""
    _applied(tmp_path, "a")
    _store(tmp_path).push(encode(_store(tmp_path).read()), "f", **US)
    assert _store(tmp_path).read().serial == 1


def test_a_first_state_can_be_pushed(tmp_path: Path) -> None:
    """Into an empty folder, with its lineage and all it knows."""
    state = replace(plain_state(), approved=approval("a"))
    _store(tmp_path / "state").push(encode(state), "f", **US)
    assert _store(tmp_path / "state").read() == replace(state, serial=13)


@pytest.mark.parametrize(
    "change", [{"lineage": "0" * 32}, {"serial": 1}, {"stack": "other"}, {"serial": 0}]
)
def test_what_is_not_this_state_is_not_pushed(tmp_path: Path, change: dict[str, Any]) -> None:
    """Of another history, older than what is there, of another stack."""
    _applied(tmp_path, "a", "b")
    before = _store(tmp_path).read()
    with pytest.raises((RefusedPushError, StateError)):
        _store(tmp_path).push(encode(replace(before, **change)), "f", **US)
    assert _store(tmp_path).read() == before
