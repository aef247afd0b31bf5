"""Edits of single values: one line changes, everything else stays byte for byte."""

import difflib
import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reconciler.desired.edit import EditError, remove_value, set_value
from reconciler.desired.load import parse_yaml
from reconciler.desired.problems import Problems

STACK = """\
# a stack
stack: test

resources:
  aiven_pg:
    main:   # the only one
      plan: startup-4   # small
      service_name: 'pg1'
      tags: {team: "a b", env: prod}
      pg_user_config:
        # measured
        work_mem: 4
        ip_filter:
          - 10.0.0.0/8    # office
          # at home
          - 192.168.0.0/16

      timeouts: {create: 5m}
  # the end of it
"""
MAIN = ("resources", "aiven_pg", "main")


def value(text: str) -> object:
    problems = Problems()
    node = parse_yaml(text, "x.yaml", problems)
    assert node is not None, text
    assert not len(problems), problems.diagnostics
    return node.value


def lines(before: str, after: str) -> list[str]:
    """Return the lines that differ, as a diff shows them."""
    diff = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in diff if line[0] in "+-"]


SET = {
    "a word": (("plan",), "startup-8",
        ["-       plan: startup-4   # small", "+       plan: startup-8   # small"]),
    "in its quotes": (("service_name",), "it's",
        ["-       service_name: 'pg1'", "+       service_name: 'it''s'"]),
    "a figure": (("pg_user_config", "work_mem"), 8, ["-         work_mem: 4", "+         work_mem: 8"]),
    "a key in a flow": (
        ("tags", "env"), "dev",
        ['-       tags: {team: "a b", env: prod}', '+       tags: {team: "a b", env: dev}'],
    ),
    "a flow key by key": (
        ("tags",), {"team": "b", "x": "1"},
        ['-       tags: {team: "a b", env: prod}', '+       tags: {team: "b", x: "1"}'],
    ),
    "a new line, before what is beside the attributes": (("disk_space",), "80GiB",
        ["+       disk_space: 80GiB"]),
    "a new line further in": (("pg_user_config", "timezone"), "UTC", ["+         timezone: UTC"]),
    "a new mapping": (("a", "b", "c"), [1, {"d": None}], ["+       a: {b: {c: [1, {d: null}]}}"]),
    "a new item": (
        ("pg_user_config", "ip_filter"), ["10.0.0.0/8", "192.168.0.0/16", "::/0"],
        ['+           - "::/0"'],
    ),
    "an item less": (
        ("pg_user_config", "ip_filter"), ["192.168.0.0/16"],
        ["-           - 10.0.0.0/8    # office"],
    ),
    "another item": (
        ("pg_user_config", "ip_filter"), ["10.1.0.0/16", "192.168.0.0/16"],
        ["-           - 10.0.0.0/8    # office", "+           - 10.1.0.0/16"],
    ),
    "nothing new": (("plan",), "startup-4", []),
}  # fmt: skip


@pytest.mark.parametrize("situation", SET)
def test_a_value_is_set(situation: str) -> None:
    """Only these lines differ."""
    path, new, expected = SET[situation]
    edited = set_value(STACK, MAIN + path, new, last=("timeouts",))
    assert lines(STACK, edited) == expected


REMOVED = {
    "a line": (("plan",), ["-       plan: startup-4   # small"]),
    "the first of a flow": (
        ("tags", "team"),
        ['-       tags: {team: "a b", env: prod}', "+       tags: {env: prod}"],
    ),
    "the last of a flow": (
        ("tags", "env"),
        ['-       tags: {team: "a b", env: prod}', '+       tags: {team: "a b"}'],
    ),
    "the only one of a flow": (("timeouts", "create"), ["-       timeouts: {create: 5m}"]),
}  # fmt: skip


@pytest.mark.parametrize("situation", REMOVED)
def test_a_value_is_removed(situation: str) -> None:
    """Only these lines differ; a mapping that would be empty goes along."""
    path, expected = REMOVED[situation]
    assert lines(STACK, remove_value(STACK, MAIN + path, keep=3)) == expected


def test_a_list_in_a_block_can_be_emptied() -> None:
    """The empty list takes the place of its lines; a comment beside the key stays."""
    text = "a:\n  b: # why\n    - 1\n    - 2\n  c: 3\n"
    assert set_value(text, ("a", "b"), []) == "a:\n  b: [] # why\n  c: 3\n"


