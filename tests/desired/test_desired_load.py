"""The strict YAML reader: what it takes, what it refuses, and where it says things stand."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.desired.load import Limits, read_yaml
from reconciler.desired.marks import Node
from reconciler.desired.problems import Problems
from reconciler.model.diagnostic import Diagnostic


def read(folder: Path, text: str | bytes, **limits: int) -> tuple[Node | None, list[Diagnostic]]:
    """Return what is read from a file with this content, and the problems."""
    file = folder / "x.yaml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    problems = Problems()
    node = read_yaml(file, problems, Limits(**limits))
    return node, problems.diagnostics


def summaries(folder: Path, text: str | bytes, **limits: int) -> list[str]:
    return [diagnostic.summary for diagnostic in read(folder, text, **limits)[1]]


VALUES = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "true": True,
    "TRUE": True,
    "False": False,
    "0": 0,
    "-0": 0,
    "12": 12,
    "-12": -12,
    "+12": 12,
    "9007199254740992": 2**53,
    "1.5": 1.5,
    "-1.10": -1.1,
    ".5": 0.5,
    "5.": 5.0,
    "startup-4": "startup-4",
    "google-europe-west1": "google-europe-west1",
    "10GiB": "10GiB",
    "1.2.3": "1.2.3",
    "1.2.3.4/24": "1.2.3.4/24",
    "2024-01-01-backup": "2024-01-01-backup",
    "::1": "::1",
    "nothing": "nothing",
    "yesterday": "yesterday",
    "tRUE": "tRUE",
    "a b": "a b",
    '"yes"': "yes",
    "'010'": "010",
    '"1e3"': "1e3",
    '"tab\\there"': "tab\there",
    "|\n  10\n  20": "10\n20\n",
    ">-\n  10:00:00": "10:00:00",
    "[a, 1]": ["a", 1],
    "{a: {b: 1}}": {"a": {"b": 1}},
    "${vars.x}": "${vars.x}",
}


@pytest.mark.parametrize("text", VALUES)
def test_a_value_is_what_the_core_schema_says(tmp_path: Path, text: str) -> None:
    """YAML 1.2, types included."""
    node, problems = read(tmp_path, f"k: {text}\n")
    assert not problems
    assert node is not None
    assert node.value == {"k": VALUES[text]}
    assert type(node.value["k"]) is type(VALUES[text])


AMBIGUOUS = (
    *("y", "Y", "n", "N", "yes", "Yes", "YES", "yEs", "no", "No", "NO", "on", "ON", "off", "Off"),
    *("010", "-010", "00", "0x1F", "0X1f", "0o17", "0b101", "1_000", "+1_0", "1_0.5", "0_"),
    *("1e3", "1E3", "1.5e3", "1.5e+3", "-1e-3", ".5e1", "22:22", "10:00:00", "1:2:3.5", "-1:30"),
    *("2024-01-01", "2024-1-1", "2024-01-01T10:00:00Z", "2024-01-01 10:00:00.5 +01:00"),
    *(".nan", ".NaN", ".NAN", ".inf", "-.inf", "+.Inf", "="),
)


@pytest.mark.parametrize("text", AMBIGUOUS)
@pytest.mark.parametrize("form", ["k: {}", "- {}", "{}: 1"])
def test_what_readers_disagree_on_is_refused(tmp_path: Path, text: str, form: str) -> None:
    """As a value, in a list, and as a key."""
    _, problems = read(tmp_path, form.format(text))
    assert problems[0].summary == "Ambiguous value"
    assert problems[0].hint.startswith("quote it")


@pytest.mark.parametrize("text", AMBIGUOUS)
@pytest.mark.parametrize("form", ["[{}]", "{{k: {}}}"])
def test_nor_is_it_taken_in_a_flow(tmp_path: Path, text: str, form: str) -> None:
    """There, the parser itself stops at a colon."""
    _, problems = read(tmp_path, form.format(text))
    expected = "Invalid YAML" if ":" in text else "Ambiguous value"
    assert problems[0].summary == expected
    assert problems[0].hint.startswith("quote ")


@pytest.mark.parametrize(
    "text", ["9007199254740993", "-9007199254740993", "9" * 5000, "9" * 400 + ".0"]
)
def test_a_number_beyond_what_all_readers_keep_is_refused(tmp_path: Path, text: str) -> None:
    """2^53 is where doubles lose integers; five thousand digits make int() raise."""
    assert summaries(tmp_path, f"k: {text}") == ["Number too large"]


REFUSED = {
    "k: !vault x": "Tag",
    "k: !!str 1": "Tag",
    "k: !!binary aGk=": "Tag",
    "k: ! x": "Tag",
    "k: !!set {a, b}": "Tag",
    "k: !!python/object:os.system [x]": "Tag",
    "!!map {k: 1}": "Tag",
    "<<: {a: 1}": "Merge key",
    "a: &a {x: 1}\nb: {<<: *a}": "Merge key",
    "a: 1\na: 2": "Duplicate key",
    "{a: 1, 'a': 2}": "Duplicate key",
    "1: x": "Key is not a string",
    "true: x": "Key is not a string",
    "~: x": "Key is not a string",
    ": x": "Invalid YAML",
    "1.5: x": "Key is not a string",
    "? [a]\n: x": "Key is not a string",
    "? {a: 1}\n: x": "Key is not a string",
    "a: &a k\n*a : x": "Key is not a string",
    "k: &a [*a]": "Recursive alias",
    "k: &a {b: {c: *a}}": "Recursive alias",
    "k: *a": "Unknown alias",
    "k: [*a, &a 1]": "Unknown alias",
    "a: 1\n---\nb: 1": "Several documents",
    "a: 1\n...\n---\nb: 1": "Several documents",
    "\tk: 1": "Tab",
    "a:\n\tb: 1": "Tab",
    "k: [1": "Invalid YAML",
    "k: 'x": "Invalid YAML",
    "- a\nb": "Invalid YAML",
    "k: @x": "Invalid YAML",
    "a: 1\n b: 2": "Invalid YAML",
    "k: \x00": "Control character",
    "k: \x07": "Control character",
    "k: \x1b[31m": "Control character",
    "k: \x7f": "Control character",
    "k: \x85": "Control character",
    "k: a\u2028b": "Control character",
    "k: a\ufeffb": "Control character",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_plain_data_is_refused_with_its_place(tmp_path: Path, text: str) -> None:
    """Each with one problem, in a line of the file."""
    _, problems = read(tmp_path, text)
    assert [problem.summary for problem in problems] == [REFUSED[text]]
    place = problems[0].location
    assert place is not None
    assert 1 <= place.line <= text.count("\n") + 2
    assert place.column >= 1


ENCODED = {
    "k: é".encode("latin-1"): "Not UTF-8",
    "k: é".encode("utf-16"): "Not UTF-8",
    "k: é".encode("utf-16-le"): "Not UTF-8",
    "k: e".encode("utf-16-be"): "Control character",
    b"k: \xed\xa0\x80": "Not UTF-8",
    b"k: \xf8\x88\x80\x80\x80": "Not UTF-8",
    b"\x1f\x8b\x08\x00": "Not UTF-8",
}


@pytest.mark.parametrize("data", ENCODED)
def test_only_utf8_is_read(tmp_path: Path, data: bytes) -> None:
    """Other encodings are named, not guessed."""
    assert summaries(tmp_path, data) == [ENCODED[data]]


def test_a_byte_order_mark_is_taken(tmp_path: Path) -> None:
    """And does not shift the first column."""
    node, problems = read(tmp_path, b"\xef\xbb\xbfk: 1")
    assert not problems
    assert node is not None
    assert node.value == {"k": 1}
    assert node.places.key_at(("k",)).column == 1


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\n\n\n", "   \n", "", " # comment"])
def test_line_ends_do_not_matter(tmp_path: Path, ending: str) -> None:
    """CRLF, blanks at the end, no newline at the end."""
    node, problems = read(tmp_path, f"a: 1{ending if ending.strip() else ending or ''}".encode())
    assert not problems
    assert node is not None
    assert node.value == {"a": 1}


def test_every_place_is_kept(tmp_path: Path) -> None:
    """Line and column of each key and value, from 1, in characters."""
    node, _ = read(tmp_path, "é: x\nmap:\n  list: [ä, {k: 'v'}]\n  nul:\nalias: &a {z: 1}\nb: *a\n")
    assert node is not None
    places = node.places

    def at(*path: str | int) -> tuple[int, int]:
        place = places.at(path)
        return place.line, place.column

    def key_at(*path: str | int) -> tuple[int, int]:
        place = places.key_at(path)
        return place.line, place.column

    assert at("é") == (1, 4)
    assert key_at("map") == (2, 1)
    assert at("map") == (3, 3)
    assert at("map", "list", 0) == (3, 10)
    assert key_at("map", "list", 1, "k") == (3, 14)
    assert at("map", "list", 1, "k") == (3, 17)
    assert at("map", "nul") == (4, 7)
    assert at("b", "z") == (5, 15)
    assert at("map", "nothing") == at("map")
    assert at("map", "list", 9) == at("map", "list")


def test_a_duplicate_key_names_both_lines(tmp_path: Path) -> None:
    """The second is the place, the first stands in the sentence."""
    _, [problem] = read(tmp_path, "a: 1\nb: 2\n\na: 3\n")
    assert problem.location is not None
    assert problem.location.line == 4
    assert problem.detail == "'a' stands here and in line 1."


def test_many_problems_of_one_file_are_told_in_one_run(tmp_path: Path) -> None:
    """What does not end the document does not end the reading."""
    assert summaries(tmp_path, "a: no\nb: !x 1\n1: 2\na: 3\nc: 010\nd: [on, 1_0]") == [
        *("Ambiguous value", "Tag", "Key is not a string", "Duplicate key"),
        *("Ambiguous value", "Ambiguous value", "Ambiguous value"),
    ]


def test_a_file_of_nothing_but_problems_ends_after_a_hundred(tmp_path: Path) -> None:
    """Nobody mends more of them line by line."""
    assert len(summaries(tmp_path, "- no\n" * 5000)) == 100


def test_nesting_is_bounded(tmp_path: Path) -> None:
    """64 levels are fine, 65 are not, written out or by aliases."""
    assert summaries(tmp_path, "[" * 64 + "]" * 64) == []
    assert summaries(tmp_path, "[" * 65 + "]" * 65) == ["Nested too deep"]
    chain = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 100))
    assert summaries(tmp_path, chain) == ["Nested too deep"]
    chain = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 63))
    assert summaries(tmp_path, chain) == []


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 50_000, "- " * 50_000, "? " * 50_000])
def test_a_hundred_kilobytes_of_nesting_do_not_crash_the_process(tmp_path: Path, text: str) -> None:
    """Composing them would exhaust the C stack (SIGSEGV); they are refused while they stream."""
    file = tmp_path / "deep.yaml"
    file.write_text(text)
    code = (
        "import sys; from pathlib import Path; from reconciler.desired.load import read_yaml;"
        "from reconciler.desired.problems import Problems; p = Problems();"
        "read_yaml(Path(sys.argv[1]), p); print(p.diagnostics[0].summary)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(file)], capture_output=True, text=True, timeout=20
    )
    assert (run.returncode, run.stdout.strip()) == (0, "Nested too deep")


def test_an_alias_bomb_is_refused_at_once(tmp_path: Path) -> None:
    """Nine levels of nine are 400 bytes and half a billion values."""
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n"
    for level, name in enumerate("bcdefghi"):
        bomb += f"{name}: &{name} [{','.join(['*' + 'abcdefghi'[level]] * 9)}]\n"
    assert summaries(tmp_path, bomb) == ["Too much in one file"]


def test_an_alias_bomb_of_one_long_text_is_refused(tmp_path: Path) -> None:
    """Few values, but gigabytes once somebody writes them out."""
    text = "a: &a " + "x" * 1_000_000 + "\nb: [" + "*a," * 200 + "]\n"
    assert summaries(tmp_path, text) == ["Too much in one file"]


def test_an_alias_stands_for_what_its_anchor_holds(tmp_path: Path) -> None:
    """Scalars and maps; an anchor may be set again."""
    node, problems = read(tmp_path, "a: &x 1\nb: *x\nc: &x {k: [1]}\nd: *x\n")
    assert not problems
    assert node is not None
    assert node.value == {"a": 1, "b": 1, "c": {"k": [1]}, "d": {"k": [1]}}


def test_size_and_number_of_values_are_bounded(tmp_path: Path) -> None:
    """Before memory is."""
    assert summaries(tmp_path, "k: " + "x" * 100, size_bytes=50) == ["File too large"]
    assert summaries(tmp_path, "[a, b, c, d]", nodes=5) == []
    assert summaries(tmp_path, "[a, b, c, d]", nodes=4) == ["Too much in one file"]


def test_what_is_no_file_of_text_is_named(tmp_path: Path) -> None:
    """A missing file, a folder, a FIFO (which would block), a name that cannot be."""
    fifo = tmp_path / "fifo.yaml"
    os.mkfifo(fifo)
    expected = {
        tmp_path / "none.yaml": "File not found",
        tmp_path: "Unreadable file",
        fifo: "Unreadable file",
        Path("/dev/zero"): "Unreadable file",
        tmp_path / ("x" * 300): "Unreadable file",
        tmp_path / "a\0b": "Unreadable file",
    }
    for path, summary in expected.items():
        problems = Problems()
        assert read_yaml(path, problems) is None
        assert [problem.summary for problem in problems.diagnostics] == [summary]


@pytest.mark.parametrize("text", ["k: {a: ${vars.x}}", "k: [${vars.x}]", "k: ${x ? 1 : 2}"])
def test_an_expression_that_yaml_has_eaten_says_quote_it(tmp_path: Path, text: str) -> None:
    """YAML reads : ? # { } itself."""
    _, [problem] = read(tmp_path, text)
    assert problem.hint.startswith("quote the expression")


TEXT = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=20)
SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_json_is_read_as_json(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    """JSON is YAML: whatever is quoted comes back as it was."""
    node, problems = read(tmp_path_factory.getbasetemp(), json.dumps(value))
    assert not problems
    assert node is not None
    assert node.value == value


@given(st.text(alphabet=st.sampled_from("ab1:-?[]{},#&*!|>'\"%@`\\ \n\t$<~=._é"), max_size=60))
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """No exception, and a file that is not read has a problem with a place."""
    node, problems = read(tmp_path_factory.getbasetemp(), text)
    assert node is not None or problems
    assert all(problem.location and problem.location.line for problem in problems)


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    """Whatever the encoding."""
    node, problems = read(tmp_path_factory.getbasetemp(), data)
    assert node is not None or problems
