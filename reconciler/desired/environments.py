"""`--env NAME`: variables from `env/NAME.yaml` beside the stack."""

import re
from pathlib import Path

from reconciler.desired.problems import Problems, did_you_mean
from reconciler.model.location import Location

FOLDER = "env"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")
"""It becomes part of file names."""


def find_env_file(path: Path, env: str, problems: Problems) -> Path | None:
    """Return the file of the environment's variables; None for no environment, or noted."""
    if not env:
        return None
    folder = (path if path.is_dir() else path.parent) / FOLDER
    if not _NAME.fullmatch(env):
        problems.add(
            Location(str(folder)),
            "Invalid name",
            "The name of an environment has 1 to 64 letters, digits, _ and -, not beginning with -.",
        )
        return None
    file = folder / f"{env}.yaml"
    if file.is_file():
        return file
    names = _names(folder)
    there = f"there are {', '.join(names)}" if names else "there is none yet"
    problems.add(
        Location(str(file)),
        "Unknown environment",
        f"There is no {file}, which --env {env} reads; {there}.",
        did_you_mean(env, names) or f"write {file}; it may be empty",
    )
    return None


def _names(folder: Path) -> list[str]:
    try:
        return sorted(file.stem for file in folder.iterdir() if file.suffix == ".yaml")
    except OSError:
        return []
