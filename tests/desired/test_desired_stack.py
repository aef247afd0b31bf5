"""A stack file or folder, read whole."""

from pathlib import Path

import pytest

from reconciler.desired import load_stack
from reconciler.kinds.catalogue import load_catalogue
from reconciler.model.resource import Stack

CATALOGUE = load_catalogue()


@pytest.fixture
def load(tmp_path: Path):
    """Return a function that writes files into a folder and loads it as a stack."""

    def load(**files: str) -> Stack:
        for name, text in files.items():
            (tmp_path / f"{name}.yaml").write_text(text)
        return load_stack(tmp_path, CATALOGUE)

    return load


def test_a_stack_without_resources_is_a_stack(load) -> None:
    """Its name is enough."""
    assert load(stack="stack: x") == Stack(
        name="x", location=load(stack="stack: x").location, resources={}, data={}, outputs={}
    )
