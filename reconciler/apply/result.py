"""How an apply ended, step by step."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ExitCode
from reconciler.model.plan import Step


class Ending(StrEnum):
    DONE = "done"
    FAILED = "failed"
    """It is known that the object is not as wanted; what is there is recorded."""
    UNKNOWN = "unknown"
    """It may or may not have happened; the intent stays in the state."""
    NOT_STARTED = "not started"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """The end of one step. problems: why it is not DONE."""

    step: Step
    ending: Ending
    problems: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The end of a run. steps: every step of the plan by its number.

    interrupted: somebody asked it to stop before all steps were started.
    """

    steps: Mapping[int, StepResult]
    interrupted: bool = False

    def ended(self, ending: Ending) -> tuple[StepResult, ...]:
        """Return the steps that ended so, in the plan's order."""
        return tuple(self.steps[n] for n in sorted(self.steps) if self.steps[n].ending is ending)

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        """Return each problem once: 200 steps that met the same wall tell of it once."""
        found = (problem for result in self.steps.values() for problem in result.problems)
        return tuple(dict.fromkeys(found))

    @property
    def exit_code(self) -> ExitCode:
        if self.ended(Ending.UNKNOWN):
            return ExitCode.PARTIAL
        if self.ended(Ending.FAILED):
            return ExitCode.PARTIAL if self.ended(Ending.DONE) else ExitCode.ERROR
        if self.interrupted:
            return ExitCode.INTERRUPTED
        return ExitCode.PARTIAL if self.ended(Ending.NOT_STARTED) else ExitCode.DONE
