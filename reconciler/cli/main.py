"""The command line's outermost frame. Commands are imported when they are called, not before."""

import sys
from importlib import import_module

import click

from reconciler import __version__
from reconciler.cli.signals import end_like_ctrl_c
from reconciler.cli.streams import open_closed_streams, steady_streams
from reconciler.model.errors import ExitCode, ReconcileError

_COMMANDS = {
    "validate": "Check the YAML offline.",
    "plan": "Show what apply would do.",
    "apply": "Carry out the plan.",
    "destroy": "Delete everything the state holds.",
    "drift": "Show what somebody else changed.",
    "accept": "Write a live value into its YAML line.",
    "refresh": "Forget recorded objects that are gone.",
    "import": "Record an object that exists already.",
    "explain": "Tell where a value comes from, and what becomes of it.",
    "output": "Print the stack's outputs.",
    "show": "Show a plan file.",
    "graph": "Draw the steps of a plan.",
    "fmt": "Lay out the YAML, comments kept.",
    "kinds": "List the kinds, or describe one.",
    "schema": "Print the editor schema for stack files.",
    "state": "Look into the state, or mend it.",
    "sandbox": "Run a local Aiven API to try things against.",
    "completion": "Print the shell completion script.",
}


class Commands(click.Group):
    """The commands of `_COMMANDS`, each in `reconciler.cli.<name>`; help needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(
            f"reconciler.cli.{cmd_name}_" if cmd_name == "import" else f"reconciler.cli.{cmd_name}"
        )
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in _COMMANDS and not name.startswith("-"):
            from difflib import get_close_matches

            close = get_close_matches(name, _COMMANDS, n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            raise click.UsageError(f"No such command '{name}'.{hint}", ctx)
        return super().resolve_command(ctx, args)


_EPILOG = """\b
Environment:
  AIVEN_TOKEN      the token all calls are made with
  AIVEN_WEB_URL    the API, when it is not Aiven's own (a sandbox)
  AIVEN_CA_CERT    file with the CA that signed the API's certificate

\b
Exit codes:
  0 done or nothing to do   1 error         4 blocked         5 not the approved plan
  6 partly applied          7 locked        64 wrong usage    130 interrupted

\b
Try it, with no account and no network:
  reconcile sandbox run -- reconcile plan examples/connection_pool
"""


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=_EPILOG,
)
@click.version_option(__version__, message="reconcile %(version)s")
def cli() -> None:
    """Plan and apply PostgreSQL services, databases, users and connection pools on Aiven from YAML.

    PATH is a stack file or a folder of them; by default the current folder.
    """


def main() -> None:
    """Run the command line and leave with its exit code."""
    open_closed_streams()
    end_like_ctrl_c()
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line; return its exit code. Nothing but a bug of ours gets past this frame.

    A reader that leaves (`reconcile plan | head`) or a full disk behind stdout stops no command. What
    could not be printed is an error where printing is what was asked for, not after an apply.
    """
    with steady_streams() as (out, err):
        code = _run(arguments)
        out.flush()
        if out.error is None:
            return code
        err.write(f"error: Output cannot be written\n  The system says: {out.error.strerror}.\n")
        is_asked_for = arguments[:1] not in (["apply"], ["destroy"])
        return ExitCode.ERROR if is_asked_for and code == ExitCode.DONE else code


def _run(arguments: list[str]) -> int:
    try:
        result = cli.main(arguments, prog_name="reconcile", standalone_mode=False)
    except ReconcileError as error:
        return _fail(error)
    except click.UsageError as error:
        error.show()
        return ExitCode.USAGE
    except click.exceptions.Exit as error:
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted; nothing was changed.", err=True)
        return ExitCode.INTERRUPTED
    except click.ClickException as error:
        error.show()
        return ExitCode.ERROR
    except Exception as error:  # noqa: BLE001  # the outermost frame: whatever gets here is our bug
        return _report_bug(error)
    return int(result) if isinstance(result, int) else ExitCode.DONE


def _fail(error: ReconcileError) -> int:
    from reconciler.cli.terminal import show_diagnostics

    show_diagnostics(error.diagnostics)
    return error.exit_code


def _report_bug(error: Exception) -> int:
    """Say that this is our mistake, with where it happened but without any value that was at hand."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    place = (
        f"{frames[-1].filename.rpartition('reconciler/')[2]}:{frames[-1].lineno}" if frames else "?"
    )
    click.echo(
        f"error: A mistake in reconcile itself\n"
        f"  {type(error).__name__} at {place}, version {__version__}.\n"
        f"  hint: please report this line with the command you typed; what was done so far is recorded",
        err=True,
    )
    return ExitCode.ERROR
