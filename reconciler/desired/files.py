"""The files of a stack: found, and read as text."""

import os
import re
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from reconciler.desired.problems import Problems
from reconciler.model.location import Location

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BOM = "\ufeff"
# U+0085, U+2028 and U+2029 are line breaks in YAML 1.1 and ordinary characters in 1.2.
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def find_files(path: Path, others: Sequence[Path], problems: Problems) -> tuple[Path, ...]:
    """Return the stack's files: `path` itself, or the `*.yaml` of the folder it is, sorted.

    others: files that may lie in the folder and are not part of the stack (files of variables).
    """
    if not path.is_dir():
        return (path,)
    place = Location(str(path))
    try:
        names = sorted(entry.name for entry in path.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        problems.add(place, "Unreadable folder", f"{path}: {error.strerror}.")
        return ()
    others = [other.absolute() for other in others]
    files = tuple(
        path / name
        for name in names
        if name.endswith(".yaml") and (path / name).absolute() not in others
    )
    if not files:
        problems.add(place, "No stack here", f"{path} has no *.yaml file.", _near_miss(names))
    return files


def read_text(path: Path, size_bytes: int, problems: Problems) -> str | None:
    """Return the file's text without a byte order mark; None with a problem noted."""
    try:
        data = _read_bytes(path, size_bytes + 1)
    except FileNotFoundError:
        problems.add(Location(str(path)), "File not found", f"There is no {path}.")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        problems.add(Location(str(path)), "Unreadable file", f"{path}: {reason}.")
    else:
        if len(data) <= size_bytes:
            return _decode(data, str(path), problems)
        problems.add(
            Location(str(path)),
            "File too large",
            f"{path} is larger than {size_bytes} bytes.",
            "split it into several files of one folder",
        )
    return None


def _read_bytes(path: Path, limit: int) -> bytes:
    """Return at most `limit` bytes. Never waits: opening a FIFO the plain way could."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("not a regular file")
        return file.read(limit)


def _decode(data: bytes, file: str, problems: Problems) -> str | None:
    try:
        text = data.decode("utf-8").removeprefix(_BOM)
    except UnicodeDecodeError as error:
        encoding = "UTF-16" if data.startswith(_UTF16) else "not UTF-8"
        place = Location(file) if encoding == "UTF-16" else _place(data[: error.start], file)
        problems.add(
            place, "Not UTF-8", f"The file is {encoding}; only UTF-8 is read.", "save it as UTF-8"
        )
        return None
    match = _NOT_TEXT.search(text)
    if not match:
        return text
    problems.add(
        _place(text[: match.start()].encode(), file),
        "Control character",
        f"U+{ord(match[0]):04X} must not stand in YAML as it is.",
        f'remove it, or write it as "\\u{ord(match[0]):04x}" in double quotes',
    )
    return None


def _place(before: bytes, file: str) -> Location:
    """Return the place that follows `before`."""
    line_start = before.rfind(b"\n") + 1
    column = len(before[line_start:].decode("utf-8", "replace")) + 1
    return Location(file, before.count(b"\n") + 1, column)


def _near_miss(names: Iterable[str]) -> str:
    others = [name for name in names if name.endswith((".yml", ".YAML", ".json"))]
    return f"rename {others[0]} to {Path(others[0]).stem}.yaml" if others else ""
