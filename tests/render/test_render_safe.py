"""Values and names as they are shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from render_plans import CANARY, address
from render_strategies import desired

from reconciler.model.values import Secret, Unknown
from reconciler.render.layout import columns_of
from reconciler.render.lists import columns
from reconciler.render.safe import json_safe, pair, terminal, value


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("example-pool", "example-pool"),
        ("Köln → 北京", "Köln → 北京"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\x9b2J\x7f", "\\x9b2J\\x7f"),
        ("\u2028\u2029", "\\u2028\\u2029"),
        ("\ue000\ud800", "\\ue000\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("a\u00a0b", "a\u00a0b"),
    ],
)
def test_what_steers_a_terminal_is_spelt_out(text: str, shown: str) -> None:
    """Control, format, surrogate, private and separator characters are shown as escapes."""
    assert terminal(text) == shown


@pytest.mark.parametrize(
    ("item", "shown"),
    [
        (None, "(unset)"),
        (True, "true"),
        (10, "10"),
        (1.5, "1.5"),
        ("transaction", "transaction"),
        ("10:00:00", "10:00:00"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("", '""'),
        ("10", '"10"'),
        ("1e5", '"1e5"'),
        ("true", '"true"'),
        ("null", '"null"'),
        ("two words", '"two words"'),
        ("(unset)", '"(unset)"'),
        ("(secret)", '"(secret)"'),
        ('say "hi"\\', '"say \\"hi\\"\\\\"'),
        ("a, b", '"a, b"'),
        ([], "[]"),
        (["a", 1, None], "[a, 1, null]"),
        ({"a": {"b": ["x y"]}}, '{a: {b: ["x y"]}}'),
        (Secret(CANARY), "(secret)"),
        ({"password": Secret(CANARY)}, "{password: (secret)}"),
        (object(), "(object)"),
    ],
)
def test_values_read_as_what_they_are(item: object, shown: str) -> None:
    """A value is bare where it can be taken for nothing else, else quoted; a secret is never seen."""
    assert value(item) == shown


def test_value_known_later_says_after_which_step() -> None:
    """What is known only after a step names the step, and the address where there is no such step."""
    user = address("aiven_pg_user.app")
    steps = {"aiven_pg_user.app": 3}
    assert value(Unknown(user, "id"), steps=steps) == "known after step 3 (aiven_pg_user.app)"
    assert (
        value(Unknown(user, "password", sensitive=True), steps=steps)
        == "(secret) known after step 3 (aiven_pg_user.app)"
    )
    assert value(Unknown(user, "id")) == "known after aiven_pg_user.app.id"


def test_long_values_are_shortened_and_say_so() -> None:
    """Of long values the beginning and the size are shown."""
    assert value("a" * 100, limit=20) == '"aaaaaaaaaa…" (100 characters)'
    assert value(list(range(100)), limit=12) == "[0, 1, 2, 3, … 96 more]"
    assert value(list(range(100)), limit=None).count(",") == 99


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (10, 25, ("10", "25")),
        ("x" * 70 + "a", "x" * 70 + "b", ('"…xxxxxxxxa"', '"…xxxxxxxxb"')),
        (
            [f"10.0.{n}.0/24" for n in range(50)],
            [f"10.0.{n}.0/24" for n in range(1, 50)],
            ("50 items", "49 items, without 10.0.0.0/24"),
        ),
        (["a"] * 40 + ["b"], ["b", *["a"] * 39, "b"], ("41 items", "41 items, without a, with b")),
        (["a"] * 40 + ["b"], ["b", *["a"] * 40], ("41 items", "41 items, in another order")),
        (
            {f"setting_{n}": n for n in range(50)},
            {f"setting_{n}": n for n in range(49)},
            ("{setting_49: 49}", "{} (of 50 keys)"),
        ),
    ],
)
def test_values_apart_are_shown_apart(
    before: object, after: object, shown: tuple[str, str]
) -> None:
    """Two long values are shown by what differs."""
    assert pair(before, after) == shown


@given(desired, desired, st.sampled_from([10, 60, None]))
def test_pairs_never_look_equal_when_they_are_not(
    before: object, after: object, limit: int | None
) -> None:
    """However much is left out, what differs in full also differs when shortened."""
    left, right = value(before, limit=None), value(after, limit=None)
    shown = pair(before, after, limit=limit)
    assert shown[0] != shown[1] or left == right


@pytest.mark.parametrize(
    ("text", "width"), [("pool", 4), ("北京", 4), ("e\u0301", 1), ("\uff46\uff55", 4)]
)
def test_columns_are_counted_as_a_terminal_does(text: str, width: int) -> None:
    """Wide characters take two columns, combining marks none."""
    assert columns_of(text) == width


def test_json_line_escapes_what_json_lets_through() -> None:
    """C1, bidi and characters beyond the first plane become JSON escapes."""
    assert json_safe('"\x9b\u202e\U000e0041é"') == '"\\u009b\\u202e\\udb40\\udc41é"'


def test_columns_are_aligned_and_safe() -> None:
    """A table has aligned columns, bears short rows, and spells out control characters."""
    rows = [("aiven_pg.main", "my-project/main"), ("北京\x1b", "x"), ("short",)]
    assert columns(rows, ("ADDRESS", "IDENTITY")).splitlines() == [
        "ADDRESS        IDENTITY",
        "aiven_pg.main  my-project/main",
        "北京\\x1b       x",
        "short",
    ]
    assert columns([]) == ""
