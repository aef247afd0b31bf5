"""The steps of a plan and what waits for what, as Mermaid or DOT."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from reconciler.model.plan import Plan, Step
from reconciler.model.state import Op
from reconciler.render.safe import terminal

_LITERAL = re.compile(r"[A-Za-z0-9 _.,:/=+()-]")


class GraphFormat(StrEnum):
    MERMAID = "mermaid"
    DOT = "dot"


def graph(plan: Plan, form: GraphFormat) -> str:
    """Return the graph of a plan's steps, ending in a newline. An arrow goes to what comes after."""
    felt = _effects(plan)
    labels = {step.n: _label(step, felt) for step in plan.steps}
    marked = [step.n for step in plan.steps if _is_marked(step, felt)]
    edges = [(need, step.n) for step in plan.steps for need in step.needs if need in labels]
    lines = (_mermaid if form is GraphFormat.MERMAID else _dot)(labels, edges, marked)
    return "\n".join(lines) + "\n"


def _effects(plan: Plan) -> Mapping[str, str]:
    """Return by address what people will feel, as codes."""
    return {
        change.address: ", ".join(dict.fromkeys(terminal(e.code) for e in change.effects))
        for change in plan.changes
        if change.effects
    }


def _is_marked(step: Step, felt: Mapping[str, str]) -> bool:
    return step.op is Op.DELETE or (step.op is Op.UPDATE and step.address in felt)


def _label(step: Step, felt: Mapping[str, str]) -> str:
    """Return number, operation and address, and at the step that people feel, what."""
    told = f"{step.n} {step.op.value} {terminal(step.address)}"
    codes = felt.get(step.address)
    return f"{told}: {codes}" if codes and _is_marked(step, felt) else told


def _mermaid(
    labels: Mapping[int, str], edges: Sequence[tuple[int, int]], marked: Sequence[int]
) -> list[str]:
    lines = ["flowchart LR"]
    lines += [f'  s{n}["{_entities(label)}"]' for n, label in labels.items()]
    lines += [f"  s{before} --> s{after}" for before, after in edges]
    if marked:
        lines.append("  classDef felt stroke:#c00,stroke-width:3px")
        lines.append(f"  class {','.join(f's{n}' for n in marked)} felt")
    return lines


def _entities(text: str) -> str:
    """Return text in Mermaid's own entities, which it turns into text and not into markup."""
    return "".join(
        char if not char.isascii() or _LITERAL.fullmatch(char) else f"#{ord(char)};"
        for char in text
    )


def _dot(
    labels: Mapping[int, str], edges: Sequence[tuple[int, int]], marked: Sequence[int]
) -> list[str]:
    colours = dict.fromkeys(marked, ', color="#cc0000", penwidth=3')
    lines = ["digraph steps {", "  rankdir=LR;", "  node [shape=box];"]
    lines += [
        f'  {n} [label="{_quoted(label)}"{colours.get(n, "")}];' for n, label in labels.items()
    ]
    lines += [f"  {before} -> {after};" for before, after in edges]
    return [*lines, "}"]


def _quoted(text: str) -> str:
    """Return text as it stands in a DOT string, where a backslash begins an escape."""
    return text.replace("\\", "\\\\").replace('"', '\\"')
