"""Options that several commands share."""

import shlex
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from reconciler.plan.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class StackOptions:
    """Which stack, with what put in: typed once, used by every command that reads a stack."""

    path: Path
    var: Mapping[str, str]
    var_file: tuple[Path, ...]
    schemas: tuple[Path, ...]
    state_dir: Path | None
    env: str = ""

    def command(
        self,
        verb: str,
        path: Path | None = None,
        *,
        secret: Collection[str] = (),
        flags: Iterable[str] = (),
    ) -> str:
        """Return what to type for the same stack.

        path: instead of the stack's, such as a plan file. secret: variables whose values are left to
        whoever types it. flags: further words.
        """
        target = path or self.path
        words = [verb, *([] if target == Path() else [str(target)])]
        if self.env:
            words += ["--env", self.env]
        for name, value in self.var.items():
            words += ["--var", f"{name}=…" if name in secret else f"{name}={value}"]
        for option, files in (("--var-file", self.var_file), ("--schemas", self.schemas)):
            for file in files:
                words += [option, str(file)]
        if self.state_dir is not None:
            words += ["--state", str(self.state_dir)]
        return f"reconcile {shlex.join([*words, *flags])}"


def stack_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add PATH and what goes into reading a stack; the command gets them as one StackOptions."""

    @wraps(function)
    def command(
        *,
        path: Path,
        var: dict[str, str],
        var_file: tuple[Path, ...],
        schemas: tuple[Path, ...],
        state_dir: Path | None,
        env: str,
        **others: Any,
    ) -> Any:
        options = StackOptions(
            path=path, var=var, var_file=var_file, schemas=schemas, state_dir=state_dir, env=env
        )
        return function(options, **others)

    for decorate in reversed(
        (
            click.argument("path", type=click.Path(path_type=Path), default=Path()),
            env_option,
            *variable_options,
            schemas_option,
            state_option,
        )
    ):
        command = decorate(command)
    return command


def _name_and_value(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    pairs = {}
    for value in values:
        name, separator, text = value.partition("=")
        if not separator or not name:
            raise click.BadParameter(f"'{value}' is not NAME=VALUE")
        pairs[name] = text
    return pairs


variable_options = (
    click.option(
        "--var",
        multiple=True,
        callback=_name_and_value,
        metavar="NAME=VALUE",
        help="Set a variable; may be given more than once.",
    ),
    click.option(
        "--var-file",
        multiple=True,
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="YAML file with variables.",
    ),
)

env_option = click.option(
    "--env",
    default="",
    metavar="NAME",
    help="Take variables from env/NAME.yaml beside the stack, and a state of its own.",
)

schemas_option = click.option(
    "--schemas",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Folder with kind files of your own.",
)

state_option = click.option(
    "--state",
    "state_dir",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder of the state files; default: the nearest state/ from PATH upwards.",
)

lock_option = click.option(
    "--lock-timeout",
    default="0s",
    metavar="DURATION",
    callback=lambda _c, _p, value: _seconds(value),
    help="How long to wait for another run to end, such as 5m; default: not at all.",
)

parallelism_option = click.option(
    "--parallelism",
    default=10,
    show_default=True,
    type=click.IntRange(1, 200),
    metavar="N",
    help="How many calls at a time.",
)


def scope_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add what a plan is to cover; the command gets it as one Scope."""

    @wraps(function)
    def command(
        *args: Any,
        refresh_only: bool,
        target: tuple[str, ...],
        exclude: tuple[str, ...],
        replace: tuple[str, ...],
        **others: Any,
    ) -> Any:
        from reconciler.plan.scope import Scope

        scope = Scope(refresh_only=refresh_only, targets=target, excludes=exclude, replace=replace)
        return function(*args, scope=scope, **others)

    for decorate in (
        click.option(
            "--replace", multiple=True, metavar="ADDRESS", help="Make this anew, as it is declared."
        ),
        click.option(
            "--exclude",
            multiple=True,
            metavar="ADDRESS",
            help="Leave this, and what needs it, out.",
        ),
        click.option(
            "--target", multiple=True, metavar="ADDRESS", help="Only this, and what it needs."
        ),
        click.option(
            "--refresh-only",
            is_flag=True,
            help="Only forget what is gone; show what else differs.",
        ),
    ):
        command = decorate(command)
    return command


def scope_flags(scope: "Scope") -> list[str]:
    """Return the words to type for this scope; `destroy` is a command of its own."""
    words = ["--refresh-only"] if scope.refresh_only else []
    for flag, addresses in (
        ("--target", scope.targets),
        ("--exclude", scope.excludes),
        ("--replace", scope.replace),
    ):
        for address in addresses:
            words += [flag, address]
    return words


def consent_flags(acks: Iterable[str], allow_delete: int) -> list[str]:
    """Return the words that say what a plan needs said before it is carried out."""
    words = [word for ack in acks for word in ("--ack", ack)]
    return [*words, "--allow-delete", str(allow_delete)] if allow_delete else words


def _acks(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    from reconciler.model.address import Address

    for value in values:
        effect, _, address = value.partition(":")
        try:
            Address.parse(address)
        except ValueError:
            effect = ""
        if not effect:
            raise click.BadParameter(
                f"'{value}' is not EFFECT:ADDRESS, such as data-loss:aiven_pg_database.main"
            )
    return values


def apply_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add how an apply is agreed to, told of and bounded."""
    for decorate in (
        parallelism_option,
        lock_option,
        click.option(
            "--allow-delete",
            type=click.IntRange(0),
            default=0,
            metavar="N",
            help="Let up to N resources be deleted or replaced where that is many.",
        ),
        click.option(
            "--ack",
            multiple=True,
            callback=_acks,
            metavar="EFFECT:ADDRESS",
            help="Accept that data is lost, such as data-loss:aiven_pg_database.main.",
        ),
        click.option(
            "--json", "as_json", is_flag=True, help="Print events, one JSON object a line."
        ),
        click.option("--auto-approve", is_flag=True, help="Do not ask."),
        click.option(
            "--approve", metavar="DIGEST", help="Go on only if the plan still has this digest."
        ),
    ):
        function = decorate(function)
    return function


def _seconds(text: str) -> float:
    from reconciler.model.duration import parse_duration

    try:
        return parse_duration(text)
    except ValueError:
        raise click.BadParameter(f"'{text}' is not a duration such as 30s or 5m") from None
