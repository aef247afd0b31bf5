"""Variables: where a value comes from, and what it may be."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from reconciler.desired.values import decode_json
from reconciler.model.values import Secret

DECLARED = """
stack: example
variables:
  x: {SCHEMA}
outputs:
  x: ${vars.x}
"""


@pytest.fixture
def value_of(load, tmp_path: Path):
    """Return a function that gives vars.x for its schema and the values from outside."""

    def value_of(
        schema: str,
        *,
        var: str | None = None,
        files: tuple[str, ...] = (),
        environ: str | None = None,
    ) -> object:
        paths = []
        for number, text in enumerate(files):
            path = tmp_path / f"{number}.vars"
            path.write_text(text)
            paths.append(path)
        return (
            load(
                DECLARED.replace("SCHEMA", schema),
                var={} if var is None else {"x": var},
                var_files=paths,
                environ={} if environ is None else {"RECONCILE_VAR_x": environ, "HOME": "/"},
            )
            .outputs["x"]
            .value
        )

    return value_of


def test_the_nearest_value_wins(value_of) -> None:
    """--var, then the last --var-file, then the environment, then the default."""
    schema = "type: string, default: default"
    files = ("x: first file", "x: last file")
    assert value_of(schema, var="var", files=files, environ="environ") == "var"
    assert value_of(schema, files=files, environ="environ") == "last file"
    assert value_of(schema, environ="environ") == "environ"
    assert value_of(schema) == "default"


READ_BY_TYPE: Mapping[tuple[str, str], object] = {
    ("type: string", "10"): "10",
    ("type: string", "true"): "true",
    ("type: string", ""): "",
    ("type: string", "${vars.y}"): "${vars.y}",
    ("enum: [a, b]", "a"): "a",
    ("type: integer", "10"): 10,
    ("type: number", "1.5"): 1.5,
    ("type: boolean", "true"): True,
    ("type: array", '["a", 1]'): ["a", 1],
    ("type: object", '{"a": null}'): {"a": None},
    ("", '"text"'): "text",
    ("", "1"): 1,
}


@pytest.mark.parametrize(("schema", "text"), READ_BY_TYPE)
@pytest.mark.parametrize("source", ["var", "environ"])
def test_text_from_outside_is_read_by_the_type(
    value_of, schema: str, text: str, source: str
) -> None:
    """A string stays one, anything else is JSON."""
    assert value_of(schema, **{source: text}) == READ_BY_TYPE[schema, text]


@pytest.mark.parametrize(
    "text",
    [
        *("", "yes", "1,", "{", "NaN", "Infinity", "-Infinity", "1e999", '{"a": 1, "a": 2}'),
        *("9007199254740993", "9" * 5000, "[" * 5000, "[" * 70 + "]" * 70, "'a'"),
    ],
)
def test_json_from_outside_is_read_strictly(text: str) -> None:
    """As strictly as a file."""
    with pytest.raises(ValueError, match=r".*"):
        decode_json(text)


def test_what_is_not_json_is_refused_without_showing_it(refusal) -> None:
    """It may be a secret that was given to the wrong variable."""
    [problem] = refusal(DECLARED.replace("SCHEMA", "type: integer"), var={"x": "hunter2"})
    assert problem.summary == "Invalid value"
    assert "hunter2" not in problem.detail + problem.hint


def test_a_value_that_is_overridden_is_not_looked_at(value_of) -> None:
    """An environment left over from elsewhere does no harm."""
    assert value_of("type: integer", var="1", environ="no number") == 1


def test_a_secret_variable_is_a_secret_wherever_it_goes(load) -> None:
    """In an attribute, in a longer text, in an output."""
    stack = load(
        """
        stack: example
        variables:
          word: {type: string, writeOnly: true}
        resources:
          aiven_pg_user:
            app:
              project: p
              service_name: pg-1
              username: app
              password: ${vars.word}
        outputs:
          uri: postgres://app:${vars.word}@host
          through: ${aiven_pg_user.app.password}
        """,
        var={"word": "hunter2hunter2"},
    )
    assert stack.resources["aiven_pg_user.app"].attributes["password"] == Secret("hunter2hunter2")
    assert stack.outputs["uri"].value == Secret("postgres://app:hunter2hunter2@host")
    assert stack.outputs["through"].value == Secret("hunter2hunter2")
    assert "hunter2" not in repr(stack)


def test_a_value_from_a_file_of_variables_is_data(value_of) -> None:
    """No expression is looked for in it."""
    assert value_of("type: string", files=("x: ${vars.y}",)) == "${vars.y}"


def test_a_default_may_hold_a_literal_dollar_brace(value_of) -> None:
    """Written as everywhere else in the stack file."""
    assert value_of("type: string, default: '$${x}'") == "${x}"


def test_null_is_a_value_where_the_schema_says_so(value_of) -> None:
    """And then it needs no other."""
    assert value_of("type: [string, 'null'], default: null") is None


def test_an_unknown_variable_of_the_command_line_is_refused(refusal) -> None:
    """With the name that was meant."""
    [problem] = refusal(DECLARED.replace("SCHEMA", "default: 1"), var={"xx": "1"})
    assert (problem.summary, problem.hint) == ("Unknown variable", "did you mean 'x'?")


def test_an_unreadable_file_of_variables_is_told_beside_the_rest(refusal, tmp_path: Path) -> None:
    """Other problems of the run are told as well."""
    problems = refusal(
        DECLARED.replace("SCHEMA", "type: integer, default: a"), var_files=[tmp_path / "none"]
    )
    assert {problem.summary for problem in problems} == {"File not found", "Wrong type"}


def test_a_schema_of_great_depth_is_refused_or_used(load, refusal) -> None:
    """Never a RecursionError."""
    deep = "{items: " * 55 + "{}" + "}" * 55
    text = f"stack: x\nvariables:\n  x: {deep}\n"
    assert load(text, var={"x": "[" * 50 + "]" * 50}).name == "x"
