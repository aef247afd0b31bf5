"""One declaration: its attributes with their expressions read, and what is said beside them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.desired.marks import FilePlaces, Node
from reconciler.desired.problems import BROKEN, Problems
from reconciler.desired.sections import check_keys, note_not_yet
from reconciler.desired.sensitive import is_sensitive
from reconciler.expressions import OPENING, ExpressionError, Template, parse_template
from reconciler.kinds.kind import Kind
from reconciler.model.address import Address
from reconciler.model.duration import parse_duration
from reconciler.model.location import Location, Path
from reconciler.model.resource import OPERATIONS, Lifecycle, Use

_BESIDE = ("depends_on", "lifecycle", "timeouts")
_LIFECYCLE_NOT_YET = (
    "create_before_destroy",
    "ignore_changes",
    "replace_triggered_by",
    "update_in_place",
)
_MAX_TIMEOUT_S = 7 * 24 * 3600.0


@dataclass(slots=True, kw_only=True)
class Draft:
    """A resource or data source on its way.

    attributes: as declared, with Templates. expanded: with what is known put in; None before that.
    depends_on: with the place of each.
    """

    address: Address
    kind: Kind
    places: FilePlaces
    attributes: dict[str, object] = field(default_factory=dict)
    expanded: dict[str, object] | None = None
    uses: list[Use] = field(default_factory=list)
    depends_on: dict[Address, Location] = field(default_factory=dict)
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    timeouts_s: dict[str, float] = field(default_factory=dict)

    @property
    def is_data(self) -> bool:
        return self.address.is_data


Resolve = Callable[[object], object]
"""Puts variables into a value; raises ExpressionError when it needs anything else."""


def declare(
    address: Address, body: Node, kind: Kind, resolve: Resolve, problems: Problems
) -> Draft | None:
    """Return the draft of one declaration; None with a problem noted when it is no map."""
    draft = Draft(address=address, kind=kind, places=body.places)
    if body.value is None:
        return draft
    if not isinstance(body.value, dict):
        problems.add(body.location, "Wrong type", f"{address} must be a map of attributes.")
        return None
    values = body.value
    if "for_each" in values or not values.keys().isdisjoint(_BESIDE):
        values = _read_beside(draft, body, resolve, problems)
    for name, value in values.items():
        draft.attributes[name] = read_expressions(value, (name,), draft.places, problems, kind)
    return draft


def read_expressions(
    value: object,
    path: Path,
    places: FilePlaces,
    problems: Problems,
    kind: Kind | None = None,
) -> object:
    """Return `value` with each string that holds expressions read; BROKEN where that fails.

    kind: whose attribute it is, when `path` begins with one.
    """
    if isinstance(value, str):
        if OPENING not in value:
            return value
        try:
            return parse_template(value)
        except ExpressionError as error:
            note_expression_error(error, path, places, problems, kind)
            return BROKEN
    if isinstance(value, dict):
        for key in value:
            if OPENING in key:
                problems.add(
                    places.key_at((*path, key)),
                    "Expression in a key",
                    "A key is taken as it is; expressions stand in values only.",
                )
        return {
            key: read_expressions(inner, (*path, key), places, problems, kind)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [
            read_expressions(inner, (*path, index), places, problems, kind)
            for index, inner in enumerate(value)
        ]
    return value


def note_expression_error(
    error: ExpressionError,
    path: Path,
    places: FilePlaces,
    problems: Problems,
    kind: Kind | None,
) -> None:
    """Note the problem; without the expression's text where that may be part of a password."""
    if kind and is_sensitive(kind, path):
        problems.add(
            places.at(path),
            error.summary,
            "An expression in a sensitive value cannot be used.",
            "write $${ for a literal ${",
        )
        return
    problems.add(places.at(path), error.summary, error.detail, error.hint)


def _read_beside(
    draft: Draft, body: Node, resolve: Resolve, problems: Problems
) -> dict[str, object]:
    """Read what is said beside the attributes, and return the attributes."""
    attributes: dict[str, object] = {}
    for entry in body.entries():
        match entry.name:
            case "for_each":
                note_not_yet(entry, problems)
            case "depends_on":
                draft.depends_on = dict(_depends_on(entry, draft.address, problems))
            case "timeouts":
                draft.timeouts_s = dict(_timeouts(entry, draft, resolve, problems))
            case "lifecycle":
                draft.lifecycle = _lifecycle(entry, draft, resolve, problems)
            case name:
                attributes[name] = entry.value
    return attributes


def _depends_on(
    entry: Node, address: Address, problems: Problems
) -> Iterator[tuple[Address, Location]]:
    items = entry.value if isinstance(entry.value, list) else None
    if items is None:
        problems.add(
            entry.location,
            "Wrong type",
            f"{address}.depends_on must be a list of addresses.",
            "write depends_on: [aiven_pg.main]",
        )
        return
    for index, item in enumerate(items):
        place = entry.places.at((index,))
        try:
            if not isinstance(item, str):
                raise ValueError(item)  # noqa: TRY301 TRY004 - one message for both
            yield Address.parse(item), place
        except ValueError:
            hint = "write it without ${}: kind.name" if OPENING in str(item) else ""
            problems.add(
                place,
                "Invalid address",
                f"{address}.depends_on takes addresses such as aiven_pg.main.",
                hint,
            )


def _timeouts(
    entry: Node, draft: Draft, resolve: Resolve, problems: Problems
) -> Iterator[tuple[str, float]]:
    if not _is_map(entry, draft, problems):
        return
    operations = OPERATIONS if draft.kind.is_resource and not draft.is_data else ("read",)
    owner = f"{draft.address}.timeouts"
    for timeout in check_keys(entry, (*operations, "default"), problems, of=owner):
        value = _resolved(timeout, resolve, problems)
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


def _seconds(value: object) -> float | None:
    if not isinstance(value, str):
        return None
    try:
        seconds = parse_duration(value)
    except (ValueError, OverflowError):
        return None
    return seconds if 0 < seconds <= _MAX_TIMEOUT_S else None


def _lifecycle(entry: Node, draft: Draft, resolve: Resolve, problems: Problems) -> Lifecycle:
    lifecycle = Lifecycle()
    if draft.is_data:
        problems.add(
            entry.key_location,
            "Unknown key",
            f"{draft.address} is only looked up; it has no lifecycle.",
            "remove it",
        )
        return lifecycle
    if not _is_map(entry, draft, problems):
        return lifecycle
    owner = f"{draft.address}.lifecycle"
    known = ("prevent_destroy",)
    for key in check_keys(entry, known, problems, of=owner, not_yet=_LIFECYCLE_NOT_YET):
        value = _resolved(key, resolve, problems)
        if isinstance(value, bool):
            lifecycle = Lifecycle(prevent_destroy=value)
        elif value is not BROKEN:
            problems.add(key.location, "Wrong type", f"{owner}.{key.name} must be true or false.")
    return lifecycle


def _resolved(node: Node, resolve: Resolve, problems: Problems) -> object:
    """Return the value with variables put in; BROKEN with a problem noted where that fails."""
    value = read_expressions(node.value, (), node.places, problems)
    if not isinstance(value, Template) or value is BROKEN:
        return value
    try:
        return resolve(value)
    except ExpressionError as error:
        problems.add(node.location, error.summary, error.detail, error.hint)
        return BROKEN


def _is_map(entry: Node, draft: Draft, problems: Problems) -> bool:
    if entry.value is None or isinstance(entry.value, dict):
        return True
    problems.add(entry.location, "Wrong type", f"{draft.address}.{entry.name} must be a map.")
    return False


Drafts = Mapping[Address, Draft]
