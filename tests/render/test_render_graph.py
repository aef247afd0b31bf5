"""The graph of a plan's steps: every step and every need, and no name that draws."""

import re

import pytest
from hypothesis import given, settings
from render_plans import POOL, delete, plan
from render_situations import PLANS
from render_strategies import plans

from reconciler.model.address import Address
from reconciler.model.plan import Plan
from reconciler.render.graph import GraphFormat, graph

LINE = {
    GraphFormat.MERMAID: re.compile(
        r'flowchart LR|  s\d+\["[^"`<>\[\]\\{}|&;#]*(?:#\d+;[^"`<>\[\]\\{}|&;#]*)*"\]'
        r"|  s\d+ --> s\d+|  classDef felt [a-z0-9:#,-]+|  class s\d+(,s\d+)* felt"
    ),
    GraphFormat.DOT: re.compile(
        r"digraph steps \{|  rankdir=LR;|  node \[shape=box\];|\}|  \d+ -> \d+;"
        r'|  \d+ \[label="(?:[^"\\]|\\["\\])*"(?:, color="#cc0000", penwidth=3)?\];'
    ),
}


def test_mermaid_has_steps_needs_and_what_is_felt() -> None:
    """The replaced pool is deleted before it is created; what cuts clients says so."""
    assert graph(PLANS["replace"], GraphFormat.MERMAID).splitlines()[:3] == [
        "flowchart LR",
        f'  s1["1 delete {POOL}.asked: cut-clients"]',
        f'  s2["2 create {POOL}.asked"]',
    ]
    assert "  s1 --> s2\n" in graph(PLANS["replace"], GraphFormat.MERMAID)
    assert "  class s1,s3,s5 felt\n" in graph(PLANS["replace"], GraphFormat.MERMAID)


def test_dot_has_the_same() -> None:
    """Node by node, arrow by arrow."""
    text = graph(PLANS["replace"], GraphFormat.DOT)
    assert f'  1 [label="1 delete {POOL}.asked: cut-clients", color="#cc0000", penwidth=3];' in text
    assert text.count(" -> ") == 3


@pytest.mark.parametrize("form", GraphFormat)
def test_names_do_not_draw(form: GraphFormat) -> None:
    """Quotes, brackets, markup and escapes in a name stay in its label."""
    where = Address.of(POOL, "x", '"]; click s1 "javascript:x" <img> `md` \\N \\" #quot; %%\n end')
    lines = graph(plan(delete(1, where)), form).splitlines()
    assert [line for line in lines if not LINE[form].fullmatch(line)] == []


@settings(deadline=None)  # any plan at all takes a while to make
@given(plans())
def test_any_plan_draws_whole_lines(found: Plan) -> None:
    """Whatever stands in a plan, each line of both formats is one we wrote."""
    for form in GraphFormat:
        lines = graph(found, form).split("\n")[:-1]
        assert [line for line in lines if not LINE[form].fullmatch(line)] == []


@pytest.mark.parametrize("form", GraphFormat)
def test_a_plan_without_steps_is_an_empty_graph(form: GraphFormat) -> None:
    """Nothing to do is no error."""
    assert graph(PLANS["empty"], form).count("\n") in (1, 4)
