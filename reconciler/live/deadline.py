"""Time: how long an operation may take with everything in it, and how tries are spaced.

The clock is monotonic: neither a clock set by hand nor the end of summer time moves a deadline.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The clock, how to wait, and the spacing of tries. Tests pass their own.

    jitter: returns a number in [0, 1).
    attempt_s: for one request and its whole answer; a server that sends byte by byte is cut by it.
    tries: how often a read, or a connection, is tried before the error is told.
    gather_s: how long a read of an object waits for others that want the same.
    """

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[], float] = random.random
    attempt_s: float = 60.0
    connect_s: float = 10.0
    tries: int = 6
    first_pause_s: float = 0.5
    longest_pause_s: float = 8.0
    gather_s: float = 0.005

    def pause_s(self, failures: int) -> float:
        """Return the pause after that many failures: anything up to a bound that doubles.

        The whole of it is random, so that many clients that failed together do not come back together.
        """
        bound = min(self.first_pause_s * 2.0 ** min(failures - 1, 20), self.longest_pause_s)
        return bound * self.jitter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """When an operation must have ended, with its retries, its pauses and its settling.

    at: on `clock`'s scale. seconds: what was given at the start, for messages.
    awaited: what the time was given for, for messages ("the update of aiven_pg.main"), or "".
    """

    at: float
    seconds: float
    awaited: str = ""
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def after(
        cls, seconds: float, awaited: str = "", *, clock: Callable[[], float] = time.monotonic
    ) -> Self:
        """Return the deadline that many seconds from now."""
        return cls(at=clock() + seconds, seconds=seconds, awaited=awaited, clock=clock)

    @property
    def left_s(self) -> float:
        """Seconds left; zero when it has passed."""
        return max(self.at - self.clock(), 0.0)

    @property
    def is_over(self) -> bool:
        return self.clock() >= self.at

    def within(self, seconds: float) -> asyncio.Timeout:
        """Return a timeout of that many seconds, or of what is left when that is less."""
        return asyncio.timeout(min(seconds, self.left_s))
