"""reconcile graph."""

import click

from reconciler.cli.options import StackOptions, parallelism_option, stack_options
from reconciler.model.errors import ExitCode


@click.command("graph", epilog="Example: reconcile graph plan.json --format dot")
@stack_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["mermaid", "dot"]),
    default="mermaid",
    show_default=True,
)
@parallelism_option
def command(options: StackOptions, form: str, parallelism: int) -> int:
    """Print the steps of a plan and what waits for what.

    PATH is a plan file, from which alone it is drawn, or a stack, of which a plan is made.
    """
    from reconciler.cli.pipeline import open_project
    from reconciler.cli.plan import read_and_plan
    from reconciler.cli.plan_file import read_plan_file
    from reconciler.plan.scope import WHOLE
    from reconciler.render.graph import GraphFormat, graph

    if options.path.suffix == ".json":
        plan = read_plan_file(options.path)
    else:
        plan = read_and_plan(open_project(options), WHOLE, parallelism)
    click.echo(graph(plan, GraphFormat(form)), nl=False)
    return ExitCode.DONE
