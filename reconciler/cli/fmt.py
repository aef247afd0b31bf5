"""reconcile fmt."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.model.errors import ExitCode

if TYPE_CHECKING:
    from reconciler.desired.format import Formatted


@click.command("fmt", epilog="Example: reconcile fmt examples/connection_pool --check --diff")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when a file would change.")
@click.option("--diff", is_flag=True, help="Show what changes.")
def command(paths: tuple[Path, ...], check: bool, diff: bool) -> int:
    """Lay out the YAML files at PATH (a file, or the *.yaml of a folder); name those that changed.

    Comments, blank lines, quotes and the order stay; what the files say never changes.
    """
    from reconciler.cli.writing import replace_text
    from reconciler.desired.format import format_files

    changed = [one for one in format_files(paths or (Path(),)) if one.is_changed]
    for one in changed:
        if not check:
            replace_text(one.path, one.before, one.after)
        if diff:
            _show_diff(one)
        else:
            click.echo(one.path)
    return ExitCode.ERROR if check and changed else ExitCode.DONE


_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def _show_diff(one: "Formatted") -> None:
    """Print a unified diff of text that comes from a file, safe for a terminal."""
    from difflib import unified_diff

    from reconciler.cli.terminal import has_colour
    from reconciler.render.safe import terminal

    before = one.before.decode().split("\n")
    after = one.after.split("\n")
    names = (f"{one.path}", f"{one.path} (laid out)")
    for line in unified_diff(before, after, *names, lineterm=""):
        told = terminal(line)
        colour = _COLOURS.get(line[:1]) if has_colour() else None
        click.echo(click.style(told, fg=colour) if colour else told, color=True)
