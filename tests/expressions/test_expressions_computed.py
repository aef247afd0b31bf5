"""Expressions that are more than a path, inside texts: what they need, and what is left of them."""

import subprocess
import sys
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.expressions import (
    CelExpression,
    ExpressionError,
    Indexed,
    Reference,
    Template,
    evaluate,
    parse_expression,
    parse_template,
    references,
)
from reconciler.model.address import Address
from reconciler.model.values import Secret, Unknown

Lookup = Callable[[Reference], object]


def known(values: Mapping[str, object]) -> Lookup:
    """Return a lookup by the path as it is written; anything else is not there."""

    def lookup(reference: Reference) -> object:
        if str(reference) not in values:
            raise ExpressionError("Nothing there", f"{reference} is not there.")
        return values[str(reference)]

    return lookup


def computed(text: str, values: Mapping[str, object] | None = None) -> object:
    return evaluate(parse_template("${" + text + "}"), known(values or {}))


NEEDS = {
    "1 + 2": [],
    "vars.env == 'prod' ? vars.big : vars.small": ["vars.env", "vars.big", "vars.small"],
    "vars.a + vars.a": ["vars.a"],
    "vars . a": ["vars.a"],
    'locals.m["a key"][0].x + 1': ['locals.m["a key"][0].x'],
    "aiven_pg.main.service_name + '-x'": ["aiven_pg.main.service_name"],
    "aiven_pg.main['k'].plan + '-x'": ['aiven_pg.main["k"].plan'],
    "data.aiven_project.p.project.size()": ["data.aiven_project.p.project"],
    "aiven_pg_user.app[each.key].username + '!'": [
        "each.key",
        "aiven_pg_user.app[each.key].username",
    ],
    "aiven_pg.main.components[vars.i].port + 1": ["vars.i", "aiven_pg.main.components"],
    "locals.sizes[each.key].pool + 1": ["each.key", "locals.sizes"],
    "locals.sizes[vars.a + 'b'].pool": ["vars.a", "locals.sizes"],
    "vars[each.key] + 1": ["each.key", "vars[each.key]"],
    "vars.l[-1]": ["vars.l"],
    "vars.l.map(x, x.name + vars.y)": ["vars.l", "vars.y"],
    "vars.l.all(vars, vars.x > each.value)": ["vars.l", "each.value"],
    "vars.l.filter(x, x.all(y, y > x[0]))": ["vars.l"],
    "has(each.value.size) ? each.value.size : 5": ["each.value", "each.value.size"],
    "has(aiven_pg.main.plan)": ["aiven_pg.main.plan"],
    "'vars.no' + \"each.no\" // vars.comment": [],
    "{'vars': vars.x, 'k': {'each': 1}.each}.vars": ["vars.x"],
    "type(vars.a) == int && math.abs(vars.b) > 1": ["vars.a", "vars.b"],
    "strings.quote(vars.a)": ["vars.a"],
}


@pytest.mark.parametrize("text", NEEDS)
def test_the_paths_inside_are_found_without_any_value(text: str) -> None:
    """Not what stands in quotes and comments, nor what a macro binds."""
    expression = parse_expression(text)
    assert isinstance(expression, CelExpression)
    assert [str(need) for need in expression.needs] == NEEDS[text]


def test_a_template_tells_them_all_as_its_references() -> None:
    """Those of a path whose index must be known first are the index."""
    template = parse_template("${vars.a + 'x'}-${aiven_pg_user.app[each.key].username + 'y'}")
    assert [str(reference) for reference in references(template)] == [
        "vars.a",
        "each.key",
        "each.key",
    ]


@pytest.mark.parametrize("text", ["${vars.a + 'x'}", "a-${vars.a + '}'}-${ {'k': 1}.k }$${b}"])
def test_it_spells_itself(text: str) -> None:
    """The spelling reads back as the same template."""
    template = parse_template(text)
    assert parse_template(str(template)) == template


