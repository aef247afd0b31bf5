"""The journal: nothing acknowledged is lost, a cut tail is dropped, damage is refused."""

from dataclasses import replace
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recorded_states import (
    LINEAGE,
    addresses,
    approval,
    approvals,
    intent,
    intent_ids,
    plain_state,
    pool,
    record,
    records,
    texts,
)

from reconciler.model.state import Intent, Op, State
from reconciler.recorded.entries import (
    Announced,
    Approved,
    Changed,
    Done,
    Entry,
    Failed,
    Ledger,
    Written,
    encode_entry,
)
from reconciler.recorded.errors import DamagedStateError, NewerStateError
from reconciler.recorded.journal import Header, decode, encode_header, replay, seal

HEADER = Header(
    stack="example", lineage=LINEAGE, serial=12, run="r1", verb="apply", at="2025-11-23T10:42:07Z"
)
ENTRIES: tuple[Entry, ...] = (
    Announced(intent=intent("12.4", "d")),
    Written(id="12.4", address=pool("d"), record=record("d", pool_size=1)),
    Done(id="12.4", address=pool("d"), identity=record("d").identity, record=record("d")),
    Announced(intent=intent("12.5", "a", Op.DELETE)),
    Done(id="12.5", address=pool("a"), identity=record("a").identity, record=None),
    Announced(intent=intent("12.6", "e")),
    Failed(id="12.6"),
    Changed(records={pool("b"): None, pool("moved"): record("b")}),
    Failed(id="12.3"),
    Approved(approval=approval("f", "g")),
    Announced(intent=intent("12.7", "f", note="größe 😀 \u2028")),
)

entries = st.one_of(
    st.builds(
        lambda key, op, address, identity, want: Announced(
            intent=Intent(id=key, op=op, address=address, identity=identity, want=want)
        ),
        intent_ids,
        st.sampled_from(Op),
        addresses,
        texts,
        st.one_of(st.none(), records),
    ),
    st.builds(Written, id=intent_ids, address=addresses, record=records),
    st.builds(
        Done,
        id=intent_ids,
        address=addresses,
        identity=texts,
        record=st.one_of(st.none(), records),
    ),
    st.builds(Failed, id=intent_ids),
    st.builds(
        Changed, records=st.dictionaries(addresses, st.one_of(st.none(), records), max_size=3)
    ),
    st.builds(Approved, approval=st.one_of(st.none(), approvals)),
)


def _lines(written: tuple[Entry, ...] = ENTRIES, header: Header = HEADER) -> list[bytes]:
    """Return the lines of a journal that was written one entry at a time."""
    lines: list[bytes] = []
    for body in (encode_header(header), *map(encode_entry, written)):
        lines.append(seal(body, sum(map(len, lines))))
    return lines


def _replayed(data: bytes, saved: State | None = None) -> State:
    journal = decode(data)
    saved = saved or plain_state()
    return saved if journal is None else replay(journal, saved)


def _after(count: int) -> State:
    """Return the plain state with the first `count` entries put in."""
    state = plain_state()
    ledger = Ledger(state)
    for entry in ENTRIES[:count]:
        ledger.put(entry)
    return ledger.put_into(state)


@given(st.lists(entries, max_size=4).map(tuple))
def test_what_is_written_is_read_back_equal(written: tuple[Entry, ...]) -> None:
    """Whatever the strings."""
    journal = decode(b"".join(_lines(written)))
    assert journal is not None
    assert journal.header == HEADER
    assert journal.entries == written


@given(st.lists(entries, max_size=8).map(tuple))
def test_putting_the_same_entries_in_again_changes_nothing(written: tuple[Entry, ...]) -> None:
    """So a journal that outlived its folding does no harm: the record is what it was."""
    ledger = Ledger(State(stack="example"))
    for entry in written:
        ledger.put(entry)
    once = ledger.put_into(State(stack="example"))
    for entry in written:
        ledger.put(entry)
    assert ledger.put_into(State(stack="example")) == once


def test_what_became_of_each_write_is_in_the_record() -> None:
    """Created, deleted, failed, moved, resolved, and one of which nobody knows."""
    state = _replayed(b"".join(_lines()))
    assert state.resources == {pool("d"): record("d"), pool("moved"): record("b")}
    assert list(state.unresolved) == ["12.7"]
    assert state.approved == approval("f", "g")


def test_an_object_is_ours_as_soon_as_its_write_was_answered() -> None:
    """It is recorded, and its intent stays until it has settled."""
    state = _replayed(b"".join(_lines()[:3]))
    assert state.resources[pool("d")] == record("d", pool_size=1)
    assert "12.4" in state.unresolved


def test_deleting_the_old_object_keeps_the_new_one_under_the_same_address() -> None:
    """A replacement made first has another identity than what is deleted after it."""
    ledger = Ledger(State(stack="example", resources={pool("a"): record("new")}))
    ledger.put(Done(id="1.1", address=pool("a"), identity=record("old").identity, record=None))
    assert ledger.resources == {pool("a"): record("new")}


