"""A kind's routes → calls: what is sent to make, change and delete an object."""

import copy
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from reconciler.kinds.kind import Attribute, Call, Kind, Retry, Unset
from reconciler.kinds.normal import empty_value
from reconciler.live.client import Client
from reconciler.live.convert import to_wire
from reconciler.live.deadline import Deadline
from reconciler.live.errors import ApiError
from reconciler.live.request import Request, path_of
from reconciler.model.location import Path
from reconciler.model.state import Op
from reconciler.model.values import Attributes

_NOTHING: Final = object()
"""Not sent at all, which differs from sent as null."""


def requests_for(
    kind: Kind, op: Op, wanted: Attributes, changed: Collection[Path], identity: str
) -> tuple[Request, ...]:
    """Return the calls that carry `op` out, in their order.

    wanted: attributes by name; JSON values and Secret, None for unset. changed: for an update, the
    paths that differ; of an object that is merged key by key only those keys are sent.
    Raises PathError when a value cannot stand in a path.
    """
    calls = {Op.CREATE: kind.create, Op.UPDATE: kind.update, Op.DELETE: kind.delete}[op]
    values = {**wanted, **(kind.identity_values(identity) if identity else {})}
    requests = (_request(kind, op, call, wanted, changed, values) for call in calls)
    return tuple(request for request in requests if request)


def _request(
    kind: Kind,
    op: Op,
    call: Call,
    wanted: Attributes,
    changed: Collection[Path],
    values: Attributes,
) -> Request | None:
    heads = {path[0] for path in changed if path}
    if call.when and not any(_triggers(op, name, wanted, heads) for name in call.when):
        return None
    sent = dict(_sent(kind, op, call, wanted, changed))
    if op is Op.UPDATE and not call.when and not sent:
        return None
    triggers = (name for name in call.when if _triggers(op, name, wanted, heads))
    return Request(
        method=call.method,
        path=path_of(call.path, values),
        query=call.query,
        body=_body(kind, call, sent, wanted) if call.send or call.constants else None,
        covers=tuple(dict.fromkeys([*sent, *triggers])),
    )


def _triggers(op: Op, name: str, wanted: Attributes, heads: Collection[object]) -> bool:
    return name in heads if op is Op.UPDATE else wanted.get(name) is not None


def _sent(
    kind: Kind, op: Op, call: Call, wanted: Attributes, changed: Collection[Path]
) -> Iterator[tuple[str, object]]:
    """Yield each attribute that goes into the body, with its value on the wire."""
    for name in call.send:
        attribute = kind.attributes[name]
        if not attribute.send_wire or (op is Op.UPDATE and attribute.create_only):
            continue
        paths = [path[1:] for path in changed if path and path[0] == name]
        sends_all = op is not Op.UPDATE or bool(call.when)
        value = _value(attribute, wanted.get(name), paths, op, sends_all=sends_all)
        if value is not _NOTHING:
            yield name, value


def _value(
    attribute: Attribute, value: object, paths: Sequence[Path], op: Op, *, sends_all: bool
) -> object:
    """Return what is sent for one attribute, or _NOTHING.

    paths: those that changed inside it; the empty path is itself. sends_all: what is set is sent
    whether or not it changed.
    """
    if not paths and not sends_all:
        return _NOTHING
    if attribute.nested and (value is not None or attribute.unset is Unset.OMIT):
        return _merged(attribute, value, paths, op, sends_all=sends_all or () in paths)
    if value is not None:
        return to_wire(attribute.convert, value)
    return _unset(attribute) if paths else _NOTHING


def _merged(
    attribute: Attribute, value: object, paths: Sequence[Path], op: Op, *, sends_all: bool
) -> object:
    """Return the keys to send of an object that the API merges key by key."""
    given = value if isinstance(value, Mapping) else {}
    found: dict[str, object] = {}
    for name, child in attribute.nested.items():
        if not child.send_wire or (op is Op.UPDATE and child.create_only):
            continue
        inner = [path[1:] for path in paths if path and path[0] == name]
        part = _value(child, given.get(name), inner, op, sends_all=sends_all)
        if part is not _NOTHING:
            _place(found, child.send_wire, part)
    return found or _NOTHING


def _unset(attribute: Attribute) -> object:
    """Return what is sent for an attribute that was declared and no longer is."""
    if attribute.has_default:
        return to_wire(attribute.convert, attribute.default)
    match attribute.unset:
        case Unset.NULL:
            return None
        case Unset.EMPTY:
            return empty_value(attribute)
        case Unset.OMIT:
            return _NOTHING


def _body(
    kind: Kind, call: Call, sent: Mapping[str, object], wanted: Attributes
) -> dict[str, object]:
    """Return the body: constants, over them what is unset, over that what is set.

    Two attributes may share a place on the wire; the one that is set has it.
    """
    body = copy.deepcopy(dict(call.constants))
    for name in sorted(sent, key=lambda name: wanted.get(name) is not None):
        _place(body, kind.attributes[name].send_wire, sent[name])
    return body


def _place(body: dict[str, object], path: Sequence[str], value: object) -> None:
    *parents, last = path
    for key in parents:
        inner = body.get(key)
        if not isinstance(inner, dict):
            inner = body[key] = {}
        body = inner
    body[last] = value


class Driver:
    """Makes a kind's calls: tries again where its file says "not yet", and adds its hints to errors."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def send(
        self, kind: Kind, op: Op, request: Request, deadline: Deadline
    ) -> dict[str, Any]:
        """Make one call and return its answer; a delete of what is not there has succeeded.

        Raises what Client.call raises. OutcomeUnknownError is the caller's to resolve, by reading.
        """
        timing = self._client.timing
        began = timing.clock()
        failures = 0
        while True:
            try:
                return await self._client.call(request, deadline)
            except ApiError as err:
                if op is Op.DELETE and err.status == 404:
                    return {}
                failures += 1
                left_s = min(began + _not_yet_s(kind, op, err) - timing.clock(), deadline.left_s)
                pause_s = timing.pause_s(failures)
                if pause_s >= left_s:
                    raise with_hint(kind, err) from err.__cause__
            await timing.sleep(pause_s)


def _not_yet_s(kind: Kind, op: Op, error: ApiError) -> float:
    """Return for how long this answer to a write means "not yet": zero for most."""
    fitting = (retry.within_s for retry in kind.retries if _fits(retry, op, error))
    return max(fitting, default=0.0)


def _fits(retry: Retry, op: Op, error: ApiError) -> bool:
    if retry.status != error.status or op not in retry.ops:
        return False
    return re.search(retry.message, error.message) is not None


def with_hint(kind: Kind, error: ApiError) -> ApiError:
    """Return the error with the hint that the kind has for it, or as it is."""
    text = hint_for(kind, error)
    return error.with_hint(text) if text else error


def hint_for(kind: Kind, error: ApiError) -> str:
    """Return what the kind says about this status and message, or ""."""
    fitting = (
        hint.hint
        for hint in kind.hints
        if hint.status == error.status and re.search(hint.message, error.message)
    )
    return next(fitting, "")
