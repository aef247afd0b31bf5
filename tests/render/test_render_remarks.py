"""Remarks on lines: which there are, and how GitHub and code scanners get them."""

import json
import re
from pathlib import Path
from unicodedata import category

import pytest
from hypothesis import given, settings
from jsonschema import Draft7Validator
from render_plans import CANARY, many
from render_situations import PLANS
from render_strategies import plans

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.location import Location
from reconciler.model.plan import Plan
from reconciler.render.github import annotations
from reconciler.render.remarks import Level, remarks_on, remarks_on_plan
from reconciler.render.sarif import sarif

SCHEMA = json.loads((Path(__file__).parent / "sarif_schema.json").read_text(encoding="utf-8"))
COMMAND = re.compile(r"::(error|warning|notice) (?P<facts>[^:]*)::(?P<text>.*)")
GOLDEN = Path(__file__).parent / "golden"
FILES = (
    "spec",
    "blocked",
    "imported",
    "drift_beside",
    "known_later",
    "secrets",
    "hostile",
    "empty",
)


def told(name: str) -> list[tuple[str, str, str, str]]:
    return [(r.level, r.rule, str(r.location), r.subject) for r in remarks_on_plan(PLANS[name])]


def test_each_changed_leaf_is_remarked_on_where_it_stands() -> None:
    """Effects name the rule, drift is told apart, and what is gone stands at the first file's first line."""
    pool = "aiven_connection_pool"
    assert told("spec") == [
        ("warning", "drift", "pools.yaml:20:7", f"{pool}.analytics.pool_size"),
        ("warning", "cut-clients", "pools.yaml:10:7", f"{pool}.billing.pool_name"),
        ("warning", "cut-clients", "pools.yaml:1:1", f"{pool}.legacy_reports"),
        ("note", "change", "pools.yaml:7:7", f"{pool}.orders.pool_size"),
        ("note", "change", "pools.yaml:13:7", f"{pool}.search"),
    ]


def test_what_blocks_comes_first() -> None:
    """GitHub shows ten of each level; errors stand before warnings, warnings before notes."""
    levels = [level for level, *_ in told("blocked")]
    assert levels == ["error"] * 3 + ["warning"] * 2 + ["note"]
    assert {rule for level, rule, *_ in told("blocked") if level == "error"} == {
        "object-exists-already",
        "object-could-not-be-read",
        "resource-is-protected",
    }


def test_a_plan_of_nothing_has_no_remarks() -> None:
    """No change, no line."""
    assert told("empty") == told("nothing") == []
    assert annotations([]) == ""


def test_what_is_gone_stands_where_the_caller_says() -> None:
    """Who knows the stack's file gives it."""
    (first, *_) = remarks_on_plan(PLANS["delete"], elsewhere=Location("stack.yaml", 1))
    assert first.location == Location("stack.yaml", 1)


def test_errors_of_a_stack_are_remarks_too() -> None:
    """The summary, which has no names in it, is the rule."""
    found = Diagnostic(
        summary="Value out of range",
        detail="pool_size is 0; it must be 1: at least, 100%.",
        hint="remove the line",
        location=Location("a,b:c.yaml", 14, 18),
    )
    (remark,) = remarks_on([found])
    assert (remark.level, remark.rule) == (Level.ERROR, "value-out-of-range")
    assert annotations([remark], file=lambda file: f"top/{file}") == (
        "::error file=top/a%2Cb%3Ac.yaml,line=14,col=18,title=Value out of range::"
        "pool_size is 0; it must be 1: at least, 100%25. Hint: remove the line\n"
    )


@settings(deadline=None)  # a plan of hundreds of leaves is made and validated
@given(plans())
def test_any_plan_is_valid_sarif_and_whole_commands(found: Plan) -> None:
    """Whatever stands in a plan: one command a line, a log that fits the schema, and no secret."""
    remarks = remarks_on_plan(found)
    lines = annotations(remarks).splitlines()
    log = sarif(remarks, version="1.0.0", facts={"digest": found.digest})
    assert len(lines) == len(remarks) == len(json.loads(log)["runs"][0]["results"])
    assert [line for line in lines if not COMMAND.fullmatch(line)] == []
    assert list(Draft7Validator(SCHEMA).iter_errors(json.loads(log))) == []
    assert CANARY not in log + "".join(lines)
    assert {c for c in log if c != "\n" and category(c) in {"Cc", "Cf", "Zl", "Zp"}} == set()


def test_a_thousand_changes_are_a_thousand_results() -> None:
    """Rules are listed once, and every result points at its own."""
    (run,) = json.loads(sarif(remarks_on_plan(many(1_000)), version="1.0.0"))["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["change", "cut-clients", "drift"]
    assert len(run["results"]) == 1_000
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"])


def page(file: str) -> str:
    name, _, form = file.partition(".")
    remarks = remarks_on_plan(PLANS[name])
    return annotations(remarks) if form == "github.txt" else sarif(remarks, version="1.0.0")


PAGES = [f"{name}.{form}" for name in FILES for form in ("github.txt", "sarif.json")]


@pytest.mark.parametrize("file", PAGES)
def test_remarks_are_written_as_agreed(file: str) -> None:
    """What readers of these formats get is what somebody looked at."""
    assert page(file) == (GOLDEN / file).read_text(encoding="utf-8")


if __name__ == "__main__":
    for file in PAGES:
        (GOLDEN / file).write_text(page(file), encoding="utf-8")
