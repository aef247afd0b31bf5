"""The top level of a stack: files read together, section by section."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from reconciler.desired.marks import Node
from reconciler.desired.problems import BROKEN, Problems, did_you_mean, enumerate_names
from reconciler.kinds.kind import Kind
from reconciler.model.address import NAME_PATTERN, Address
from reconciler.model.location import Location

BLOCKS = ("moved", "import", "removed", "policies")
SECTIONS = ("stack", "variables", "locals", "defaults", "data", "resources", "outputs", *BLOCKS)

_NAME = re.compile(NAME_PATTERN)
_MAX_STACK_NAME = 100
"""It becomes part of file names."""


@dataclass(slots=True)
class Sections:
    """What the files of a stack say, not looked into yet.

    location: of the first file. names: each `stack:` there is. defaults: by kind. bodies: resources
    and data sources. blocks: the items of each list of blocks, by its name.
    """

    location: Location
    names: list[Node] = field(default_factory=list)
    variables: dict[str, Node] = field(default_factory=dict)
    locals: dict[str, Node] = field(default_factory=dict)
    defaults: dict[str, Node] = field(default_factory=dict)
    outputs: dict[str, Node] = field(default_factory=dict)
    bodies: dict[Address, Node] = field(default_factory=dict)
    blocks: dict[str, list[Node]] = field(default_factory=dict)


def read_sections(
    documents: Sequence[Node],
    location: Location,
    catalogue: Mapping[str, Kind],
    problems: Problems,
) -> Sections:
    """Return the documents' sections put together; problems are noted."""
    sections = Sections(location)
    for document in documents:
        for entry in _top_level(document, problems):
            _read_section(entry, sections, catalogue, problems)
    return sections


def read_stack_name(sections: Sections, problems: Problems) -> str:
    """Return the stack's name, or "" with a problem noted."""
    if not sections.names:
        problems.add(
            sections.location,
            "Missing stack name",
            "No 'stack:' says what this stack is called; the name finds its state.",
            "add a line such as stack: example",
        )
        return ""
    first, *others = sections.names
    for other in others:
        problems.add(
            other.key_location,
            "Several stack names",
            f"The stack is named at {first.key_location} as well.",
            "name it in one file only",
        )
    return _checked_stack_name(first, problems)


def named_entries(node: Node, what: str, problems: Problems) -> Iterator[Node]:
    """Yield the entries of a mapping of names; a problem is noted for whatever else there is.

    Nothing at all (`resources:` with each line commented out) is an empty mapping.
    """
    if node.value is None:
        return
    if not isinstance(node.value, dict):
        problems.add(node.location, "Wrong type", f"{node.name} must be a map of {what}.")
        return
    for entry in node.entries():
        if _NAME.fullmatch(entry.name):
            yield entry
        else:
            problems.add(
                entry.key_location,
                "Invalid name",
                f"'{entry.name}' is not a name: letters, digits and _, not beginning with a digit.",
                _suggested_name(entry.name),
            )


def check_keys(node: Node, known: Sequence[str], problems: Problems, *, of: str) -> Iterator[Node]:
    """Yield the entries of a mapping whose keys are known; problems are noted for the others."""
    for entry in node.entries():
        if entry.name in known:
            yield entry
        else:
            problems.add(
                entry.key_location,
                "Unknown key",
                f"{of} has no key '{entry.name}'.",
                did_you_mean(entry.name, known),
            )


def _top_level(document: Node, problems: Problems) -> Iterator[Node]:
    if document.value is None:
        problems.add(document.location, "Empty file", "There is nothing in it.")
        return
    if not isinstance(document.value, dict):
        problems.add(
            document.location,
            "Not a stack",
            "A stack file is a map with the keys stack and resources.",
            "begin with a line such as stack: example",
        )
        return
    yield from check_keys(document, SECTIONS, problems, of="A stack")


def _read_section(
    entry: Node, sections: Sections, catalogue: Mapping[str, Kind], problems: Problems
) -> None:
    name = entry.name
    if name == "stack":
        sections.names.append(entry)
    elif name in BLOCKS:
        sections.blocks.setdefault(name, []).extend(_items(entry, problems))
    elif name in _OF_NAMES:
        into: dict[str, Node] = getattr(sections, name)
        for named in named_entries(entry, _OF_NAMES[name], problems):
            _put(into, named.name, named, problems)
    else:
        for kind in named_entries(entry, "kinds", problems):
            if not _is_known_kind(kind, name, catalogue, problems):
                continue
            if name == "defaults":
                _put(sections.defaults, kind.name, kind, problems)
            else:
                _read_bodies(kind, sections, problems, is_data=name == "data")


_OF_NAMES = {"variables": "variables", "locals": "names to values", "outputs": "outputs"}
"""Sections of names that people choose, and what they are called."""


def _items(entry: Node, problems: Problems) -> Iterator[Node]:
    """Yield the blocks of a list."""
    if entry.value is None or isinstance(entry.value, list):
        yield from entry.items()
        return
    problems.add(
        entry.location,
        "Wrong type",
        f"{entry.name} must be a list.",
        f"begin each of its entries with a dash: - {{{_FIRST_KEYS[entry.name]}}}",
    )


_FIRST_KEYS = {
    "moved": "from: kind.old, to: kind.new",
    "import": "to: kind.name, id: PROJECT/…",
    "removed": "from: kind.name, forget: true",
    "policies": "rule: …, message: …",
}


def _read_bodies(kind: Node, sections: Sections, problems: Problems, *, is_data: bool) -> None:
    for body in named_entries(kind, "names to attributes", problems):
        address = Address.of(kind.name, body.name, data=is_data)
        _put(sections.bodies, address, body, problems)


def _is_known_kind(
    entry: Node, section: str, catalogue: Mapping[str, Kind], problems: Problems
) -> bool:
    name = entry.name
    if name not in catalogue:
        hint = did_you_mean(name, catalogue) or f"the kinds are {enumerate_names(catalogue)}"
        problems.add(entry.key_location, "Unknown kind", f"There is no kind '{name}'.", hint)
        return False
    if section != "data" and not catalogue[name].is_resource:
        problems.add(
            entry.key_location,
            "Not a resource",
            f"{name} can be looked up, but not made.",
            "declare it under data" if section == "resources" else "remove it",
        )
        return False
    return True


_Name = TypeVar("_Name", bound=str)


def _put(into: dict[_Name, Node], name: _Name, node: Node, problems: Problems) -> None:
    if name not in into:
        into[name] = node
        return
    problems.add(
        node.key_location,
        "Declared twice",
        f"{name} is declared at {into[name].key_location} as well.",
        "remove or rename one",
    )


def _checked_stack_name(node: Node, problems: Problems) -> str:
    name = node.value
    if name is BROKEN:
        return ""
    if not isinstance(name, str):
        problems.add(node.location, "Wrong type", "stack must be a string.", "quote it")
        return ""
    if not _NAME.fullmatch(name) or len(name) > _MAX_STACK_NAME:
        problems.add(
            node.location,
            "Invalid name",
            f"'{name[:_MAX_STACK_NAME]}' is not a name: letters, digits and _, not beginning with "
            f"a digit, at most {_MAX_STACK_NAME} characters.",
            _suggested_name(name[:_MAX_STACK_NAME]),
        )
        return ""
    return name


def _suggested_name(name: str) -> str:
    better = re.sub(r"[^A-Za-z0-9_]+", "_", name)
    better = f"_{better}" if better[:1].isdigit() else better
    return f"write {better}" if better.strip("_") else ""
