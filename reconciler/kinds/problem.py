"""What lint says of a kind file, and what all of it needs to say it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from reconciler.kinds.kind import Attribute, Kind
from reconciler.model.location import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that does not fit; path: in the kind file."""

    path: Path
    summary: str
    detail: str
    hint: str = ""


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Return a hint that names the nearest of `names`, or ""."""
    close = get_close_matches(name, sorted(names), n=1)
    return f"did you mean '{close[0]}'?" if close else ""


def unknown_attributes(path: Path, names: Iterable[str], kind: Kind) -> Iterator[Problem]:
    """Yield each of `names` that is no attribute of the kind."""
    for name in names:
        if name not in kind.attributes:
            detail = f"{kind.name} has no attribute '{name}'."
            yield Problem(path, "Unknown attribute", detail, did_you_mean(name, kind.attributes))


def walk(attributes: Mapping[str, Attribute], parents: Path) -> Iterator[tuple[Path, Attribute]]:
    """Yield every attribute with its path in the kind file, nested ones included."""
    for name, attribute in attributes.items():
        path = (*parents, "properties", name)
        yield path, attribute
        yield from walk(attribute.nested, path)


def resolves(dotted: str, attributes: Mapping[str, Attribute]) -> bool:
    """Whether the path leads to an attribute; names may hold dots themselves."""
    if dotted in attributes:
        return True
    return any(
        dotted.startswith(f"{name}.") and resolves(dotted[len(name) + 1 :], attribute.nested)
        for name, attribute in attributes.items()
    )
