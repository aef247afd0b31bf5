"""CEL: values, messages, and the same result on every run."""

import subprocess
import sys
import time
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.expressions import ExpressionError
from reconciler.expressions.bounds import Size, bound_work, size_of
from reconciler.expressions.cel import compile_cel
from reconciler.expressions.rule import compile_rule

VARIABLES: dict[str, object] = {
    "vars": {
        "env": "prod",
        "n": 3,
        "half": 0.5,
        "flag": True,
        "none": None,
        "name": "héllo",
        "list": [3, 1, 2],
        "map": {"b": 1, "a": 2, "z": None},
    }
}

VALUES: dict[str, object] = {
    "vars.env == 'prod' ? 20 : 5": 20,
    "vars.env + '-pool'": "prod-pool",
    "vars.n * 2 + 1": 7,
    "7 / 2": 3,
    "-7 % 3": -1,
    "double(vars.n) * vars.half": 1.5,
    "string(vars.n) + string(true) + string(1.5)": "3true1.5",
    "int('12') + 1": 13,
    "vars.n == 3.0": True,
    "vars.none == null": True,
    "vars.env == 'prod' ? null : 20": None,
    "vars.env == 'prod' ? [1] : {'a': 1}": [1],
    "2 in vars.list": True,
    "'a' in vars.map": True,
    "has(vars.map.a) && !has(vars.map.q)": True,
    "vars.list.all(i, i > 0)": True,
    "vars.list.exists(i, i == 2)": True,
    "vars.list.exists_one(i, i > 2)": True,
    "vars.list.map(i, i * 2)": [6, 2, 4],
    "vars.list.map(i, i > 1, i * 2)": [6, 4],
    "vars.list.filter(i, i > 1)": [3, 2],
    "vars.list.sort()": [1, 2, 3],
    "vars.list + [4]": [3, 1, 2, 4],
    "vars.map.map(k, k)": ["a", "b", "z"],
    "vars.map.filter(k, k != 'b')": ["a", "z"],
    "vars.map.map(k, k).map(k, k + '!')": ["a!", "b!", "z!"],
    "[vars.map, {'y': 1, 'x': 2}].map(m, m.map(k, k))": [["a", "b", "z"], ["x", "y"]],
    "vars.map.map(k, vars.map.map(q, q + k)[0])": ["aa", "ab", "az"],
    "vars.map": {"a": 2, "b": 1, "z": None},
    "{'q': [null, {'n': null}], 'b': 1u}": {"b": 1, "q": [None, {"n": None}]},
    "size(vars.name) + vars.name.size()": 10,
    "vars.name.matches('^h.l+o$')": True,
    "vars.name.startsWith('h') && vars.name.endsWith('o') && vars.name.contains('é')": True,
    "'A,b'.split(',').map(s, s.lowerAscii()).join('-')": "a-b",
    "'%s has %d'.format(['x', 3])": "x has 3",
    "math.greatest(vars.n, 10) + math.least(1, 2)": 11,
    "vars.n > 5 || vars.env == 'prod'": True,
    "1 / 0 > 1 || true": True,
    "true ? 1 : 1 / 0": 1,
    "type(vars.n) == int": True,
    "r'\\d' + '\\u00e9' + '''\"'''": '\\dé"',
    "vars.n // a comment": 3,
    "vars.list.map(vars, vars + 1)": [4, 2, 3],
    "duration('90s') == duration('1m30s')": True,
}


@pytest.mark.parametrize("text", VALUES)
def test_an_expression_has_its_value(text: str) -> None:
    """With its type: 3 is not 3.0, and true is not 1."""
    value = compile_cel(text).evaluate(VARIABLES)
    assert value == VALUES[text]
    assert type(value) is type(VALUES[text])


NOT_COMPILED = {
    "vars.n +": "column 9",
    "a b": "column 3",
    "(1 + 2": "column 7",
    "1 + upper('a')": "column 5",
    "vars.env.upper()": "column 10",
    "1 + 'a'": "column 3",
    "size(1)": "column 5",
    "true && 1": "column 6",
    "!'a'": "column 1",
    "vars.n ?? 1": "column 9",
    "Message{a: 1}": "there is no type 'Message'",
    "'é' + @": "column 7",
    "lists.range(5)": "column 7",
    "vars.in": "column 6",
    "if": "column 1",
    "9223372036854775808": "column 1",
    "'\ud800'": "half of a character",
}


