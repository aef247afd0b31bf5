"""The way of an accept: read, find the line, write it, read it again, record."""

from reconciler.cli.accept_line import change_at, edited, write_and_check
from reconciler.cli.accept_target import Target, find_target, refused
from reconciler.cli.options import StackOptions
from reconciler.cli.pipeline import Planned, connect, make_plan, open_project, open_run
from reconciler.desired.written import read_block
from reconciler.model.live import ABSENT, LiveObject, Presence
from reconciler.model.plan import Drift, Plan
from reconciler.model.resource import Resource, Stack
from reconciler.model.state import Recorded, State
from reconciler.plan.accept import accepted_record, overlap
from reconciler.plan.build import build_plan
from reconciler.plan.drift import find_drift
from reconciler.render.rows import place
from reconciler.render.safe import value as shown


async def accept(options: StackOptions, text: str, lock_timeout_s: float) -> list[str]:
    """Take the live value over; return what to tell. Raises AcceptRefusedError and what reading raises."""
    project = open_project(options)
    target = find_target(project, text)
    with open_run(project.store, "accept", lock_timeout_s) as run:
        recorded = _recorded(run.state, target)
        async with connect(parallelism=1) as session:
            planned = await make_plan(project, run.state, session)
        drift = _drift(target, recorded, _live(planned, target, recorded))
        if not drift:
            return _not_drifted(target, planned)

        def replan(stack: Stack) -> Plan:
            return build_plan(stack, run.state, planned.live, project.catalogue)

        block = read_block(target.resource)
        stack, change = write_and_check(
            block,
            edited(block, target, drift),
            target,
            drift,
            before=project.stack,
            reload=lambda: open_project(options).stack,
            replan=replan,
        )
        record = accepted_record(recorded, change.record or recorded, [one.path for one in drift])
        await run.record(target.address, record)
    resource = stack.resources[target.address]
    return [_told(target, resource, one) for one in drift]


def _recorded(state: State, target: Target) -> Recorded:
    recorded = state.resources.get(target.address)
    if recorded is None:
        raise refused(
            "Address is not recorded",
            f"Nothing was applied yet for {target.address}.",
            "reconcile plan shows what there is to do first",
        )
    return recorded


def _live(planned: Planned, target: Target, recorded: Recorded) -> LiveObject:
    live = planned.live.get((target.kind.name, recorded.identity), ABSENT)
    match live.presence:
        case Presence.UNKNOWN:
            raise refused("Object could not be read", f"{target.address}: {live.why}.", "")
        case Presence.ABSENT:
            raise refused(
                "Object is gone",
                f"{recorded.identity} no longer exists.",
                "reconcile apply makes it again; to let go of it, remove its declaration",
            )
        case Presence.PRESENT:
            return live


def _drift(target: Target, recorded: Recorded, live: LiveObject) -> tuple[Drift, ...]:
    """Return the drift at the attribute; several places for one that holds several values."""
    found = [
        one for one in find_drift(target.kind, recorded, live) if overlap(one.path, target.path)
    ]
    wider = [one for one in found if len(one.path) < len(target.path)]
    if wider:
        raise refused(
            "Only as a whole",
            f"{target.named(wider[0].path)} drifted as a whole.",
            f"reconcile accept '{target.named(wider[0].path)}'",
        )
    return tuple(one for one in found if not one.sensitive)


def _not_drifted(target: Target, planned: Planned) -> list[str]:
    change = change_at(planned.plan.changes, target.address)
    pending = [field for field in change.fields if overlap(field.path, target.path)]
    told = f"{target.named()} has not drifted: live is as it was last applied."
    if pending:
        told += " What is declared differs from both: reconcile plan shows it."
    return [told]


def _told(target: Target, resource: Resource, one: Drift) -> str:
    where = place(resource.places.at(one.path))
    was = f" (was {shown(one.recorded)})"
    if one.live is None:
        return f"{target.named(one.path)} is no longer declared{was}  {where}"
    return f"{target.named(one.path)} is {shown(one.live)} now{was}  {where}"
