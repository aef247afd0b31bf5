"""A cluster fresh from initdb, made once for each PostgreSQL and then copied."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import tempfile
from pathlib import Path

from reconciler.sandbox.real.keeper import Keeper
from reconciler.sandbox.real.programs import Programs

SUPERUSER = "postgres"
LOCALE = "C.UTF-8"
"""There everywhere, where en_US.UTF-8 often is not."""
OPTIONS = (
    f"--username={SUPERUSER}",
    "--auth=trust",
    "--encoding=UTF8",
    f"--locale={LOCALE}",
    "--no-sync",
    "--wal-segsize=1",
)


class Templates:
    """The templates in one folder; sandboxes side by side may share it."""

    def __init__(self, programs: Programs, keeper: Keeper, folder: Path) -> None:
        self.programs = programs
        self.keeper = keeper
        what = f"{programs.pg_bin.resolve()} {programs.pg_version} {OPTIONS}"
        self.path = folder / f"pg-{hashlib.sha256(what.encode()).hexdigest()[:16]}"
        self._making = asyncio.Lock()

    async def copy_to(self, data: Path, log: Path) -> None:
        """Make `data`, which must not be there, a cluster that was never started."""
        await self.make_once(log)
        copy = shutil.which("cp") or "/bin/cp"
        await self.keeper.run([copy, "-R", self.path, data], log=log)

    async def make_once(self, log: Path) -> None:
        """Make the template unless it is there."""
        async with self._making:
            if not (self.path / "PG_VERSION").exists():
                await self._make(log)

    async def _make(self, log: Path) -> None:
        """Make the template beside its place and put it there in one step."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.keeper.identity.give(self.path.parent)
        with tempfile.TemporaryDirectory(dir=self.path.parent, prefix="draft-") as draft:
            self.keeper.identity.give(Path(draft))
            made = Path(draft) / "data"
            initdb = self.programs.pg_bin / "initdb"
            await self.keeper.run([initdb, "-D", made, *OPTIONS], log=log)
            try:
                made.rename(self.path)
            except OSError:
                # Another sandbox was quicker.
                if not (self.path / "PG_VERSION").exists():
                    raise
