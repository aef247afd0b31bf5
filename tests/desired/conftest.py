"""Stacks from texts, and their problems as people read them."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from reconciler.desired import InvalidStackError, load_stack
from reconciler.kinds.catalogue import load_catalogue
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.resource import Stack

Load = Callable[..., Stack]
Refusal = Callable[..., tuple[Diagnostic, ...]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Return a function that loads a stack: one text, or texts by file name without `.yaml`."""

    def load(text: str | Mapping[str, str], **options: object) -> Stack:
        files = {"stack": text} if isinstance(text, str) else text
        for name, content in files.items():
            (tmp_path / f"{name}.yaml").write_text(content, encoding="utf-8")
        return load_stack(tmp_path, load_catalogue(), **options)  # type: ignore[arg-type]

    return load


@pytest.fixture
def refusal(load: Load) -> Refusal:
    """Return a function that loads what cannot be loaded and returns the diagnostics."""

    def refusal(text: str | Mapping[str, str], **options: object) -> tuple[Diagnostic, ...]:
        with pytest.raises(InvalidStackError) as caught:
            load(text, **options)
        return caught.value.diagnostics

    return refusal
