"""The one gate of a host: closed while the API asks to be left alone, for every call alike."""

from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime

from reconciler.live.deadline import Deadline
from reconciler.live.errors import DeadlineError


class Gate:
    """Calls pass when it is open. One answer "too many requests" closes it for all of them."""

    def __init__(
        self, clock: Callable[[], float], sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._opens_at = 0.0
        self._why = ""

    @property
    def is_open(self) -> bool:
        return self._clock() >= self._opens_at

    def close(self, pause_s: float, deadline: Deadline, why: str) -> None:
        """Keep calls back for `pause_s`, at most to the end of the operation that was told to wait.

        Beyond that end the wish is somebody else's to hear: a wait of a year must not stop the run.
        """
        until = min(self._clock() + pause_s, deadline.at)
        if until > self._opens_at:
            self._opens_at, self._why = until, why

    async def wait(self, deadline: Deadline, awaited: str) -> None:
        """Return when the gate is open.

        Raises DeadlineError, at once, when it opens too late: waiting would not change that.
        """
        while not self.is_open:
            if self._opens_at >= deadline.at:
                raise DeadlineError(awaited, deadline.seconds, self._why)
            await self._sleep(self._opens_at - self._clock())


def retry_after_s(value: str, date: str) -> float | None:
    """Return the seconds a `Retry-After` header asks for, or None when it says nothing usable.

    A date is taken against the answer's own `Date`: our clock may be wrong.
    """
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        wish = parsedate_to_datetime(text) - parsedate_to_datetime(date)
    except (ValueError, TypeError):
        return None
    return wish.total_seconds() if wish.total_seconds() > 0 else None
