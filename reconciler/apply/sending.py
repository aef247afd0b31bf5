"""Sending one write, and finding out by reading what became of it when nobody saw the answer."""

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.kinds.kind import Kind
from reconciler.live.deadline import Deadline, Timing
from reconciler.live.driver import Driver
from reconciler.live.errors import ApiError, CallError, OutcomeUnknownError
from reconciler.live.request import Request
from reconciler.live.snapshot import Snapshot
from reconciler.model.live import LiveObject, Presence
from reconciler.model.state import Op
from reconciler.model.values import Attributes
from reconciler.plan.diff import differences

LOOK_S = 5.0
"""A read that settles an unknown outcome gets at least this long, whatever the write has used up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Sends the writes of one step. Every method raises CallError.

    OutcomeUnknownError comes out only when reading could not settle it either.
    note: told what happened on the way.
    """

    driver: Driver
    snapshot: Snapshot
    timing: Timing
    kind: Kind
    identity: str
    wanted: Attributes
    deadline: Deadline
    note: Callable[[str], None]

    async def create(self, request: Request) -> None:
        """Send what makes the object; never a second time without a read that shows it is not there.

        A 409 after an answer that was lost means that the first request was still on its way: it is
        ours when the object shows what was asked for.
        """
        try:
            await self.driver.send(self.kind, Op.CREATE, request, self.deadline)
        except OutcomeUnknownError as unknown:
            found = await self._look()
            if self._shows(found, request):
                return
            if found.presence is not Presence.ABSENT:
                raise
            self.note(f"{unknown.why}; it is not there, so it is sent once more")
            await self._create_again(request, unknown)
        except ApiError as error:
            if not (_is_conflict(error) and error.attempts > 1 and await self._is_done(request)):
                raise

    async def _create_again(self, request: Request, unknown: OutcomeUnknownError) -> None:
        try:
            await self.driver.send(self.kind, Op.CREATE, request, self.deadline)
        except ApiError as error:
            if not _is_conflict(error):
                raise
            if not await self._is_done(request):
                raise unknown from error
        except CallError as error:
            if not await self._is_done(request):
                raise unknown from error

    async def update(self, request: Request) -> None:
        """Send what sets values; once more when its answer was lost and a read does not show them."""
        try:
            await self.driver.send(self.kind, Op.UPDATE, request, self.deadline)
        except OutcomeUnknownError as unknown:
            if await self._is_done(request):
                return
            self.note(f"{unknown.why}; it does not show, so it is sent once more")
            try:
                await self.driver.send(self.kind, Op.UPDATE, request, self.deadline)
            except ApiError:
                raise
            except CallError as error:
                raise unknown from error

    async def delete(self, request: Request) -> None:
        """Send what deletes the object; a lost answer is fine when it is gone."""
        try:
            await self.driver.send(self.kind, Op.DELETE, request, self.deadline)
        except OutcomeUnknownError:
            if (await self._look()).presence is not Presence.ABSENT:
                raise

    async def _is_done(self, request: Request) -> bool:
        return self._shows(await self._look(), request)

    async def _look(self) -> LiveObject:
        """Return the object as a read that starts now shows it; UNKNOWN when that failed too."""
        deadline = Deadline.after(
            max(self.deadline.left_s, LOOK_S), self.deadline.awaited, clock=self.timing.clock
        )
        try:
            return await self.snapshot.fresh(
                self.kind,
                self.identity,
                deadline,
                since=self.timing.clock(),
                attributes=frozenset(self.wanted),
            )
        except CallError as error:
            return LiveObject(presence=Presence.UNKNOWN, why=error.detail)

    def _shows(self, found: LiveObject, request: Request) -> bool:
        """Whether the object shows all that this request brought; a secret never shows."""
        if not found.is_present or any(self._is_hidden(name) for name in request.covers):
            return False
        seen = {**self.kind.identity_values(self.identity), **found.attributes}
        missing = differences(self.kind, self.wanted, self.wanted, seen)
        return not [d for d in missing if d.path[0] in request.covers]

    def _is_hidden(self, name: str) -> bool:
        attribute = self.kind.attributes[name]
        return attribute.sensitive or attribute.write_only or attribute.local


def _is_conflict(error: ApiError) -> bool:
    return error.status == 409
