"""What differs between two sides, attribute by attribute. The only user of deepdiff."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from reconciler.kinds.kind import Attribute, Kind, Unset
from reconciler.kinds.normal import normal
from reconciler.model.location import Path
from reconciler.model.values import Attributes, Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One attribute (or one property of a merged one) that is not as wanted.

    path: of the attribute; shown more exactly by `leaves`.
    """

    path: Path
    attribute: Attribute
    have: object
    want: object


def differences(
    kind: Kind, wanted: Attributes, recorded: Attributes | None, live: Attributes
) -> tuple[Difference, ...]:
    """Return how live differs from wanted, in the order of the kind's attributes.

    recorded: what was declared last time, or None when nothing was recorded.
    """
    return tuple(_differences(kind.attributes, wanted, recorded or {}, live, ()))


def _differences(
    attributes: Mapping[str, Attribute],
    wanted: Attributes,
    recorded: Attributes,
    live: Attributes,
    parents: Path,
) -> Iterator[Difference]:
    for name, attribute in attributes.items():
        path = (*parents, name)
        if _is_merged(attribute, wanted, recorded):
            yield from _differences(
                attribute.nested,
                _mapping(wanted.get(name)),
                _mapping(recorded.get(name)),
                _mapping(live.get(name)),
                path,
            )
        elif is_compared(attribute, wanted, recorded) and is_known(attribute, live, path):
            have = recorded.get(name) if _lives_in_record(attribute) else live.get(name)
            want = effective(attribute, wanted)
            if not is_same(attribute, have, want):
                yield Difference(path=path, attribute=attribute, have=have, want=want)


def _is_merged(attribute: Attribute, wanted: Attributes, recorded: Attributes) -> bool:
    """Whether to compare property by property; an object that is taken away as a whole is not."""
    want = wanted.get(attribute.name)
    if not attribute.nested or isinstance(want, Unknown):
        return False
    is_removed = want is None and recorded.get(attribute.name) is not None
    return not (is_removed and attribute.unset is Unset.NULL)


def is_compared(attribute: Attribute, wanted: Attributes, recorded: Attributes) -> bool:
    """Whether a difference in this attribute is ours to mend.

    Not ours: what the API computes; what the server fills in and nobody declared, now or last time;
    what was declared once and cannot be unset.
    """
    name = attribute.name
    is_declared = wanted.get(name) is not None
    if attribute.read_only:
        return False
    if _lives_in_record(attribute):
        return is_declared and not attribute.sensitive
    if not is_declared and not _can_be_unset(attribute):
        return False
    return is_declared or not attribute.computed or recorded.get(name) is not None


def is_known(attribute: Attribute, live: Attributes, path: Path) -> bool:
    """Whether the read could show the attribute.

    A merged object that lacks a property has it unset; that goes for a secret only when it lacks all.
    """
    if _lives_in_record(attribute) or attribute.name in live:
        return True
    return len(path) > 1 and not (attribute.sensitive and live)


def effective(attribute: Attribute, side: Attributes) -> object:
    """Return the value a side stands for: declared, else the schema's default, else unset."""
    value = side.get(attribute.name)
    return attribute.default if value is None and attribute.has_default else value


def is_same(attribute: Attribute, one: object, other: object) -> bool:
    """Whether two values mean the same to the API."""
    one, other = normal(attribute, one), normal(attribute, other)
    if isinstance(one, bool) is not isinstance(other, bool):
        return False
    return one == other


def with_ignored(
    values: Attributes, ignored: Iterable[Path], live: Attributes
) -> dict[str, object]:
    """Return `values` with what lies at the ignored paths as it is live."""
    found = dict(values)
    for path in ignored:
        name = str(path[0])
        if name in live:
            found = _as_live(found, path, live)
    return found


def _as_live(values: Attributes, path: Path, live: Attributes) -> dict[str, object]:
    name, rest = str(path[0]), path[1:]
    if rest:
        inner = _as_live(_mapping(values.get(name)), rest, _mapping(live.get(name)))
        return {**values, name: inner} if inner or name in values else dict(values)
    if name in live:
        return {**values, name: live[name]}
    return {key: value for key, value in values.items() if key != name}


def same_declaration(kind: Kind, one: Attributes, other: Attributes) -> bool:
    """Whether two declarations stand for the same: equal values once defaults are put in."""
    return all(_same_nested(attribute, one, other) for attribute in kind.attributes.values())


def _same_nested(attribute: Attribute, one: Attributes, other: Attributes) -> bool:
    if attribute.read_only or attribute.sensitive:
        return True
    if attribute.nested:
        left, right = _mapping(one.get(attribute.name)), _mapping(other.get(attribute.name))
        return all(_same_nested(child, left, right) for child in attribute.nested.values())
    return is_same(attribute, effective(attribute, one), effective(attribute, other))


def leaves(path: Path, have: object, want: object) -> tuple[tuple[Path, object, object], ...]:
    """Return the places inside a structured value that differ, for showing; else the value as a whole."""
    if not (isinstance(have, dict) and isinstance(want, dict)):
        return ((path, have, want),)
    from deepdiff import DeepDiff

    tree = DeepDiff(have, want, view="tree")
    found = [
        ((*path, *level.path(output_format="list")), _present(level.t1), _present(level.t2))
        for levels in tree.values()
        for level in levels
    ]
    return tuple(sorted(found, key=lambda leaf: tuple(map(str, leaf[0])))) or ((path, have, want),)


def _present(side: object) -> object:
    """Return a side of a deepdiff level; it marks what is not there with an object of its own."""
    return None if type(side).__name__ == "NotPresent" else side


def _lives_in_record(attribute: Attribute) -> bool:
    return attribute.local or attribute.write_only


def _can_be_unset(attribute: Attribute) -> bool:
    return attribute.has_default or attribute.unset is not Unset.OMIT


def _mapping(value: object) -> Attributes:
    return value if isinstance(value, Mapping) else {}
