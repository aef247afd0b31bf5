"""States of one stack in several environments."""

from pathlib import Path

import pytest
from recorded_states import LINEAGE, record

from reconciler.model.address import Address
from reconciler.model.state import State
from reconciler.recorded.codec import decode, encode
from reconciler.recorded.errors import StateError
from reconciler.recorded.stores.file import FileStore


def test_an_environment_is_part_of_the_name_of_a_state() -> None:
    """The file says which one it is of."""
    address = Address("aiven_pg_user.app")
    state = State(
        stack="example@prod", lineage=LINEAGE, serial=1, resources={address: record("app")}
    )
    assert decode(encode(state)) == state


def test_a_store_holds_one_environment(tmp_path: Path) -> None:
    """Beside the one without, and the others."""
    assert FileStore(tmp_path, "example@eu-1").read().stack == "example@eu-1"


@pytest.mark.parametrize("name", ["@prod", "example@", "example@a@b", "example@../x", "a" * 101])
def test_what_cannot_name_a_file_is_refused(tmp_path: Path, name: str) -> None:
    """The name of a state never leaves its folder."""
    with pytest.raises(StateError):
        FileStore(tmp_path, name)
