"""Evaluating texts with references in them."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.expressions import (
    ExpressionError,
    Reference,
    Template,
    evaluate,
    parse_template,
    references,
)
from reconciler.model.address import Address
from reconciler.model.values import Secret, Unknown

URI = Unknown(Address("aiven_pg.main"), "service_uri")


def known(**values: object) -> Callable[[Reference], object]:
    """Return a lookup of `vars.<name>`."""
    return lambda reference: values[str(reference.path[0])]


@pytest.mark.parametrize("value", [1, 1.5, True, None, "x", ["a"], {"k": 1}, Secret("s")])
def test_a_string_that_is_one_expression_keeps_the_type(value: object) -> None:
    """`${vars.x}` is whatever vars.x is."""
    result = evaluate(parse_template("${vars.x}"), known(x=value))
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("value", "text"), [("b", "a-b"), (3, "a-3"), (1.5, "a-1.5"), (True, "a-true")]
)
def test_a_scalar_is_put_into_a_longer_text(value: object, text: str) -> None:
    """Booleans as YAML writes them."""
    assert evaluate(parse_template("a-${vars.x}"), known(x=value)) == text


@pytest.mark.parametrize("value", [[1], {"k": 1}, None])
def test_what_is_no_scalar_cannot_stand_in_a_longer_text(value: object) -> None:
    """A list, a map and null have no one text."""
    with pytest.raises(ExpressionError) as caught:
        evaluate(parse_template("a-${vars.x}"), known(x=value))
    assert caught.value.summary == "Not a text"


def test_a_text_with_a_secret_in_it_is_a_secret() -> None:
    """The whole text is hidden, not only its part."""
    result = evaluate(parse_template("u:${vars.x}@h"), known(x=Secret("p")))
    assert isinstance(result, Secret)
    assert result.reveal() == "u:p@h"


@pytest.mark.parametrize("text", ["${vars.x}", "a-${vars.x}", "${vars.x}${vars.y}"])
def test_an_unknown_carries_the_whole_expression(text: str) -> None:
    """So that it can be evaluated when the step is done."""
    template = parse_template(text)
    result = evaluate(template, known(x=URI, y="b"))
    assert result == URI
    assert isinstance(result, Unknown)
    assert result.expression == template


def test_an_unknown_beside_a_secret_is_sensitive() -> None:
    """What comes out of it will be a secret."""
    result = evaluate(parse_template("${vars.x}${vars.y}"), known(x=URI, y=Secret("p")))
    assert isinstance(result, Unknown)
    assert result.sensitive


def test_what_stays_late_is_a_template_with_the_rest_put_in() -> None:
    """A lookup may answer with a Template; the known parts are merged around it."""
    late = parse_template("${aiven_pg.main.service_uri}")
    result = evaluate(parse_template("a-${vars.x}-${vars.y}/${vars.x}"), known(x="b", y=late))
    assert isinstance(late, Template)
    assert result == Template(("a-b-", late.references[0], "/b"))


def test_a_late_template_keeps_a_secret_hidden() -> None:
    """The secret stands in the template as a Secret and is masked when spelled."""
    late = parse_template("${aiven_pg.main.service_uri}")
    result = evaluate(parse_template("${vars.x}-${vars.y}"), known(x=Secret("p"), y=late))
    assert isinstance(result, Template)
    assert result.has_secret
    assert "p-" not in str(result)


def test_text_from_elsewhere_is_never_read_as_an_expression() -> None:
    """A value that happens to hold `${` stays what it is."""
    assert evaluate({"a": ["${vars.x}"]}, known()) == {"a": ["${vars.x}"]}
    assert evaluate(parse_template("${vars.x}"), known(x="${vars.y}")) == "${vars.y}"


def test_references_are_found_at_any_depth() -> None:
    """In order, inside maps and lists."""
    value = {
        "a": [parse_template("${vars.x}"), 1],
        "b": {"c": parse_template("${vars.y}-${vars.z}")},
    }
    assert [reference.path for reference in references(value)] == [("x",), ("y",), ("z",)]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_a_value_without_expressions_evaluates_to_itself(value: object) -> None:
    """Whatever its shape."""
    assert evaluate(value, known()) == value
