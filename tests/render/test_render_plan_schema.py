"""The plan file is as its schema says, for those who read it by machine."""

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator
from render_situations import PLANS
from render_strategies import plans

from reconciler.model.diagnostic import Severity
from reconciler.model.plan import Action, Plan
from reconciler.model.resource import OriginKind
from reconciler.model.state import Op
from reconciler.render.json import plan_json

ROOT = Path(__file__).parent.parent.parent


@cache
def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "schemas" / "plan.schema.json").read_text())
    return found


def misfits(content: object) -> list[str]:
    return [error.json_path for error in Draft202012Validator(schema()).iter_errors(content)]


def content(name: str = "known_later") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(plan_json(PLANS[name]))
    return copy.deepcopy(found)


def test_schema_is_one() -> None:
    """JSON Schema 2020-12, every object closed but for what may grow."""
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("name", PLANS)
def test_every_situation_fits(name: str) -> None:
    """Each plan of the golden pages."""
    assert misfits(content(name)) == []


@given(plans())
def test_every_plan_fits(plan: Plan) -> None:
    """Whatever names, values and markers it holds."""
    assert misfits(json.loads(plan_json(plan))) == []


def test_words_are_those_of_the_model() -> None:
    """An action, an operation, a severity or an origin more would be told here."""
    defs = schema()["$defs"]
    assert set(defs["change"]["properties"]["action"]["enum"]) == set(Action)
    assert set(defs["op"]["enum"]) == set(Op)
    assert set(defs["diagnostic"]["properties"]["severity"]["enum"]) == set(Severity)
    assert set(defs["field"]["properties"]["from"]["enum"]) == {*OriginKind, None}


def test_every_member_is_required() -> None:
    """Readers need not ask whether something is there; only meta may lack and grow."""
    told = content("acknowledged")
    for key in told:
        rest = {name: value for name, value in told.items() if name != key}
        assert misfits(rest) == ["$"]
    assert misfits({**told, "more": 1}) == ["$"]
    assert misfits({**told, "meta": {**told["meta"], "more": 1}}) == []


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        (("changes", 0, "action"), "explode", "$.changes[0].action"),
        (("changes", 0, "address"), "nope", "$.changes[0].address"),
        (("changes", 0, "steps", 0, "n"), 0, "$.changes[0].steps[0].n"),
        (
            ("changes", 0, "fields", 0, "after"),
            {"$secret": "x"},
            "$.changes[0].fields[0].after['$secret']",
        ),
        (("changes", 0, "fields", 0, "after"), {"after_step": 1}, "$.changes[0].fields[0].after"),
        (
            ("changes", 0, "fields", 0, "after"),
            [{"$literal": 1}],
            "$.changes[0].fields[0].after[0]['$literal']",
        ),
        (("changes", 0, "source", "line"), "3", "$.changes[0].source.line"),
        (("digest",), "5739d596", "$.digest"),
        (("acks",), ["all"], "$.acks[0]"),
    ],
)
def test_what_is_no_plan_does_not_fit(path: tuple[Any, ...], value: object, where: str) -> None:
    """The schema is strict where a reader relies on it."""
    told = content()
    place: Any = told
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    assert where in misfits(told)
