"""reconcile sandbox."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from reconciler.cli.sandbox_faults import edit, fault, log
from reconciler.cli.sandbox_where import refused, run_dir
from reconciler.model.errors import ExitCode


@click.group("sandbox")
def command() -> None:
    """Run a local Aiven API: try plans, avn or Terraform against it with no account and no network."""


for _more in (edit, fault, log):
    command.add_command(_more)


def _settings_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for decorate in (
        click.option("--port", default=0, help="Port on loopback; default: a free one."),
        click.option("--token", help="Token it takes; default: a random one."),
        click.option(
            "--project", "projects", multiple=True, help="Project that exists; default: my-project."
        ),
        click.option(
            "--engine",
            type=click.Choice(["auto", "memory", "real"]),
            default="auto",
            show_default=True,
            help="real: services run PostgreSQL and PgBouncer; auto: where both are found.",
        ),
        click.option(
            "--data",
            type=click.Path(path_type=Path, file_okay=False),
            metavar="FOLDER",
            help="Keep everything here, databases too; default: it is thrown away.",
        ),
        click.option(
            "--pg-bin",
            type=click.Path(path_type=Path, file_okay=False, exists=True),
            metavar="FOLDER",
            help="Where postgres and initdb are; default: looked for.",
        ),
        click.option(
            "--pgbouncer",
            type=click.Path(path_type=Path, dir_okay=False, exists=True),
            metavar="FILE",
            help="The program; default: looked for.",
        ),
        click.option(
            "--account",
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="FILE",
            help="Keep the account in this file; default: it is thrown away.",
        ),
        click.option(
            "--build-delay", default=0.0, metavar="SECONDS", help="How long a service is built."
        ),
        click.option("--latency", default=0.0, metavar="SECONDS", help="Added to every call."),
    ):
        function = decorate(function)
    return function


@command.command(
    "start",
    epilog='Example: eval "$(reconcile sandbox start)"',
    short_help="Start a sandbox in the background.",
)
@_settings_options
def start(**options: Any) -> int:
    """Start a sandbox that goes on in the background, and print how to point tools at it."""
    from reconciler import sandbox

    _say_where(_started(lambda: sandbox.start(_settings(options), run_dir())))
    return ExitCode.DONE


@command.command("status", epilog="Example: reconcile sandbox status")
def status() -> int:
    """Say whether a sandbox runs, and where. Exits 1 when none does."""
    from reconciler import sandbox

    found = sandbox.status(run_dir())
    if found is None:
        click.echo("no sandbox runs; start one: reconcile sandbox start", err=True)
        return ExitCode.ERROR
    _say_where(found)
    return ExitCode.DONE


@command.command("stop", epilog="Example: reconcile sandbox stop")
def stop() -> int:
    """Stop the sandbox."""
    from reconciler import sandbox

    click.echo("stopped" if sandbox.stop(run_dir()) else "no sandbox ran", err=True)
    return ExitCode.DONE


@command.command(
    "run",
    context_settings={"ignore_unknown_options": True},
    epilog="Example: reconcile sandbox run -- reconcile plan examples/connection_pool",
    short_help="Start a sandbox, run a command against it, stop it.",
)
@_settings_options
@click.argument("words", metavar="-- COMMAND…", nargs=-1, required=True, type=click.UNPROCESSED)
def run(words: tuple[str, ...], **options: Any) -> int:
    """Start a sandbox, run COMMAND with AIVEN_WEB_URL and AIVEN_TOKEN set, stop it.

    Exits as COMMAND does.
    """
    from reconciler import sandbox

    try:
        with sandbox.running(_settings(options)) as found:
            return subprocess.run(
                words, env={**os.environ, **found.environment()}, check=False
            ).returncode
    except sandbox.SandboxError as error:
        raise refused(str(error)) from error
    except FileNotFoundError as error:
        raise click.UsageError(f"There is no command '{words[0]}'.") from error


def _settings(options: dict[str, Any]) -> Any:
    from reconciler import sandbox

    return sandbox.Settings(
        port=options["port"],
        token=options["token"],
        projects=options["projects"] or (sandbox.DEFAULT_PROJECT,),
        state_file=options["account"],
        data_dir=options["data"],
        engine=options["engine"],
        pg_bin=options["pg_bin"],
        pgbouncer=options["pgbouncer"],
        build_delay_s=options["build_delay"],
        latency_s=options["latency"],
    )


def _started(start_it: Callable[[], Any]) -> Any:
    from reconciler import sandbox

    try:
        return start_it()
    except (sandbox.SandboxError, OSError) as error:
        raise refused(str(error)) from error


def _say_where(found: Any) -> None:
    click.echo(f"the sandbox answers at {found.url} (process {found.pid})", err=True)
    click.echo(found.note, err=True)
    click.echo("point reconcile, avn and Terraform at it:", err=True)
    for name, value in found.environment().items():
        click.echo(f"export {name}={value}")
