"""Reads shared by those who wait for the same URL at the same time, and never older than they may be."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from reconciler.live.deadline import Deadline, Timing
from reconciler.live.errors import DeadlineError

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class _Look(Generic[T]):
    """One read. Until it has started, whoever comes joins it and may add secrets and time to it."""

    secrets: dict[str, str]
    deadline: Deadline
    started_at: float | None = None
    waiters: int = 0
    task: asyncio.Task[T] | None = None

    def serves(self, since: float, secrets: Mapping[str, str], deadline: Deadline) -> bool:
        """Whether it started late enough, with these secrets, and does not end too early for them."""
        if self.started_at is None or self.started_at <= since or self.task is None:
            return False
        if not secrets.items() <= self.secrets.items():
            return False
        if self.task.done():
            return not self.task.cancelled() and self.task.exception() is None
        return self.deadline.at >= deadline.at


@dataclass(slots=True)
class _Board(Generic[T]):
    """The reads of one URL: the one that runs or ran last, and the one that comes next."""

    latest: _Look[T] | None = None
    coming: _Look[T] | None = None


class SharedReads(Generic[K, T]):
    """At most one read of a key runs at a time; those who come meanwhile share the next.

    So the number of reads is bounded by time, whatever the number of waiters.
    """

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._boards: dict[K, _Board[T]] = {}

    async def get(
        self,
        key: K,
        read: Callable[[Mapping[str, str], Deadline], Awaitable[T]],
        deadline: Deadline,
        *,
        since: float,
        secrets: Mapping[str, str],
    ) -> T:
        """Return what a read of `key` told that started after `since`, with these secrets asked for.

        Raises DeadlineError, and what `read` raises.
        """
        board = self._boards.setdefault(key, _Board())
        look = board.latest
        if look is None or not look.serves(since, secrets, deadline):
            look = self._next_look(board, read, deadline, secrets)
        return await self._wait(board, look, deadline)

    def _next_look(
        self,
        board: _Board[T],
        read: Callable[[Mapping[str, str], Deadline], Awaitable[T]],
        deadline: Deadline,
        secrets: Mapping[str, str],
    ) -> _Look[T]:
        look = board.coming
        if look is None:
            look = board.coming = _Look(secrets=dict(secrets), deadline=deadline)
            look.task = asyncio.create_task(self._run(board, look, read))
        else:
            look.secrets.update(secrets)
            look.deadline = max(look.deadline, deadline, key=lambda one: one.at)
        return look

    async def _run(
        self,
        board: _Board[T],
        look: _Look[T],
        read: Callable[[Mapping[str, str], Deadline], Awaitable[T]],
    ) -> T:
        await self._timing.sleep(self._timing.gather_s)
        while board.latest and board.latest.task and not board.latest.task.done():
            await asyncio.wait([board.latest.task])
        board.latest, board.coming = look, None
        look.started_at = self._timing.clock()
        return await read(look.secrets, look.deadline)

    async def _wait(self, board: _Board[T], look: _Look[T], deadline: Deadline) -> T:
        assert look.task is not None  # noqa: S101  # given at once where looks are made
        look.waiters += 1
        try:
            async with asyncio.timeout(deadline.left_s):
                return await asyncio.shield(look.task)
        except TimeoutError:
            awaited = deadline.awaited or "a read"
            raise DeadlineError(awaited, deadline.seconds) from None
        finally:
            look.waiters -= 1
            if not look.waiters and not look.task.done():
                _drop(board, look)


def _drop(board: _Board[T], look: _Look[T]) -> None:
    """Stop a read that nobody waits for any more."""
    if board.coming is look:
        board.coming = None
    if board.latest is look:
        board.latest = None
    if look.task:
        look.task.cancel()
