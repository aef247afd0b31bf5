"""What a journal can say, and what it does to the record."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias, assert_never

from reconciler.model.address import Address
from reconciler.model.state import Approval, Intent, Recorded, State
from reconciler.recorded import lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """A write is about to be sent."""

    intent: Intent


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The write was answered: the object is ours from here on, although it has not settled."""

    id: str
    address: Address
    record: Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The outcome of a write; no record when the object with this identity is gone."""

    id: str
    address: Address
    identity: str
    record: Recorded | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """It is known that the write did nothing."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """The record changed without a call: all of these addresses at once; None forgets one."""

    records: Mapping[Address, Recorded | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """What is left of an approval by now; None when there is none, or it is used up."""

    approval: Approval | None


Entry: TypeAlias = Announced | Written | Done | Failed | Changed | Approved


class Ledger:
    """The record while it changes. Putting the same entries in again changes nothing."""

    def __init__(self, state: State) -> None:
        self.resources = dict(state.resources)
        self.unresolved = dict(state.unresolved)
        self.approved = state.approved

    def put_into(self, state: State) -> State:
        """Return `state` with the record as it is by now; lineage and serial stay."""
        return replace(
            state,
            resources=dict(self.resources),
            unresolved=dict(self.unresolved),
            approved=self.approved,
        )

    def put(self, entry: Entry) -> None:
        match entry:
            case Announced(intent=intent):
                self.unresolved[intent.id] = intent
            case Written(address=address, record=record):
                self.resources[address] = record
            case Done(id=key, address=address, identity=identity, record=record):
                self.unresolved.pop(key, None)
                if record is not None:
                    self.resources[address] = record
                else:
                    self._drop(address, identity)
            case Failed(id=key):
                self.unresolved.pop(key, None)
            case Changed(records=records):
                self._change(records)
            case Approved(approval=approval):
                self.approved = approval
            case _:
                assert_never(entry)

    def _drop(self, address: Address, identity: str) -> None:
        """Drop what was deleted, not what was created in its place before."""
        present = self.resources.get(address)
        if present is not None and present.identity == identity:
            del self.resources[address]

    def _change(self, records: Mapping[Address, Recorded | None]) -> None:
        for address, record in records.items():
            if record is None:
                self.resources.pop(address, None)
            else:
                self.resources[address] = record


def encode_entry(entry: Entry) -> str:
    """Return an entry as a JSON object; raise like `lines.encode_value`."""
    match entry:
        case Announced(intent=intent):
            return f'{{"intent":{lines.quote(intent.id)},"call":{lines.encode_intent(intent)}}}'
        case Written(id=key, address=address, record=record):
            where = f'"address":{lines.quote_key(address)}'
            return (
                f'{{"written":{lines.quote(key)},{where},"record":{lines.encode_recorded(record)}}}'
            )
        case Done(id=key, address=address, identity=identity, record=done):
            where = f'"address":{lines.quote_key(address)},"identity":{lines.quote(identity)}'
            return f'{{"done":{lines.quote(key)},{where},"record":{_encode_optional(done)}}}'
        case Failed(id=key):
            return f'{{"failed":{lines.quote(key)}}}'
        case Changed(records=records):
            items = (
                f"{lines.quote_key(address)}:{_encode_optional(item)}"
                for address, item in sorted(records.items())
            )
            return f'{{"change":{{{",".join(items)}}}}}'
        case Approved(approval=approval):
            text = "null" if approval is None else lines.encode_approval(approval)
            return f'{{"approved":{text}}}'
        case _:
            assert_never(entry)


def _encode_optional(record: Recorded | None) -> str:
    return "null" if record is None else lines.encode_recorded(record)


def decode_entry(value: dict[str, object], known: dict[str, Address]) -> Entry:
    """Return the entry that `encode_entry` wrote; raise ShapeError for anything else."""
    match value:
        case {"intent": str(key), "call": call, **others} if not others:
            return Announced(intent=lines.decode_intent(key, call, known))
        case {"written": str(key), "address": address, "record": record, **others} if not others:
            return Written(
                id=key,
                address=lines.decode_address(address, known),
                record=lines.decode_recorded(record, known),
            )
        case {
            "done": str(key),
            "address": address,
            "identity": str(identity),
            "record": record,
            **others,
        } if not others:
            return Done(
                id=key,
                address=lines.decode_address(address, known),
                identity=identity,
                record=_decode_optional(record, known),
            )
        case {"failed": str(key), **others} if not others:
            return Failed(id=key)
        case {"change": dict(records), **others} if not others:
            return Changed(
                records={
                    lines.decode_address(address, known): _decode_optional(item, known)
                    for address, item in records.items()
                }
            )
        case {"approved": approval, **others} if not others:
            return Approved(
                approval=None if approval is None else lines.decode_approval(approval, known)
            )
    raise lines.ShapeError("this is not an entry of a journal")


def _decode_optional(value: object, known: dict[str, Address]) -> Recorded | None:
    return None if value is None else lines.decode_recorded(value, known)