@pytest.mark.parametrize("text", NOT_COMPILED)
def test_a_mistake_is_told_with_its_place(text: str) -> None:
    """Columns count characters from 1."""
    with pytest.raises(ExpressionError) as caught:
        compile_cel(text)
    assert caught.value.summary == "Invalid expression"
    assert NOT_COMPILED[text] in caught.value.detail
    assert "<input>" not in caught.value.detail


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("'A'.lower()", "did you mean 'lowerAscii'?"),
        ("1 + 'a'", "string(…), int(…) and double(…) change the type"),
        ("a:-b", "write $${ for a literal ${; the rest is CEL, see https://cel.dev"),
    ],
)
def test_a_mistake_has_a_hint(text: str, hint: str) -> None:
    """What to type instead."""
    with pytest.raises(ExpressionError) as caught:
        compile_cel(text)
    assert caught.value.hint == hint


FAILS = {
    "vars.map.q": 'there is no key "q"',
    "vars.list[7]": "there is no item 7 in a list of 3",
    "1 / 0": "divide by zero",
    "vars.env + 1": "+ cannot be applied to string and int",
    "vars.env ? 1 : 2": "a condition is true or false",
    "int(vars.env)": "cannot convert string to int",
    "9007199254740993": "the integer is beyond 2^53",
    "9223372036854775807 + vars.n": "integer overflow",
    "double('inf')": "the number is infinite or none",
    "vars.env.matches('(')": "invalid regular expression: missing ): (",
    "nothing.here": "there is no nothing",
    "vars.list.all(a, vars.list.all(b, q > a))": "there is no q",
}


@pytest.mark.parametrize("text", FAILS)
def test_an_evaluation_that_fails_says_why(text: str) -> None:
    """In words without the library's codes."""
    with pytest.raises(ExpressionError) as caught:
        compile_cel(text).evaluate(VARIABLES)
    assert caught.value.summary == "Expression fails"
    assert caught.value.detail == f"'{text}': {FAILS[text]}."


@pytest.mark.parametrize("text", ["duration('1m')", "b'a'", "type(1)", "{1: 2}", "{true: 2}"])
def test_what_json_cannot_hold_is_refused(text: str) -> None:
    """A duration, bytes, a type, and keys that are no texts."""
    with pytest.raises(ExpressionError) as caught:
        compile_cel(text).evaluate({})
    assert caught.value.summary == "Not a value"


def test_a_rule_knows_only_its_names() -> None:
    """What a macro binds, types and namespaces are no names of the rule."""
    rule = compile_rule("xs.all(x, type(x) == int && math.abs(x) > y)", {"xs", "y"})
    assert rule.evaluate({"xs": [-2, 3], "y": 1}) is True
    with pytest.raises(ExpressionError) as caught:
        compile_rule("xs.all(x, x > z) || x", {"xs"})
    assert caught.value.detail == "There is no 'z' here (column 15)."


_ORDER = """
from reconciler.expressions.cel import compile_cel
m = {c: {"k": c} for c in "qwertyuiopasdfghjklzxcvbnm"}
text = "[m.map(k, k), m.filter(k, k > 'c').map(k, m[k].k), [m], {'b': 1, 'a': 2}.map(k, k)]"
print(compile_cel(text).evaluate({"m": m}))
"""


def test_the_order_of_a_map_is_the_same_on_every_run() -> None:
    """The library goes through maps in an order that differs from process to process."""
    runs = {_run(_ORDER).stdout for _ in range(3)}
    assert len(runs) == 1


_NULLS = """
from reconciler.expressions.cel import compile_cel
program = compile_cel("x == null ? [null, {'a': null, 'b': x}] : x")
for _ in range(20_000):
    program.evaluate({"x": None})
"""