@pytest.mark.parametrize(
    ("text", "edited"),
    [
        ("a:", "a: 5"),
        ("a: # why\n", "a: 5 # why\n"),
        ("a: ~\n", "a: 5\n"),
        ("{a: }\n", "{a: 5}\n"),
        ("a: |\n  x\n  y\nb: 1\n", "a: 5\nb: 1\n"),
        ('a: "x\n  y"\nb: 1\n', "a: 5\nb: 1\n"),
        ("b: &x 1\na: *x\n", "b: &x 1\na: 5\n"),
        ("a: 1\r\nb: 2\r\n", "a: 5\r\nb: 2\r\n"),
        ('{\n "a": 1,\n "b": 2\n}', '{\n "a": 5,\n "b": 2\n}'),
    ],
)
def test_a_scalar_of_any_form_is_set(text: str, edited: str) -> None:
    """Nothing, null, a block, several lines, an alias, CRLF, JSON."""
    assert set_value(text, ("a",), 5) == edited


@pytest.mark.parametrize(
    ("text", "path", "edited"),
    [
        ("a: 1", ("b",), "a: 1\nb: x"),
        ("a: 1\r\n", ("b",), "a: 1\r\nb: x\r\n"),
        ("a:\n", ("a", "b"), "a: {b: x}\n"),
        ("a: {}\n", ("a", "b"), "a: {b: x}\n"),
        ("a: {c: 1}\n", ("a", "b"), "a: {c: 1, b: x}\n"),
        ("a: {c: [1, 2]} # y\n", ("a", "b"), "a: {c: [1, 2], b: x} # y\n"),
        ('{\n "a": 1\n}', ("b",), '{\n "a": 1,\n "b": "x"\n}'),
        ("a:\n  c: |\n    y\n\n# z\n", ("a", "b"), "a:\n  c: |\n    y\n  b: x\n\n# z\n"),
        ("a:\n  c:\nd: 1\n", ("a", "b"), "a:\n  c:\n  b: x\nd: 1\n"),
    ],
)
def test_a_key_is_added_to_any_mapping(text: str, path: tuple[str, ...], edited: str) -> None:
    """At the end of a block, in brackets, in JSON, with the file's own line endings."""
    assert set_value(text, path, "x") == edited


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("b: &x 1\na: *x\n", ("b",)),
        ("b: &x {c: 1}\na: *x\n", ("b", "c")),
        ("b: &x {c: 1}\na: *x\n", ("a", "c")),
        ("a: [1]\n", ("a", "b")),
        ("a: yes\n", ("a",)),
    ],
)
def test_what_cannot_be_edited_alone_is_refused(text: str, path: tuple[str, ...]) -> None:
    """What an alias shares, what is no mapping, what cannot be read."""
    with pytest.raises(EditError):
        set_value(text, path, 2)


def test_a_shared_value_is_not_removed() -> None:
    """The alias would point nowhere."""
    with pytest.raises(EditError):
        remove_value("b: &x 1\na: *x\n", ("b",))


_TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53), 2**53), _TEXT,
    st.floats(-1e9, 1e9, allow_nan=False),
    st.sampled_from(["yes", "1e3", "010", "- x", "a: b", "# c", "${vars.x}",
        "22:22", "null", " x ", "'", '"', "~"]),
)  # fmt: skip
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)


@given(_VALUES, st.sampled_from(["plan", "service_name", "tags", "pg_user_config", "new"]))
def test_whatever_is_set_is_read_back_and_nothing_else_changes(new: object, name: str) -> None:
    """The law of every edit; whole numbers that are floats too are read as the same number."""
    assume("${" not in json.dumps(new) or new == "${vars.x}")
    edited = set_value(STACK, (*MAIN, name), new, last=("timeouts",))
    expected = value(STACK)
    expected["resources"]["aiven_pg"]["main"][name] = new  # type: ignore[index]
    assert value(edited) == expected


@given(_VALUES)
def test_a_value_that_comes_and_goes_leaves_the_text_as_it_was(new: object) -> None:
    """Adding a line and removing it again."""
    path = (*MAIN, "new")
    assert remove_value(set_value(STACK, path, new, last=("timeouts",)), path, keep=3) == STACK
