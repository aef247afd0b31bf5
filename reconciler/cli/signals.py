"""Signals that end a command: Ctrl-C, TERM, HUP. What we were told to ignore (nohup) stays ignored."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_INTERRUPTING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def end_like_ctrl_c() -> None:
    """Let TERM and HUP end a command as Ctrl-C does: locks are let go of, and the exit code says so."""
    for number in _heeded():
        signal.signal(number, signal.default_int_handler)


@contextmanager
def on_interruption(act: Callable[[], None]) -> Iterator[None]:
    """Call `act` for each such signal, in the running loop, for the length of a block."""
    import asyncio

    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _heeded()}
    for number in before:
        loop.add_signal_handler(number, act)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


def _heeded() -> tuple[signal.Signals, ...]:
    return tuple(
        number for number in _INTERRUPTING if signal.getsignal(number) is not signal.SIG_IGN
    )
