"""The journal's lines: what a run says before and after each write, until it is folded into the state.

Each line is a JSON object that ends in `"from":<n>,"crc":"<8 hex digits>"}`. `crc` is the CRC-32 of the
line's bytes before `,"crc"`. `from` is where the write that brought this line began, as an offset in the
file: everything before it was safely on disk by then. So what a cut write left behind, of which nothing
was acknowledged, can be told from a line that had been on disk and was damaged since.
"""

import re
import zlib
from dataclasses import dataclass, replace
from typing import Final

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.location import Location
from reconciler.model.state import State
from reconciler.recorded import lines
from reconciler.recorded.codec import is_same, newer
from reconciler.recorded.entries import Entry, Ledger, decode_entry
from reconciler.recorded.errors import DamagedStateError, NewerStateError

VERSION: Final = 1

_VERSION: Final = re.compile(rb'\{"journal":([0-9]{1,9}),')
_SEAL: Final = re.compile(rb',"from":(0|[1-9][0-9]{0,17}),"crc":"([0-9a-f]{8})"\}')
_SEAL_TAIL: Final = len(',"crc":"01234567"}')


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Which run this is the journal of, and of which state.

    lineage, serial: of the state that the run started from; serial 0 when there was none.
    verb, at, who: for people, and for the log should the run not come to its end.
    """

    stack: str
    lineage: str
    serial: int
    run: str
    verb: str
    at: str
    who: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    header: Header
    entries: tuple[Entry, ...]


def encode_header(header: Header) -> str:
    """Return the body of a journal's first line."""
    return (
        f'{{"journal":{VERSION},"stack":{lines.quote(header.stack)},"lineage":{lines.quote(header.lineage)},'
        f'"serial":{header.serial},"run":{lines.quote(header.run)},"verb":{lines.quote(header.verb)},'
        f'"at":{lines.quote(header.at)},"who":{lines.quote(header.who)}}}'
    )


def seal(body: str, start: int) -> bytes:
    """Return the line for a JSON object, in a write that begins at the offset `start`."""
    text = f'{body[:-1]},"from":{start}'.encode()
    return text + f',"crc":"{zlib.crc32(text):08x}"}}\n'.encode()


def decode(data: bytes, file: str = "") -> Journal | None:
    """Return what the bytes of a journal say; None when not even its header had reached the disk.

    Raises DamagedStateError when something that had been acknowledged cannot be read, NewerStateError for
    a later format.
    """
    version = _VERSION.match(data)
    if version is not None and int(version[1]) > VERSION:
        raise NewerStateError(newer(file, int(version[1]), VERSION), version=int(version[1]))
    bodies = _good_lines(data, file)
    if not bodies:
        return None
    known: dict[str, Address] = {}
    number = 1
    try:
        header = _decode_header(_decode_body(bodies[0]))
        entries = []
        for body in bodies[1:]:
            number += 1
            entries.append(decode_entry(_decode_body(body), known))
    except lines.ShapeError as error:
        raise _damaged(file, f"Its crc fits, but this line does not: {error}.", number) from error
    return Journal(header=header, entries=tuple(entries))


@dataclass(frozen=True, slots=True, kw_only=True)
class Salvage:
    """What can still be read of a damaged journal. lost: how many of its lines cannot."""

    entries: tuple[Entry, ...]
    serial: int
    lost: int


def salvage(data: bytes) -> Salvage:
    """Return whatever is whole in the bytes of a journal, in its order. Never raises."""
    known: dict[str, Address] = {}
    entries: list[Entry] = []
    serial = lost = 0
    for line in filter(None, data.replace(b"\0", b"").split(b"\n")):
        try:
            body = _decode_body(line if _opened(line) is not None else b"")
            if "journal" in body:
                serial = _decode_header(body).serial
            else:
                entries.append(decode_entry(body, known))
        except lines.ShapeError:
            lost += 1
    return Salvage(entries=tuple(entries), serial=serial, lost=lost)


