"""Values given as JSON on the command line or in the environment."""

import json
from typing import NoReturn

from reconciler.desired.scalars import MAX_INTEGER

_MAX_DEPTH = 64


def decode_json(text: str) -> object:
    """Decode as strictly as a YAML file is read; raise ValueError.

    No duplicate keys, no NaN, no number beyond 2^53, no deep nesting.
    """
    try:
        value: object = json.loads(
            text,
            object_pairs_hook=_unique_pairs,
            parse_constant=_refuse,
            parse_int=_bounded_int,
            parse_float=_bounded_float,
        )
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    _check_depth(value, _MAX_DEPTH)
    return value


def _check_depth(value: object, levels: int) -> None:
    if isinstance(value, dict | list):
        if not levels:
            raise ValueError("nested too deep")
        for inner in value.values() if isinstance(value, dict) else value:
            _check_depth(inner, levels - 1)


def _unique_pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate key")
    return result


def _refuse(text: str) -> NoReturn:
    raise ValueError(text)


def _bounded_int(text: str) -> int:
    if len(text) > len(str(MAX_INTEGER)) + 1 or abs(int(text)) > MAX_INTEGER:
        raise ValueError("number too large")
    return int(text)


def _bounded_float(text: str) -> float:
    if abs(float(text)) > MAX_INTEGER:
        raise ValueError("number too large")
    return float(text)
