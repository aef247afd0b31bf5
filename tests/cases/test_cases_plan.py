"""Situations and the plans they lead to: one row each in `tests/cases/plan/<topic>.yaml`.

`tests/cases/plan/README.md` tells how a row is written; `plan_rows` reads it.
"""

from pathlib import Path
from typing import Any

import pytest
from plan_rows import difference, expectation, outcome, situation
from ruamel.yaml import YAML

FOLDER = Path(__file__).parent / "plan"
TOPICS = {
    file.stem: YAML(typ="safe").load(file.read_text()) for file in sorted(FOLDER.glob("*.yaml"))
}
ROWS = [
    pytest.param(row, id=f"{topic}: {row['name']}") for topic in TOPICS for row in TOPICS[topic]
]


@pytest.mark.parametrize("row", ROWS)
def test_the_plan_is_as_expected(row: dict[str, Any]) -> None:
    """Actions with reasons, steps in order, problems; fields, drift and more where the row says so."""
    expected = expectation(row)
    found = outcome(situation(row), expected)
    if found != expected:
        pytest.fail(difference(row, expected, found), pytrace=False)


def test_every_situation_has_a_name_of_its_own() -> None:
    """And one sentence that says why it is here."""
    rows = [row for topic in TOPICS.values() for row in topic]
    names = [row["name"] for row in rows]
    assert [name for name in set(names) if names.count(name) > 1] == []
    assert [row["name"] for row in rows if not row["why"].endswith(".")] == []
    assert len(rows) >= 200
