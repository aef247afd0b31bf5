"""Files for the daemons: whole or not at all, and for nobody else's eyes."""

from __future__ import annotations

import os
from pathlib import Path

from reconciler.sandbox.real.identity import Identity


def make_folder(path: Path, identity: Identity) -> None:
    """Make a folder of mode 0700, and those above it."""
    if path.is_dir():
        return
    if not path.parent.is_dir():
        make_folder(path.parent, identity)
    path.mkdir(mode=0o700)
    identity.give(path)


def write_private(path: Path, text: str, identity: Identity) -> None:
    """Replace the file in one step."""
    draft = path.with_name(f"{path.name}.draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    identity.give(draft)
    draft.replace(path)