def test_nested_values_come_from_their_paths() -> None:
    """Resources, keys, positions and names side by side."""
    values = {
        "vars.n": 2,
        "aiven_pg.main.port": 5432,
        'aiven_pg.app["k"].port': 1,
        "data.aiven_pg.seen.port": 10,
        "locals.l[3]": 100,
        "locals.m": {"x": [1000]},
    }
    text = (
        "vars.n + aiven_pg.main.port + aiven_pg.app['k'].port + data.aiven_pg.seen.port"
        " + locals.l[3] + locals.m.x[0]"
    )
    values["locals.m.x[0]"] = 1000
    assert computed(text, values) == 2 + 5432 + 1 + 10 + 100 + 1000


def test_a_key_that_is_a_path_is_put_in() -> None:
    """In a resource's address, and inside a value."""
    values = {
        "each.key": "orders",
        'aiven_pg_user.app["orders"].username': "joe",
        "locals.sizes": {"orders": 3},
        "vars.orders": 4,
    }
    assert computed("aiven_pg_user.app[each.key].username + '!'", values) == "joe!"
    assert computed("locals.sizes[each.key] + vars[each.key]", values) == 7


def test_it_stands_in_a_longer_text() -> None:
    """As a plain path does."""
    template = parse_template("a-${vars.n + 1}-${vars.n > 1}")
    assert evaluate(template, known({"vars.n": 1})) == "a-2-false"


def test_a_text_that_came_from_elsewhere_is_no_expression() -> None:
    """Only what was written in the file is evaluated."""
    assert computed("vars.x + ''", {"vars.x": "${1 + 1}"}) == "${1 + 1}"


def test_what_is_not_looked_at_need_not_be_there() -> None:
    """The other branch of a condition, and what has() asks for."""
    assert computed("vars.flag ? 1 : vars.gone.x", {"vars.flag": True}) == 1
    text = "has(each.value.size) ? each.value.size : 5"
    assert computed(text, {"each.value": {}}) == 5
    assert computed(text, {"each.value": {"size": 7}}) == 7


def test_what_is_looked_at_and_missing_is_told_by_the_lookup() -> None:
    """Its message knows more than CEL's."""
    with pytest.raises(ExpressionError) as caught:
        computed("vars.gone + 1", {})
    assert caught.value.summary == "Nothing there"


URI = Unknown(Address("aiven_pg.main"), "service_uri")
PASSWORD = Unknown(Address("aiven_pg_user.joe"), "password", sensitive=True)


@pytest.mark.parametrize("text", ["${aiven_pg.main.uri + vars.x}", "a-${[aiven_pg.main.uri][0]}"])
def test_an_unknown_carries_the_whole_expression(text: str) -> None:
    """So that it can be evaluated when the step is done."""
    template = parse_template(text)
    result = evaluate(template, known({"aiven_pg.main.uri": URI, "vars.x": "x"}))
    assert result == URI
    assert isinstance(result, Unknown)
    assert result.expression == template
    late = known({"aiven_pg.main.uri": "u", "vars.x": "x"})
    assert evaluate(result.expression, late) in ("ux", "a-u")


def test_an_unknown_that_makes_no_difference_is_not_waited_for() -> None:
    """The result is the same whatever it will be."""
    values = {"vars.flag": False, "aiven_pg.main.uri": URI}
    assert computed("vars.flag ? aiven_pg.main.uri : 'none'", values) == "none"
    assert computed("vars.flag && aiven_pg.main.uri == 'x'", values) is False
    assert computed("!vars.flag ? aiven_pg.main.uri : 'none'", values) == URI
    assert computed("has(aiven_pg.main.uri) ? 1 : 2", values) == URI


def test_an_unknown_inside_a_value_counts() -> None:
    """A map is known when all of it is."""
    result = computed("size(vars.m)", {"vars.m": {"a": [URI]}})
    assert result == URI


