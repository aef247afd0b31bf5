"""One call as data, and the path it goes to."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import quote

from reconciler.live.errors import PathError
from reconciler.model.values import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call.

    path: percent-encoded, without the query; may stand in messages.
    query: never holds a secret. body: JSON values and Secret; None for no body at all.
    covers: the attributes it brings to the API.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, object] | None = field(default=None, repr=False)
    covers: tuple[str, ...] = ()

    @property
    def is_write(self) -> bool:
        """Whether sending it twice may do something twice."""
        return self.method not in ("GET", "HEAD")

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    def secrets(self) -> tuple[str, ...]:
        """Return the texts that must not come back in a message."""
        return tuple(secrets_in(self.body))


def secrets_in(value: object) -> Iterator[str]:
    """Yield the text of every secret in a value."""
    match value:
        case Secret():
            yield value.reveal()
        case Mapping():
            for item in value.values():
                yield from secrets_in(item)
        case list() | tuple():
            for item in value:
                yield from secrets_in(item)


_PART = re.compile(r"\{([^{}]*)\}")


def path_of(template: str, values: Mapping[str, object]) -> str:
    """Return the path: every `{attribute}` of `template` as text inside one segment.

    A value cannot leave its segment: `/`, `?` and `%` are encoded. Raises PathError for a segment
    that would be empty, `.` or `..`, and for an attribute that is not a string.
    """
    return "/".join(_segment(part, values) for part in _segments(template))


@lru_cache(maxsize=1024)
def names_in(template: str) -> tuple[str, ...]:
    """Return the attributes a path is made of."""
    return tuple(name for parts in _segments(template) for name in parts[1::2])


@lru_cache(maxsize=1024)
def _segments(template: str) -> tuple[tuple[str, ...], ...]:
    """Return each segment as text and attribute names in turn: `a{b}c` is ("a", "b", "c")."""
    return tuple(tuple(_PART.split(segment)) for segment in template.split("/"))


def _segment(parts: tuple[str, ...], values: Mapping[str, object]) -> str:
    if len(parts) == 1:
        return parts[0]
    text = "".join(
        part if index % 2 == 0 else _quoted(part, values.get(part))
        for index, part in enumerate(parts)
    )
    if text in ("", ".", ".."):
        raise PathError(parts[1], f"{text!r} is a step in a path, not a name")
    return text


def _quoted(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise PathError(name, "it has no value that is known as text")
    return _quoted_text(name, value)


@lru_cache(maxsize=4096)
def _quoted_text(name: str, value: str) -> str:
    try:
        return quote(value, safe="")
    except UnicodeEncodeError as err:
        raise PathError(name, "it holds half a character") from err
