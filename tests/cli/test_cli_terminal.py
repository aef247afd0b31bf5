"""At a real terminal: apply asks, and takes yes for an answer and nothing else."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from workbench import Workbench, pg, stack

TAKE_TERMINAL = """
import fcntl, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # the process's own terminal, so that Ctrl-C reaches it
from reconciler.cli.main import main
main()
"""


class Terminal:
    """A command at a terminal of its own. seen: all it has printed."""

    def __init__(self, process: subprocess.Popen[bytes], handle: int) -> None:
        self.process = process
        self.seen = ""
        self._handle = handle

    def wait_for(self, text: str, timeout_s: float = 15.0) -> None:
        """Return when `text` has been printed."""
        deadline = time.monotonic() + timeout_s
        while text not in self.seen:
            assert time.monotonic() < deadline, self.seen
            self._read()

    def type(self, text: str) -> None:
        os.write(self._handle, text.encode())

    def end(self) -> int:
        """Return the exit code."""
        while self._read():
            pass
        return self.process.wait(timeout=15)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._handle], [], [], 15)
        try:
            part = os.read(self._handle, 65536) if ready else b""
        except OSError:  # the other side is closed
            return False
        self.seen += part.decode(errors="replace")
        return bool(part)


@contextmanager
def at_terminal(bench: Workbench, *words: str, **environment: str) -> Iterator[Terminal]:
    main, other = pty.openpty()
    termios.tcsetwinsize(other, (24, 100))
    more = {"TERM": "xterm-256color", **environment}
    kept = {k: v for k, v in bench.environment().items() if k != "COLUMNS"}
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", TAKE_TERMINAL, *words],
        cwd=bench.folder,
        env={**kept, **more},
        stdin=other,
        stdout=other,
        stderr=other,
        start_new_session=True,
    )
    os.close(other)
    try:
        yield Terminal(process, main)
    finally:
        process.kill()
        process.wait()
        os.close(main)


@pytest.fixture
def declared(bench: Workbench) -> Workbench:
    bench.write(stack(pg={"main": pg()}))
    return bench


QUESTION = "Type yes to apply plan"


def test_yes_applies(declared: Workbench) -> None:
    """After the plan was shown."""
    with at_terminal(declared, "apply") as terminal:
        terminal.wait_for(QUESTION)
        assert "1 to create" in terminal.seen
        assert declared.services() == []
        terminal.type("yes\n")
        assert terminal.end() == 0
        assert "1 created" in terminal.seen
    assert declared.services() == ["pg1"]


@pytest.mark.parametrize("answer", ["no\n", "\n", "y\n", "yes please\n", "\x04"])
def test_anything_but_yes_changes_nothing(declared: Workbench, answer: str) -> None:
    """Nor does an end of input."""
    with at_terminal(declared, "apply") as terminal:
        terminal.wait_for(QUESTION)
        terminal.type(answer)
        assert terminal.end() in (1, 130)
        assert "othing was changed" in terminal.seen
        assert "Traceback" not in terminal.seen
    assert declared.services() == []
    assert declared.state() == {}


def test_ctrl_c_at_the_question_changes_nothing(declared: Workbench) -> None:
    """Exit 130."""
    with at_terminal(declared, "apply") as terminal:
        terminal.wait_for(QUESTION)
        terminal.type("\x03")
        assert terminal.end() == 130
        assert "Traceback" not in terminal.seen
    assert declared.services() == []


def test_a_signal_at_the_question_changes_nothing(declared: Workbench) -> None:
    """A closed window, a stopped container."""
    with at_terminal(declared, "apply") as terminal:
        terminal.wait_for(QUESTION)
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.end() == 130
        assert "Traceback" not in terminal.seen
    assert declared.services() == []
    declared.apply()


def test_ctrl_c_during_an_apply_finishes_what_is_in_flight(declared: Workbench) -> None:
    """Typed, not sent: it reaches the whole terminal."""
    declared.fault(method="POST", path="/service$", latency_s=0.8)
    with at_terminal(declared, "apply", "--auto-approve") as terminal:
        terminal.wait_for("aiven_pg.main")
        time.sleep(0.4)
        terminal.type("\x03")
        assert terminal.end() in (0, 130)
        assert "Traceback" not in terminal.seen
    assert declared.services() == ["pg1"]
    assert declared.steps() == []


def test_destroy_asks_as_well(declared: Workbench) -> None:
    """With its own word."""
    declared.apply()
    acknowledged = ["--ack", "data-loss:aiven_pg.main"]
    with at_terminal(declared, "destroy", *acknowledged) as terminal:
        terminal.wait_for("Type yes to destroy plan")
        terminal.type("no\n")
        assert terminal.end() == 1
    assert declared.services() == ["pg1"]


COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize(
    ("environment", "is_coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_colour_only_where_it_is_wanted(
    declared: Workbench, environment: dict[str, str], is_coloured: bool
) -> None:
    """NO_COLOR and TERM=dumb are honoured; what is said is the same."""
    with at_terminal(declared, "plan", **environment) as terminal:
        assert terminal.end() == 0
        assert bool(COLOUR.search(terminal.seen)) is is_coloured
        assert "1 to create" in COLOUR.sub("", terminal.seen)


def test_no_colour_into_a_pipe(declared: Workbench) -> None:
    """Not a single escape."""
    assert "\x1b" not in declared.process("apply", "--auto-approve").both
