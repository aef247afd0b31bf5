"""JSON as it goes over the wire: strict on the way in, secrets revealed on the way out."""

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

from reconciler.model.values import Secret


def encode(body: Mapping[str, object]) -> bytes:
    """Return the bytes to send. The one place where a secret becomes text again."""
    return json.dumps(body, default=_revealed, allow_nan=False, separators=(",", ":")).encode()


def _revealed(value: object) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    raise TypeError(f"a {type(value).__name__} cannot be sent")


def decode(raw: bytes) -> dict[str, Any]:
    """Return the JSON object that `raw` is; raise ValueError, which quotes nothing of it, if it is none.

    Refused are what other readers take for something else or cannot hold: NaN, infinite numbers, a key
    twice, half a surrogate pair, nesting beyond Python's own bound.
    """
    try:
        value = json.loads(
            raw.decode(),
            object_pairs_hook=_distinct,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except json.JSONDecodeError as err:
        raise ValueError(f"it breaks off or is not JSON, at byte {err.pos}") from None
    if not isinstance(value, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004  # of what was sent, not of a type
    if b"\\ud" in raw or b"\\uD" in raw:
        _refuse_half_characters(value)
    return value


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("it holds a key twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"it holds {name}")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("it holds a number beyond all bounds")
    return number


def _refuse_half_characters(value: object) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("it holds half a surrogate pair") from None
