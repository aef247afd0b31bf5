"""One run: what it announces and what became of it, each on disk before the next thing happens."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ExitCode, ReconcileError
from reconciler.model.state import Approval, Intent, Recorded, State
from reconciler.recorded import codec
from reconciler.recorded.entries import (
    Announced,
    Approved,
    Changed,
    Done,
    Entry,
    Failed,
    Ledger,
    Written,
    encode_entry,
)
from reconciler.recorded.errors import StateError, UnwrittenError
from reconciler.recorded.hold import Hold
from reconciler.recorded.journal import Header
from reconciler.recorded.lines import is_intent_id
from reconciler.recorded.trail import Outcome
from reconciler.recorded.trouble import describe, told
from reconciler.recorded.writer import Writer


class Run:
    """The right to change one stack's record, from `FileStore.open_run` until its context is left.

    Every `await`ed call is durable when it returns. When one raises StateError, start nothing more: no
    further intent is taken. Go on telling what became of the writes under way, though, also if that
    raises: the run remembers it, and tries once more to write all of it when it is left.
    """

    def __init__(
        self,
        *,
        hold: Hold,
        lineage: str,
        full: int,
    ) -> None:
        """Open the journal."""
        self.state = hold.saved
        """As the run found it."""
        self.warnings: tuple[Diagnostic, ...] = hold.warnings
        """What people should know of the files; it stops nothing."""
        self._hold = hold
        self._lineage = lineage
        self._ledger = Ledger(hold.saved)
        self._outcome = Outcome(exit_code=0)
        self._numbers = count(1)
        self._remembered = count()
        self._unwritten: dict[int, str] = {}
        self._has_announced = False
        self._has_entries = False
        self._is_over = False
        with told("written", hold.files.log):
            hold.files.prepare_log()
        with told("written", hold.files.journal):
            self._writer = Writer(
                hold.files, hold.header(lineage), fold=self._fold_midway, full=full
            )

    @property
    def id(self) -> str:
        """Return what names this run in the log, the lock and the journal."""
        return str(self._hold.holder["run"])

    @property
    def current(self) -> State:
        """The state as it is by now, under the serial the run found."""
        return self._ledger.put_into(self.state)

    def next_intent_id(self) -> str:
        """Return the id for the intent that is announced next: `<serial>.<n>`."""
        return f"{self.state.serial}.{next(self._numbers)}"

    async def announce(self, intent: Intent) -> None:
        """Note that a write is about to be sent. When this raises, do not send it."""
        if not is_intent_id(intent.id):
            raise ValueError(f"{intent.id!r} does not come from next_intent_id()")
        entry = Announced(intent=intent)
        await self._write(encode_entry(entry), lambda: self._take_in(entry))

    def _take_in(self, entry: Announced) -> None:
        self._has_announced = True
        self._ledger.put(entry)

    async def written(self, intent_id: str, record: Recorded) -> None:
        """Note that the write was answered: the object is ours, settled or not."""
        address = self._ledger.unresolved[intent_id].address
        await self._remember(Written(id=intent_id, address=address, record=record))

    async def done(self, intent_id: str, record: Recorded | None) -> None:
        """Note the outcome of a write: the record to keep, or None when the object is gone."""
        intent = self._ledger.unresolved[intent_id]
        await self._remember(
            Done(id=intent_id, address=intent.address, identity=intent.identity, record=record)
        )

    async def failed(self, intent_id: str) -> None:
        """Note that the write is known to have done nothing."""
        await self._remember(Failed(id=intent_id))

    async def record(self, address: Address, record: Recorded) -> None:
        """Record what is so without a write of ours."""
        await self.change({address: record})

    async def forget(self, address: Address) -> None:
        """Drop a record; the object, if there is one, stays."""
        await self.change({address: None})

    async def change(self, records: Mapping[Address, Recorded | None]) -> None:
        """Record and forget (None) several addresses at one stroke, as a move needs it."""
        await self._remember(Changed(records=records))

    async def approve(self, approval: Approval | None) -> None:
        """Remember what is left of an approval, or None when it is used up."""
        await self._remember(Approved(approval=approval))

    async def _remember(self, entry: Entry) -> None:
        """Take an entry in, also when it cannot be written; what must not be stored is not taken in."""
        body = encode_entry(entry)
        self._ledger.put(entry)
        n = next(self._remembered)
        self._unwritten[n] = body
        await self._write(body)
        del self._unwritten[n]

    async def _write(self, body: str, then: Callable[[], None] | None = None) -> None:
        if self._is_over:
            raise RuntimeError("this run is over")
        self._has_entries = True
        try:
            await self._writer.put(body, then)
        except OSError as error:
            raise self._cannot_write(error) from error

    def _cannot_write(self, error: OSError) -> StateError:
        kind = UnwrittenError if self._has_announced else StateError
        failure = self._writer.failure
        if isinstance(failure, StateError):
            return kind(*failure.diagnostics)
        cause = failure if isinstance(failure, OSError) else error
        return kind(describe(cause, "written", self._hold.files.journal))

    def conclude(
        self, exit_code: int, *, plan: str | None = None, counts: Mapping[str, int] | None = None
    ) -> None:
        """Say how the command ended, for the line that it leaves in the log.

        plan: digest of the plan that was carried out. counts: what was done, such as {"create": 3}. What is
        left out stays as it was said before. Where nothing is said the exit code is 0, or that of the error
        which ends the run.
        """
        said = self._outcome
        self._outcome = Outcome(
            exit_code=exit_code,
            plan=said.plan if plan is None else plan,
            counts=said.counts if counts is None else dict(counts),
        )

    def conclude_by(self, error: BaseException) -> None:
        """Say that an error ended the command."""
        code = ExitCode.ERROR
        if isinstance(error, KeyboardInterrupt):
            code = ExitCode.INTERRUPTED
        elif isinstance(error, ReconcileError):
            code = error.exit_code
        self._outcome = replace(self._outcome, exit_code=code)

    def fold(self) -> None:
        """Put everything into the state file, a line into the log, and end the run.

        The state file is not written when nothing changed. Raises UnwrittenError (StateError when nothing
        had been announced) when something cannot be written; the journal then stays for the next run.
        """
        if self._is_over:
            return
        self._is_over = True
        try:
            self._put_away()
        except StateError as error:
            if self._has_announced:
                raise UnwrittenError(*error.diagnostics) from error
            raise
        self._hold.files.backups.rotate()

    def _put_away(self) -> None:
        """Complete the journal, fold it, log the run, remove the journal.

        At no moment may the state hold something that the journal beside it does not: the next run could
        not tell that it was folded. So what could not be written on the way goes into the journal first.
        """
        try:
            self._writer.join()
            if self._writer.has_failed_midway:
                raise self._cannot_write(OSError())
            if self._has_changed():
                with told("written", self._hold.files.journal):
                    self._writer.complete(list(self._unwritten.values()))
                self._hold.save(self._folded())
        finally:
            self._writer.close()
        self._hold.log(self._outcome)
        self._hold.drop_journal()

    def _fold_midway(self) -> Header:
        """Put everything so far into the state file; return the header of the journal that goes on."""
        if self._has_changed():
            self._hold.save(self._folded())
        return self._hold.header(self._lineage)

    def abandon(self) -> None:
        """End the run at once: the journal stays, and the next run folds it."""
        if not self._is_over:
            self._is_over = True
            self._writer.join()
            self._writer.close()

    def _folded(self) -> State:
        return replace(self.current, lineage=self._lineage, serial=self._hold.saved.serial + 1)

    def _has_changed(self) -> bool:
        return self._has_entries and not codec.is_same(self.current, self._hold.saved)
