"""Answers → a live object, by the attribute names of its kind."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from reconciler.kinds.kind import Attribute, Kind, Read
from reconciler.live.answer import Answer, Found
from reconciler.live.convert import ConversionError, from_wire
from reconciler.live.driver import hint_for
from reconciler.live.errors import ApiError
from reconciler.model.live import ABSENT, LiveObject, Presence
from reconciler.model.values import Secret

REDACTED: Final = "<redacted>"
"""Stands in answers for what this token may not see. Never a value."""

_NOT_TOLD: Final = object()


def object_from(kind: Kind, identity: str, answers: Sequence[Answer | None]) -> LiveObject:
    """Return the object; `answers` are those of the kind's reads, None for a read not made."""
    return Reader(kind).object_from(identity, kind.identity_values(identity), answers)


class Reader:
    """Reads objects of one kind out of answers."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._has_id = "id" in kind.attributes
        self._told_by = [tuple(_told_by(kind, read)) for read in kind.reads]

    def reads_for(self, attributes: frozenset[str]) -> Iterator[tuple[int, Read]]:
        """Yield the reads that tell these attributes; the first decides presence and is always made."""
        for index, read in enumerate(self.kind.reads):
            if index == 0 or not read.only_for or attributes.intersection(read.only_for):
                yield index, read

    def object_from(
        self, identity: str, values: Mapping[str, str], answers: Sequence[Answer | None]
    ) -> LiveObject:
        """Return the object with this identity, `values` being its parts. See the function of this name."""
        attributes: dict[str, object] = {}
        for index, (read, answer) in enumerate(zip(self.kind.reads, answers, strict=True)):
            if answer is None:
                continue
            found = answer.find(read, values)
            if found.presence is Presence.UNKNOWN:
                return LiveObject(presence=Presence.UNKNOWN, why=self._why(answer, found))
            if found.presence is Presence.ABSENT:
                if index == 0:
                    return ABSENT
                continue
            try:
                self._read(index, read, answer, found, attributes)
            except ConversionError as err:
                return LiveObject(presence=Presence.UNKNOWN, why=str(err))
        attributes.update(values)
        if self._has_id:
            attributes["id"] = identity
        return LiveObject(presence=Presence.PRESENT, attributes=attributes)

    def _read(
        self, index: int, read: Read, answer: Answer, found: Found, into: dict[str, object]
    ) -> None:
        if isinstance(found.item, str):
            return
        hides_secrets = bool(read.secrets) and not answer.shows_secrets
        for attribute in self._told_by[index]:
            value = _told(attribute, found.item, hides_secrets=hides_secrets)
            if value is not _NOT_TOLD:
                into[attribute.name] = value

    def _why(self, answer: Answer, found: Found) -> str:
        error = answer.error
        hint = hint_for(self.kind, error) if isinstance(error, ApiError) else ""
        return f"{found.why} ({hint})" if hint else found.why


def _told_by(kind: Kind, read: Read) -> Iterator[Attribute]:
    """Yield the attributes a read tells: those it is made for, else all that no other is made for."""
    elsewhere = {name for other in kind.reads if other is not read for name in other.only_for}
    for name, attribute in kind.attributes.items():
        if not attribute.read_wire or name in kind.identity:
            continue
        if name in read.only_for or (not read.only_for and name not in elsewhere):
            yield attribute


def _told(attribute: Attribute, item: Mapping[str, Any], *, hides_secrets: bool) -> object:
    """Return the attribute's value in our form, or _NOT_TOLD."""
    if attribute.sensitive and hides_secrets:
        return _NOT_TOLD
    value: Any = item
    for key in attribute.read_wire:
        if not isinstance(value, dict) or key not in value:
            return None if _may_be_left_out(attribute) else _NOT_TOLD
        value = value[key]
    if attribute.nested and isinstance(value, dict):
        return _merged(attribute, value, hides_secrets=hides_secrets)
    if value is None or value == "":
        return _NOT_TOLD if attribute.sensitive else value
    if _is_redacted(value):
        return _NOT_TOLD
    if attribute.convert:
        value = _converted(attribute, value)
    return _sealed(value) if attribute.sensitive else value


def _may_be_left_out(attribute: Attribute) -> bool:
    """Whether an answer without this key says that it is unset.

    Not where being unset would start something: such an answer is taken for one that does not tell.
    """
    return not (
        attribute.required
        or attribute.has_default
        or attribute.force_new
        or attribute.read_only
        or attribute.sensitive
        or attribute.nested
    )


def _merged(
    attribute: Attribute, value: Mapping[str, Any], *, hides_secrets: bool
) -> dict[str, object]:
    """Return the keys the server gave, as far as the kind knows them."""
    found: dict[str, object] = {}
    for name, child in attribute.nested.items():
        if child.read_wire and child.read_wire[0] in value:
            part = _told(child, value, hides_secrets=hides_secrets)
            if part is not _NOT_TOLD:
                found[name] = part
    return found


def _is_redacted(value: object) -> bool:
    match value:
        case str():
            return value == REDACTED
        case dict():
            return any(map(_is_redacted, value.values()))
        case list():
            return any(map(_is_redacted, value))
        case _:
            return False


def _converted(attribute: Attribute, value: object) -> object:
    try:
        return from_wire(attribute.convert, value)
    except ConversionError as err:
        place = ".".join(attribute.read_wire)
        raise ConversionError(f"{place} in the answer is not understood: {err}") from err


def _sealed(value: object) -> object:
    """Return the value with every text in it as a Secret."""
    match value:
        case str():
            return Secret(value)
        case dict():
            return {key: _sealed(item) for key, item in value.items()}
        case list():
            return [_sealed(item) for item in value]
        case _:
            return value
