"""Options that several commands share."""

import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])


def stack_options(function: Function) -> Function:
    """Add PATH and what goes into reading a stack: --var, --var-file, --schemas, --state."""
    for decorate in reversed(
        (
            click.argument("path", type=click.Path(path_type=Path), default=Path()),
            *variable_options,
            click.option(
                "--schemas",
                multiple=True,
                type=click.Path(path_type=Path, exists=True, file_okay=False),
                metavar="DIR",
                help="Folder with kind files of your own.",
            ),
            state_option,
        )
    ):
        function = decorate(function)
    return function


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
    help="How long to wait for another run to end, such as 5m.",
)

parallelism_option = click.option(
    "--parallelism",
    default=10,
    show_default=True,
    type=click.IntRange(1, 200),
    help="How many calls at a time.",
)


def next_command(
    verb: str,
    path: Path,
    *,
    var: Mapping[str, str],
    var_file: Sequence[Path],
    schemas: Sequence[Path],
    state_dir: Path | None,
    secret: Collection[str],
) -> str:
    """Return what to type next for the same stack; the value of a secret variable is left to the typist."""
    words = [verb, *([] if path == Path() else [str(path)])]
    for name, value in var.items():
        words += ["--var", f"{name}=…" if name in secret else f"{name}={value}"]
    for option, files in (("--var-file", var_file), ("--schemas", schemas)):
        for file in files:
            words += [option, str(file)]
    if state_dir is not None:
        words += ["--state", str(state_dir)]
    return f"reconcile {shlex.join(words)}"


def _seconds(text: str) -> float:
    from reconciler.model.duration import parse_duration

    try:
        return parse_duration(text)
    except ValueError:
        raise click.BadParameter(f"'{text}' is not a duration such as 30s or 5m") from None
