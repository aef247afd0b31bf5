"""The audit trail: one line for each command that held the stack, each naming the line before it by its hash.

A line is a JSON object that ends in `"prev":"<64 hex digits>"}`: the SHA-256 of the line before, without its
line end; zeros for the first. So no line can be changed, left out or put in unseen, except at the end; what
the last one was, the lock's file remembers. It is a trail for honest people, not a proof against who may
write all of these files.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from reconciler.recorded import lines

START: Final = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a command ended.

    exit_code: None when nobody was there to say: it was killed, or could not write its end.
    plan: digest of the plan that was carried out, "" when there was none. counts: what was done, by word.
    """

    exit_code: int | None
    plan: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One command. at: when it began, RFC 3339. serial: of the state it left."""

    at: str
    who: str
    run: str
    verb: str
    serial: int
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """A log as it was read.

    logged: the lines that can be read. broken: number and trouble of the first that does not fit, or None.
    hashes: of every line there is. following: what the next line names: the last of them, or the one that
    was the last when a line was written here; so the gap stays to be seen should that one be gone.
    good: the bytes of whole lines. is_cut: whether something follows them that was cut while it was written.
    """

    logged: tuple[LogLine, ...]
    broken: tuple[int, str] | None
    hashes: tuple[str, ...]
    following: str
    good: bytes
    is_cut: bool


def encode_line(line: LogLine, trail: Trail) -> bytes:
    """Return the line that goes behind `trail`, with its line end."""
    outcome = line.outcome
    counts = lines.encode_value(outcome.counts)
    code = "null" if outcome.exit_code is None else str(int(outcome.exit_code))
    return (
        f'{{"n":{len(trail.hashes) + 1},"at":{lines.quote(line.at)},"who":{lines.quote(line.who)},'
        f'"run":{lines.quote(line.run)},"verb":{lines.quote(line.verb)},'
        f'"plan":{lines.quote(outcome.plan)},"counts":{counts},"exit":{code},'
        f'"serial":{line.serial},"prev":"{trail.following}"}}\n'
    ).encode()


def hash_line(line: bytes) -> str:
    return hashlib.sha256(line.rstrip(b"\n")).hexdigest()


def read_trail(data: bytes, known: str = "") -> Trail:
    """Return what the bytes of a log say. Never raises: a log that does not fit is told, not refused.

    known: the hash of the last line that this machine wrote; "" when it is not known.
    """
    whole = _whole(data)
    found = whole.split(b"\n")[:-1]
    hashes = tuple(map(hash_line, found))
    logged: list[LogLine] = []
    broken: tuple[int, str] | None = None
    for at, text in enumerate(found):
        try:
            n, prev, line = _decode(text)
        except lines.ShapeError as error:
            broken = broken or (at + 1, f"cannot be read: {error}")
            continue
        logged.append(line)
        broken = broken or _misfit(at + 1, n, prev, hashes[at - 1] if at else START)
    is_gone = bool(known) and known not in hashes
    if is_gone:
        broken = broken or (max(1, len(found)), "was changed, or lines behind it are missing")
    return Trail(
        logged=tuple(logged),
        broken=broken,
        hashes=hashes,
        following=known if is_gone else hashes[-1] if hashes else START,
        good=whole,
        is_cut=len(whole) < len(data),
    )


def _whole(data: bytes) -> bytes:
    """Return the lines without what a cut write left at the end: a beginning, or holes that read as zeros."""
    whole = data[: data.rfind(b"\n") + 1]
    last = whole.rfind(b"\n", 0, len(whole) - 1) + 1
    return whole[:last] if b"\0" in whole[last:] else whole


def _misfit(number: int, n: int, prev: str, hash_before: str) -> tuple[int, str] | None:
    if n != number:
        return number, f"says that it is line {n:,}: lines before it are missing, or put in"
    if prev == hash_before:
        return None
    if number == 1:
        return 1, "was changed: the first line follows none"
    return (
        number - 1,
        f"was changed, or lines behind it are missing: line {number:,} does not fit it",
    )


def _decode(text: bytes) -> tuple[int, str, LogLine]:
    try:
        value, _ = lines.decode_json(text.decode())
    except UnicodeDecodeError as error:
        raise lines.ShapeError("it is not UTF-8") from error
    match value:
        case {
            "n": int(n),
            "at": str(at),
            "who": str(who),
            "run": str(run),
            "verb": str(verb),
            "plan": str(plan),
            "counts": dict(counts),
            "exit": int() | None as code,
            "serial": int(serial),
            "prev": str(prev),
            **others,
        } if not others and all(isinstance(number, int) for number in counts.values()):
            outcome = Outcome(exit_code=code, plan=plan, counts=counts)
            line = LogLine(at=at, who=who, run=run, verb=verb, serial=serial, outcome=outcome)
            return n, prev, line
    raise lines.ShapeError("it is not a line of a log")
