"""What stands around the changes on a Markdown page: marker, heading, counts, command, digest."""

import hashlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from reconciler.model.plan import Plan
from reconciler.render.beside import Load, Need
from reconciler.render.md_text import clipped, code, fenced, prose, size, table
from reconciler.render.safe import terminal
from reconciler.render.table import Table

_LONGEST_MARKER = 60
_LONGEST_NAME = 60
_LONGEST_VERDICT = 150
"""In the least detail."""


def marker(stack: str) -> str:
    """Return the first line, by which a comment is found again. Different stacks have different ones."""
    name = quote(stack, safe="@", errors="backslashreplace")
    if len(name) > _LONGEST_MARKER:
        whole = hashlib.sha256(stack.encode(errors="backslashreplace")).hexdigest()
        name = f"{name[: _LONGEST_MARKER - 17]}~{whole[:16]}"
    return f"<!-- reconcile:{name}:plan -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What every page has, whatever its detail. before: above the changes; after: below them."""

    before: Sequence[str]
    after: Sequence[str]


def frame_of(plan: Plan, found: Table, command: str, again: str, *, room: int = 0) -> Frame:
    """Return the frame. room: how long the command may be; 0 for a frame as long as it comes."""
    longest = _LONGEST_VERDICT if room else sys.maxsize
    heading = f"## {found.verdict.word}: {prose(clipped(found.verdict.text, longest))}"
    counts = f"**Plan:** {prose(', '.join(text for _, text in found.counts))}."
    before = [marker(plan.stack), heading, _about(found, short=bool(room))]
    limited = [] if found.limited_to is None else [_limits(found.limited_to)]
    digest = f"Digest {code(terminal(plan.digest))}" if plan.digest else ""
    return Frame(
        before=[*before, *([counts] if found.counts else []), *limited],
        after=[*_command(found, command, again, room), *([digest] if digest else [])],
    )


def page(frame: Frame, parts: Sequence[str], left_out: str) -> str:
    """Return the whole page."""
    told = [left_out] if left_out else []
    return "\n\n".join([*frame.before, *told, *parts, *frame.after]) + "\n"


def _about(found: Table, *, short: bool) -> str:
    """Return which plan this is, of what, and how it was made."""
    longest = _LONGEST_NAME if short else sys.maxsize
    name = code(clipped(found.stack, longest))
    projects = code(clipped(", ".join(found.projects), longest))
    noun = "resource" if found.resources == 1 else "resources"
    unchanged = f", {found.unchanged:,} unchanged" if found.unchanged else ""
    parts = [
        f"{name} → {projects}" if projects else name,
        f"{_plan_words(found)} {code(found.id)}" if found.id else "",
        f"state serial {found.serial:,}" if found.serial else "no state yet",
        f"{found.resources:,} {noun}{unchanged}",
        found.read,
    ]
    return " · ".join(filter(None, parts))


def _plan_words(found: Table) -> str:
    if found.destroy:
        return "plan to destroy"
    return "plan to refresh" if found.refresh_only else "plan"


_NAMED = 10


def _limits(addresses: Sequence[str]) -> str:
    """Return which addresses --target and --exclude leave."""
    names = [code(clipped(address, _LONGEST_NAME)) for address in addresses[:_NAMED]]
    more = len(addresses) - len(names)
    told = ", ".join([*names, *([f"{more:,} more"] if more else [])])
    return f"**Limited to** {told or 'nothing'}"


def _command(found: Table, command: str, again: str, room: int) -> list[str]:
    """Return what to type next. One too long to show is left to the command that prints it."""
    if found.is_blocked:
        told, typed = "Nothing is applied until what blocks is settled. Then:", again
    elif found.has_changes and command:
        told, typed = "Apply exactly this:", command
    else:
        return []
    block = fenced(terminal(typed), "sh")
    if not room or size(block) <= room:
        return [f"{told}\n\n{block}"]
    short = fenced("reconcile plan", "sh")
    return [
        f"The command to type next is too long to stand here. It is the last line of:\n\n{short}"
    ]


def connections(loads: Sequence[Load]) -> list[str]:
    """Return the connections of each service that this plan touches, or that has too few."""
    shown = [load for load in loads if load.is_touched or load.over]
    if not shown:
        return []
    rows = (
        [
            code(load.service),
            f"{load.now:,}",
            f"{load.peak:,}",
            f"{load.after:,}",
            prose(load.limit),
            f"**{load.status}**" if load.over else load.status,
        ]
        for load in shown
    )
    return ["### Connections", table(("service", "now", "peak", "after", "of", ""), rows)]


def needs(found: Sequence[Need]) -> list[str]:
    """Return the flags that apply will ask for, each with what it agrees to."""
    if not found:
        return []
    lines = (f"- {code(need.flag)} {prose(need.why)}".rstrip() for need in found)
    return ["### Apply needs", "\n".join(lines)]
