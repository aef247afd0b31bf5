"""The state file: what is written is read back equal, and anything else is refused."""

import json
import zlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from recorded_states import LINEAGE, approval, intent, plain_state, pool, record, states
from ruamel.yaml import YAML

from reconciler.model.address import Address
from reconciler.model.errors import ExitCode
from reconciler.model.state import Op, Recorded, State
from reconciler.model.values import Secret, Unknown
from reconciler.recorded.codec import decode, encode
from reconciler.recorded.errors import DamagedStateError, NewerStateError, StateError

GOLDEN = """\
# State of stack example. Written by reconcile; edit with `reconcile state`.
version: 1
stack: example
lineage: 7f9c2ba4e88f827d616045507605853e
serial: 12
crc: "CRC"
resources:
  "aiven_connection_pool.a": {"identity":"my-project/my-service/a","attributes":{"pool_name":"a","pool_size":10},"depends_on":["aiven_pg.main"],"protected":false}
  "aiven_connection_pool.b": {"identity":"my-project/my-service/b","attributes":{"pool_name":"b","pool_size":10},"depends_on":["aiven_pg.main"],"protected":false}
  "?12.3": {"op":"create","address":"aiven_connection_pool.c","identity":"my-project/my-service/c","want":{"identity":"my-project/my-service/c","attributes":{"pool_name":"c","pool_size":10},"depends_on":["aiven_pg.main"],"protected":false},"at":"2025-11-23T10:42:07Z"}
# end
"""  # noqa: E501  (one resource a line is the format)


def _sealed(text: str) -> bytes:
    """Give hand-made lines a crc that fits, found in the way the codec documents it."""
    others = "".join(line for line in text.splitlines(True) if not line.startswith("crc:"))
    crc = f"{zlib.crc32(others.encode()):08x}"
    return text.replace('crc: "CRC"', f'crc: "{crc}"').encode()


def _state_with(value: object) -> State:
    return replace(plain_state(), resources={pool("a"): record("a", value=value)})


@given(states)
@settings(max_examples=50)
def test_what_is_written_is_read_back_equal(state: State) -> None:
    """decode(encode(x)) == x, whatever the strings."""
    assert decode(encode(state)) == state


@given(states)
@settings(max_examples=50)
def test_any_yaml_parser_reads_the_same(state: State) -> None:
    """ruamel's C and pure parsers, as YAML 1.1 and 1.2, read the object that JSON reads."""
    data = encode(state)
    expected = {
        "version": 1,
        "stack": state.stack,
        "lineage": state.lineage,
        "serial": state.serial,
        "resources": _entries_as_json(data.decode()),
    }
    if state.approved is not None:
        left = dict(state.approved.left)
        expected["approved"] = {"digest": state.approved.digest, "left": left}
    for pure, version in ((True, (1, 2)), (False, (1, 1))):
        parser = YAML(typ="safe", pure=pure)
        parser.version = version
        read = parser.load(data)
        assert isinstance(read.pop("crc"), str)
        assert read == expected


def _entries_as_json(text: str) -> dict[str, object]:
    entries = [line.strip() for line in text.split("\n") if line.startswith("  ")]
    return dict(json.loads(f"{{{entry}}}").popitem() for entry in entries)


@given(states)
@settings(max_examples=30)
def test_equal_states_give_equal_bytes(state: State) -> None:
    """Neither the order of resources nor that of attributes shows in the file."""
    backwards = replace(
        state,
        resources={
            address: replace(item, attributes=dict(reversed(item.attributes.items())))
            for address, item in reversed(state.resources.items())
        },
        unresolved=dict(reversed(state.unresolved.items())),
    )
    assert encode(backwards) == encode(state)


def test_the_file_is_made_to_be_read_by_eye_and_diffed_by_line() -> None:
    """A header, one resource a line sorted by address, unresolved intents after them, an end mark."""
    assert encode(plain_state()) == _sealed(GOLDEN)


