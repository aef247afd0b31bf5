"""Named conversions between the form in YAML and the form on the wire, both ways, pure.

A kind file names one per attribute (`x-convert`). A value that does not have the form a conversion
expects raises ConversionError: an answer that holds one cannot be understood.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.model.values import Secret

_MB_PER_GIBIBYTE: Final = 1024
_GIBIBYTES = re.compile(r"([1-9][0-9]{0,11})(?:GiB|G)")
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_FOLLOWING = frozenset({"read_replica", "disaster_recovery"})


class ConversionError(ValueError):
    """A value without the form that a conversion expects. Its message holds no value."""


@dataclass(frozen=True, slots=True)
class _Conversion:
    to_wire: Callable[[object], object]
    from_wire: Callable[[object], object]


def to_wire(name: str, value: object) -> object:
    """Return `value` as the API takes it; `name` "" changes nothing, nor does None or a secret."""
    if not name or value is None or isinstance(value, Secret):
        return value
    return _CONVERSIONS[name].to_wire(value)


def from_wire(name: str, value: object) -> object:
    """Return `value` as it is written in YAML; `name` "" changes nothing, nor does None."""
    if not name or value is None:
        return value
    return _CONVERSIONS[name].from_wire(value)


def _size_to_mb(value: object) -> int:
    match = _GIBIBYTES.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise ConversionError("a size such as 80GiB is expected")
    return int(match[1]) * _MB_PER_GIBIBYTE


def _mb_to_size(value: object) -> str:
    """Return whole gibibytes; what is not whole is rounded down, as the provider does."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise ConversionError("a size in MB is expected")
    return f"{value // _MB_PER_GIBIBYTE}GiB"


def _addresses_to_objects(value: object) -> list[object]:
    return [{"email": address} for address in _items(value)]


def _objects_to_addresses(value: object) -> list[object]:
    return [_member(item, "email") for item in _items(value)]


def _vpc_to_uuid(value: object) -> str:
    if not isinstance(value, str):
        raise ConversionError("the id of a VPC is expected")
    return value.rpartition("/")[2]


def _integrations_to_wire(value: object) -> list[object]:
    return [
        {
            "integration_type": _member(item, "integration_type"),
            "source_service": _member(item, "source_service_name"),
        }
        for item in _items(value)
    ]


def _integrations_from_wire(value: object) -> list[object]:
    """Return the integrations by which one service follows another; there are many other types."""
    return [
        {
            "integration_type": _member(item, "integration_type"),
            "source_service_name": _member(item, "source_service"),
        }
        for item in _items(value)
        if _member(item, "integration_type") in _FOLLOWING
    ]


def _integer_to_text(value: object) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ConversionError("an integer is expected")
    return str(value)


def _text_to_integer(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or not _INTEGER.fullmatch(value):
        raise ConversionError("an integer is expected")
    return int(value)


def _items(value: object) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        raise ConversionError("a list is expected")
    return value


def _member(item: object, key: str) -> object:
    if not isinstance(item, Mapping) or key not in item:
        raise ConversionError(f"each item is expected to have {key}")
    return item[key]


_CONVERSIONS: Final[Mapping[str, _Conversion]] = {
    "gibibytes": _Conversion(_size_to_mb, _mb_to_size),
    "emails": _Conversion(_addresses_to_objects, _objects_to_addresses),
    "vpc": _Conversion(_vpc_to_uuid, _vpc_to_uuid),
    "service_integrations": _Conversion(_integrations_to_wire, _integrations_from_wire),
    "integer": _Conversion(_integer_to_text, _text_to_integer),
}

CONVERSIONS: Final = frozenset(_CONVERSIONS)
"""The names a kind file may use."""
