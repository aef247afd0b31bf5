"""reconcile explain."""

import asyncio

import click

from reconciler.cli.options import StackOptions, parallelism_option, stack_options
from reconciler.model.errors import ExitCode
from reconciler.model.plan import Plan


@click.command(
    "explain",
    epilog="Example: reconcile explain aiven_connection_pool.main.pool_size examples/connection_pool",
)
@click.argument("what", metavar="ADDRESS[.ATTRIBUTE]")
@stack_options
@click.option("--offline", is_flag=True, help="Only what the files say; no plan, no token.")
@parallelism_option
def command(options: StackOptions, what: str, offline: bool, parallelism: int) -> int:
    """Tell where the value of an attribute comes from, file by file, and what becomes of it.

    Without an attribute, of each that is declared. Changes nothing.
    """
    from reconciler.cli import terminal
    from reconciler.cli.explain_subject import find_subject
    from reconciler.cli.explaining import explanation
    from reconciler.cli.pipeline import Project, connect, make_plan, open_project

    async def plan(project: Project) -> Plan:
        state = project.store.read()
        async with connect(parallelism) as session:
            return (await make_plan(project, state, session)).plan

    project = open_project(options)
    found = None if offline else asyncio.run(plan(project))
    subject = find_subject(project, found, what)
    click.echo(explanation(subject, project, found, width=terminal.width()))
    return ExitCode.DONE
