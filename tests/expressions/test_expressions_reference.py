"""Paths as references."""

import pytest

from reconciler.expressions import ExpressionError, Reference, parse_expression, spell_path
from reconciler.model.address import Address

READ = {
    "vars.size": Reference("vars", ("size",)),
    " vars.size ": Reference("vars", ("size",)),
    'vars.map["a key"][0].x': Reference("vars", ("map", "a key", 0, "x")),
    "vars.map['it\\'s']": Reference("vars", ("map", "it's")),
    'vars["size"]': Reference("vars", ("size",)),
    "locals.team": Reference("locals", ("team",)),
    "each.value.size": Reference("each", ("value", "size")),
    "stack.name": Reference("stack", ("name",)),
    "aiven_pg.main.id": Reference("aiven_pg", ("id",), Address("aiven_pg.main")),
    "aiven_pg.main.cfg.work_mem": Reference(
        "aiven_pg", ("cfg", "work_mem"), Address("aiven_pg.main")
    ),
    'aiven_pg.main["a\\"b"].id': Reference("aiven_pg", ("id",), Address('aiven_pg.main["a\\"b"]')),
    "data.aiven_project.p.project": Reference(
        "data", ("project",), Address("data.aiven_project.p")
    ),
    'data.aiven_project.p["k"].tags[1]': Reference(
        "data", ("tags", 1), Address('data.aiven_project.p["k"]')
    ),
}

REFUSED = {
    "": "Empty expression",
    "  ": "Empty expression",
    "vars": "Incomplete reference",
    "stack": "Incomplete reference",
    "aiven_pg": "Incomplete reference",
    "aiven_pg.main": "Incomplete reference",
    'aiven_pg.main["key"]': "Incomplete reference",
    "aiven_pg.main[0].id": "Incomplete reference",
    'aiven_pg["main"].id': "Incomplete reference",
    "data": "Incomplete reference",
    "data.aiven_project": "Incomplete reference",
    "data.aiven_project.p": "Incomplete reference",
    "vars.": "Invalid expression",
    "vars.a-b": "Incomplete reference",
    "vars.a[99999999999999999999]": "Invalid expression",
    "vars.é": "Invalid expression",
    "vars.a[٣]": "Invalid expression",
    "data.kind.name.a + data": "Incomplete reference",
    "aiven_pg[vars.a + 'b'].plan": "Not known here",
    "aiven_pg.main[vars.a + 'b'].plan": "Not known here",
}


@pytest.mark.parametrize("text", READ)
def test_a_path_is_read(text: str) -> None:
    """Roots, resources, data sources, keys and positions."""
    assert parse_expression(text) == READ[text]


@pytest.mark.parametrize("text", REFUSED)
def test_anything_else_is_refused(text: str) -> None:
    """Half a path is told apart from more than a path."""
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text)
    assert caught.value.summary == REFUSED[text]


@pytest.mark.parametrize("text", READ)
def test_a_reference_spells_itself(text: str) -> None:
    """The spelling reads back as the same reference."""
    reference = parse_expression(text)
    assert parse_expression(str(reference)) == reference


def test_a_path_is_spelled_as_people_write_it() -> None:
    """Names with dots, the rest in brackets."""
    assert spell_path(("a", "b", 0, 'c"d')) == 'a.b[0]["c\\"d"]'
