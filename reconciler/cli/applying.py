"""The way of an apply: lock, plan, show, ask, carry out, say how it ended."""

import asyncio
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.apply.late import LateValues, live_by_address, needed_by_others
from reconciler.apply.result import Ending, Result
from reconciler.apply.run import Stop, run_plan
from reconciler.apply.steps import World
from reconciler.cli import terminal
from reconciler.cli.approving import Consent, check_allowed, check_approval, is_agreed
from reconciler.cli.options import StackOptions, consent_flags, scope_flags
from reconciler.cli.pipeline import (
    Planned,
    Project,
    Session,
    connect,
    data_identities,
    make_plan,
    open_project,
    open_run,
    scope_of,
)
from reconciler.cli.signals import on_interruption
from reconciler.cli.telling import Teller
from reconciler.model.errors import ExitCode
from reconciler.model.plan import Plan
from reconciler.model.state import Approval
from reconciler.plan.acks import required
from reconciler.plan.approval import approval_of
from reconciler.plan.scope import Scope

if TYPE_CHECKING:
    from reconciler.recorded.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was typed."""

    options: StackOptions
    consent: Consent
    as_json: bool
    lock_timeout_s: float
    parallelism: int
    scope: Scope

    @property
    def verb(self) -> str:
        return "destroy" if self.scope.destroy else "apply"


def request_of(
    options: StackOptions,
    *,
    approve: str | None,
    auto_approve: bool,
    as_json: bool,
    lock_timeout: float,
    parallelism: int,
    ack: tuple[str, ...],
    allow_delete: int,
    scope: Scope,
) -> Request:
    """Return the request that these options make."""
    return Request(
        options=options,
        consent=Consent(
            digest=approve,
            is_given=auto_approve,
            can_ask=not as_json,
            acks=ack,
            allow_delete=allow_delete,
        ),
        as_json=as_json,
        lock_timeout_s=lock_timeout,
        parallelism=parallelism,
        scope=scope,
    )


def plan_file_request(request: Request) -> Request:
    """Return the request for the stack that a plan file was made from, approved by that file."""
    from reconciler.cli.plan_file import read_plan_file

    plan = read_plan_file(request.options.path)
    options = replace(
        request.options,
        path=Path(str(plan.meta.get("path", "."))),
        env=request.options.env or plan.stack.partition("@")[2],
    )
    consent = replace(request.consent, digest=plan.digest, reviewed=plan)
    return replace(request, options=options, consent=consent, scope=scope_of(plan))


def apply(request: Request) -> int:
    """Plan and apply; return the exit code."""
    consent = request.consent
    can_ask = consent.can_ask and terminal.is_interactive()
    if not (consent.is_given or consent.digest or can_ask):
        raise click.UsageError(
            f"without a terminal, {request.verb} needs --auto-approve, --approve DIGEST or a plan file"
        )
    project = open_project(request.options)
    with open_run(project.store, request.verb, request.lock_timeout_s) as run:
        code = asyncio.run(_apply(request, project, run))
        run.conclude(code)
        return code


async def _apply(request: Request, project: Project, run: "Run") -> int:
    async with connect(request.parallelism) as session:
        planned = await make_plan(project, run.state, session, request.scope)
        check_approval(request.consent, planned.plan, run.state)
        if not request.as_json:
            _show(planned.plan)
        if planned.plan.is_blocked:
            return _blocked(planned.plan, is_shown=not request.as_json)
        if not planned.plan.has_changes:
            return ExitCode.DONE
        check_allowed(request.consent, planned.plan, len(run.state.resources))
        if not is_agreed(request.consent, planned.plan, request.verb):
            click.echo("Not applied; nothing was changed.", err=True)
            return ExitCode.ERROR
        return await _carry_out(request, project, run, session, planned)


def _show(plan: Plan) -> None:
    from reconciler.render.text import plan_text

    text = plan_text(
        plan, width=terminal.width(), colour=terminal.has_colour(), verbose=False, command=""
    )
    click.echo(text, color=True)


def _blocked(plan: Plan, *, is_shown: bool) -> int:
    problems = [
        *plan.diagnostics,
        *(problem for change in plan.changes for problem in change.diagnostics),
    ]
    if problems and not is_shown:
        terminal.show_diagnostics(problems)
    return ExitCode.BLOCKED


async def _carry_out(
    request: Request, project: Project, run: "Run", session: Session, planned: Planned
) -> int:
    plan = planned.plan
    stop = Stop()
    teller = Teller(plan, run=run.id, as_json=request.as_json)
    world = World(
        kinds=project.catalogue,
        driver=session.driver,
        snapshot=session.snapshot,
        journal=run,
        timing=session.client.timing,
        late=LateValues(
            before=live_by_address(
                plan, data_identities(project.stack, project.catalogue), planned.live
            )
        ),
        needed=needed_by_others(plan),
        tell=teller.step,
        now=lambda: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        changes={change.address: change for change in plan.changes},
    )
    digest = request.consent.digest
    if digest is not None:
        await run.approve(approval_of(plan, digest))

    def interrupt() -> None:
        stop.interrupt()
        teller.interrupted()

    with on_interruption(interrupt), teller:
        result = await run_plan(
            plan, world, parallelism=request.parallelism, tell=teller.ended, stop=stop
        )
    run.conclude(result.exit_code, plan=plan.digest, counts=_counts(result))
    if digest is not None or run.state.approved is not None:
        await run.approve(_unused(plan, digest, result))
    teller.summary(result, command=_again(request, project, plan, result))
    return result.exit_code


def _again(request: Request, project: Project, plan: Plan, result: Result) -> str:
    """Return what to type to go on with what is left, with the acks that this needs."""
    done = {n for n, ended in result.steps.items() if ended.ending is Ending.DONE}
    left = [
        replace(change, steps=tuple(step for step in change.steps if step.n not in done))
        for change in plan.changes
    ]
    acks = required(left, project.catalogue)
    return request.options.command(
        request.verb,
        secret=project.stack.secret_variables,
        flags=[*scope_flags(request.scope), *consent_flags(acks, 0)],
    )


def _counts(result: Result) -> Counter[str]:
    """Return how many steps were done, by what they do, and how many ended otherwise."""
    return Counter(
        str(step.step.op if step.ending is Ending.DONE else step.ending)
        for step in result.steps.values()
    )


def _unused(plan: Plan, digest: str | None, result: Result) -> Approval | None:
    """Return what is left of an approval: nothing when everything it covered is done."""
    open_addresses = {r.step.address for r in result.steps.values() if r.ending is not Ending.DONE}
    if digest is None or not open_addresses:
        return None
    done = {change.address for change in plan.changes} - open_addresses
    return approval_of(plan, digest, done)
