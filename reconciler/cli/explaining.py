"""The text of an explanation: where values come from, what differs, who waits for whom."""

from collections.abc import Iterable, Iterator
from textwrap import wrap

from reconciler.cli.explain_subject import Subject
from reconciler.cli.pipeline import Project
from reconciler.desired.dig import known_at
from reconciler.expressions import Template
from reconciler.model.address import Address
from reconciler.model.duration import format_duration
from reconciler.model.location import Path
from reconciler.model.plan import Action, Change, Field, Plan
from reconciler.model.resource import OPERATIONS, Origin, OriginKind
from reconciler.model.values import MASK
from reconciler.plan.links import Link, link
from reconciler.render.safe import pair, terminal
from reconciler.render.safe import value as spell

_LABEL = 16


def explanation(subject: Subject, project: Project, plan: Plan | None, *, width: int) -> str:
    """Return the explanation as text of at most `width` columns, where its words allow."""
    page = _Page(width)
    page.heading(subject)
    for path in _paths(subject):
        page.value(subject, path)
    if subject.change is not None:
        page.change(subject, subject.change)
    if not subject.address.is_data or not subject.path:
        page.neighbours(subject, project, plan)
    if subject.resource is not None and not subject.path:
        page.timeouts(subject)
    return "\n".join(page.lines)


def _paths(subject: Subject) -> Iterator[Path]:
    if subject.resource is None:
        return
    if subject.path:
        yield subject.path
        return
    for name in subject.kind.attributes:
        if name in subject.resource.attributes:
            yield (name,)


class _Page:
    """Lines under labels, as narrow as the terminal."""

    def __init__(self, width: int) -> None:
        self.lines: list[str] = []
        self._width = max(width, 40)

    def heading(self, subject: Subject) -> None:
        place = str(subject.resource.location) if subject.resource else "no longer declared"
        self._pair(terminal(subject.address), terminal(place))

    def value(self, subject: Subject, path: Path) -> None:
        """Tell a value and the places it came from."""
        resource = subject.resource
        if resource is None:
            return
        chain = resource.origins.of(path) if resource.origins else ()
        self._gap()
        self.lines.append(f"{_spell_path(path)} = {_declared(subject, path, chain)}")
        for index, origin in enumerate(chain):
            self._origin(origin, is_own=not index)

    def change(self, subject: Subject, change: Change) -> None:
        """Tell the verdict, why, what differs and what people will feel."""
        fields = [field for field in change.fields if _overlap(field.path, subject.path)]
        self._gap()
        self._labelled(change.action.value, terminal(change.reason))
        for field in fields if change.action is not Action.CREATE else ():
            self._labelled("  differs", _difference(field))
        for drift in change.drift:
            if _overlap(drift.path, subject.path):
                before, after = (
                    (MASK, MASK) if drift.sensitive else pair(drift.recorded, drift.live)
                )
                text = f"{_spell_path(drift.path)}: {before} → {after}, by somebody else"
                self._labelled("  drift", text)
        for effect in change.effects:
            self._labelled("  effect", terminal(effect.text))
            if effect.instead:
                self._labelled("  instead", terminal(effect.instead))
        for diagnostic in change.diagnostics:
            self._labelled("  because", terminal(diagnostic.detail or diagnostic.summary))
            if diagnostic.hint:
                self._labelled("  hint", terminal(diagnostic.hint))
        for step in change.steps:
            text = f"{step.n}: {step.op.value}, within {format_duration(step.timeout_s)}"
            self._labelled("  step", text)

    def neighbours(self, subject: Subject, project: Project, plan: Plan | None) -> None:
        """Tell what it waits for and what waits for it, with their steps."""
        links = link(project.stack.resources, project.catalogue)
        needs = [one for one in links.get(subject.address, ()) if _is_about(one, subject.path)]
        data = [
            Link(use.target, use.attribute.partition(".")[0])
            for use in (subject.resource.uses if subject.resource else ())
            if use.target.is_data and _is_about(Link(use.target, use.attribute), subject.path)
        ]
        users = _users(subject, project, links.items()) if not subject.path else []
        if not needs and not data and not users:
            return
        self._gap()
        self._all("waits for", [*sorted(set(data)), *needs], plan)
        self._all("waited for by", users, plan)

    def timeouts(self, subject: Subject) -> None:
        """Tell the deadline of each operation and whether it was declared."""
        declared = subject.resource.timeouts_s if subject.resource else {}
        self._gap()
        parts = []
        for op in ("read",) if subject.address.is_data else OPERATIONS:
            is_own = op in declared or "default" in declared
            seconds = format_duration(subject.kind.timeout_s(op, declared))
            parts.append(f"{op} {seconds}{'' if is_own else ' (default)'}")
        self._labelled("timeouts", ", ".join(parts))

    # How it is laid out

    def _gap(self) -> None:
        if self.lines and self.lines[-1]:
            self.lines.append("")

    def _origin(self, origin: Origin, *, is_own: bool) -> None:
        is_here = is_own and origin.kind is OriginKind.ATTRIBUTE
        name = "" if is_here else terminal(origin.name)
        place = terminal(str(origin.location)) if origin.location else ""
        self._pair(f"  {origin.kind.value:<{_LABEL - 4}}  {name}".rstrip(), place)

    def _pair(self, left: str, right: str) -> None:
        """Put the place at the right edge, or on a line of its own where both do not fit."""
        gap = self._width - len(left) - len(right)
        if not right:
            self.lines.append(left)
        elif gap >= 2:
            self.lines.append(left + " " * gap + right)
        else:
            self.lines += [left, " " * max(self._width - len(right), _LABEL) + right]

    def _labelled(self, label: str, text: str) -> None:
        words = wrap(text, self._width - _LABEL, break_long_words=False, break_on_hyphens=False)
        for index, line in enumerate(words or [""]):
            self.lines.append(f"{label if not index else '':<{_LABEL}}{line}".rstrip())

    def _all(self, label: str, links: Iterable[Link], plan: Plan | None) -> None:
        steps: dict[Address, list[str]] = {}
        for step in plan.steps if plan else ():
            steps.setdefault(step.address, []).append(f"step {step.n}: {step.op.value}")
        by_address: dict[Address, list[str]] = {}
        for one in links:
            by_address.setdefault(one.target, []).append(one.attribute or "depends_on")
        for address, attributes in sorted(by_address.items()):
            names = ", ".join(dict.fromkeys(attributes))
            done = f" ({', '.join(steps[address])})" if address in steps else ""
            self._labelled(label, f"{terminal(address)} by {names}{done}")
            label = ""


