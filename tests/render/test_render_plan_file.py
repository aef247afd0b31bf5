"""Plan files that are not what they should be."""

import json
from collections.abc import Callable

import pytest
from render_situations import PLANS

from reconciler.render.json import plan_json
from reconciler.render.plan_file import PlanFileError, plan_from_json

Content = dict[str, object]


def content() -> Content:
    found: Content = json.loads(plan_json(PLANS["known_later"]))
    return found


def refused(text: str) -> PlanFileError:
    with pytest.raises(PlanFileError) as caught:
        plan_from_json(text, file="plans/p.json")
    return caught.value


@pytest.mark.parametrize(
    "text",
    ["", "{", "not json", "[" * 100_000, '{"format": NaN}', '{"format": ' + "9" * 5000 + "}"],
)
def test_what_is_not_json_is_refused_with_its_place(text: str) -> None:
    """Text that is no JSON names the file, and tells how plan files come about."""
    (found,) = refused(text).diagnostics
    assert found.summary == "Not JSON"
    assert found.location is not None
    assert found.location.file == "plans/p.json"
    assert found.hint


def test_syntax_error_names_line_and_column() -> None:
    """The place of a syntax error is the JSON decoder's."""
    (found,) = refused('{\n"format": oops}').diagnostics
    assert str(found.location) == "plans/p.json:2:11"


@pytest.mark.parametrize("text", ["[]", "1", "{}", '{"format": 1}', '{"format": "terraform"}'])
def test_other_json_is_no_plan(text: str) -> None:
    """JSON of another making is told apart from a broken plan."""
    assert refused(text).diagnostics[0].summary == "Not a plan file"


def test_newer_format_is_named() -> None:
    """A plan of a later version says which version is read here."""
    (found,) = refused('{"format": "reconcile.plan/v2"}').diagnostics
    assert found.summary == "Plan of another version"
    assert "reconcile.plan/v2" in found.detail


def set_at(*path: str | int, to: object) -> Callable[[Content], None]:
    def change(found: Content) -> None:
        place: object = found
        for part in path[:-1]:
            place = place[part]  # type: ignore[index]  # a test walks its own data
        place[path[-1]] = to  # type: ignore[index]  # a test walks its own data

    return change


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (set_at("serial", to="1"), "serial: must be a whole number"),
        (set_at("serial", to=True), "serial: must be a whole number"),
        (set_at("destroy", to=0), "destroy: must be true or false"),
        (set_at("stack", to=None), "stack: must be a string"),
        (set_at("meta", to=[]), "meta: must be an object"),
        (set_at("changes", to={}), "changes: must be a list"),
        (set_at("changes", 1, to="x"), "changes[1]: must be an object"),
        (set_at("changes", 0, "action", to="explode"), "changes[0].action: explode is none of"),
        (set_at("changes", 0, "address", to="nope"), "changes[0].address: nope is no address"),
        (set_at("changes", 0, "extra", to=1), "changes[0]: extra is not known"),
        (set_at("changes", 0, "source", "line", to="3"), "changes[0].source.line: must be a whole"),
        (
            set_at("changes", 1, "fields", 2, "path", to=["a", None]),
            "changes[1].fields[2].path[1]: must be a whole number",
        ),
        (
            set_at("changes", 0, "fields", 0, "after", to={"after_step": 1}),
            "changes[0].fields[0]: address is missing",
        ),
        (
            set_at("changes", 0, "fields", 0, "after", to={"$literal": 1}),
            "changes[0].fields[0]: $literal must be an object",
        ),
        (set_at("changes", 0, "steps", 0, "timeout_s", to="1m"), "changes[0].steps[0].timeout_s"),
        (set_at("projects", to=["a", 1]), "projects[1]: must be a string"),
        (set_at("refresh_only", to=None), "refresh_only: must be true or false"),
        (set_at("limited_to", to=["x"]), "limited_to[0]: x is no address"),
        (set_at("acks", to="all"), "acks: must be a list"),
        (set_at("allow_delete", to="4"), "allow_delete: must be a whole number"),
        (set_at("connections", to=[{}]), "connections[0]: service is missing"),
        (set_at("changes", 0, "moved_from", to=3), "changes[0].moved_from: must be a string"),
        (set_at("changes", 0, "adopted", to=None), "changes[0].adopted: must be true or false"),
        (set_at("changes", 0, "fields", 0, "from", to=1), "changes[0].fields[0].from: must be"),
    ],
)
def test_edited_plan_is_refused_where_it_was_edited(
    change: Callable[[Content], None], where: str
) -> None:
    """A member of the wrong type, missing or unknown is named by its path in the file."""
    found = content()
    change(found)
    error = refused(json.dumps(found))
    assert error.diagnostics[0].summary == "Not a complete plan"
    assert error.diagnostics[0].detail.startswith(where)


def test_missing_member_is_named() -> None:
    """A plan file cut by hand names what is gone."""
    found = content()
    del found["digest"]
    assert "digest is missing" in refused(json.dumps(found)).diagnostics[0].detail
