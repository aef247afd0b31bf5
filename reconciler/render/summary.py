"""What an apply came to: the last thing people read, and what to type next."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.plan import Plan, Step
from reconciler.render.diagnostics import finding, finding_lines
from reconciler.render.layout import Line, Piece, Style, packed, written
from reconciler.render.rows import word_of
from reconciler.render.safe import terminal
from reconciler.render.tally import spent

_LISTED = 20
"""How many steps of each ending are listed; the rest are counted."""

_PAST = {
    "create": "created",
    "adopt": "adopted",
    "update": "updated",
    "replace": "replaced",
    "delete": "deleted",
    "revert": "drift reverted",
    "settle": "settled",
    "move": "moved",
    "record": "recorded",
    "forget": "forgotten",
}

_HEADINGS = {
    "done": ("Done", Style.STRONG),
    "not started": ("Not started", Style.STRONG),
    "unknown": (
        "Unknown: may or may not have happened; the next run finds out by reading",
        Style.WARN,
    ),
    "failed": ("Failed", Style.BAD),
}
"""In the order shown: what matters most stands last, where the eye is."""


def apply_summary(
    plan: Plan,
    endings: Mapping[int, str],
    problems: Iterable[Diagnostic] = (),
    *,
    elapsed_s: float = 0.0,
    interrupted: bool = False,
    width: int = 80,
    colour: bool = False,
    command: str = "reconcile apply",
) -> str:
    """Return how a run ended, without a newline at the end.

    endings: by step number "done", "failed", "unknown" or "not started"; a step it lacks was not started.
    command: what to type to go on with what is left.
    """
    groups: dict[str, list[Step]] = {how: [] for how in _HEADINGS}
    for step in plan.steps:
        groups[endings.get(step.n, "not started")].append(step)
    if len(groups["done"]) == len(plan.steps):
        lines = _all_done(plan, elapsed_s, width)
        return written([*lines, *_problems(problems, width)], colour=colour)
    lines = _partly(plan, groups, elapsed_s, width, interrupted=interrupted)
    for how, (heading, style) in _HEADINGS.items():
        if groups[how]:
            lines += [[], [Piece(heading, style)], *_steps(groups[how])]
    lines += _problems(problems, width)
    lines += [[], [Piece(_next(groups))], [Piece(f"  {terminal(command)}", Style.STRONG)]]
    return written(lines, colour=colour)


def _all_done(plan: Plan, elapsed_s: float, width: int) -> list[Line]:
    found = Counter(
        _PAST.get(word_of(change), "recorded")
        for change in plan.changes
        if change.steps or change.moved_from
    )
    counts = [f"{found[word]:,} {word}" for word in _PAST.values() if found[word]]
    name = f" {terminal(plan.id)}" if plan.id else ""
    return _sentence(f"Applied{name} in {spent(elapsed_s)}", counts or ["nothing to do"], width)


def _partly(
    plan: Plan,
    groups: Mapping[str, Sequence[Step]],
    elapsed_s: float,
    width: int,
    *,
    interrupted: bool,
) -> list[Line]:
    word = "Interrupted" if interrupted else "Partly applied" if groups["done"] else "Not applied"
    counts = [f"{len(groups['done']):,} of {len(plan.steps):,} steps done"]
    counts += [f"{len(groups[how]):,} {how}" for how in _HEADINGS if how != "done" and groups[how]]
    return _sentence(f"{word} after {spent(elapsed_s)}", counts, width)


def _sentence(start: str, counts: Sequence[str], width: int) -> list[Line]:
    items = [*counts[:-1], f"{counts[-1]}."]
    return packed([f"{start}: {items[0]}", *items[1:]], width=width, indent=0)


def _problems(problems: Iterable[Diagnostic], width: int) -> list[Line]:
    """Return each problem once, with space around it."""
    found = [finding(problem) for problem in dict.fromkeys(problems)]
    return [line for one in found for line in ([], *finding_lines(one, width=width))]


def _steps(steps: Sequence[Step]) -> list[Line]:
    lines: list[Line] = [
        [Piece(f"  {step.op.value:<6}  {terminal(step.address)}")] for step in steps[:_LISTED]
    ]
    more = len(steps) - _LISTED
    return [*lines, [Piece(f"  and {more:,} more")]] if more > 0 else lines


def _next(groups: Mapping[str, Sequence[Step]]) -> str:
    if groups["failed"]:
        return "What is done is recorded. When the cause is mended, go on with:"
    return "What is done is recorded. Go on with:"
