"""Where state lies when nobody says."""

import contextlib
from pathlib import Path

import pytest

from reconciler.recorded.find import find_state_dir


@pytest.mark.parametrize(
    ("present", "path", "expected"),
    [
        (["a/state", "a/b/stacks"], "a/b/stacks", "a/state"),
        (["a/.git", "a/b"], "a/b", "a/state"),
        (["a/.git", "a/b/state"], "a/b", "a/b/state"),
        (["a/state", "a/b/.git"], "a/b", "a/b/state"),
        (["a/.git", "a/b"], "a/b/stack.yaml", "a/state"),
        (["a/.git"], "a/b/c/not_there_yet.yaml", "a/state"),
    ],
)
def test_the_nearest_folder_with_a_state_or_a_git_has_it(
    tmp_path: Path, present: list[str], path: str, expected: str
) -> None:
    """Whether it exists yet or not, and whether PATH is a file or a folder."""
    for folder in present:
        (tmp_path / folder).mkdir(parents=True)
    assert find_state_dir(tmp_path / path) == tmp_path / expected


def test_a_worktree_has_a_file_named_git(tmp_path: Path) -> None:
    """It counts as well."""
    (tmp_path / ".git").write_text("gitdir: elsewhere")
    (tmp_path / "b").mkdir()
    assert find_state_dir(tmp_path / "b") == tmp_path / "state"


def test_below_the_current_folder_it_is_told_relative(tmp_path: Path) -> None:
    """So messages say state/example.yaml; also when nothing was found on the way up."""
    (tmp_path / "state").mkdir()
    with contextlib.chdir(tmp_path):
        assert find_state_dir(Path()) == Path("state")
        assert find_state_dir(Path("/")) == Path("state")