def test_intents_stand_in_the_order_they_were_announced() -> None:
    """12.10 comes after 12.9."""
    keys = ["12.10", "12.9", "2.1"]
    state = State(
        stack="s", lineage=LINEAGE, serial=13, unresolved={key: intent(key, "a") for key in keys}
    )
    assert list(decode(encode(state)).unresolved) == ["2.1", "12.9", "12.10"]


@pytest.mark.parametrize(
    "hostile", ["\x7f", "\x9b", "\u2028", "\x85", "\ufffe", "\u202e", "\ud800"]
)
def test_what_readers_refuse_or_nobody_sees_is_escaped(hostile: str) -> None:
    """And comes back as it was; printable text stays as it is."""
    data = encode(_state_with(f"größe 😀 {hostile}"))
    assert "größe 😀 \\u" in data.decode()
    assert decode(data) == _state_with(f"größe 😀 {hostile}")


@pytest.mark.parametrize(
    "value",
    [
        Secret("hunter2"),
        {"deep": [Secret("hunter2")]},
        Unknown(pool("a"), "x"),
        {1: "a"},
        b"x",
        (1,),
        {1},
        float("nan"),
        [float("inf")],
        [10**5000],
        object(),
    ],
)
def test_what_is_not_json_is_never_stored(value: object) -> None:
    """A secret or a value not known yet that gets here is a bug, and stops here."""
    with pytest.raises(TypeError) as caught:
        encode(_state_with(value))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "state",
    [
        State(
            stack="s", lineage=LINEAGE, resources={Address.of("k", "n", "x" * 1100): record("a")}
        ),
        _state_with({"y" * 1100: 1}),
        _state_with({"\u202e" * 180: 1}),
    ],
)
def test_a_key_that_yaml_could_not_read_is_refused(state: State) -> None:
    """YAML allows a key 1,024 characters, escapes counted."""
    with pytest.raises(StateError):
        encode(state)


def test_every_flipped_bit_is_noticed() -> None:
    """No single flipped bit anywhere in the file passes."""
    data = encode(plain_state())
    for at in range(len(data)):
        for bit in range(8):
            flipped = data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
            with pytest.raises(StateError):
                decode(flipped)


def test_every_truncation_is_noticed() -> None:
    """A file cut at any byte is never taken for a smaller state."""
    data = encode(plain_state())
    for end in range(len(data)):
        with pytest.raises(DamagedStateError):
            decode(data[:end])


def test_a_hand_edit_is_refused_with_both_explanations() -> None:
    """The message says edited or damaged, where, and what to type."""
    edited = encode(plain_state()).replace(b'"pool_size":10', b'"pool_size":99')
    with pytest.raises(DamagedStateError) as caught:
        decode(edited, "state/example.yaml")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.location is not None
    assert diagnostic.location.file == "state/example.yaml"
    assert "edited by hand" in diagnostic.detail
    assert "damaged" in diagnostic.detail
    assert "reconcile state seal" in diagnostic.hint
    assert caught.value.exit_code is ExitCode.ERROR


