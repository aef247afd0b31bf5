"""Every kind there is, the shipped ones and those of users, each parsed when first asked for."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from reconciler.kinds.kind import Kind
from reconciler.kinds.parse import parse_kind
from reconciler.model.address import NAME_PATTERN
from reconciler.model.errors import ReconcileError


class KindFileError(ReconcileError):
    """Kind files of users that cannot be taken as they are."""


class Catalogue(Mapping[str, Kind]):
    """Kinds by name, sorted. Knows the names from the folder; a file is read on first access."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = dict(sorted(files.items()))
        self._kinds: dict[str, Kind] = {}

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

    Reads the shipped folder's names only; each file of a user is checked here and now.
    Raises KindFileError with every problem of the users' files.
    """
    shipped = _kind_files(shipped_dir())
    if not extra_dirs:
        return Catalogue(shipped)
    from reconciler.kinds.users import check_user_kinds

    return Catalogue({**shipped, **check_user_kinds(extra_dirs, Catalogue(shipped))})


def shipped_dir() -> Path:
    """Return the folder of shipped kinds: inside an installed package, beside it in a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "schemas"
    return installed if installed.is_dir() else package.parent / "schemas"


_KIND_FILE = re.compile(rf"({NAME_PATTERN})\.json")


def _kind_files(folder: Path) -> dict[str, Path]:
    """Return kind files by name; `*.meta.json` and `*.schema.json` describe other files."""
    matches = ((_KIND_FILE.fullmatch(file.name), file) for file in folder.iterdir())
    return {match[1]: file for match, file in matches if match}
