"""The audit trail: one line for each command, chained; whatever is changed, missing or put in shows."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recorded_states import pool, record, texts

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ExitCode, ReconcileError
from reconciler.recorded.stores.file import FileStore
from reconciler.recorded.trail import START, LogLine, Outcome, encode_line, hash_line, read_trail

NOW = datetime(2025, 11, 23, 10, 42, 7, tzinfo=UTC)
SOME = Outcome(exit_code=0, plan="ab" * 32, counts={"create": 3})
outcomes = st.builds(
    Outcome,
    exit_code=st.one_of(st.none(), st.integers(0, 130)),
    plan=texts,
    counts=st.dictionaries(texts, st.integers(0, 10**6), max_size=3),
)
log_lines = st.builds(
    LogLine, at=texts, who=texts, run=texts, verb=texts, serial=st.integers(0, 99), outcome=outcomes
)


def _line(run: str, outcome: Outcome = SOME) -> LogLine:
    return LogLine(
        at="2025-11-23T10:42:07Z", who="me@here", run=run, verb="apply", serial=3, outcome=outcome
    )


def _log(*logged: LogLine) -> bytes:
    data = b""
    for line in logged:
        data += encode_line(line, read_trail(data))
    return data


FIVE = _log(*(_line(f"r{n}") for n in range(1, 6)))
HEAD = hash_line(FIVE.splitlines()[-1])


@given(st.lists(log_lines, max_size=5))
def test_what_is_written_is_read_back_equal_and_holds(logged: list[LogLine]) -> None:
    """Whatever the strings; one line each."""
    data = _log(*logged)
    trail = read_trail(data)
    assert list(trail.logged) == logged
    assert trail.broken is None
    assert data.count(b"\n") == len(logged)


def test_each_line_names_the_one_before() -> None:
    """By the SHA-256 of its bytes, as `sha256sum` gives it; the first names zeros."""
    lines = [json.loads(line) for line in FIVE.splitlines()]
    assert lines[0]["prev"] == START
    assert [line["prev"] for line in lines[1:]] == [
        hash_line(text) for text in FIVE.splitlines()[:-1]
    ]
    assert [line["n"] for line in lines] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("number", range(1, 6))
def test_a_changed_line_is_named(number: int) -> None:
    """The last one too, as long as the lock's file remembers it."""
    lines = FIVE.splitlines(keepends=True)
    lines[number - 1] = lines[number - 1].replace(b'"exit":0', b'"exit":1')
    trail = read_trail(b"".join(lines), HEAD)
    assert trail.broken is not None
    assert trail.broken[0] == number


@pytest.mark.parametrize("number", range(1, 6))
def test_a_missing_line_is_noticed(number: int) -> None:
    """At the line that stands in its place; at the end, at the last that is left."""
    lines = FIVE.splitlines(keepends=True)
    del lines[number - 1]
    trail = read_trail(b"".join(lines), HEAD)
    assert trail.broken is not None
    assert trail.broken[0] == min(number, 4)


def test_a_line_put_in_is_noticed() -> None:
    """Twice the same is one too many."""
    lines = FIVE.splitlines(keepends=True)
    trail = read_trail(b"".join([*lines[:2], lines[1], *lines[2:]]), HEAD)
    assert trail.broken is not None
    assert trail.broken[0] == 3


@pytest.mark.parametrize("text", [b"", b"x", b"[]", b"{}", b"\xff", b"[" * 100_000])
def test_a_line_that_cannot_be_read_is_named_and_the_rest_is_shown(text: bytes) -> None:
    """Nothing in a log makes reading it fail."""
    lines = FIVE.splitlines()
    lines[2] = text
    trail = read_trail(b"\n".join([*lines, b""]), HEAD)
    assert trail.broken is not None
    assert trail.broken[0] in (2, 3)
    assert len(trail.logged) == 4


@given(st.binary(max_size=200))
def test_any_bytes_are_read(data: bytes) -> None:
    """Without an exception, and what follows them fits."""
    trail = read_trail(data)
    again = read_trail(trail.good + encode_line(_line("r9"), trail))
    assert again.logged[-1] == _line("r9")


