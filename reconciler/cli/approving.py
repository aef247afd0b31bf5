"""Who said yes to what: the digest that was reviewed, or somebody at the terminal."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ExitCode, ReconcileError
from reconciler.model.plan import Plan
from reconciler.model.state import State
from reconciler.plan.acks import refuse_acks
from reconciler.plan.approval import covers, moved
from reconciler.plan.guard import refuse_deletions

_TOLD = 10
"""How many things that moved are named; the rest are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """How somebody said yes, or can be asked.

    digest: of the plan that was reviewed, or None. reviewed: that plan, when its file was given.
    acks: what may be lost, as `effect:address`. allow_delete: how many deletions and replacements.
    """

    digest: str | None = None
    acks: tuple[str, ...] = ()
    allow_delete: int = 0
    is_given: bool = False
    can_ask: bool = True
    reviewed: Plan | None = None


class StalePlanError(ReconcileError):
    """The plan is no longer the one that was approved."""

    exit_code = ExitCode.STALE


class NotAllowedError(ReconcileError):
    """The plan does what must be said in so many words, and was not."""

    exit_code = ExitCode.BLOCKED


def check_allowed(consent: Consent, plan: Plan, recorded: int) -> None:
    """Raise NotAllowedError for missing acks, acks of what is not done, and too many deletions.

    recorded: how many resources the state holds. Under an approval whose plan is partly done, acks of
    what is done stay good.
    """
    is_rest = consent.digest not in (None, plan.digest)
    acks = [ack for ack in consent.acks if ack in plan.acks] if is_rest else consent.acks
    problems = (
        *refuse_acks(plan.acks, acks, plan.changes),
        *refuse_deletions(plan.allow_delete, consent.allow_delete, recorded),
    )
    if problems:
        raise NotAllowedError(*problems)


def check_approval(consent: Consent, plan: Plan, state: State) -> None:
    """Raise StalePlanError when an approval was given, and not for this plan or what is left of it."""
    digest = consent.digest
    if digest is None or digest == plan.digest:
        return
    if len(digest) < len(plan.digest) and plan.digest.startswith(digest):
        raise click.UsageError("--approve needs the whole digest: its first digits are only a name")
    approved = state.approved
    if approved is not None and approved.digest == digest and covers(approved, plan):
        return
    told = moved(consent.reviewed, plan) if consent.reviewed else ()
    raise StalePlanError(
        Diagnostic(
            summary="Not the plan that was approved",
            detail=f"Approved was {digest[:8]}; what would be done now is {plan.id}."
            + _named(told),
            hint="reconcile plan, and have that one approved",
        )
    )


def _named(told: tuple[str, ...]) -> str:
    if not told:
        return ""
    more = f", and {len(told) - _TOLD} more" if len(told) > _TOLD else ""
    return f" Moved: {'; '.join(told[:_TOLD])}{more}."


def is_agreed(consent: Consent, plan: Plan, verb: str) -> bool:
    """Whether to go on; asks when nobody has said so yet."""
    if consent.is_given or consent.digest:
        return True
    with _ctrl_c_raises():
        answer = click.prompt(
            f"\nType yes to {verb} plan {plan.id}", default="", show_default=False, err=True
        )
    return str(answer).strip().lower() == "yes"


@contextmanager
def _ctrl_c_raises() -> Iterator[None]:
    """Let Ctrl-C end a question at once; asyncio only notes the first and waits for the answer."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
