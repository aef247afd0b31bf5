"""Each example runs as it is written: valid, planned, applied, planned empty after that, destroyed."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from doc_blocks import ROOT
from doc_session import environment, workplace
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML
from sandbox_real import need_programs

from reconciler.model.errors import ExitCode
from reconciler.sandbox import Settings, running

EXAMPLES = sorted(file.parent for file in (ROOT / "examples").glob("*/stack.yaml"))
VARIANTS = [
    (example, env)
    for example in EXAMPLES
    for env in ("", *sorted(file.stem for file in example.glob("env/*.yaml")))
]
"""Each example as it is, and once for each of its environments."""

REAL = ("connection_pool", "pools_for_teams")
"""Those whose services are PostgreSQL and PgBouncer too; the others would show no more."""

LIVES = [
    *(
        pytest.param(e, env, "memory", id="-".join(filter(None, (e.name, env))))
        for e, env in VARIANTS
    ),
    *(
        pytest.param(e, env, "real", marks=pytest.mark.real_engine, id=f"{e.name}-real")
        for e, env in VARIANTS
        if e.name in REAL
    ),
]


@dataclass(frozen=True, kw_only=True)
class Life:
    """A place with an example in it, and a sandbox to try it against."""

    place: Path
    arguments: tuple[str, ...]
    environ: dict[str, str]

    def type(self, verb: str, *options: str) -> tuple[int, str]:
        """Run a command on the example; return its exit code and what it printed."""
        ran = subprocess.run(
            ["reconcile", verb, *self.arguments, *options],
            cwd=self.place,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        return ran.returncode, ran.stdout

    def plan(self, *options: str) -> dict[str, object]:
        """Return a plan as programs read it."""
        _, text = self.type("plan", "--format", "json", *options)
        plan: dict[str, object] = json.loads(text)
        return plan


def kinds_of(example: Path) -> list[str]:
    """Return the options that make an example's own kinds known."""
    kinds = example / "kinds"
    return ["--schemas", str(kinds.relative_to(ROOT))] if kinds.is_dir() else []


@pytest.fixture
def life(example: Path, env: str, engine: str, tmp_path: Path) -> Iterator[Life]:
    """The example, or one environment of it, against a sandbox of its own."""
    if engine == "real":
        need_programs()
    options = [*kinds_of(example), *(["--env", env] if env else [])]
    with (
        workplace(tmp_path / "life") as place,
        running(Settings(engine=engine)) as sandbox,
    ):
        yield Life(
            place=place,
            arguments=(str(example.relative_to(ROOT)), *options),
            environ={**environment(tmp_path / "life" / "home"), **sandbox.environment()},
        )


@pytest.mark.parametrize(("example", "env", "engine"), LIVES)
def test_example_lives_and_ends(life: Life) -> None:
    """After its apply there is nothing left to do; it can be destroyed, unless it is protected."""
    for verb, *options in (
        ("validate",),
        ("plan",),
        ("apply", "--auto-approve"),
        ("plan", "--detailed-exitcode"),
        ("drift",),
    ):
        code, printed = life.type(verb, *options)
        assert (code, printed) == (ExitCode.DONE, printed)
    ending = life.plan("--destroy")
    acks = [word for ack in ending["acks"] for word in ("--ack", str(ack))]
    wanted = ExitCode.BLOCKED if ending["diagnostics"] else ExitCode.DONE
    code, printed = life.type("destroy", "--auto-approve", *acks)
    assert (code, printed) == (wanted, printed)


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


def test_examples_are_laid_out_as_fmt_does(tmp_path: Path) -> None:
    """`reconcile fmt` finds nothing to change in what people copy from."""
    files = [str(file) for file in (ROOT / "examples").rglob("*.yaml")]
    ran = subprocess.run(
        ["reconcile", "fmt", "--check", *files],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (ExitCode.DONE, "")
