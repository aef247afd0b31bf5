"""Durations: what people write and what it stands for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.duration import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("5m", 300),
        ("2h45m", 9900),
        ("250ms", 0.25),
        ("1.5h", 5400),
        ("0s", 0),
        ("1m500ms", 60.5),
    ],
)
def test_duration_is_the_sum_of_its_parts(text: str, seconds: float) -> None:
    """Each figure counts in its own unit; `ms` is never read as minutes."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "5", "5 m", "-5m", "5d", "m", "5m ", "1e3s", ".5s", "\u0665m", "5m\n"]
)
def test_what_is_not_a_duration_is_refused(text: str) -> None:
    """Signs, spaces, bare figures, unknown units and foreign digits are mistakes."""
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.25, "250ms"),
        (1, "1s"),
        (1.5, "1.5s"),
        (60, "1m"),
        (9900, "2h45m"),
        (3600.05, "1h0.05s"),
        (-1, "0s"),
    ],
)
def test_seconds_are_written_shortest(seconds: float, text: str) -> None:
    """Units that are zero are left out."""
    assert format_duration(seconds) == text


@given(st.integers(min_value=0, max_value=10**10))
def test_written_durations_are_read_back(milliseconds: int) -> None:
    """To the millisecond, reading undoes writing."""
    assert round(parse_duration(format_duration(milliseconds / 1000)) * 1000) == milliseconds
