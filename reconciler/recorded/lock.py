"""One run at a time for each stack of a folder, held by the kernel for as long as the process lives.

flock on a file of its own that is never renamed: fcntl's locks go when any descriptor of the file is
closed, a renamed file takes its lock along, and a pid in a file needs guessing whether it is stale. What
stands in the file is for people, and says which serial the state last had; it decides nothing about who
holds the lock.
"""

import contextlib
import json
import os
import pwd
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.location import Location
from reconciler.recorded.disk import Disk
from reconciler.recorded.errors import LockedError, StateError
from reconciler.recorded.trouble import told

_POLL_S: Final = 0.1
_DOING: Final = {
    "apply": "applying",
    "destroy": "destroying",
    "import": "importing",
    "refresh": "refreshing",
}


class Lock:
    """A held lock."""

    def __init__(self, disk: Disk, path: Path, handle: int) -> None:
        self._disk = disk
        self._path = path
        self._handle = handle

    def write(self, info: Mapping[str, object]) -> None:
        """Say who holds it, on the one line that others read."""
        with told("written", self._path):
            self._disk.overwrite(self._handle, json.dumps(info).encode() + b"\n")

    def is_replaced(self) -> bool:
        """Tell whether somebody removed the lock's file and another run made it anew: both hold one then."""
        with told("read", self._path):
            is_there = self._disk.mode(self._path) is not None
            return is_there and not self._disk.is_at(self._handle, self._path)

    def release(self, info: Mapping[str, object]) -> None:
        """Let go, leaving `info` behind if that can still be written."""
        with contextlib.suppress(StateError):
            self.write(info)
        self._disk.close(self._handle)


def take_lock(disk: Disk, path: Path, state_path: Path, now: datetime, timeout_s: float) -> Lock:
    """Return the lock once it is free; raise LockedError when it is not within `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while True:
        handle = _try_to_take(disk, path)
        if handle is not None:
            return Lock(disk, path, handle)
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            holder = _read_holder(disk, path)
            raise LockedError(_locked(holder, state_path, now), holder=holder)
        time.sleep(min(_POLL_S, left_s))


def _try_to_take(disk: Disk, path: Path) -> int | None:
    """Return a handle that holds the lock, or None while another does."""
    with told("written", path):
        while True:
            handle = disk.open_lock(path)
            try:
                if not disk.try_lock(handle):
                    disk.close(handle)
                    return None
                if disk.is_at(handle, path):
                    _refuse_pretence(disk, path)
                    return handle
            except BaseException:
                disk.close(handle)
                raise
            disk.close(
                handle
            )  # somebody removed the file in between: lock the one that is there now


def _refuse_pretence(disk: Disk, path: Path) -> None:
    """Raise when this file system grants a lock that is held: some network and shared mounts do."""
    second = disk.open_lock(path)
    try:
        if not disk.try_lock(second):
            return
    finally:
        disk.close(second)
    raise StateError(
        Diagnostic(
            summary="Locks do not work here",
            detail="This file system granted the same lock twice, so two runs could meet.",
            hint="keep state on a local disk: --state DIR",
            location=Location(str(path)),
        )
    )


def read_info(disk: Disk, path: Path) -> dict[str, object]:
    """Return what the lock's file says, {} when it says nothing that can be read."""
    with told("read", path):
        data = disk.read(path) or b""
    try:
        info = json.loads(data.partition(b"\n")[0])
    except (ValueError, RecursionError):
        return {}
    return info if isinstance(info, dict) else {}


def _read_holder(disk: Disk, path: Path) -> dict[str, object]:
    """Read who holds the lock, allowing a holder the moment between taking it and saying so."""
    for _ in range(5):
        holder = read_info(disk, path)
        if "pid" in holder:
            break
        time.sleep(0.01)
    return holder


def holder_info(verb: str, run_id: str, now: datetime) -> dict[str, object]:
    """Return what this process says of itself while it holds the lock."""
    return {
        "pid": os.getpid(),
        "user": _user(),
        "host": os.uname().nodename,
        "run": run_id,
        "verb": verb,
        "since": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _locked(holder: Mapping[str, object], state_path: Path, now: datetime) -> Diagnostic:
    return Diagnostic(
        summary="State is locked",
        detail=_who(holder, now),
        hint="wait, or --lock-timeout 5m; the lock goes when that process ends",
        location=Location(str(state_path)),
    )


def _who(holder: Mapping[str, object], now: datetime) -> str:
    match holder:
        case {"pid": int(pid), "host": str(host), "verb": str(verb), "since": str(since)}:
            doing = _DOING.get(verb, f"running `{verb}`")
            return f"Process {pid} on {host} has been {doing} since {_since(since, now)}."
    return "Another process holds it."


def _since(since: str, now: datetime) -> str:
    """Return the time of day, with the date when it was not today."""
    day, _, time_of_day = since.removesuffix("Z").partition("T")
    today = now.astimezone(UTC).strftime("%Y-%m-%d")
    return f"{time_of_day} UTC" if day == today else f"{day} {time_of_day} UTC"
