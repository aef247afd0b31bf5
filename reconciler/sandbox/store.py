"""The account as a file: JSON, replaced whole, readable by its owner only."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from reconciler.sandbox.account.account import Account
from reconciler.sandbox.account.authority import Authority
from reconciler.sandbox.account.objects import (
    Backup,
    Database,
    Maintenance,
    Place,
    Pool,
    Project,
    Service,
    State,
    Task,
    User,
)

FORMAT = 1


class StateFileError(Exception):
    """The state file is not one of ours, or not whole."""


def write_account(account: Account, path: Path) -> None:
    """Replace the file in one step, so that a reader or a crash sees the old or the new."""
    text = json.dumps(encode(account), separators=(",", ":"))
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)


def read_account(path: Path) -> Account | None:
    """Return the account kept in the file, or None if there is none yet."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        return None
    try:
        return decode(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        raise StateFileError(f"{path} is not a state file of the sandbox: {err!r}") from err


def encode(account: Account) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "token": account.token,
        "created_at_s": account.created_at_s,
        "authority": asdict(account.authority),
        "projects": [asdict(project) for project in account.projects.values()],
    }


def decode(data: dict[str, Any]) -> Account:
    if data["format"] != FORMAT:
        raise ValueError(f"format {data['format']} is not {FORMAT}")
    projects = [_project(entry) for entry in data["projects"]]
    return Account(
        token=data["token"],
        created_at_s=data["created_at_s"],
        authority=Authority(**data["authority"]),
        projects={project.name: project for project in projects},
    )


def _project(data: dict[str, Any]) -> Project:
    services = {name: _service(entry) for name, entry in data["services"].items()}
    return Project(**{**data, "services": services})


def _service(data: dict[str, Any]) -> Service:
    rebuilt = {
        "state": State(data["state"]),
        "maintenance": Maintenance(**data["maintenance"]),
        "place": Place(**data["place"]),
        "databases": {name: Database(**entry) for name, entry in data["databases"].items()},
        "users": {name: User(**entry) for name, entry in data["users"].items()},
        "pools": {name: Pool(**entry) for name, entry in data["pools"].items()},
        "backups": [Backup(**entry) for entry in data["backups"]],
        "tasks": {name: Task(**entry) for name, entry in data["tasks"].items()},
    }
    return Service(**{**data, **rebuilt})
