"""reconcile sandbox fault, log and edit: what goes wrong on demand, and what was asked."""

import json
from collections.abc import Callable
from typing import Any

import click

from reconciler.cli.sandbox_where import ask
from reconciler.model.errors import ExitCode

FORBIDDEN = "Not a project member"
Command = Callable[..., int]


@click.group("fault", epilog="Example: reconcile sandbox fault error 503 --path /connection_pool")
def fault() -> None:
    """Let calls fail on demand: which, how, and how often or how long."""


def _which(function: Command) -> Command:
    """Add the options that say which calls, how many of them, or for how long."""
    for decorate in (
        click.option("--for", "for_s", type=float, metavar="SECONDS", help="Instead of --count."),
        click.option("--skip", type=int, default=0, help="How many calls go well before."),
        click.option("--count", type=int, default=1, show_default=True, help="How many calls."),
        click.option("--path", default="", metavar="REGEX", help="Found in the path; any."),
        click.option("--method", default="", help="GET, PUT, …; default: any."),
    ):
        function = decorate(function)
    return function


def _add(which: dict[str, Any], **what: object) -> int:
    given = {key: value for key, value in which.items() if value not in (None, "", 0)}
    _show(ask("POST", "faults", {**given, **what}))
    return ExitCode.DONE


@fault.command("latency", epilog="Example: reconcile sandbox fault latency 0.5 --for 10")
@click.argument("seconds", type=float)
@_which
def latency(seconds: float, **which: Any) -> int:
    """Answer SECONDS later."""
    return _add(which, latency_s=seconds)


@fault.command("throttle", epilog="Example: reconcile sandbox fault throttle --count 3")
@click.option("--retry-after", type=int, default=1, show_default=True, metavar="SECONDS")
@_which
def throttle(retry_after: int, **which: Any) -> int:
    """Answer 429 with Retry-After."""
    return _add(which, status=429, retry_after=retry_after, message="Too many requests")


@fault.command("error", epilog="Example: reconcile sandbox fault error 503 --method POST --after")
@click.argument("status", type=click.IntRange(400, 599))
@click.option("--after", is_flag=True, help="The work is done, and the answer says it failed.")
@_which
def error(status: int, after: bool, **which: Any) -> int:
    """Answer STATUS instead of doing the work, or after it."""
    return _add(which, status=status, when="after" if after else "before")


@fault.command("lost", epilog="Example: reconcile sandbox fault lost --method POST")
@_which
def lost(**which: Any) -> int:
    """Do the work and lose the reply."""
    return _add(which, drop=True, when="after")


@fault.command("reset", epilog="Example: reconcile sandbox fault reset --count 2")
@_which
def reset(**which: Any) -> int:
    """Cut the connection before the work is done."""
    return _add(which, drop=True, when="before")


@fault.command("slow", epilog="Example: reconcile sandbox fault slow 3 --method GET")
@click.argument("seconds", type=float)
@_which
def slow(seconds: float, **which: Any) -> int:
    """Send the answer in pieces over SECONDS."""
    return _add(which, slow_s=seconds)


@fault.command("truncate", epilog="Example: reconcile sandbox fault truncate --method GET")
@_which
def truncate(**which: Any) -> int:
    """Cut the connection in the middle of the answer."""
    return _add(which, truncate=True)


@fault.command("forbidden", epilog="Example: reconcile sandbox fault forbidden --for 5")
@_which
def forbidden(**which: Any) -> int:
    """Answer 403 "Not a project member", as Aiven does for a while to a new member."""
    return _add(which, status=403, message=FORBIDDEN)


@fault.command("stuck", epilog="Example: reconcile sandbox fault stuck --path /service/pg1$")
@click.option("--path", default="", metavar="REGEX", help="Of the service; default: all.")
@click.option("--for", "for_s", type=float, metavar="SECONDS", help="Default: until cleared.")
def stuck(**which: Any) -> int:
    """Let services that are being built stay REBUILDING."""
    return _add(which, stuck=True)


@fault.command("stale", epilog="Example: reconcile sandbox fault stale 3")
@click.argument("seconds", type=click.FloatRange(min=0))
def stale(seconds: float) -> int:
    """Let reads show the account as it was SECONDS ago; 0 ends that."""
    ask("PUT", "settings", {"stale_reads_s": seconds})
    click.echo(f"reads are {seconds:g} s behind", err=True)
    return ExitCode.DONE


@fault.command("list", epilog="Example: reconcile sandbox fault list")
def list_faults() -> int:
    """Print the faults that wait, one JSON object a line."""
    _show(ask("GET", "faults"))
    return ExitCode.DONE


@fault.command("clear", epilog="Example: reconcile sandbox fault clear")
def clear() -> int:
    """Take all faults away."""
    ask("DELETE", "faults")
    ask("PUT", "settings", {"stale_reads_s": 0})
    click.echo("no faults", err=True)
    return ExitCode.DONE


@click.command("log", epilog="Example: reconcile sandbox log")
@click.option("--clear", "is_cleared", is_flag=True, help="Print it and begin a new one.")
def log(is_cleared: bool) -> int:
    """Print the last thousand requests: time, status, duration, route, and what was done to it."""
    for line in ask("GET", "log")["lines"]:
        click.echo(line)
    if is_cleared:
        ask("DELETE", "log")
    return ExitCode.DONE


@click.command(
    "edit",
    epilog="Example: reconcile sandbox edit PUT "
    "/project/my-project/service/pg1/connection_pool/web '{\"pool_size\": 7}'",
)
@click.argument("method", type=click.Choice(["POST", "PUT", "PATCH", "DELETE"]))
@click.argument("path")
@click.argument("body", default="{}")
def edit(method: str, path: str, body: str) -> int:
    """Change something past reconcile, as somebody in the Console would. Faults do not touch it."""
    try:
        given = json.loads(body)
    except ValueError as error:
        raise click.BadParameter(f"not JSON: {error}", param_hint="BODY") from error
    ask("POST", "edit", {"method": method, "path": path, "body": given})
    return ExitCode.DONE


def _show(answer: dict[str, Any]) -> None:
    for one in answer["faults"]:
        shown = {key: value for key, value in one.items() if value not in (None, "", 0, False)}
        click.echo(json.dumps(shown, sort_keys=True))