def _good_lines(data: bytes, file: str) -> list[bytes]:
    """Return the lines up to the first that was cut, without line ends."""
    good: list[bytes] = []
    at, started = 0, 0
    while (end := data.find(b"\n", at)) >= 0:
        line = data[at:end]
        start = _opened(line)
        if start is None:
            break
        if start not in (at, started):
            detail = f"Lines before byte {at + 1:,} are missing or repeated."
            raise _damaged(file, detail, len(good) + 1)
        good.append(line)
        at, started = end + 1, start
    if not _was_cut(data, at):
        detail = f"The line at byte {at + 1:,} is damaged, and had been written whole."
        raise _damaged(file, detail, len(good) + 1)
    return good


def _was_cut(data: bytes, at: int) -> bool:
    """Tell whether what follows the good lines, from `at` on, was never acknowledged.

    A write that is cut leaves its beginning, or holes that read as zeros; never other bytes, and never
    anything written later.
    """
    line, newline, rest = data[at:].partition(b"\n")
    if not newline:
        return line.endswith(b"\0") or _opened(line[:-1]) is None
    if b"\0" not in line:
        return False
    return all((_opened(later) or 0) <= at for later in rest.split(b"\n"))


def _opened(line: bytes) -> int | None:
    """Return where the write of a line began, or None when the line is not as it was written."""
    match = _SEAL.search(line, max(0, len(line) - 60))
    if match is None or match.end() != len(line):
        return None
    if zlib.crc32(line[:-_SEAL_TAIL]) != int(match[2], 16):
        return None
    return int(match[1])


def _damaged(file: str, detail: str, line: int) -> DamagedStateError:
    return DamagedStateError(
        Diagnostic(
            summary="Journal is not as it was written",
            detail=detail,
            hint="reconcile state restore; nothing is planned or applied before, so that nothing is lost",
            location=Location(file, line),
        )
    )


def _decode_body(line: bytes) -> dict[str, object]:
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise lines.ShapeError("it is not UTF-8") from error
    value, end = lines.decode_json(text)
    if end != len(text) or not isinstance(value, dict):
        raise lines.ShapeError("it is not one JSON object")
    del value["from"], value["crc"]
    return value


def _decode_header(value: dict[str, object]) -> Header:
    match value:
        case {
            "journal": 1,
            "stack": str(stack),
            "lineage": str(lineage),
            "serial": int(serial),
            "run": str(run),
            "verb": str(verb),
            "at": str(at),
            "who": str(who),
            **others,
        } if not others:
            return Header(
                stack=stack, lineage=lineage, serial=serial, run=run, verb=verb, at=at, who=who
            )
    raise lines.ShapeError("this is not the header of a journal")


def replay(journal: Journal, saved: State, file: str = "") -> State:
    """Return the state with what a journal says put in; `saved` itself when it has all of it already.

    The serial stays. Raises DamagedStateError when the two do not belong together.
    """
    header = journal.header
    if header.stack != saved.stack:
        raise _mixed_up(
            file, f"It is of stack {header.stack}, the state is of stack {saved.stack}."
        )
    if saved.serial and header.lineage != saved.lineage:
        raise _mixed_up(file, f"It is of lineage {header.lineage}, the state of {saved.lineage}.")
    if header.serial > saved.serial:
        raise _mixed_up(
            file,
            f"The state is older than its journal: it has serial {saved.serial}, "
            f"and the journal goes on from serial {header.serial}.",
        )
    ledger = Ledger(saved)
    for entry in journal.entries:
        ledger.put(entry)
    played = replace(ledger.put_into(saved), lineage=header.lineage)
    if is_same(played, saved):
        return saved
    if header.serial < saved.serial:
        raise _mixed_up(
            file,
            f"It goes on from serial {header.serial}, the state has serial {saved.serial}, "
            "and what the journal recorded is not in it.",
        )
    return played


def _mixed_up(file: str, detail: str) -> DamagedStateError:
    return DamagedStateError(
        Diagnostic(
            summary="State and journal do not belong together",
            detail=detail,
            hint="put back the state that this journal goes on from: reconcile state restore",
            location=Location(file),
        )
    )
