"""The formats that a plan is shown in to others than a terminal."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from reconciler.cli.links import in_repository, link_base_option, linker
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.location import Location
from reconciler.model.plan import Plan

_SMALLEST = 4_000
_LARGEST = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """What was typed: the format's name, and of Markdown how long it may be and where links lead."""

    name: str = "text"
    limit: int = 65_536
    link_base: str | None = None


def format_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add how a plan is shown; the command gets it as one Format."""

    @wraps(function)
    def command(*args: Any, form: str, limit: int, link_base: str | None, **others: Any) -> Any:
        return function(*args, form=Format(name=form, limit=limit, link_base=link_base), **others)

    for decorate in (
        link_base_option,
        click.option(
            "--limit",
            type=click.IntRange(_SMALLEST, _LARGEST),
            default=65_536,
            show_default=True,
            metavar="N",
            help="How many characters of Markdown the host takes.",
        ),
        click.option(
            "--format",
            "form",
            type=click.Choice(["text", "json", "markdown", "sarif", "github"]),
            default="text",
            show_default=True,
        ),
    ):
        command = decorate(command)
    return command


def plan_in(
    form: Format, plan: Plan, *, command: str, again: str, stack: Path | None = None
) -> str:
    """Return a plan in a format for machines or hosts. stack: the path of the stack, where it is known."""
    match form.name:
        case "json":
            from reconciler.render.json import plan_json

            return plan_json(plan)
        case "markdown":
            from reconciler.render.markdown import plan_markdown

            link = linker(form.link_base)
            return plan_markdown(plan, limit=form.limit, link=link, command=command, again=again)
        case _:
            from reconciler.render.remarks import remarks_on_plan

            remarks = remarks_on_plan(plan, elsewhere=_first_line(stack))
            return _remarked(form.name, remarks, {"stack": plan.stack, "digest": plan.digest})


def diagnostics_in(form: str, diagnostics: Iterable[Diagnostic]) -> str:
    """Return diagnostics as `sarif` or `github`."""
    from reconciler.render.remarks import remarks_on

    return _remarked(form, remarks_on(diagnostics), {})


def _remarked(form: str, remarks: list[Any], facts: dict[str, object]) -> str:
    if form == "github":
        from reconciler.render.github import annotations

        return annotations(remarks, file=in_repository())
    from reconciler import __version__
    from reconciler.render.sarif import sarif

    return sarif(remarks, version=__version__, file=in_repository(), facts=facts)


def _first_line(stack: Path | None) -> Location | None:
    """Return the first line of a stack's file, or of its first one."""
    if stack is None or stack.suffix == ".json":
        return None
    file = min(stack.glob("*.yaml"), default=None) if stack.is_dir() else stack
    return Location(str(file), 1, 1) if file else None