@pytest.mark.parametrize("version", [2, 17])
def test_a_newer_format_is_refused_with_the_version_needed(version: int) -> None:
    """Whatever else stands in such a file, its crc included."""
    data = encode(plain_state()).replace(b"version: 1\n", b"version: %d\nnew: thing\n" % version)
    with pytest.raises(NewerStateError) as caught:
        decode(data, "state/example.yaml")
    assert caught.value.version == version
    assert f"format {version}" in caught.value.diagnostics[0].hint


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"protected":false', '"protected":0'),
        ('"protected":false', '"protected":false,"extra":1'),
        ('"depends_on":["aiven_pg.main"],', ""),
        ('"depends_on":["aiven_pg.main"]', '"depends_on":["no address"]'),
        ('"depends_on":["aiven_pg.main"]', '"depends_on":[1]'),
        ('"pool_size":10', '"pool_size":NaN'),
        ('"aiven_connection_pool.b": ', '"aiven_connection_pool.a": '),
        ('"aiven_connection_pool.b": ', '"aiven_connection_pool.b":'),
        ('"aiven_connection_pool.b": ', '"no address": '),
        ('"aiven_connection_pool.b": ', "aiven_connection_pool.b: "),
        ('"?12.3"', '"?12"'),
        ('"op":"create"', '"op":"explode"'),
        ('"want":{', '"want":{"more":1,'),
        ('"protected":false}\n  "?', '"protected":false} \n  "?'),
        ("resources:\n", "resources:\n\n"),
        ("resources:\n", "things:\n"),
        ("lineage: 7f", "lineage: 7"),
        ("stack: example", 'stack: "example" x'),
        ("serial: 12", "serial: 012"),
        ("\n# end", "# end"),
        ('"pool_size":10', '"pool_size":' + "[" * 100_000 + "]" * 100_000),
        ('"pool_size":10', '"pool_size":' + "9" * 5000),
    ],
)
def test_a_shape_that_is_never_written_is_refused(old: str, new: str) -> None:
    """Even with a crc that fits."""
    assert old in GOLDEN
    with pytest.raises(DamagedStateError):
        decode(_sealed(GOLDEN.replace(old, new, 1)))


def test_an_approval_that_is_not_used_up_stands_in_the_header() -> None:
    """One line, sorted by address, under the crc; no line when there is none."""
    state = replace(plain_state(), approved=approval("b", "a"))
    text = encode(state).decode()
    assert text.splitlines()[5] == (
        f'approved: {{"digest":"{"5ca1ab1e" * 8}","left":'
        '{"aiven_connection_pool.a":"fp-a","aiven_connection_pool.b":"fp-b"}}'
    )
    assert decode(text.encode()) == state
    assert b"approved" not in encode(plain_state())
    with pytest.raises(DamagedStateError):
        decode(text.replace("fp-b", "fp-c").encode())


def test_every_flipped_bit_of_an_approval_is_noticed() -> None:
    """It is under the crc as all else is."""
    data = encode(replace(plain_state(), approved=approval("a")))
    start = data.index(b"approved:")
    for at in range(start, data.index(b"crc:")):
        for bit in range(8):
            flipped = data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
            with pytest.raises(StateError):
                decode(flipped)


@pytest.mark.parametrize(
    "line",
    [
        "null",
        "{}",
        '{"digest":1,"left":{}}',
        '{"digest":"d","left":[]}',
        '{"digest":"d","left":{"no address":"x"}}',
        '{"digest":"d","left":{"k.n":1}}',
        '{"digest":"d","left":{},"more":1}',
        '{"digest":"d","left":{}} ',
    ],
)
def test_an_approval_of_another_shape_is_refused(line: str) -> None:
    """Even with a crc that fits."""
    with pytest.raises(DamagedStateError):
        decode(_sealed(GOLDEN.replace("crc:", f"approved: {line}\ncrc:", 1)))


@pytest.mark.parametrize("data", [b"", b"\0" * 4096, b"\xff\xfe", b"resources: []\n"])
def test_what_never_was_a_state_file_is_refused(data: bytes) -> None:
    """An empty file is a lost state, never a new one."""
    with pytest.raises(DamagedStateError):
        decode(data)


def test_a_delete_intent_wants_nothing() -> None:
    """The record it will leave is null."""
    state = replace(plain_state(), unresolved={"12.1": intent("12.1", "a", Op.DELETE)})
    assert decode(encode(state)).unresolved["12.1"].want is None


def test_an_empty_state_is_an_empty_mapping_to_yaml() -> None:
    """Not null."""
    state = State(stack="s", lineage=LINEAGE, serial=3)
    assert YAML(typ="safe").load(encode(state))["resources"] == {}
    assert decode(encode(state)) == state


def test_a_record_without_anything_is_a_record() -> None:
    """Empty attributes and no dependencies are kept as such."""
    empty = Recorded(identity="", attributes={})
    state = State(stack="s", lineage=LINEAGE, serial=1, resources={pool("a"): empty})
    assert decode(encode(state)).resources[pool("a")] == empty
