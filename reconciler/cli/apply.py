"""reconcile apply."""

from pathlib import Path

import click

from reconciler.cli.options import lock_option, parallelism_option, stack_options


@click.command(
    "apply",
    epilog="Example: reconcile apply examples/connection_pool   (asks before it changes anything)",
)
@stack_options
@click.option("--approve", metavar="DIGEST", help="Go on only if the plan still has this digest.")
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print events, one JSON object a line.")
@lock_option
@parallelism_option
def command(
    path: Path,
    var: dict[str, str],
    var_file: tuple[Path, ...],
    schemas: tuple[Path, ...],
    state_dir: Path | None,
    approve: str | None,
    auto_approve: bool,
    as_json: bool,
    lock_timeout: float,
    parallelism: int,
) -> int:
    """Plan the stack at PATH, ask, and carry out exactly that plan.

    PATH may be a plan file: the plan is made again and carried out only if it is still the same.
    """
    from reconciler.cli.applying import Consent, Request, apply, plan_file_request

    consent = Consent(digest=approve, is_given=auto_approve, can_ask=not as_json)
    request = Request(
        path=path,
        var=var,
        var_file=var_file,
        schemas=schemas,
        state_dir=state_dir,
        consent=consent,
        as_json=as_json,
        lock_timeout_s=lock_timeout,
        parallelism=parallelism,
    )
    if path.suffix == ".json":
        request = plan_file_request(request)
    return apply(request)
