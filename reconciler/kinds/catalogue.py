"""Every kind there is, the shipped ones and those of users, each parsed when first asked for."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from reconciler.kinds.kind import Kind
from reconciler.kinds.parse import parse_kind
from reconciler.model.address import NAME_PATTERN

KIND_FILE = re.compile(rf"({NAME_PATTERN})\.json")


class Catalogue(Mapping[str, Kind]):
    """Kinds by name, sorted. Knows the names from the folder; a file is read on first access."""

    def __init__(self, files: Mapping[str, Path], parsed: Mapping[str, Kind] | None = None) -> None:
        self._files = dict(sorted(files.items()))
        self._kinds = dict(parsed or {})

    def __getitem__(self, name: str) -> Kind:
        if name not in self._kinds:
            self._kinds[name] = parse_kind(json.loads(self._files[name].read_bytes()))
        return self._kinds[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def __contains__(self, name: object) -> bool:
        return name in self._files

    def file_of(self, name: str) -> Path:
        """Return the file that describes the kind; raise KeyError for a kind there is not."""
        return self._files[name]


def load_catalogue(extra_dirs: Sequence[Path] = ()) -> Catalogue:
    """Return the shipped kinds and those in `extra_dirs`.

    Of the shipped ones only the file names are read; each file of a user is checked here and now.
    Raises `users.KindFileError`, a ReconcileError, with every problem of the users' files.
    """
    shipped = _kind_files(shipped_dir())
    if not extra_dirs:
        return Catalogue(shipped)
    from reconciler.kinds.users import read_user_kinds

    users = read_user_kinds(extra_dirs, Catalogue(shipped))
    files = {name: user.file for name, user in users.items()}
    return Catalogue({**shipped, **files}, {name: user.kind for name, user in users.items()})


def shipped_dir() -> Path:
    """Return the folder of shipped schemas: inside an installed package, beside it in a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "schemas"
    return installed if installed.is_dir() else package.parent / "schemas"


def _kind_files(folder: Path) -> dict[str, Path]:
    """Return kind files by name; `kind.meta.json` and `stack.schema.json` are of another sort."""
    matches = ((KIND_FILE.fullmatch(file.name), file) for file in folder.iterdir())
    return {match[1]: file for match, file in matches if match}
