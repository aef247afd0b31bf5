"""Kind files of users: read and checked whole before anything is done with them."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.kinds.catalogue import KIND_FILE
from reconciler.kinds.check import check_kind, check_references
from reconciler.kinds.kind import Kind
from reconciler.kinds.parse import parse_kind
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ReconcileError
from reconciler.model.location import Location

_OTHER_SCHEMA = re.compile(r".*\.(meta|schema)\.json")


class KindFileError(ReconcileError):
    """Kind files of users that cannot be taken as they are."""


@dataclass(frozen=True, slots=True)
class UserKind:
    """A user's kind, its file, and that file's text for the places of later problems."""

    kind: Kind
    file: Path
    text: str


def read_user_kinds(folders: Sequence[Path], shipped: Mapping[str, Kind]) -> dict[str, UserKind]:
    """Return the kinds in `folders` by name; raise KindFileError with all that is wrong with them."""
    problems: list[Diagnostic] = []
    users: dict[str, UserKind] = {}
    for file in _files(folders, problems):
        clash = users[file.stem].file if file.stem in users else None
        if file.stem in shipped or clash:
            problems.append(_taken(file, clash))
            continue
        user = _read(file, problems)
        if user:
            users[file.stem] = user
    every = {**shipped, **{name: user.kind for name, user in users.items()}}
    for user in users.values():
        problems += check_references(user.kind, every, str(user.file), text=user.text)
    if problems:
        raise KindFileError(*problems)
    return users


def _files(folders: Sequence[Path], problems: list[Diagnostic]) -> Iterator[Path]:
    for folder in folders:
        if not folder.is_dir():
            problems.append(
                _problem(folder, "Folder of kinds not found", f"{folder} is no folder.")
            )
            continue
        for file in sorted(folder.glob("*.json")):
            if KIND_FILE.fullmatch(file.name):
                yield file
            elif not _OTHER_SCHEMA.fullmatch(file.name):
                detail = f"{file.stem} cannot be a kind's name: letters, digits and _ only."
                problems.append(_problem(file, "Kind cannot be called that", detail))


def _read(file: Path, problems: list[Diagnostic]) -> UserKind | None:
    """Return the kind in `file`, or None and why not among `problems`."""
    try:
        text = file.read_text(encoding="utf-8")
        document: Any = json.loads(text, object_pairs_hook=_without_duplicates)
    except json.JSONDecodeError as error:
        problems.append(_problem(file, "Not JSON", f"{error.msg}.", error.lineno, error.colno))
        return None
    except (OSError, ValueError, RecursionError) as error:
        problems.append(_problem(file, "Kind file cannot be read", f"{error}."))
        return None
    found = check_kind(document, str(file), text=text)
    problems += found
    return None if found else UserKind(parse_kind(document), file, text)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    decoded = dict(pairs)
    if len(decoded) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        raise ValueError(f"an object has more than one '{twice[0]}'")
    return decoded


def _taken(file: Path, other: Path | None) -> Diagnostic:
    where = f"in {other}" if other else "shipped with reconcile"
    detail = f"A kind '{file.stem}' is {where} already."
    return _problem(file, "Kind is there already", detail, hint="give it a name of its own")


def _problem(
    file: Path, summary: str, detail: str, line: int = 0, column: int = 0, *, hint: str = ""
) -> Diagnostic:
    location = Location(str(file), line, column)
    return Diagnostic(summary=summary, detail=detail, hint=hint, location=location)
