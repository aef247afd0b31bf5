"""reconcile refresh."""

import asyncio

import click

from reconciler.cli.options import StackOptions, lock_option, parallelism_option, stack_options
from reconciler.cli.pipeline import Project
from reconciler.model.errors import ExitCode


@click.command("refresh", epilog="Example: reconcile refresh examples/connection_pool")
@stack_options
@lock_option
@parallelism_option
def command(
    options: StackOptions,
    lock_timeout: float,
    parallelism: int,
) -> int:
    """Forget recorded objects that are gone, and settle what a run that was cut left open.

    Changes nothing at the API and never takes live values over.
    """
    from reconciler.cli.pipeline import open_project

    project = open_project(options)
    for line in asyncio.run(_refresh(project, lock_timeout, parallelism)) or ["nothing to forget"]:
        click.echo(line)
    return ExitCode.DONE


async def _refresh(project: Project, lock_timeout_s: float, parallelism: int) -> list[str]:
    from reconciler.apply.run import write_resolutions
    from reconciler.cli.pipeline import connect, make_plan, open_run
    from reconciler.model.live import ABSENT, Presence

    with open_run(project.store, "refresh", lock_timeout_s) as run:
        async with connect(parallelism) as session:
            planned = await make_plan(project, run.state, session)
        await write_resolutions(planned.plan, run)
        told = [_resolved(r.address, r.op, r.done) for r in planned.plan.resolutions]
        for address, recorded in sorted(run.state.resources.items()):
            live = planned.live.get((address.kind, recorded.identity), ABSENT)
            if live.presence is Presence.ABSENT:
                await run.forget(address)
                told.append(f"forgot {address}: {recorded.identity} is gone")
        return told


def _resolved(address: str, op: str, done: bool) -> str:
    ending = "was done" if done else "was not done"
    return f"resolved {address}: the {op} of a run that was cut {ending}"
