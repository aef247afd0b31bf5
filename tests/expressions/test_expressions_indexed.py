"""Paths whose indexes are paths themselves."""

import pytest

from reconciler.expressions import (
    ExpressionError,
    Indexed,
    Reference,
    Template,
    evaluate,
    parse_expression,
    parse_template,
)
from reconciler.model.address import Address

VALUES = {
    ("each", "key"): "orders",
    ("each", "value"): 1,
    ("vars", "team"): 'a "b"',
    ("vars", "flag"): True,
}

READ = {
    "aiven_pg_user.app[each.key].username": Reference(
        "aiven_pg_user", ("username",), Address('aiven_pg_user.app["orders"]')
    ),
    "aiven_pg_user.app[vars.team].username": Reference(
        "aiven_pg_user", ("username",), Address('aiven_pg_user.app["a \\"b\\""]')
    ),
    "data.aiven_pg.app[each.key].components[each.value].host": Reference(
        "data", ("components", 1, "host"), Address('data.aiven_pg.app["orders"]')
    ),
    "locals.sizes[each.key].pool": Reference("locals", ("sizes", "orders", "pool")),
    "vars[each.key]": Reference("vars", ("orders",)),
}


def value_of(reference: Reference) -> object:
    return VALUES[(reference.root, *reference.path)]


@pytest.mark.parametrize("text", READ)
def test_an_index_that_is_a_path_is_put_in(text: str) -> None:
    """As the key of a resource, or inside a value."""
    path = parse_expression(text)
    assert isinstance(path, Indexed)
    assert path.resolve(value_of) == READ[text]


@pytest.mark.parametrize("text", READ)
def test_it_spells_itself(text: str) -> None:
    """The spelling reads back as the same path."""
    path = parse_expression(text)
    assert str(path) == text
    assert parse_expression(str(path)) == path


def test_what_must_be_known_first_is_what_it_refers_to() -> None:
    """The indexes, and the named value that they reach into."""
    template = parse_template("${locals.sizes[each.key]}-${aiven_pg_user.app[vars.team].username}")
    assert isinstance(template, Template)
    assert list(map(str, template.references)) == ["locals.sizes", "each.key", "vars.team"]


REFUSED = {
    "aiven_pg_user.app[each.key]": "Incomplete reference",
    "aiven_pg_user[each.key].app": "Incomplete reference",
    "aiven_pg_user.app[aiven_pg.main.plan].username": "Not known here",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_can_never_be_a_reference_is_refused_at_once(text: str) -> None:
    """Whatever the indexes turn out to be."""
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text)
    assert caught.value.summary == REFUSED[text]


def test_an_index_must_be_a_key_or_a_position() -> None:
    """Neither true nor a position can be a resource's key."""
    for text, summary in {
        "locals.sizes[vars.flag]": "Not a key",
        "aiven_pg_user.app[each.value].username": "Incomplete reference",
    }.items():
        with pytest.raises(ExpressionError) as caught:
            evaluate(parse_template("${" + text + "}"), value_of)
        assert caught.value.summary == summary


def test_its_value_is_looked_up_once_the_index_is_known() -> None:
    """Alone it keeps its type; in a longer text it is put in."""
    sizes = {("locals", "sizes", "orders"): 20, **VALUES}

    def lookup(reference: Reference) -> object:
        return sizes[(reference.root, *reference.path)]

    assert evaluate(parse_template("${locals.sizes[each.key]}"), lookup) == 20
    assert evaluate(parse_template("a-${locals.sizes[each.key]}"), lookup) == "a-20"
