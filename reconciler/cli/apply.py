"""reconcile apply."""

from typing import Any

import click

from reconciler.cli.options import StackOptions, apply_options, scope_options, stack_options


@click.command(
    "apply",
    epilog="Example: reconcile apply examples/connection_pool   (asks before it changes anything)",
)
@stack_options
@scope_options
@apply_options
def command(options: StackOptions, **how: Any) -> int:
    """Plan the stack at PATH, ask, and carry out exactly that plan.

    PATH may be a plan file: the plan is made again and carried out only if it is still the same.
    """
    from reconciler.cli.applying import apply, plan_file_request, request_of

    request = request_of(options, **how)
    return apply(plan_file_request(request) if options.path.suffix == ".json" else request)
