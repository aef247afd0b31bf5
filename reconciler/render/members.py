"""The members of a JSON object, taken out strictly: what does not fit is named by where it stands."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import TypeVar

from reconciler.model.address import Address

Item = TypeVar("Item")
Word = TypeVar("Word", bound=StrEnum)


class MisfitError(Exception):
    """Something in the file is not as it should be; where is told from the inside out."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.where = ""


@contextmanager
def inside(key: str) -> Iterator[None]:
    """Put `key` before the place of whatever does not fit in here."""
    try:
        yield
    except MisfitError as error:
        dot = "." if error.where and not error.where.startswith("[") else ""
        error.where = f"{key}{dot}{error.where}"
        raise


def members_of(content: object, keys: str) -> Mapping[str, object]:
    """Return an object that has exactly these keys, which are given with spaces between."""
    if not isinstance(content, dict):
        raise MisfitError("must be an object")
    wanted = keys.split()
    for key in wanted:
        if key not in content:
            raise MisfitError(f"{key} is missing")
    if len(content) > len(wanted):
        extra = next(key for key in content if key not in wanted)
        raise MisfitError(f"{extra} is not known")
    return content


def each(
    members: Mapping[str, object], key: str, read: Callable[[object], Item]
) -> tuple[Item, ...]:
    """Return each item of a list as `read` makes it; what does not fit is named by its index."""
    items = members[key]
    if not isinstance(items, list):
        raise misfit(key, "must be a list")
    made: list[Item] = []
    try:
        made.extend(map(read, items))  # keeps what came before the one that does not fit
    except MisfitError as error:
        with inside(f"{key}[{len(made)}]"):
            raise error from None
    return tuple(made)


def misfit(key: str, problem: str) -> MisfitError:
    error = MisfitError(problem)
    error.where = key
    return error


def text_at(members: Mapping[str, object], key: str) -> str:
    found = members[key]
    if not isinstance(found, str):
        raise misfit(key, "must be a string")
    return found


def integer_at(members: Mapping[str, object], key: str) -> int:
    found = members[key]
    if type(found) is not int:
        raise misfit(key, "must be a whole number")
    return found


def number_at(members: Mapping[str, object], key: str) -> float:
    found = members[key]
    if type(found) is not int and not isinstance(found, float):
        raise misfit(key, "must be a number")
    return found


def flag_at(members: Mapping[str, object], key: str) -> bool:
    found = members[key]
    if not isinstance(found, bool):
        raise misfit(key, "must be true or false")
    return found


def word_at(members: Mapping[str, object], key: str, words: type[Word]) -> Word:
    found = text_at(members, key)
    try:
        return words(found)
    except ValueError:
        raise misfit(key, f"{found} is none of {', '.join(words)}") from None


def address_at(members: Mapping[str, object], key: str) -> Address:
    with inside(key):
        return as_address(members[key])


def as_address(content: object) -> Address:
    text = as_text(content)
    try:
        return Address.parse(text)
    except ValueError:
        raise MisfitError(f"{text} is no address") from None


def as_text(content: object) -> str:
    if not isinstance(content, str):
        raise MisfitError("must be a string")
    return content


def as_integer(content: object) -> int:
    if type(content) is not int:
        raise MisfitError("must be a whole number")
    return content
