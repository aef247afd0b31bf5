"""PgBouncer on Debian and Ubuntu without root: the packages are fetched and unpacked, not installed."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

LIBRARIES = ("libevent-2.1-7", "libc-ares2")
NEWER_LIBRARIES = ("libevent-2.1-7t64", "libcares2")
"""What they are called since the 64-bit time of Debian 13 and Ubuntu 24.04."""
TIMEOUT_S = 60.0

Found = tuple[Path | None, Path | None]


def find_unpacked(cache: Path) -> Found:
    """Return the program and its libraries if they were fetched before."""
    root = cache / "pgbouncer"
    program = root / "usr" / "sbin" / "pgbouncer"
    if not program.is_file():
        return None, None
    folders = sorted({file.parent for file in root.glob("usr/lib/**/*.so*")})
    return program, folders[0] if folders else None


def fetch_pgbouncer(cache: Path) -> Found:
    """Fetch and unpack; nothing is found where that cannot be done, and nothing is left."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        return None, None
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as draft:
        if not _download(Path(draft), "pgbouncer"):
            return None, None
        for old, new in zip(LIBRARIES, NEWER_LIBRARIES, strict=True):
            # One of the two names exists; that neither does means the system has no need of it.
            _download(Path(draft), new) or _download(Path(draft), old)
        root = Path(draft) / "root"
        for package in sorted(Path(draft).glob("*.deb")):
            if not _run(["dpkg-deb", "-x", package, root], Path(draft)):
                return None, None
        try:
            root.rename(cache / "pgbouncer")
        except OSError:
            # Somebody else was quicker, or an older try is in the way and was found wanting.
            return find_unpacked(cache)
    return find_unpacked(cache)


def _download(folder: Path, package: str) -> bool:
    return _run(["apt-get", "download", "-q", package], folder)


def _run(command: list[str | Path], folder: Path) -> bool:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, check=False, timeout=TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
