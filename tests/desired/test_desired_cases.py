"""Stacks that cannot be loaded, and what people are told: one folder each in tests/cases/desired.

`expected.txt` holds the diagnostics in the look of the command line; `env.txt`, if it is there, the
environment that is asked for.
"""

from pathlib import Path

import pytest

from reconciler.desired import InvalidStackError, load_stack
from reconciler.kinds.catalogue import load_catalogue
from reconciler.model.diagnostic import Diagnostic

CASES = Path(__file__).parent.parent / "cases" / "desired"


def spell(diagnostic: Diagnostic) -> str:
    lines = [
        f"{diagnostic.location}: {diagnostic.severity}: {diagnostic.summary}",
        f"  {diagnostic.detail}",
    ]
    if diagnostic.hint:
        lines.append(f"  hint: {diagnostic.hint}")
    return "".join(line + "\n" for line in lines)


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_every_problem_is_told_as_expected(case: str) -> None:
    """All of them in one run, sorted by place, with what to type."""
    folder = CASES / case
    env = folder / "env.txt"
    with pytest.raises(InvalidStackError) as caught:
        load_stack(
            folder,
            load_catalogue(),
            var_files=sorted(folder.glob("vars/*.yaml")),
            env=env.read_text().strip() if env.exists() else "",
        )
    told = "".join(map(spell, caught.value.diagnostics)).replace(f"{folder}/", "")
    assert told == (folder / "expected.txt").read_text()


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_nothing_that_is_secret_is_told(case: str) -> None:
    """Whatever is wrong with it: the cases spell each secret with this word in it."""
    assert "hunter2" not in (CASES / case / "expected.txt").read_text()
