"""reconcile show."""

from pathlib import Path

import click

from reconciler.cli.formats import Format, format_options
from reconciler.model.errors import ExitCode


@click.command("show", epilog="Example: reconcile show plan.json")
@click.argument("plan_file", type=click.Path(path_type=Path))
@format_options
@click.option("--verbose", "-v", is_flag=True, help="Show every name of grouped changes.")
def command(plan_file: Path, form: Format, verbose: bool) -> int:
    """Show the plan in PLAN_FILE. Reads nothing but that file."""
    import shlex

    from reconciler.cli.options import consent_flags
    from reconciler.cli.plan import show
    from reconciler.cli.plan_file import read_plan_file

    plan = read_plan_file(plan_file)
    words = ["apply", str(plan_file), *consent_flags(plan.acks, plan.allow_delete)]
    show(plan, form=form, verbose=verbose, command=f"reconcile {shlex.join(words)}")
    return ExitCode.DONE
