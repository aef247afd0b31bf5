"""Recorded values as one line of JSON that is also YAML.

What is written here is read back equal by a JSON decoder and by YAML 1.1 and 1.2 parsers alike, and equal
values give equal text.
"""

import json
import re
from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import Final

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.state import Approval, Intent, Op, Recorded
from reconciler.recorded.errors import StateError

MAX_KEY: Final = 1023
"""YAML looks at most 1,024 characters ahead for the colon that makes a key (YAML 1.2.2, 7.4.2)."""

_SCALARS: Final = frozenset((str, bool, int, type(None)))
_OPS: Final = {str(op): op for op in Op}
_RECORDED_KEYS: Final = frozenset(("identity", "attributes", "depends_on", "protected"))
_INTENT_ID: Final = re.compile(r"(?:0|[1-9][0-9]{0,17})\.[1-9][0-9]{0,17}")
# DEL, C1, what YAML takes for a line break, non-characters, lone surrogates; and what no eye sees or what
# turns the text around it (zero-width and bidirectional controls), for the sake of who reviews a diff.
_ESCAPED: Final = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff]"
)
_BARE_EXPONENT: Final = re.compile(r"[0-9]e[-+]")
_STRING_OR_BARE_EXPONENT: Final = re.compile(r'"(?:[^"\\]|\\.)*"|(?<![.0-9])[0-9]+(?=e[-+])')
_encode_json: Final = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode


def _refuse_constant(text: str) -> float:
    raise ValueError(text)


_scan = json.JSONDecoder(parse_constant=_refuse_constant).raw_decode


class ShapeError(ValueError):
    """A line is not of a shape that is ever written."""


def quote(text: str) -> str:
    """Return `text` as a JSON string."""
    return escape(encode_basestring(text))


def escape(text: str) -> str:
    """Return JSON text with everything escaped that a YAML reader refuses or nobody can see."""
    if text.isascii() and "\x7f" not in text:
        return text
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def quote_key(text: str) -> str:
    """Return `text` as a JSON string that may stand before a colon; raise StateError if too long."""
    quoted = quote(text)
    if len(quoted) > MAX_KEY:
        raise StateError(
            Diagnostic(
                summary="Name is too long",
                detail=f"{text[:60]}… takes {len(quoted):,} characters; YAML keys have at most {MAX_KEY:,}.",
                hint="shorten the key of its for_each, or the name",
            )
        )
    return quoted


def encode_value(value: Mapping[str, object]) -> str:
    """Return a mapping of JSON values as text, keys sorted.

    Raises TypeError for a Secret, an Unknown or anything else that is not JSON: that is a bug of the
    caller, who must never try to store it.
    """
    plain = dict(value)
    _check(plain)
    try:
        text = escape(_encode_json(plain))
    except ValueError as error:
        raise TypeError("a number that is not finite, or endless, cannot be recorded") from error
    if _BARE_EXPONENT.search(text):
        text = _STRING_OR_BARE_EXPONENT.sub(_with_point, text)
    return text


def _with_point(match: re.Match[str]) -> str:
    """Write 1e+16 as 1.0e+16: without the point YAML 1.1 reads a string."""
    return match[0] if match[0].startswith('"') else f"{match[0]}.0"


def _check(value: object) -> None:
    """Raise TypeError unless JSON gives back exactly `value`: no tuples, no keys that are not strings."""
    if type(value) in _SCALARS:
        return
    if isinstance(value, dict):
        for key, item in value.items():
            _check_key(key)
            _check(item)
    elif isinstance(value, list):
        for item in value:
            _check(item)
    elif not isinstance(value, str | int | float):
        raise TypeError(f"a value of type {type(value).__name__} cannot be recorded")


def _check_key(key: object) -> None:
    if not isinstance(key, str):
        raise TypeError(f"a key of type {type(key).__name__} cannot be recorded")
    if len(key) > MAX_KEY // 6:
        quote_key(key)


