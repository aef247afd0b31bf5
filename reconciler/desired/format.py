"""Files in the canonical layout, with the promise that they still say the same."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from reconciler.desired.files import find_files, read_text
from reconciler.desired.layout import format_text
from reconciler.desired.load import Limits, parse_yaml
from reconciler.desired.problems import Problems
from reconciler.model.location import Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Formatted:
    """A file as it is, and its text in the canonical layout."""

    path: Path
    before: bytes
    after: str

    @property
    def is_changed(self) -> bool:
        return self.before != self.after.encode()


def format_files(paths: Iterable[Path], limits: Limits | None = None) -> tuple[Formatted, ...]:
    """Return each file, and each `*.yaml` of each folder, laid out; nothing is written.

    Raises InvalidStackError with what the strict loader has against them.
    """
    limits = limits or Limits()
    problems = Problems()
    files = [file for path in paths for file in find_files(path, (), problems)]
    found = [_format_file(file, limits, problems) for file in dict.fromkeys(files)]
    problems.raise_if_any()
    return tuple(one for one in found if one is not None)


def _format_file(path: Path, limits: Limits, problems: Problems) -> Formatted | None:
    noted = len(problems)
    text = read_text(path, limits.size_bytes, problems)
    before = None if text is None else _meaning(text, path, limits, problems)
    if text is None or before is None or len(problems) > noted:
        return None
    after = format_text(text)
    if _meaning(after, path, limits, Problems()) != before:
        problems.add(
            Location(str(path)),
            "Layout would change the meaning",
            f"{path} could not be laid out anew and still hold the same values; it stays as it is.",
            "please report it, if you may show the file",
        )
        return None
    return Formatted(path=path, before=path.read_bytes(), after=after)


def _meaning(text: str, path: Path, limits: Limits, problems: Problems) -> str | None:
    """Return what the text says, with 1, 1.0 and true apart and keys in their order."""
    node = parse_yaml(text, str(path), problems, limits)
    return None if node is None else json.dumps(node.value, default=repr)
