"""Where state lies when nobody says."""

from pathlib import Path


def find_state_dir(path: Path) -> Path:
    """Return `state/` of the nearest folder, from `path` upwards, that has a `state/` or a `.git`.

    `path` is a stack's file or folder; when nothing is found it is `state/` of the current folder. The
    answer is relative where it lies below the current folder. It need not exist.
    """
    start = path.resolve()
    here = Path.cwd()
    for folder in (start, *start.parents):
        if (folder / "state").is_dir() or (folder / ".git").exists():
            found = folder / "state"
            return found.relative_to(here) if found.is_relative_to(here) else found
    return Path("state")
