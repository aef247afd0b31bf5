"""`lifecycle`: how a resource is changed, apart from what it is."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from reconciler.desired.beside import (
    is_map,
    note_invalid_address,
    read_address,
    read_reference,
    resolved,
)
from reconciler.desired.marks import Node
from reconciler.desired.names import Names
from reconciler.desired.problems import BROKEN, Problems, did_you_mean
from reconciler.desired.schemas import Schema, schema_below, types_of
from reconciler.desired.sections import check_keys
from reconciler.expressions import ExpressionError, Reference, parse_expression
from reconciler.kinds.kind import Kind
from reconciler.model.location import Location, Path
from reconciler.model.resource import Lifecycle, Trigger

FLAGS = ("prevent_destroy", "create_before_destroy", "update_in_place")
KEYS = (*FLAGS, "ignore_changes", "replace_triggered_by")


@dataclass(slots=True, kw_only=True)
class LifecycleDraft:
    """A lifecycle whose triggers are not looked into yet; they have their places."""

    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    triggers: dict[Trigger, Location] = field(default_factory=dict)


def read_lifecycle(
    entry: Node, owner: str, kind: Kind, names: Names, problems: Problems
) -> LifecycleDraft:
    """Return what a `lifecycle` says; problems are noted."""
    draft = LifecycleDraft()
    if not is_map(entry, owner, problems):
        return draft
    owner = f"{owner}.lifecycle"
    for key in check_keys(entry, KEYS, problems, of=owner):
        match key.name:
            case "ignore_changes":
                paths = tuple(_ignored(key, owner, kind, problems))
                draft.lifecycle = replace(draft.lifecycle, ignore_changes=paths)
            case "replace_triggered_by":
                draft.triggers = dict(_triggers(key, owner, names, problems))
            case flag:
                value = _flag(key, owner, names, problems)
                if flag == "update_in_place" and value:
                    value = _can_update(key, owner, kind, problems)
                draft.lifecycle = _FLAG[flag](draft.lifecycle, value)
    return draft


_FLAG: Mapping[str, Callable[[Lifecycle, bool], Lifecycle]] = {
    "prevent_destroy": lambda lifecycle, value: replace(lifecycle, prevent_destroy=value),
    "create_before_destroy": lambda lifecycle, value: replace(
        lifecycle, create_before_destroy=value
    ),
    "update_in_place": lambda lifecycle, value: replace(lifecycle, update_in_place=value),
}


def _flag(key: Node, owner: str, names: Names, problems: Problems) -> bool:
    value = resolved(key, names, problems)
    if isinstance(value, bool):
        return value
    if value is not BROKEN:
        problems.add(key.location, "Wrong type", f"{owner}.{key.name} must be true or false.")
    return False


def _can_update(key: Node, owner: str, kind: Kind, problems: Problems) -> bool:
    if any(attribute.updatable for attribute in kind.attributes.values()):
        return True
    problems.add(
        key.key_location,
        "Nothing to update in place",
        f"{owner}.update_in_place: no attribute of {kind.name} that forces a replacement can be "
        "changed in place.",
        "remove it",
    )
    return False


def _items(key: Node, owner: str, what: str, example: str, problems: Problems) -> Iterator[Node]:
    if isinstance(key.value, list):
        yield from key.items()
        return
    problems.add(
        key.location,
        "Wrong type",
        f"{owner}.{key.name} must be a list of {what}.",
        f"write {key.name}: [{example}]",
    )


def _ignored(key: Node, owner: str, kind: Kind, problems: Problems) -> Iterator[Path]:
    owner = f"{owner}.ignore_changes"
    example = next(
        (name for name in [*kind.attributes][::-1] if _can_ignore(kind, name)), "attribute"
    )
    for item in _items(key, owner.rpartition(".")[0], "attributes", example, problems):
        path = _path(item.value)
        if path is None:
            problems.add(
                item.location,
                "Invalid path",
                f"{owner} takes attributes of {kind.name} such as {example}.",
                'a path may go on: pg_user_config.work_mem, tags["a key"]',
            )
        elif _is_attribute(path, item, owner, kind, problems):
            yield path


def _can_ignore(kind: Kind, name: str) -> bool:
    return not kind.attributes[name].read_only and name not in kind.identity


def _path(text: object) -> Path | None:
    """Return a dotted path inside a resource; None for what is none, or goes into a list."""
    if not isinstance(text, str):
        return None
    try:
        reference = parse_expression(f"vars.{text}")
    except ExpressionError:
        return None
    is_path = isinstance(reference, Reference) and all(isinstance(p, str) for p in reference.path)
    return reference.path if is_path and isinstance(reference, Reference) else None


def _is_attribute(path: Path, item: Node, owner: str, kind: Kind, problems: Problems) -> bool:
    name = str(path[0])
    attribute = kind.attributes.get(name)
    if attribute is None or attribute.read_only:
        fault = f"has no attribute '{name}'" if attribute is None else f"only reads '{name}'"
        problems.add(
            item.location,
            "Unknown attribute",
            f"{kind.name} {fault}, which {owner} names.",
            did_you_mean(name, [n for n in kind.attributes if _can_ignore(kind, n)]),
        )
        return False
    if name in kind.identity:
        problems.add(
            item.location,
            "Cannot be ignored",
            f"{owner}: {name} is part of what names the object.",
            "remove it",
        )
        return False
    return _is_inside(path, attribute.schema, item, owner, problems)


def _is_inside(path: Path, schema: Schema, item: Node, owner: str, problems: Problems) -> bool:
    for depth in range(1, len(path)):
        part, properties = str(path[depth]), schema.get("properties")
        known = properties if isinstance(properties, dict) else {}
        is_closed = schema.get("additionalProperties") is False
        types = types_of(schema)
        if (is_closed and part not in known) or (types and "object" not in types):
            holder = ".".join(map(str, path[:depth]))
            problems.add(
                item.location,
                "Unknown attribute",
                f"There is no '{part}' in {holder}, which {owner} names.",
                did_you_mean(part, known),
            )
            return False
        schema = schema_below(schema, (part,))
    return True


def _triggers(
    key: Node, owner: str, names: Names, problems: Problems
) -> Iterator[tuple[Trigger, Location]]:
    for item in _items(key, owner, "addresses", "aiven_pg.main", problems):
        trigger = _trigger(item, names)
        if trigger is None:
            owner_ = f"{owner}.replace_triggered_by takes addresses, or an address and attribute,"
            note_invalid_address(item, owner_, problems)
        else:
            yield trigger, item.location


def _trigger(item: Node, names: Names) -> Trigger | None:
    address = read_address(item, names)
    if address is not None:
        return Trigger(target=address)
    if not isinstance(item.value, str):
        return None
    reference = read_reference(item.value, names)
    if reference is None or reference.address is None:
        return None
    return Trigger(target=reference.address, attribute=reference.attribute)
