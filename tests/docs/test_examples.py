"""Each example runs as it is written: valid, planned, applied, and planned empty after that."""

import json
import subprocess
from pathlib import Path

import pytest
from doc_blocks import ROOT
from doc_session import environment, workplace
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

EXAMPLES = sorted(file.parent for file in (ROOT / "examples").glob("*/stack.yaml"))

_LIFE = """
set -eu
reconcile validate "$@"
reconcile plan "$@"
reconcile apply "$@" --auto-approve
reconcile plan "$@" --detailed-exitcode
reconcile destroy "$@" --auto-approve
"""


def kinds_of(example: Path) -> list[str]:
    """Return the options that make an example's own kinds known."""
    kinds = example / "kinds"
    return ["--schemas", str(kinds.relative_to(ROOT))] if kinds.is_dir() else []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_example_lives_and_ends(example: Path, tmp_path: Path) -> None:
    """After its apply there is nothing left to do, and it can be destroyed."""
    arguments = [str(example.relative_to(ROOT)), *kinds_of(example)]
    with workplace(tmp_path / "life") as place:
        ran = subprocess.run(
            ["reconcile", "sandbox", "run", "--", "sh", "-c", _LIFE, "sh", *arguments],
            cwd=place,
            env=environment(tmp_path / "life" / "home"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
    assert (ran.returncode, ran.stdout) == (0, ran.stdout)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_example_fits_the_editor_schema(example: Path, tmp_path: Path) -> None:
    """An editor that knows the schema marks nothing in it as wrong."""
    ran = subprocess.run(
        ["reconcile", "schema", *kinds_of(example)],
        cwd=ROOT,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    stack = YAML(typ="safe").load(example / "stack.yaml")
    errors = Draft202012Validator(json.loads(ran.stdout)).iter_errors(stack)
    assert [error.message for error in errors] == []


def test_shipped_examples_fit_the_shipped_editor_schema() -> None:
    """Those without kinds of their own name schemas/stack.schema.json in their first line."""
    schema = json.loads((ROOT / "schemas/stack.schema.json").read_text("utf-8"))
    for example in EXAMPLES:
        if kinds_of(example):
            continue
        text = (example / "stack.yaml").read_text("utf-8")
        assert text.startswith("# yaml-language-server: $schema=../../schemas/stack.schema.json\n")
        errors = Draft202012Validator(schema).iter_errors(YAML(typ="safe").load(text))
        assert [error.message for error in errors] == []