def test_a_journal_cut_at_any_byte_loses_nothing_acknowledged() -> None:
    """Whole lines count; what is left of the last is dropped, and never an error."""
    lines = _lines()
    ends = list(accumulate(map(len, lines)))
    data = b"".join(lines)
    for cut in range(len(data) + 1):
        whole = sum(end <= cut for end in ends)
        assert _replayed(data[:cut]) == _after(max(0, whole - 1))


def test_a_tail_of_zeros_is_dropped() -> None:
    """As file systems leave it after a power cut, inside a line or after the last."""
    lines = _lines()
    data = b"".join(lines)
    last = len(data) - len(lines[-1])
    for cut in range(last, len(data)):
        assert _replayed(data[:cut] + b"\0" * (len(data) - cut)) == _after(len(ENTRIES) - 1)
    assert _replayed(data + b"\0" * 4096) == _after(len(ENTRIES))
    assert decode(b"\0" * 4096) is None


def test_every_flipped_bit_is_noticed() -> None:
    """In the last line too: a cut leaves a beginning or zeros, never other bytes."""
    data = b"".join(_lines(ENTRIES[6:9]))
    for at in range(len(data)):
        for bit in range(8):
            flipped = data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
            with pytest.raises((DamagedStateError, NewerStateError)) as caught:
                decode(flipped, "state/example.journal")
            (diagnostic,) = caught.value.diagnostics
            assert diagnostic.location is not None
            assert diagnostic.location.file == "state/example.journal"


def test_damage_names_its_line() -> None:
    """Lines count from 1, the header being the first."""
    lines = _lines()
    lines[3] = lines[3].replace(b"12.4", b"12.9")
    with pytest.raises(DamagedStateError) as caught:
        decode(b"".join(lines), "j")
    location = caught.value.diagnostics[0].location
    assert location is not None
    assert location.line == 4
    assert f"{sum(map(len, lines[:3])) + 1:,}" in caught.value.diagnostics[0].detail


@pytest.mark.parametrize("drop", range(len(ENTRIES)))
def test_a_missing_line_is_refused(drop: int) -> None:
    """Each line says where it began, so none can go unnoticed but the last."""
    lines = _lines()
    del lines[drop]
    with pytest.raises(DamagedStateError):
        decode(b"".join(lines))


def test_a_repeated_line_is_refused() -> None:
    """Nor can one be there twice."""
    lines = _lines()
    lines.insert(4, lines[3])
    with pytest.raises(DamagedStateError):
        decode(b"".join(lines))


def test_a_write_of_several_lines_that_was_cut_inside_is_a_tail() -> None:
    """Disks may keep the end of a write and lose its beginning; none of it had been acknowledged."""
    lines = _lines(ENTRIES[:3])
    start = sum(map(len, lines))
    batch = [seal(encode_entry(entry), start) for entry in ENTRIES[3:6]]
    data = b"".join(lines)
    assert _replayed(data + b"".join(batch)) == _after(6)
    lost = b"\0" * len(batch[0])
    assert _replayed(data + lost + batch[1] + batch[2]) == _after(3)
    later = seal(encode_entry(ENTRIES[6]), start + sum(map(len, batch)))
    with pytest.raises(DamagedStateError):
        decode(data + lost + batch[1] + batch[2] + later)


def test_a_newer_format_is_refused_with_the_version_needed() -> None:
    """Whatever follows."""
    with pytest.raises(NewerStateError) as caught:
        decode(b'{"journal":2,"anything":true}\n')
    assert caught.value.version == 2


@pytest.mark.parametrize(
    "body", ['{"done":"12.4"}', '{"explode":1}', '{"intent":"x","call":{}}', "[1]"]
)
def test_an_entry_that_is_never_written_is_refused(body: str) -> None:
    """Even with a crc that fits."""
    lines = _lines()
    with pytest.raises(DamagedStateError):
        decode(b"".join([*lines, seal(body, sum(map(len, lines)))]))


def test_a_journal_that_outlived_its_folding_is_known() -> None:
    """Cut between the renaming of the state and the removal of the journal: nothing is put in twice."""
    folded = replace(_after(len(ENTRIES)), serial=13)
    assert _replayed(b"".join(_lines()), folded) is folded


@pytest.mark.parametrize(
    "saved",
    [
        plain_state(serial=11),
        plain_state(serial=13),
        replace(plain_state(), lineage="0" * 32),
        replace(plain_state(), stack="other"),
    ],
)
def test_state_and_journal_that_do_not_belong_together_are_refused(saved: State) -> None:
    """An older state, a newer one without what the journal recorded, another history, another stack."""
    with pytest.raises(DamagedStateError):
        _replayed(b"".join(_lines()), saved)


def test_a_first_run_that_never_folded_is_replayed_onto_nothing() -> None:
    """Its journal starts from serial 0 and names the lineage that began with it."""
    first = replace(HEADER, serial=0)
    state = _replayed(b"".join(_lines(header=first)), State(stack="example"))
    assert state.lineage == LINEAGE
    assert state.serial == 0
    assert pool("d") in state.resources