def test_many_nulls_do_not_end_the_process() -> None:
    """The library gives them out without counting the reference; we never ask it to."""
    assert _run(_NULLS).returncode == 0


def _run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@given(
    st.text(max_size=60) | st.text(alphabet="vars.lm([{'\"})]&|?:+-*/<>=!0123 ,\\ix", max_size=60)
)
@settings(max_examples=400, deadline=timedelta(seconds=1))
def test_any_text_is_compiled_and_evaluated_or_refused(text: str) -> None:
    """No exception but ours, in bounded time."""
    try:
        compile_cel(text).evaluate(VARIABLES)
    except ExpressionError as error:
        assert error.detail


_TEXT = st.text(st.characters(min_codepoint=1, codec="utf-8"))
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _TEXT | st.floats(-1e9, 1e9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(_JSON)
def test_any_value_goes_in_and_comes_out(value: object) -> None:
    """Whatever its shape."""
    assert compile_cel("x").evaluate({"x": value}) == value


Pair = tuple[str, object]
"""An expression, and its value by Python's rules."""


@st.composite
def integers(draw: st.DrawFn, depth: int = 3) -> Pair:
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from([("vars.n", 3), ("size(vars.list)", 3), ("0", 0), ("41", 41)]))
    if draw(st.booleans()):
        (test, holds), (yes, a), (no, b) = (
            draw(booleans(depth - 1)),
            draw(integers(depth - 1)),
            draw(integers(depth - 1)),
        )
        return f"({test} ? {yes} : {no})", a if holds else b
    (left, x), (right, y) = draw(integers(depth - 1)), draw(integers(depth - 1))
    assert isinstance(x, int)
    assert isinstance(y, int)
    sign, value = draw(st.sampled_from([("+", x + y), ("-", x - y), ("*", x * y)]))
    return f"({left} {sign} {right})", value


@st.composite
def booleans(draw: st.DrawFn, depth: int = 3) -> Pair:
    if depth == 0:
        return draw(st.sampled_from([("true", True), ("vars.flag", True), ("!vars.flag", False)]))
    if draw(st.booleans()):
        (left, a), (right, b) = draw(booleans(depth - 1)), draw(booleans(depth - 1))
        return draw(
            st.sampled_from([(f"({left} && {right})", a and b), (f"({left} || {right})", a or b)])
        )
    (left, x), (right, y) = draw(integers(depth - 1)), draw(integers(depth - 1))
    assert isinstance(x, int)
    assert isinstance(y, int)
    items = VARIABLES["vars"]["list"]  # type: ignore[index]  # it is a map, see above
    return draw(
        st.sampled_from(
            [
                (f"({left} < {right})", x < y),
                (f"({left} == {right})", x == y),
                (f"({left} in vars.list)", x in items),
                (f"vars.list.all(i, i > {left})", all(i > x for i in items)),
                (f"vars.list.exists(i, i > {left})", any(i > x for i in items)),
            ]
        )
    )


@st.composite
def lists(draw: st.DrawFn, depth: int = 3) -> Pair:
    if depth == 0:
        return "vars.list", [3, 1, 2]
    (base, items), (text, x) = draw(lists(depth - 1)), draw(integers(depth - 1))
    assert isinstance(items, list)
    assert isinstance(x, int)
    return draw(
        st.sampled_from(
            [
                (f"{base}.map(i, i + {text})", [i + x for i in items]),
                (f"{base}.filter(i, i > {text})", [i for i in items if i > x]),
                (f"({base} + [{text}])", [*items, x]),
                (f"{base}.sort()", sorted(items)),
            ]
        )
    )


@given(integers() | booleans() | lists())
@settings(deadline=None)
def test_an_expression_means_what_it_means_in_python(pair: Pair) -> None:
    """Arithmetic, conditions, loops and lists, put together at random."""
    text, value = pair
    assert compile_cel(text).evaluate(VARIABLES) == value


@given(lists(4))
@settings(deadline=None)
def test_a_result_is_never_larger_than_its_bound(pair: Pair) -> None:
    """The bound is found without evaluating."""
    program = compile_cel(pair[0])
    assert size_of(pair[1]).total <= bound_work(program.tree, VARIABLES)


