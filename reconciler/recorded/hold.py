"""One stack in the hands of one process: the lock, the state that was saved last, and the log."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.location import Location
from reconciler.model.state import State
from reconciler.recorded.errors import StateError
from reconciler.recorded.files import Files
from reconciler.recorded.journal import Header, Journal, replay
from reconciler.recorded.lock import Lock, holder_info, read_info, take_lock
from reconciler.recorded.trail import LogLine, Outcome, Trail
from reconciler.recorded.trouble import told


class Hold:
    """The stack while its lock is held.

    saved: what the state file holds. last: what the lock's file says of the stack between runs: lineage and
    serial of the state that was written last, hash of the log's last line, mode that was warned of.
    """

    def __init__(
        self, files: Files, lock: Lock, holder: Mapping[str, object], last: dict[str, object]
    ) -> None:
        self.files = files
        self._lock = lock
        self.holder = holder
        self.last = last
        self.saved = State(stack=files.stack)
        self.warnings = self._warnings()

    def header(self, lineage: str) -> Header:
        """Return the header of a journal that goes on from what is saved."""
        return Header(
            stack=self.files.stack,
            lineage=lineage,
            serial=self.saved.serial,
            run=str(self.holder["run"]),
            verb=str(self.holder["verb"]),
            at=str(self.holder["since"]),
            who=_who(self.holder),
        )

    def save(self, state: State) -> None:
        """Put `state` into the state file."""
        self._refuse_if_lost()
        self.files.replace_state(state, self.saved.serial)
        self.note(state)

    def note(self, state: State) -> None:
        """Take for saved what has been written into the state file."""
        self.saved = state
        self.last.update(lineage=state.lineage, serial=state.serial)

    def take_up(self) -> State:
        """Return the state, after folding what a run that was cut has left."""
        data = self.files.read_journal()
        left = self.files.decode_journal(data)
        self.saved = self.files.read_state(left)
        if left is not None:
            played = replay(left, self.saved, str(self.files.journal))
            if played is not self.saved:
                self.save(replace(played, serial=self.saved.serial + 1))
            self.log_cut(left)
        if data is not None:
            self.drop_journal()
        return self.saved

    def log(self, outcome: Outcome) -> None:
        """Write this command's line."""
        self._refuse_if_lost()
        self._append(self._line(self.header(""), outcome), self._trail())

    def log_cut(self, left: Journal) -> None:
        """Write the line of a run that did not come to its end, unless it had written one."""
        trail = self._trail()
        if trail.logged and trail.logged[-1].run == left.header.run:
            self.last["log"] = trail.hashes[-1]
        else:
            self._append(self._line(left.header, Outcome(exit_code=None)), trail)

    def _line(self, header: Header, outcome: Outcome) -> LogLine:
        return LogLine(
            at=header.at,
            who=header.who,
            run=header.run,
            verb=header.verb,
            serial=self.saved.serial,
            outcome=outcome,
        )

    def _trail(self) -> Trail:
        return self.files.read_log(str(self.last.get("log", "")))

    def _append(self, line: LogLine, trail: Trail) -> None:
        self.last["log"] = self.files.append_log(line, trail)

    def drop_journal(self) -> None:
        """Remove the journal: all that it says is in the state file by now."""
        self._refuse_if_lost()
        with told("written", self.files.journal):
            self.files.disk.remove(self.files.journal)

    def _refuse_if_lost(self) -> None:
        """Raise when another run has the stack by now: what it wrote is not written over."""
        if self._lock.is_replaced():
            raise StateError(
                Diagnostic(
                    summary="Lock was taken away",
                    detail="Somebody removed its file while this run went on, and another run took over.",
                    hint="leave *.lock files alone; the next plan finds out what became of the writes",
                    location=Location(str(self.files.lock)),
                )
            )

    def _warnings(self) -> tuple[Diagnostic, ...]:
        """Return a warning when others may read the state file; once for each mode it is found with."""
        with told("read", self.files.state):
            mode = self.files.disk.mode(self.files.state)
        if mode is None or not mode & 0o077:
            self.last.pop("mode", None)
            return ()
        if self.last.get("mode") == mode:
            return ()
        self.last["mode"] = mode
        return (_is_wide(self.files, mode),)


@contextlib.contextmanager
def hold_stack(
    files: Files, verb: str, *, run_id: str, now: datetime, lock_timeout_s: float
) -> Iterator[Hold]:
    """Hold the stack. Raises LockedError when another does for longer than `lock_timeout_s`."""
    with told("written", files.folder):
        if files.disk.make_folder(files.folder):
            files.disk.sync_folder(files.folder.parent)
    lock = take_lock(files.disk, files.lock, files.state, now, lock_timeout_s)
    last = _last_state(read_info(files.disk, files.lock))
    try:
        holder = holder_info(verb, run_id, now)
        lock.write({**holder, **last})
        yield Hold(files, lock, holder, last)
    finally:
        lock.release(last)


def read_whole(files: Files) -> State:
    """Return the state with what the journal says put in; takes no lock."""
    left = files.decode_journal(files.read_journal())
    saved = files.read_state(left)
    return saved if left is None else replay(left, saved, str(files.journal))


def _last_state(info: dict[str, object]) -> dict[str, object]:
    """Return what a lock's file says for the time after it is let go."""
    return {name: info[name] for name in ("lineage", "serial", "log", "mode") if name in info}


def _who(holder: Mapping[str, object]) -> str:
    return f"{holder['user']}@{holder['host']}"


def _is_wide(files: Files, mode: int) -> Diagnostic:
    return Diagnostic(
        summary="State can be read by others",
        detail=f"It has mode {mode:04o}; the next version of it is written 0600.",
        hint=f"chmod 600 {files.state}",
        location=Location(str(files.state)),
        severity=Severity.WARNING,
    )