def encode_recorded(record: Recorded) -> str:
    """Return `{"identity":…,"attributes":…,"depends_on":[…],"protected":…}`."""
    depends_on = ",".join(map(quote, record.depends_on))
    protected = "true" if record.protected else "false"
    return (
        f'{{"identity":{quote(record.identity)},"attributes":{encode_value(record.attributes)},'
        f'"depends_on":[{depends_on}],"protected":{protected}}}'
    )


def encode_intent(intent: Intent) -> str:
    """Return `{"op":…,"address":…,"identity":…,"want":…,"at":…}`; the id is the key it stands under."""
    want = "null" if intent.want is None else encode_recorded(intent.want)
    return (
        f'{{"op":{quote(intent.op)},"address":{quote_key(intent.address)},'
        f'"identity":{quote(intent.identity)},"want":{want},"at":{quote(intent.at)}}}'
    )


def encode_approval(approval: Approval) -> str:
    """Return `{"digest":…,"left":{<address>:<fingerprint>,…}}`."""
    left = ",".join(
        f"{quote_key(address)}:{quote(text)}" for address, text in sorted(approval.left.items())
    )
    return f'{{"digest":{quote(approval.digest)},"left":{{{left}}}}}'


def decode_json(text: str, start: int = 0) -> tuple[object, int]:
    """Return the JSON value at `start` and where it ends; raise ShapeError when there is none."""
    try:
        return _scan(text, start)
    except (ValueError, RecursionError) as error:
        raise ShapeError(str(error)) from error


def decode_address(value: object, known: dict[str, Address]) -> Address:
    """Return the address that `value` spells, from `known` when it was met before."""
    if not isinstance(value, str):
        raise ShapeError("an address is not a string")
    address = known.get(value)
    if address is None:
        try:
            address = known[value] = Address.parse(value)
        except ValueError as error:
            raise ShapeError(f"{value!r} is not an address") from error
    return address


def decode_recorded(value: object, known: dict[str, Address]) -> Recorded:
    """Return the record that `encode_recorded` wrote; raise ShapeError for anything else.

    Plain tests instead of a mapping pattern: it is called for every resource of every run, and a pattern
    takes three times as long.
    """
    if not isinstance(value, dict) or value.keys() != _RECORDED_KEYS:
        raise ShapeError("this is not a recorded resource")
    identity, attributes = value["identity"], value["attributes"]
    depends_on, protected = value["depends_on"], value["protected"]
    if not (
        isinstance(identity, str)
        and isinstance(attributes, dict)
        and isinstance(depends_on, list)
        and isinstance(protected, bool)
    ):
        raise ShapeError("a part of this recorded resource is of another type")
    return Recorded(
        identity=identity,
        attributes=attributes,
        depends_on=tuple([decode_address(item, known) for item in depends_on]),
        protected=protected,
    )


def decode_intent(key: str, value: object, known: dict[str, Address]) -> Intent:
    """Return the intent that `encode_intent` wrote under `key`; raise ShapeError for anything else."""
    match value:
        case {
            "op": str(op),
            "address": address,
            "identity": str(identity),
            "want": want,
            "at": str(at),
            **others,
        } if not others and op in _OPS and is_intent_id(key):
            return Intent(
                id=key,
                op=_OPS[op],
                address=decode_address(address, known),
                identity=identity,
                want=None if want is None else decode_recorded(want, known),
                at=at,
            )
    raise ShapeError("this is not an intent")


def decode_approval(value: object, known: dict[str, Address]) -> Approval:
    """Return the approval that `encode_approval` wrote; raise ShapeError for anything else."""
    match value:
        case {"digest": str(digest), "left": dict(left), **others} if not others:
            if not all(isinstance(text, str) for text in left.values()):
                raise ShapeError("a fingerprint of what is left is not a string")
            return Approval(
                digest=digest,
                left={decode_address(address, known): text for address, text in left.items()},
            )
    raise ShapeError("this is not an approval")


def is_intent_id(text: str) -> bool:
    """Tell whether `text` is of the form `<serial>.<n>`."""
    return _INTENT_ID.fullmatch(text) is not None