TEXTS = st.lists(st.text("ab,", max_size=5), max_size=5)
GROWING = [
    "xs.map(x, x + x + x)",
    "xs.map(x, xs.map(y, x + y))",
    "xs.map(x, xs.map(y, x.replace('a', y).split(',')))",
    "xs.join('---').replace('', 'xy')",
    "xs.map(x, x.split('')).flatten().map(x, x + xs[0])",
    "xs.map(x, size(x)).map(i, string(i) + '.').join(',')",
    "xs.map(x, strings.quote(x)).map(x, '%s|%s'.format([x, x]))",
    "xs.filter(x, x.contains('a')).map(x, [x, x, xs])",
    "xs.map(x, {'k': x, 'l': xs}).map(m, m.l + [m.k])",
]


@given(TEXTS, st.sampled_from(GROWING))
@settings(deadline=None)
def test_texts_never_grow_beyond_the_bound(xs: list[str], text: str) -> None:
    """Loops in loops, and the functions that multiply."""
    program = compile_cel(text)
    value = program.evaluate({"xs": xs})
    assert size_of(value).total <= bound_work(program.tree, {"xs": xs})


HOSTILE = {
    "parentheses": "(" * 5000 + "1" + ")" * 4000,
    "more text than is read": "(" * 100_000,
    "a long sum": "+".join(["1"] * 2000),
    "lists in lists": "[" * 4000 + "]" * 4000,
    "conditions": "true ? 1 : " * 800 + "1",
    "a long path": "vars" + ".a" * 4000,
    "loops in loops": "big.all(a, big.all(b, a + b >= 0))",
    "loops three deep": "big.all(a, big.all(b, big.all(c, a + b + c >= 0)))",
    "loops six deep": "big.map(a, " * 6 + "1" + ")" * 6,
    "a text eight times as long nine times": "['xxxxxxxx']" + ".map(a, a+a+a+a+a+a+a+a)" * 9,
    "a list ten times as long twenty times": "[1]" + ".map(a, [a,a,a,a,a,a,a,a,a,a])" * 20,
    "replacing": "long" + ".replace('x', long)" * 3,
    "joining": "big.map(b, string(b)).join(long)",
    "formatting": "big.map(b, long.format([1.0]))",
    "a pattern of a million states": "long.matches('((a?){0,30}){0,30}b')",
    "patterns in a loop": "many.all(m, 'aaaaaaaaaaaa'.matches('(a{1,30}){1,30}' + string(m)))",
    "finding": "many.all(m, !long.contains(long + string(m)))",
    "telling all apart": "many.map(m, [m]).distinct()",
    "a range": "lists.range(1000000000)",
}

INPUTS: dict[str, object] = {
    "big": list(range(1000)),
    "many": list(range(8000)),
    "long": "x" * 200_000,
    "vars": {},
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_takes_too_long_or_becomes_too_large_is_refused(case: str) -> None:
    """At once, and without crashing."""
    started = time.monotonic()
    with pytest.raises(ExpressionError):
        compile_cel(HOSTILE[case]).evaluate(INPUTS)
    assert time.monotonic() - started < 3


def test_inputs_beyond_all_bounds_are_refused() -> None:
    """Size, levels, integers and halves of characters."""
    deep: object = 1
    for _ in range(200):
        deep = [deep]
    program = compile_cel("size([x]) == 1")
    for value in ("x" * 20_000_000, deep, 2**70, "\0", "\ud800", {"\ud800": 1}):
        with pytest.raises(ExpressionError):
            program.evaluate({"x": value})


def test_what_is_large_and_harmless_is_allowed() -> None:
    """A rule over ten thousand changes at most, a text of a megabyte."""
    assert compile_cel("big.all(b, b >= 0 && b != 'x')").evaluate({"big": list(range(9_000))})
    assert compile_cel("long.startsWith('x') && long + 'y' != long").evaluate(
        {"long": "x" * 1_000_000}
    )


def test_a_size_counts_characters_and_values() -> None:
    """Keys are values too."""
    assert size_of({"ab": ["c", 1]}) == Size(3, 5, 1)
