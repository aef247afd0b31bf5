"""What differs between two states, as lines for people."""

from collections.abc import Iterator, Mapping

from reconciler.model.state import Recorded, State
from reconciler.render.safe import terminal, value


def change_lines(before: State, after: State) -> list[str]:
    """Return a line for each address and attribute that differs: `+` is new, `-` is gone, `~` differs."""
    found: list[str] = []
    for address in sorted({*before.resources, *after.resources}):
        old, new = before.resources.get(address), after.resources.get(address)
        if old is None and new is not None:
            found.append(f"+ {terminal(address)}  {terminal(new.identity)}")
        elif new is None and old is not None:
            found.append(f"- {terminal(address)}  {terminal(old.identity)}")
        elif old is not None and new is not None:
            found += (f"~ {terminal(address)}  {line}" for line in _differences(old, new))
    found += _intents(before, after)
    if before.approved != after.approved:
        found.append("~ the approval that is not used up")
    return found


def _differences(old: Recorded, new: Recorded) -> Iterator[str]:
    for name, was, now in (
        ("identity", old.identity, new.identity),
        ("depends_on", list(old.depends_on), list(new.depends_on)),
        ("protected", old.protected, new.protected),
    ):
        if was != now:
            yield _line(name, was, now)
    yield from _attributes(old.attributes, new.attributes)


def _attributes(old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[str]:
    for name in sorted({*old, *new}):
        was, now = old.get(name), new.get(name)
        if (was, type(was)) != (now, type(now)) or (name in old) != (name in new):
            yield _line(name, was, now)


def _line(name: str, was: object, now: object) -> str:
    return f"{terminal(name)}: {value(was)} → {value(now)}"


def _intents(before: State, after: State) -> Iterator[str]:
    for key in sorted({*before.unresolved, *after.unresolved}):
        mark = "+" if key not in before.unresolved else "-" if key not in after.unresolved else ""
        intent = after.unresolved.get(key) or before.unresolved[key]
        if mark:
            yield f"{mark} unresolved: {intent.op} {terminal(intent.address)}"
