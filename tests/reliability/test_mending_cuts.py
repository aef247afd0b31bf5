"""C2 for what people do by hand: a seal, a restore or a push that is cut can be done again."""

from collections.abc import Callable
from typing import Any

import pytest
from crashes import FOLDER, NOW, Watched, open_store, second_run, third_run
from recorded_states import pool
from simdisk import Content, SimDisk

from reconciler.recorded.codec import encode
from reconciler.recorded.mending import RefusedPushError
from reconciler.recorded.stores.file import FileStore

STATE = FOLDER / "example.yaml"
US: dict[str, Any] = {"run_id": "mend", "now": NOW}


def _text(content: Content) -> bytes:
    return content[STATE] or b""


def _edited(content: Content) -> Content:
    return {**content, STATE: _text(content).replace(b'"pool_size":10', b'"pool_size":7')}


def _damaged(content: Content) -> Content:
    """Leave rubbish where the state was, and the state itself as a backup."""
    backups = FOLDER / "backups"
    return {**content, STATE: b"rubbish", backups: None, backups / "example.1.yaml": _text(content)}


def _seal(store: FileStore) -> None:
    store.seal(**US)


def _restore(store: FileStore) -> None:
    store.restore(None, **US)


def _push(store: FileStore) -> None:
    pushed = encode(store.read()).replace(b'"pool_size":10', b'"pool_size":7')
    store.push(pushed, "f", **US)


MENDINGS: dict[str, tuple[Callable[[FileStore], None], Content]] = {
    "seal": (_seal, _edited(second_run().content)),
    "seal, with a journal": (_seal, _edited(third_run().content)),
    "restore": (_restore, _damaged(second_run().content)),
    "restore, with a journal": (_restore, _damaged(third_run().content)),
    "push": (_push, second_run().content),
}


@pytest.mark.parametrize("name", MENDINGS)
def test_c2_a_mending_that_is_cut_can_be_done_again(name: str) -> None:
    """After a cut anywhere: done once more it ends as if it had not been cut, but for the serial."""
    mend, content = MENDINGS[name]
    disk = Watched.of(content)
    mend(open_store(disk))
    expected = open_store(disk).read()
    assert pool("base") in expected.resources
    assert len(disk.cuts) > 20
    for key in disk.cuts:
        again = open_store(SimDisk.of(dict(key)))
        mend(again)
        state = again.read()
        assert (state.resources, state.unresolved, state.approved) == (
            expected.resources,
            expected.unresolved,
            expected.approved,
        )
        assert state.serial >= expected.serial
        assert again.read_log().broken is None


def test_c2_a_push_that_is_cut_leaves_the_state_before_or_after_it() -> None:
    """And it can be read as it is."""
    disk = Watched.of(second_run().content)
    before = open_store(disk).read()
    _push(open_store(disk))
    after = open_store(disk).read()
    for key in disk.cuts:
        state = open_store(SimDisk.of(dict(key))).read()
        assert state.resources in (before.resources, after.resources)


def test_a_push_over_a_journal_that_is_left_is_refused() -> None:
    """The state has moved on by what the journal holds; a new pull has all of it."""
    disk = SimDisk.of(third_run().content)
    with pytest.raises(RefusedPushError):
        _push(open_store(disk))
    assert FOLDER / "example.journal" not in disk.content()
    _push(open_store(disk))
