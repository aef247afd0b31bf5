"""Finding `${…}` in texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.expressions import ExpressionError, escape, parse_template
from reconciler.expressions.scan import scan

PIECES = {
    "plain": [(False, "plain")],
    "${a}": [(True, "a")],
    "x${a}y${b}z": [(False, "x"), (True, "a"), (False, "y"), (True, "b"), (False, "z")],
    "$${a}": [(False, "${"), (False, "a}")],
    "a$${b}${c}": [(False, "a${"), (False, "b}"), (True, "c")],
    "$$${a}": [(False, "$${"), (False, "a}")],
    "cost: 5$": [(False, "cost: 5$")],
    '${a["}"]}!': [(True, 'a["}"]'), (False, "!")],
    "${a['\\'}']}": [(True, "a['\\'}']")],
    "${ {'k': 1} }": [(True, " {'k': 1} ")],
    "${a}${b}": [(True, "a"), (True, "b")],
    "": [],
}


@pytest.mark.parametrize("text", PIECES)
def test_a_text_is_split_at_its_expressions(text: str) -> None:
    """Quotes and braces inside an expression do not end it."""
    assert list(scan(text)) == PIECES[text]


@pytest.mark.parametrize("text", ["${", "a ${b", "${a['}", '${a["]}"', "${{}", "$${${"])
def test_an_expression_without_an_end_is_refused(text: str) -> None:
    """The rest of the text is not silently taken for a literal."""
    with pytest.raises(ExpressionError) as caught:
        list(scan(text))
    assert caught.value.summary == "Unterminated expression"


def test_an_unterminated_expression_does_not_show_the_text() -> None:
    """A stray `${` in a password must not print the password."""
    with pytest.raises(ExpressionError) as caught:
        parse_template("pa${ssw0rd")
    assert "ssw0rd" not in str(caught.value)


@given(st.text())
def test_what_is_escaped_reads_back_as_it_was(text: str) -> None:
    """escape() is the inverse of reading, for any text."""
    assert parse_template(escape(text)) == text


@given(st.text(alphabet="${}[]\"'\\ab.0 "))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No exception but ours, and reading the spelling again gives the same."""
    try:
        template = parse_template(text)
    except ExpressionError:
        return
    spelled = escape(template) if isinstance(template, str) else str(template)
    assert parse_template(spelled) == template