@pytest.mark.parametrize(
    "values",
    [
        {"a.b.c": PASSWORD, "vars.x": "x"},
        {"a.b.c": URI, "vars.x": Secret("x")},
        {"a.b.c": URI, "vars.x": {"k": [Secret("x")]}},
    ],
)
def test_an_unknown_beside_a_secret_is_sensitive(values: Mapping[str, object]) -> None:
    """What comes out of it will be a secret."""
    result = computed("a.b.c == vars.x ? 'p' : 'q'", values)
    assert isinstance(result, Unknown)
    assert result.sensitive


def test_what_is_known_is_put_in_and_the_rest_waits() -> None:
    """A first round knows variables only, the next one live values."""

    def offline(reference: Reference) -> object:
        if reference.address is None:
            return {"vars.x": "x", "each.key": "k"}[str(reference)]
        return Template((reference,))

    template = parse_template("${aiven_pg.app[each.key].uri + vars.x}")
    late = evaluate(template, offline)
    assert isinstance(late, Template)
    assert [str(reference) for reference in late.references] == ['aiven_pg.app["k"].uri']
    assert str(late) == str(template)
    assert evaluate(late, known({'aiven_pg.app["k"].uri': "u"})) == "ux"
    assert hash(late) == hash(evaluate(template, offline))


def test_an_expression_inside_a_value_waits_too() -> None:
    """A local may be a text around an expression of its own."""
    inner = parse_template("${aiven_pg.main.uri + '!'}")
    late = evaluate(
        parse_template("<${locals.l[0] + vars.x}>"), known({"locals.l[0]": inner, "vars.x": "x"})
    )
    assert [str(reference) for reference in references(late)] == ["aiven_pg.main.uri"]
    assert evaluate(late, known({"aiven_pg.main.uri": "u"})) == "<u!x>"


def test_what_lies_inside_a_late_value_can_be_referred_to() -> None:
    """The expression is extended by the path."""
    late = parse_template("${aiven_pg.main.components.filter(c, c.port > 1)}")
    assert isinstance(late, Template)
    inner = late.at((0, "a key"))
    assert str(inner) == '${(aiven_pg.main.components.filter(c, c.port > 1))[0]["a key"]}'
    components = [{"port": 1}, {"port": 2, "a key": "v"}]
    assert evaluate(inner, known({"aiven_pg.main.components": components})) == "v"
    plain = parse_template("${aiven_pg.main.components}")
    assert isinstance(plain, Template)
    assert str(plain.at((0, "x"))) == "${aiven_pg.main.components[0].x}"
    around = parse_template("a-${aiven_pg.main.components}")
    assert isinstance(around, Template)
    assert around.at((0,)) is None


def test_only_a_single_plain_path_has_a_reference_of_its_own() -> None:
    """Its type is the type of what it refers to; CEL's is known when it is evaluated."""
    assert _template("${vars.x}").reference == Reference("vars", ("x",))
    for text in ("a${vars.x}", "${vars.x + 1}", "${aiven_pg.a[each.key].plan}"):
        assert _template(text).reference is None


def _template(text: str) -> Template:
    template = parse_template(text)
    assert isinstance(template, Template)
    return template


def test_what_comes_of_a_secret_is_a_secret() -> None:
    """Whatever part of it, and wherever it lay."""
    for text, value in {
        "vars.s + '!'": "p4ss!",
        "vars.s.substring(1)": "4ss",
        "vars.s == 'x' ? 'a' : 'b'": "b",
        "vars.m.k[0] + ''": "q4ss",
    }.items():
        result = computed(
            text, {"vars.s": Secret("p4ss"), "vars.m.k[0]": Secret("q4ss"), "vars.m": 1}
        )
        assert isinstance(result, Secret)
        assert result.reveal() == value


def test_null_unsets_and_hides_nothing() -> None:
    """An optional password that is not given."""
    assert computed("vars.s == '' ? null : vars.s", {"vars.s": Secret("")}) is None


