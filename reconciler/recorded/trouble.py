"""What the file system refused, as a message for people."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.location import Location
from reconciler.recorded.errors import StateError

_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
_FORBIDDEN = frozenset((errno.EACCES, errno.EPERM, errno.EROFS))


@contextmanager
def told(what: str, path: Path) -> Iterator[None]:
    """Turn an OSError from inside into a StateError: `what` is "read" or "written"."""
    try:
        yield
    except OSError as error:
        raise StateError(describe(error, what, path)) from error


def describe(error: OSError, what: str, path: Path) -> Diagnostic:
    return Diagnostic(
        summary=f"State cannot be {what}",
        detail=f"The system says: {error.strerror or error}.",
        hint=_hint(error),
        location=Location(str(path)),
    )


def _hint(error: OSError) -> str:
    if error.errno in _FULL:
        return "make room on this disk or raise the quota, then run again"
    if error.errno in _FORBIDDEN:
        return "let this user read and write the folder, or name another with --state DIR"
    return "mend this, or name another folder with --state DIR; then run again"
