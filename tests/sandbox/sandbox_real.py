"""What tests of the real engine need: its programs, or a reason why not."""

from __future__ import annotations

import os

import pytest

from reconciler.sandbox.real.programs import (
    MissingProgramsError,
    Programs,
    cache_folder,
    find_programs,
)


def need_programs() -> Programs:
    """Return the programs; without them a test is left out, but in CI it fails."""
    try:
        return find_programs(None, None, cache_folder(), may_fetch=False)
    except MissingProgramsError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))
