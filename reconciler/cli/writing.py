"""Writing into files that people own: whole or not at all, and never over somebody else's change."""

import os
import stat
from pathlib import Path

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ReconcileError
from reconciler.model.location import Location


def replace_text(path: Path, before: bytes, after: str) -> None:
    """Put `after` in the place of `before`, which the file must still hold; its mode stays.

    A symbolic link stays one. Raises ReconcileError when the file cannot be written, or has changed.
    """
    try:
        _replace(path.resolve(), before, after.encode())
    except OSError as error:
        raise _cannot_write(path, f"{error.strerror}.", "nothing of it was changed") from error


def _replace(target: Path, before: bytes, after: bytes) -> None:
    mode = stat.S_IMODE(target.stat().st_mode)
    if not mode & 0o222 or not os.access(target, os.W_OK):
        raise PermissionError(0, "Permission denied: the file is read-only")
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with temporary.open("xb") as file:
            file.write(after)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        if target.read_bytes() != before:
            raise _cannot_write(target, "It was changed while it was read.", "run it again")
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _cannot_write(path: Path, why: str, hint: str) -> ReconcileError:
    return ReconcileError(
        Diagnostic(
            summary="File cannot be written", detail=why, hint=hint, location=Location(str(path))
        )
    )