def _users(
    subject: Subject, project: Project, links: Iterable[tuple[Address, tuple[Link, ...]]]
) -> list[Link]:
    if subject.address.is_data:
        return [
            Link(resource.address, use.attribute)
            for resource in project.stack.resources.values()
            for use in resource.uses
            if use.target == subject.address
        ]
    return [
        Link(address, one.attribute)
        for address, its_links in links
        for one in its_links
        if one.target == subject.address
    ]


def _is_about(one: Link, path: Path) -> bool:
    return not path or one.attribute.partition(".")[0] == path[0]


def _overlap(one: Path, other: Path) -> bool:
    shared = min(len(one), len(other))
    return one[:shared] == other[:shared]


def _spell_path(path: Path) -> str:
    from reconciler.expressions import spell_path

    return terminal(spell_path(path))


def _declared(subject: Subject, path: Path, chain: tuple[Origin, ...]) -> str:
    """Return the declared value, or what counts instead of one."""
    attribute = subject.kind.attributes[str(path[0])]
    if subject.resource is not None and path[0] in subject.resource.attributes:
        return MASK if attribute.sensitive else _spell(known_at(subject.resource.attributes, path))
    if chain and chain[0].kind is OriginKind.SCHEMA:
        return f"{_spell(attribute.default)}, which is the default"
    if attribute.read_only:
        return "what the API says"
    return "what the server chooses" if attribute.computed else "not declared"


def _spell(value: object) -> str:
    """Return a value for the terminal; an expression that waits for a value as it is written."""
    if isinstance(value, Template):
        return f"{terminal(str(value))}, known later"
    return spell(_plain(value))


def _plain(value: object) -> object:
    if isinstance(value, Template):
        return str(value)
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _difference(field: Field) -> str:
    if field.sensitive:
        before = after = MASK
    else:
        before, after = pair(field.before, field.after)
    forced = ", forces replacement" if field.forces_replace else ""
    return f"{_spell_path(field.path)}: {before} → {after}{forced}"
