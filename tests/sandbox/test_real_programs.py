"""Where the programs are looked for, which are taken, and what is said where there are none."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from sandbox_real import need_programs

import reconciler.sandbox as sandbox
from reconciler.sandbox import SandboxError, Settings
from reconciler.sandbox.real import debian
from reconciler.sandbox.real.programs import (
    MissingProgramsError,
    find_programs,
    iter_postgres,
    newest_first,
    read_pooler_version,
)


def program(path: Path, says: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


def postgres(folder: Path, version: str) -> Path:
    program(folder / "postgres", f"postgres (PostgreSQL) {version} (Somewhere)")
    program(folder / "initdb", "")
    return folder


def test_newest_version_comes_first_by_number_not_by_letter() -> None:
    folders = [Path(f"/usr/lib/postgresql/{version}/bin") for version in ("9.6", "15", "18", "17")]
    assert [folder.parent.name for folder in newest_first(folders)] == ["18", "17", "15", "9.6"]


def test_folder_without_initdb_or_with_an_old_version_is_passed_over(tmp_path: Path) -> None:
    program(tmp_path / "half" / "postgres", "postgres (PostgreSQL) 17.1")
    folders = [
        tmp_path / "half",
        tmp_path / "nowhere",
        postgres(tmp_path / "old", "12.3"),
        postgres(tmp_path / "good", "16.4"),
        postgres(tmp_path / "beta", "19beta1"),
    ]
    found = [(folder.name, version) for folder, version in iter_postgres(folders)]
    assert found == [("good", "16.4"), ("beta", "19")]


def test_programs_that_are_set_are_taken_and_nothing_else_is_looked_for(tmp_path: Path) -> None:
    pooler = program(tmp_path / "pgbouncer", "PgBouncer 1.24.1")
    found = find_programs(postgres(tmp_path / "bin", "17.2"), pooler, tmp_path, may_fetch=False)
    assert (found.pg_bin, found.pgbouncer) == (tmp_path / "bin", pooler)
    assert (found.pg_version, found.pooler_version, found.has_tls) == ("17.2", (1, 24), False)
    with pytest.raises(MissingProgramsError, match="PostgreSQL"):
        find_programs(tmp_path / "wrong", pooler, tmp_path, may_fetch=False)
    with pytest.raises(MissingProgramsError, match="PgBouncer not found"):
        find_programs(tmp_path / "bin", tmp_path / "wrong", tmp_path, may_fetch=False)


def test_what_is_missing_comes_with_what_to_install(tmp_path: Path) -> None:
    """`real` fails; `auto` runs in memory and says why."""
    nothing = {"pg_bin": tmp_path / "no", "pgbouncer": tmp_path / "no"}
    with (
        pytest.raises(SandboxError, match="apt install postgresql pgbouncer"),
        sandbox.running(Settings(engine="real", **nothing)),
    ):
        pass
    with sandbox.running(Settings(engine="auto", **nothing)) as found:
        assert found.engine == "memory"
        assert "apt install postgresql pgbouncer" in found.note


@pytest.mark.real_engine
def test_auto_is_real_where_both_are_found() -> None:
    programs = need_programs()
    with sandbox.running(Settings(engine="auto")) as found:
        assert found.engine == "real"
        assert programs.describe() in found.note


def test_engine_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="auto, memory, real"):
        Settings(engine="steam")


def test_pooler_unpacked_before_is_found_with_its_libraries(tmp_path: Path) -> None:
    assert debian.find_unpacked(tmp_path) == (None, None)
    root = tmp_path / "pgbouncer" / "usr"
    library = program(root / "lib" / "x-linux-gnu" / "libevent-2.1.so.7", "")
    # Shows that the program is asked with the libraries it came with.
    pooler = program(root / "sbin" / "pgbouncer", "PgBouncer 1.18.0 $LD_LIBRARY_PATH")
    assert debian.find_unpacked(tmp_path) == (pooler, library.parent)
    assert read_pooler_version(pooler, library.parent) == (1, 18)


def test_fetching_unpacks_packages_and_leaves_nothing_else(tmp_path: Path) -> None:
    """With packages of our own and an apt-get that has them: no network, no root."""
    if not Path("/usr/bin/dpkg-deb").exists():
        assert debian.fetch_pgbouncer(tmp_path / "cache")[0] is None
        return
    shelf = tmp_path / "shelf"
    pack(tmp_path, shelf, "pgbouncer", "usr/sbin/pgbouncer")
    pack(tmp_path, shelf, "libevent-2.1-7", "usr/lib/x/libevent.so.7")
    tools = tmp_path / "tools"
    apt = program(tools / "apt-get", "")
    apt.write_text(f'#!/bin/sh\n[ "$1" = download ] && cp {shelf}/$3.deb . 2>/dev/null\n')
    cache = tmp_path / "cache"
    before = os.environ["PATH"]
    code = (
        "import sys; from pathlib import Path; from reconciler.sandbox.real import debian\n"
        "print(*debian.fetch_pgbouncer(Path(sys.argv[1])))"
    )
    done = subprocess.run(
        ["python3", "-c", code, str(cache)],
        env={**os.environ, "PATH": f"{tools}:{before}", "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        cwd=Path(sandbox.__file__).parents[2],
    )
    root = cache / "pgbouncer"
    assert done.stdout.split() == [str(root / "usr/sbin/pgbouncer"), str(root / "usr/lib/x")]
    assert [entry.name for entry in cache.iterdir()] == ["pgbouncer"]


def pack(folder: Path, shelf: Path, name: str, file: str) -> None:
    root = folder / f"root-{name}"
    program(root / file, "")
    (root / "DEBIAN").mkdir()
    control = (
        f"Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: n <n@e>\nDescription: d\n"
    )
    (root / "DEBIAN" / "control").write_text(control)
    shelf.mkdir(exist_ok=True)
    subprocess.run(["dpkg-deb", "-b", root, shelf / f"{name}.deb"], check=True, capture_output=True)
