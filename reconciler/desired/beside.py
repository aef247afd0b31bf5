"""What is said beside the attributes: depends_on and timeouts."""

from collections.abc import Iterator

from reconciler.desired.marks import Node
from reconciler.desired.names import Names
from reconciler.desired.problems import BROKEN, Problems
from reconciler.desired.sections import check_keys
from reconciler.desired.texts import put_names_in, read_expressions
from reconciler.expressions import (
    OPENING,
    ExpressionError,
    Indexed,
    Reference,
    Template,
    parse_expression,
)
from reconciler.model.address import Address
from reconciler.model.duration import parse_duration
from reconciler.model.location import Location

BESIDE = frozenset({"for_each", "depends_on", "lifecycle", "timeouts"})
_MAX_TIMEOUT_S = 7 * 24 * 3600.0


def read_dependencies(
    entry: Node, owner: str, names: Names, problems: Problems
) -> Iterator[tuple[Address, Location]]:
    """Yield the addresses of a depends_on with their places."""
    if not isinstance(entry.value, list):
        problems.add(
            entry.location,
            "Wrong type",
            f"{owner}.depends_on must be a list of addresses.",
            "write depends_on: [aiven_pg.main]",
        )
        return
    for item in entry.items():
        address = read_address(item, names)
        if address is None:
            note_invalid_address(item, f"{owner}.depends_on takes addresses", problems)
        else:
            yield address, item.location


def read_address(item: Node, names: Names) -> Address | None:
    """Return the address that the text spells, perhaps with `[each.key]`; None for no address."""
    if not isinstance(item.value, str):
        return None
    try:
        return Address.parse(item.value)
    except ValueError:
        reference = read_reference(f"{item.value}.id", names)
        return reference.address if reference and reference.path == ("id",) else None


def read_reference(text: str, names: Names) -> Reference | None:
    """Return the reference that the text spells, with its indexes put in; None for anything else."""
    try:
        path = parse_expression(text)
        if isinstance(path, Indexed):
            return path.resolve(names.lookup)
    except ExpressionError:
        return None
    return path if isinstance(path, Reference) else None


def note_invalid_address(item: Node, demand: str, problems: Problems) -> None:
    """Note that a text is no address; the text itself may be anything, and is not shown."""
    problems.add(
        item.location,
        "Invalid address",
        f"{demand} such as aiven_pg.main.",
        "write it without ${}: kind.name" if OPENING in str(item.value) else "",
    )


def read_timeouts(
    entry: Node, owner: str, operations: tuple[str, ...], names: Names, problems: Problems
) -> Iterator[tuple[str, float]]:
    """Yield what a `timeouts` says, in seconds."""
    if not is_map(entry, owner, problems):
        return
    owner = f"{owner}.timeouts"
    for timeout in check_keys(entry, (*operations, "default"), problems, of=owner):
        value = resolved(timeout, names, problems)
        seconds = _seconds(value)
        if seconds is not None:
            yield timeout.name, seconds
        elif value is not BROKEN:
            problems.add(
                timeout.location,
                "Invalid duration",
                f"{owner}.{timeout.name} must be a duration above zero and of at most 7 days.",
                "write 30s, 5m or 2h45m",
            )


def resolved(node: Node, names: Names, problems: Problems) -> object:
    """Return the value with vars, locals, each and stack put in; BROKEN, noted, where that fails."""
    before = len(problems)
    value = read_expressions(node.value, (), node.places, problems)
    value = put_names_in(value, (), node.places, names, problems)
    if not isinstance(value, Template) or value is BROKEN:
        return value
    needs = [reference for reference in value.references if reference.address is not None]
    if needs and len(problems) == before:
        problems.add(
            node.location,
            "Not known here",
            f"${{{needs[0]}}} cannot stand here: it belongs to a resource.",
            "write the value out, or use a variable or a local",
        )
    return BROKEN


def is_map(entry: Node, owner: str, problems: Problems) -> bool:
    """Whether it is a map, or nothing; noted if not."""
    if entry.value is None or isinstance(entry.value, dict):
        return True
    problems.add(entry.location, "Wrong type", f"{owner}.{entry.name} must be a map.")
    return False


def _seconds(value: object) -> float | None:
    if not isinstance(value, str):
        return None
    try:
        seconds = parse_duration(value)
    except (ValueError, OverflowError):
        return None
    return seconds if 0 < seconds <= _MAX_TIMEOUT_S else None
