"""A kind file's document → `Kind`.

Trusts the document: the shipped files are held against the meta-schema by the tests, those of users
by `kinds.check` before they get here.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from reconciler.kinds.kind import (
    Attribute,
    Call,
    Check,
    ConnectionLimit,
    EffectRule,
    Given,
    Hint,
    Kind,
    Read,
    Retry,
    Settle,
    Unset,
)
from reconciler.model.duration import parse_duration
from reconciler.model.state import Op

Document: TypeAlias = Mapping[str, Any]
"""Decoded JSON of a kind file, or a part of it."""

_NOT_SCHEMA = ("$schema", "x-kind")


def parse_kind(document: Document) -> Kind:
    """Return the kind that `document` describes."""
    life: Document = document["x-kind"]
    routes: Document = life["routes"]
    return Kind(
        name=document["title"],
        description=document["description"],
        schema={word: value for word, value in document.items() if word not in _NOT_SCHEMA},
        identity=tuple(life["identity"]),
        attributes=_attributes(document),
        reads=tuple(map(_read, routes["read"])),
        create=tuple(map(_call, routes.get("create", ()))),
        update=tuple(map(_call, routes.get("update", ()))),
        delete=tuple(map(_call, routes.get("delete", ()))),
        settle=_settle(life["settle"]) if "settle" in life else None,
        retries=tuple(map(_retry, life.get("retry", ()))),
        hints=tuple(map(_hint, life.get("hints", ()))),
        timeouts_s={op: parse_duration(text) for op, text in life.get("timeouts", {}).items()},
        effects=tuple(map(_effect, life.get("effects", ()))),
        stateful=life.get("stateful", False),
        checks=tuple(map(_check, life.get("checks", ()))),
        given=_given(life["given"]) if "given" in life else None,
        takes_connections=life.get("takes_connections", ""),
        gives_connections=_limit(life["gives_connections"])
        if "gives_connections" in life
        else None,
    )


def _attributes(schema: Document, *, merged: bool = False) -> dict[str, Attribute]:
    required = frozenset(schema.get("required", ()))
    return {
        name: _attribute(name, words, required=name in required, merged=merged)
        for name, words in schema.get("properties", {}).items()
    }


def _attribute(name: str, words: Document, *, required: bool, merged: bool) -> Attribute:
    """Return the attribute; `merged`: it is a property of an object that is merged key by key."""
    get = words.get
    read_only, write_only, local = (
        get("readOnly", False),
        get("writeOnly", False),
        get("x-local", False),
    )
    nested = _attributes(words, merged=True) if get("x-merge", False) else {}
    read_wire, send_wire = _wire(name, get("x-wire"))
    is_derived = name == "id" and not merged
    return Attribute(
        name=name,
        schema=words,
        required=required,
        read_only=read_only,
        write_only=write_only,
        sensitive=get("x-sensitive", False),
        force_new=get("x-force-new", False),
        updatable=get("x-updatable", False),
        computed=merged or bool(nested) or get("x-computed", False),
        local=local,
        create_only=get("x-create-only", False),
        default=get("default"),
        read_wire=() if write_only or local or is_derived else read_wire,
        send_wire=() if read_only or local else send_wire,
        convert=get("x-convert", ""),
        unset=Unset(get("x-unset", Unset.NULL if merged and not nested else Unset.OMIT)),
        unordered=get("x-unordered", False),
        shorthand=get("x-shorthand", ""),
        nested=nested,
        refers_to=_refers_to(get("x-refers-to")),
    )


def _wire(name: str, wire: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return where to read and where to send; a name of its own is one key, dots and all."""
    if wire is None:
        return (name,), (name,)
    if isinstance(wire, str):
        path = _path(wire)
        return path, path
    read, send = wire.get("read"), wire.get("send")
    return _path(read) if read else (name,), _path(send) if send else (name,)


def _path(dotted: str) -> tuple[str, ...]:
    return tuple(dotted.split(".")) if dotted else ()


def _refers_to(text: Any) -> tuple[str, str] | None:
    if text is None:
        return None
    kind, _, attribute = str(text).partition(".")
    return kind, attribute


def _read(words: Document) -> Read:
    page = words.get("page")
    return Read(
        path=words["path"],
        query=words.get("query", {}),
        answer=_path(words.get("answer", "")),
        find=words.get("find", {}),
        only_for=tuple(words.get("only_for", ())),
        secrets=words.get("secrets", {}),
        page=(page["cursor"], page["parameter"]) if page else None,
    )


def _call(words: Document) -> Call:
    return Call(
        method=words["method"],
        path=words["path"],
        query=words.get("query", {}),
        send=tuple(words.get("send", ())),
        constants=words.get("constants", {}),
        when=tuple(words.get("when", ())),
    )


def _settle(words: Document) -> Settle:
    return Settle(
        attribute=words["attribute"],
        wanted={Op(op): tuple(values) for op, values in words["wanted"].items()},
        failed=tuple(words.get("failed", ())),
    )


def _retry(words: Document) -> Retry:
    return Retry(
        status=words["status"],
        message=words.get("message", ""),
        ops=_ops(words["ops"]),
        within_s=parse_duration(words["within"]),
    )


def _ops(names: Iterable[str]) -> tuple[Op, ...]:
    return tuple(map(Op, names))


def _hint(words: Document) -> Hint:
    return Hint(status=words["status"], message=words.get("message", ""), hint=words["hint"])


def _effect(words: Document) -> EffectRule:
    return EffectRule(
        on=tuple(words["on"]),
        code=words["code"],
        text=words.get("text", ""),
        attributes=tuple(words.get("attributes", ())),
        becomes=tuple(words.get("becomes", ())),
        instead=words.get("instead", ""),
    )


def _check(words: Document) -> Check:
    return Check(
        container_attribute=words["container_attribute"],
        pattern=words["pattern"],
        message=words["message"],
        hint=words.get("hint", ""),
    )


def _given(words: Document) -> Given:
    return Given(names=tuple(words["names"]), unless=tuple(words.get("unless", ())))


def _limit(words: Document) -> ConnectionLimit:
    return ConnectionLimit(
        attribute=words["attribute"],
        set_by=words.get("set_by", ""),
        by=words.get("by", ""),
        values=tuple((pattern, number) for pattern, number in words.get("values", ())),
    )