@pytest.mark.parametrize("text", ["size(vars.s)", "vars.s == 'x'", "[vars.s]", "{vars.s: 1}"])
def test_what_cannot_be_hidden_is_refused(text: str) -> None:
    """Only a text can be a secret."""
    with pytest.raises(ExpressionError) as caught:
        computed(text, {"vars.s": Secret("p4ss")})
    assert caught.value.summary == "Only a text can be secret"
    assert "p4ss" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["{'k': 1}[vars.s]", "int(vars.s)", "vars.s + 1", "''.matches('(' + vars.s)"]
)
def test_a_failure_does_not_show_a_secret(text: str) -> None:
    """CEL's own message may hold the value."""
    with pytest.raises(ExpressionError) as caught:
        computed(text, {"vars.s": Secret("p4ss")})
    assert caught.value.summary == "Expression fails"
    assert "p4ss" not in str(caught.value)


def test_a_late_expression_knows_that_it_holds_a_secret() -> None:
    """And masks nothing because it shows nothing."""
    late = evaluate(
        parse_template("${aiven_pg.main.uri + vars.s}"),
        known({"vars.s": Secret("p4ss"), "aiven_pg.main.uri": parse_template("${a.b.c}")}),
    )
    assert isinstance(late, Template)
    assert late.has_secret
    assert "p4ss" not in repr(late) + str(late)
    result = evaluate(late, known({"a.b.c": "u"}))
    assert isinstance(result, Secret)
    assert result.reveal() == "up4ss"


def test_values_that_go_in_are_left_as_they_were() -> None:
    """A longer and a shorter path into the same map."""
    value = {"k": {"a": 1}}
    values = {"each.key": "m", "vars.m": value, "vars.m.k": value["k"]}
    assert computed("size(vars.m) + vars[each.key].k.a + size(vars.m.k)", values) == 3
    assert value == {"k": {"a": 1}}


def test_a_plain_index_stays_a_path() -> None:
    """Nothing more than names, keys and paths as keys is no CEL."""
    assert isinstance(parse_expression("vars.l[0].x"), Reference)
    assert isinstance(parse_expression("aiven_pg.a[each.key].plan"), Indexed)
    assert isinstance(parse_expression("true"), CelExpression)


_PATHS = """
import sys
from reconciler.expressions import evaluate, parse_template
for text in ("plain", "${vars.x}", "a-${aiven_pg.main.uri}", "${aiven_pg.a[each.key].b[0]}", "$${a + b}"):
    evaluate(parse_template(text), lambda reference: "v")
loaded = [n for n in sys.modules if "cel" in n.split(".")[0] or n.startswith("reconciler.expressions.")]
print(*sorted(loaded))
"""


def test_plain_paths_never_load_cel() -> None:
    """Neither the library nor what we put around it."""
    code = [sys.executable, "-c", _PATHS]
    loaded = subprocess.run(code, capture_output=True, text=True, check=True).stdout.split()
    assert loaded == [
        "reconciler.expressions.computed",
        "reconciler.expressions.errors",
        "reconciler.expressions.reference",
        "reconciler.expressions.scan",
        "reconciler.expressions.template",
    ]


_NAMES = st.text("ab", min_size=1, max_size=2)
_VALUES = st.recursive(
    st.integers(-9, 9) | st.text("xy", max_size=3) | st.none(),
    lambda inner: st.dictionaries(_NAMES, inner, max_size=3) | st.lists(inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(_NAMES, _VALUES, min_size=1, max_size=3), st.data())
def test_putting_in_step_by_step_gives_the_same(
    values: dict[str, object], data: st.DataObject
) -> None:
    """Whichever values come late."""
    names = data.draw(st.lists(st.sampled_from(sorted(values)), min_size=1, max_size=4))
    late = data.draw(st.sets(st.sampled_from(sorted(values))))
    template = parse_template("${[" + ", ".join(f"a.b.{name}" for name in names) + "]}")

    def all_at_once(reference: Reference) -> object:
        return values[str(reference.path[0])]

    def some(reference: Reference) -> object:
        return Template((reference,)) if reference.path[0] in late else all_at_once(reference)

    expected = [values[name] for name in names]
    assert evaluate(template, all_at_once) == expected
    assert evaluate(evaluate(template, some), all_at_once) == expected
