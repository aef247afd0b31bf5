"""reconcile destroy."""

from typing import Any

import click

from reconciler.cli.options import StackOptions, apply_options, stack_options


@click.command("destroy", epilog="Example: reconcile destroy examples/connection_pool")
@stack_options
@apply_options
def command(options: StackOptions, **how: Any) -> int:
    """Plan the deletion of everything the state of the stack at PATH holds, ask, and do it.

    What has prevent_destroy blocks it all.
    """
    from reconciler.cli.applying import apply, request_of
    from reconciler.plan.scope import Scope

    return apply(request_of(options, scope=Scope(destroy=True), **how))
