"""Who the daemons run as: postgres, initdb and pgbouncer all refuse uid 0."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

NOBODY = "65534"
ACCOUNTS = ("postgres", "nobody")
PUBLIC = Path("/var/tmp")  # noqa: S108 - the files in it are of one owner, in a folder of mode 0700


@dataclass(frozen=True, slots=True)
class Identity:
    """Ourselves; or ourselves under another number; or an account that exists already."""

    prefix: tuple[str, ...] = ()
    """Words before the command: they enter a user namespace."""
    uid: int | None = None
    gid: int | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """Return what the guard is told, which becomes that account itself: the account may not
        be able to start our Python, when that is below /root."""
        return () if self.uid is None else (str(self.uid), str(self.gid))

    def give(self, path: Path) -> None:
        """Let the daemons own what we wrote for them."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def home(self, wanted: Path) -> Path:
        """Return where their files can be: an account of its own cannot go below /root."""
        if self.uid is None:
            return wanted
        digest = hashlib.sha256(str(wanted.absolute()).encode()).hexdigest()[:12]
        return PUBLIC / f"reconcile-sandbox-{digest}"


def choose_identity(uid: int | None = None) -> Identity:
    """Return who to run as. Root becomes nobody in a namespace: data may lie under /root then.

    Where namespaces are forbidden (some containers) it becomes an account that exists; none is
    ever made.
    """
    if (os.geteuid() if uid is None else uid) != 0:
        return Identity()
    unshare = shutil.which("unshare")
    if unshare is not None:
        prefix = (unshare, "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")
        if _works(prefix):
            return Identity(prefix=prefix)
    return existing_account()


def existing_account() -> Identity:
    for name in ACCOUNTS:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Identity(uid=found.pw_uid, gid=found.pw_gid)
    return Identity()


def _works(prefix: tuple[str, ...]) -> bool:
    done = subprocess.run([*prefix, "true"], capture_output=True, check=False)
    return done.returncode == 0