def test_what_a_cut_write_left_is_no_line() -> None:
    """A beginning, zeros, or zeros before the end of it: it had not been acknowledged."""
    line = encode_line(_line("r6"), read_trail(FIVE))
    for cut in range(1, len(line)):
        for left in (line[:cut], b"\0" * cut, b"\0" * cut + line[cut:]):
            trail = read_trail(FIVE + left, HEAD)
            assert (trail.broken, trail.good, trail.is_cut) == (None, FIVE, True)


def test_a_gap_at_the_end_stays_to_be_seen() -> None:
    """The next line names the one that is gone."""
    short = b"".join(FIVE.splitlines(keepends=True)[:3])
    longer = short + encode_line(_line("r6"), read_trail(short, HEAD))
    trail = read_trail(longer, hash_line(longer.splitlines()[-1]))
    assert trail.broken is not None
    assert trail.broken[0] == 3


# --- written by runs


def _store(folder: Path) -> FileStore:
    return FileStore(folder, "example")


def _outcomes(folder: Path) -> list[tuple[str, int | None]]:
    trail = _store(folder).read_log()
    assert trail.broken is None
    return [(line.run, line.outcome.exit_code) for line in trail.logged]


class _OurError(ReconcileError):
    exit_code = ExitCode.STALE


@pytest.mark.parametrize(
    ("error", "code"), [(_OurError(Diagnostic(summary="x")), 5), (KeyboardInterrupt(), 130)]
)
def test_every_run_leaves_one_line(tmp_path: Path, error: BaseException, code: int) -> None:
    """What it said of its end, or what the error says that ended it; also when nothing changed."""
    with _store(tmp_path).open_run("apply", run_id="r1", now=NOW):
        pass
    with _store(tmp_path).open_run("apply", run_id="r2", now=NOW) as run:
        asyncio.run(run.record(pool("a"), record("a")))
        run.conclude(6, plan="ab", counts={"create": 1})
    with pytest.raises(type(error)), _store(tmp_path).open_run("apply", run_id="r3", now=NOW):
        raise error
    assert _outcomes(tmp_path) == [("r1", 0), ("r2", 6), ("r3", code)]
    line = _store(tmp_path).read_log().logged[1]
    assert (line.at, line.verb, line.serial) == ("2025-11-23T10:42:07Z", "apply", 1)
    assert line.outcome == Outcome(exit_code=6, plan="ab", counts={"create": 1})
    assert "@" in line.who


def test_a_run_that_was_cut_gets_its_line_from_the_next(tmp_path: Path) -> None:
    """Once, and before the next one's own."""
    with _store(tmp_path).open_run("destroy", run_id="r1", now=NOW) as run:
        asyncio.run(run.record(pool("a"), record("a")))
        run.abandon()
    for run_id in ("r2", "r3"):
        with _store(tmp_path).open_run("apply", run_id=run_id, now=NOW):
            pass
    assert _outcomes(tmp_path) == [("r1", None), ("r2", 0), ("r3", 0)]
    assert _store(tmp_path).read_log().logged[0].verb == "destroy"


def test_a_log_that_cannot_be_written_is_noticed_before_anything_is_called(tmp_path: Path) -> None:
    """Here a folder is in its place."""
    (tmp_path / "example.log").mkdir()
    with (
        pytest.raises(ReconcileError) as caught,
        _store(tmp_path).open_run("apply", run_id="r1", now=NOW),
    ):
        pytest.fail("the run was opened")
    assert caught.value.exit_code is ExitCode.ERROR


def test_a_broken_chain_goes_on_and_stays_broken(tmp_path: Path) -> None:
    """No run is held up by it."""
    for run_id in ("r1", "r2"):
        with _store(tmp_path).open_run("apply", run_id=run_id, now=NOW):
            pass
    path = tmp_path / "example.log"
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    with _store(tmp_path).open_run("apply", run_id="r3", now=NOW):
        pass
    trail = _store(tmp_path).read_log()
    assert [line.run for line in trail.logged] == ["r1", "r3"]
    assert trail.broken is not None
    assert trail.broken[0] == 1
