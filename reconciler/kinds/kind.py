"""A kind, read from its file: what its attributes are and how its objects live at the API.

The vocabulary is described for people and checked for machines by `schemas/kind.meta.json`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote, unquote

from reconciler.model.state import Op


class Unset(StrEnum):
    """What is sent for an attribute that was declared, no longer is, and has no default.

    In an object that is merged key by key it is `null` where the kind file says nothing else:
    leaving a key out would keep its value. Such an object that says `null` itself is unset whole.
    """

    OMIT = "omit"
    """Nothing: the server keeps its value."""
    NULL = "null"
    EMPTY = "empty"
    """`[]`, `{}` or `""`, by the attribute's type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One attribute, or one property of an attribute that is merged property by property.

    schema: its JSON Schema, our own words included; validators ignore those.
    read_wire, send_wire: where it sits in answers and in bodies, as a path of keys; of a nested
        attribute, inside the object that holds it. Empty when it is never read, or never sent.
    convert: name of the conversion between our form and the wire's (`live.convert`), or "".
    computed: optional, and the server fills it in when left out.
    local: kept in the record and compared with it; never sent, never read.
    write_only: sent, never read back; so compared with the record, and not at all when sensitive.
    create_only: sent when the object is made; a later change is refused, not sent.
    shorthand: items may be bare strings that stand for `{shorthand: string}`.
    nested: for an object that the API merges key by key: its properties, each compared on its own.
    refers_to: (kind, attribute) that this attribute names.
    """

    name: str
    schema: Mapping[str, object] = field(repr=False)
    required: bool = False
    read_only: bool = False
    write_only: bool = False
    sensitive: bool = False
    force_new: bool = False
    updatable: bool = False
    computed: bool = False
    local: bool = False
    create_only: bool = False
    default: object = None
    read_wire: tuple[str, ...] = ()
    send_wire: tuple[str, ...] = ()
    convert: str = ""
    unset: Unset = Unset.OMIT
    unordered: bool = False
    shorthand: str = ""
    nested: Mapping[str, "Attribute"] = field(default_factory=dict)
    refers_to: tuple[str, str] | None = None

    @property
    def has_default(self) -> bool:
        return "default" in self.schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request that changes something.

    path: template with `{attribute}` parts, each percent-encoded into one segment.
    send: attributes whose values go into the body.
    constants: what stands in the body where no attribute says anything else.
    when: empty, or the attributes that make the call necessary: one of them set (create) or changed
        (update). A call without `when` sends, in an update, only what changed, and is left out when
        that is nothing.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    send: tuple[str, ...] = ()
    constants: Mapping[str, object] = field(default_factory=dict)
    when: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One GET that tells (part of) an object.

    answer: path of keys to the object, or to the list it is in.
    find: for a list: item key -> attribute that must be equal; the key "" stands for an item that
        is a bare string.
    only_for: made only when one of these attributes is needed, which no other read tells; empty for
        the read that decides presence.
    secrets: query parameters to add when secrets are needed.
    page: (key of the cursor in the answer, query parameter it is sent back in), for paged lists.
    """

    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    answer: tuple[str, ...] = ()
    find: Mapping[str, str] = field(default_factory=dict)
    only_for: tuple[str, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)
    page: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """When an object is ready: `attribute` has one of the wanted values of that operation."""

    attribute: str
    wanted: Mapping[Op, tuple[str, ...]]
    failed: tuple[str, ...] = ()

    def is_settled(self, value: object, op: Op) -> bool:
        return value in self.wanted.get(op, ())

    def is_settled_after_any(self, value: object) -> bool:
        return any(value in values for values in self.wanted.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """An answer to a write that means "not yet": tried again for at most within_s seconds."""

    status: int
    message: str
    ops: tuple[Op, ...]
    within_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """What to do about an error answer: for this status and message (a regular expression)."""

    status: int
    message: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectRule:
    """Which change people will feel: on "update", "replace" or "delete".

    attributes: empty, or those of which one must differ; a dotted path reaches into a merged
        object, and the name of such an object stands for everything in it.
    becomes: empty, or the values of which that attribute must get one; None is unset.
    text, instead: may hold `{attribute}`, and of the attribute that differs `{before}` and
        `{after}`. Of several rules with one code, the first text and the first `instead` count.
    """

    on: tuple[str, ...]
    code: str
    text: str
    attributes: tuple[str, ...] = ()
    becomes: tuple[object, ...] = ()
    instead: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What must be so of the object that this one lies in before this one can be written.

    The API says it only when it is asked to write. pattern: a regular expression that must be found
    in the container's attribute. message, hint: may hold `{attribute}` of this object, and `{value}`.
    """

    container_attribute: str
    pattern: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Objects that the server makes along with what they lie in.

    names: the last part of their identities. unless: dotted paths of the container's attributes;
    where one of them is declared, nobody can say which objects there will be.
    """

    names: tuple[str, ...]
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimit:
    """How many connections an object has for what lies in it.

    attribute: tells it of a live object. set_by: dotted path of the attribute that decides it where
    it is set, or "". by, values: where neither helps, the first pattern that is found in the value
    of the attribute `by`, and its number.
    """

    attribute: str
    set_by: str = ""
    by: str = ""
    values: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind.

    identity: ordered attributes that find the object; joined by `/` they are its id and import id.
    reads: the first decides whether the object is there; the others add attributes.
    timeouts_s: the kind's own deadlines by operation; 20 minutes where it names none.
    stateful: deleting it loses data.
    takes_connections: the attribute that says how many connections an object takes of what it lies
        in, or "". gives_connections: how many there are for what lies in it.
    """

    name: str
    description: str
    schema: Mapping[str, object] = field(repr=False)
    identity: tuple[str, ...]
    attributes: Mapping[str, Attribute] = field(repr=False)
    reads: tuple[Read, ...]
    create: tuple[Call, ...] = ()
    update: tuple[Call, ...] = ()
    delete: tuple[Call, ...] = ()
    settle: Settle | None = None
    retries: tuple[Retry, ...] = ()
    hints: tuple[Hint, ...] = ()
    timeouts_s: Mapping[str, float] = field(default_factory=dict)
    effects: tuple[EffectRule, ...] = ()
    stateful: bool = False
    checks: tuple[Check, ...] = ()
    given: Given | None = None
    takes_connections: str = ""
    gives_connections: ConnectionLimit | None = None

    @property
    def is_resource(self) -> bool:
        """Whether it can be made; else it can only be looked up under `data`."""
        return bool(self.create)

    @property
    def container(self) -> str:
        """Return the kind that its objects lie in and vanish with, or ""."""
        for name in reversed(self.identity[:-1]):
            attribute = self.attributes[name]
            if attribute.refers_to:
                return attribute.refers_to[0]
        return ""

    def identity_of(self, attributes: Mapping[str, object]) -> str | None:
        """Return the id these attributes make, or None while a part is not a known string."""
        parts: list[str] = []
        for name in self.identity:
            part = attributes.get(name)
            if not isinstance(part, str):
                return None
            parts.append(part if _is_plain(part) else quote(part, safe=_ID_SAFE))
        return "/".join(parts)

    def identity_values(self, identity: str) -> dict[str, str]:
        """Return the identity's attributes; raise ValueError when the parts do not fit."""
        parts = identity.split("/")
        if len(parts) != len(self.identity) or not all(parts):
            raise ValueError(identity)
        return dict(zip(self.identity, map(unquote, parts), strict=True))

    def timeout_s(self, op: str, declared: Mapping[str, float]) -> float:
        """Return the deadline: declared for `op`, declared default, the kind's, 20 minutes."""
        for value in (declared.get(op), declared.get("default"), self.timeouts_s.get(op)):
            if value is not None:
                return value
        return DEFAULT_TIMEOUT_S


DEFAULT_TIMEOUT_S = 20 * 60.0

_ID_SAFE = "".join(c for c in map(chr, range(33, 127)) if c not in "/%")
_is_plain = re.compile(f"[{re.escape(_ID_SAFE)}]*").fullmatch
"""Nearly every name is; quoting it would take ten times as long to find that out."""
