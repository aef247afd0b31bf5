"""A state as the text of its file, and back.

The file is valid YAML, one resource a line, read line by line by a JSON decoder. `crc` is the CRC-32
(zlib's, eight hex digits) of the file's bytes without the crc line itself: the header before it, the
resources after it and the end mark, line ends included.
"""

import re
import zlib
from typing import Final, TypeVar

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.location import Location
from reconciler.model.state import Approval, Intent, Recorded, State
from reconciler.recorded import lines
from reconciler.recorded.errors import DamagedStateError, NewerStateError

VERSION: Final = 1
END: Final = "# end\n"

_HEADER: Final = re.compile(
    r"(?P<before># State of stack [^\n]*\n"
    r"version: 1\n"
    r"stack: (?P<stack>[^\n]+)\n"
    r"lineage: (?P<lineage>[^\n]+)\n"
    r"serial: (?P<serial>0|[1-9][0-9]{0,17})\n"
    r"(?:approved: (?P<approved>[^\n]+)\n)?)"
    r'crc: "(?P<crc>[0-9a-f]{8})"\n'
    r"(?P<mark>resources:(?: \{\})?\n)"
)
_VERSION: Final = re.compile(r"^version: ([0-9]{1,9})\r?$", re.MULTILINE)
LINEAGE: Final = re.compile(r"[0-9a-f]{32}")
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_NOT_A_NUMBER: Final = re.compile(r"[0-9a-f]*[a-df][0-9a-f]*[a-df][0-9a-f]*")
_YAML_WORDS: Final = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))
_K = TypeVar("_K", bound=str)
_V = TypeVar("_V")
_SEAL_OR_RESTORE: Final = (
    "reconcile state seal, if you edited it; otherwise reconcile state restore"
)


def encode(state: State) -> bytes:
    """Return the canonical file of `state`: equal states give equal bytes.

    Raises TypeError for what must never be stored (a Secret, an Unknown, anything that is not JSON) and
    StateError for a name that is too long to be a key.
    """
    if not LINEAGE.fullmatch(state.lineage):
        raise ValueError(f"a lineage is 32 hex digits, not {state.lineage!r}")
    stack = _scalar(state.stack)
    before = (
        f"# State of stack {stack}. Written by reconcile; edit with `reconcile state`.\n"
        f"version: {VERSION}\nstack: {stack}\nlineage: {_scalar(state.lineage)}\nserial: {state.serial}\n"
    ).encode()
    if state.approved is not None:
        before += f"approved: {lines.encode_approval(state.approved)}\n".encode()
    after = (_encode_entries(state) + END).encode()
    return before + f'crc: "{_crc(before, after)}"\n'.encode() + after


def _encode_entries(state: State) -> str:
    if not state.resources and not state.unresolved:
        return "resources: {}\n"
    entries = ["resources:\n"]
    for address, record in sorted(state.resources.items()):
        entries.append(f"  {lines.quote_key(address)}: {lines.encode_recorded(record)}\n")
    for key, intent in sorted(state.unresolved.items(), key=lambda item: intent_order(item[0])):
        entries.append(f'  "?{key}": {lines.encode_intent(intent)}\n')
    return "".join(entries)


def intent_order(key: str) -> tuple[int, int]:
    """Return what sorts intents as they were announced; raise ValueError for what is not an id."""
    if not lines.is_intent_id(key):
        raise ValueError(f"an intent's id is <serial>.<n>, not {key!r}")
    serial, _, n = key.partition(".")
    return int(serial), int(n)


def is_same(one: State, other: State) -> bool:
    """Tell whether the files would differ in lineage and serial only; `==` takes 1 and True for equal."""
    if (one.resources, one.unresolved) != (other.resources, other.unresolved):
        return False
    if one.approved != other.approved:
        return False
    return _encode_entries(one) == _encode_entries(other)


def _scalar(text: str) -> str:
    """Return `text` bare where every YAML reader takes it for a string, quoted elsewhere."""
    if _WORD.fullmatch(text) and text.lower() not in _YAML_WORDS:
        return text
    return text if _NOT_A_NUMBER.fullmatch(text) else lines.quote(text)


def _unscalar(text: str) -> str:
    if not text.startswith('"'):
        return text
    value, end = lines.decode_json(text)
    if end != len(text) or not isinstance(value, str):
        raise lines.ShapeError("this is not one string")
    return value


def _crc(before: bytes, after: bytes) -> str:
    return f"{zlib.crc32(after, zlib.crc32(before)):08x}"


def decode(data: bytes, file: str = "") -> State:
    """Return the state that the bytes of `file` hold.

    Raises NewerStateError for a later format, DamagedStateError for anything that `encode` did not write.
    """
    text = read_text(data, file)
    refuse_newer(text, file)
    header = _HEADER.match(text)
    if header is None:
        raise _damaged(file, "Its first lines are not those of a state file.")
    if not text.endswith(END):
        raise _damaged(
            file, "Its end mark, '# end', is missing: it was cut short, or edited by hand."
        )
    crc = _crc(header["before"].encode(), text[header.start("mark") :].encode())
    if crc != header["crc"]:
        raise _damaged(
            file,
            f"It says crc {header['crc']} and its lines give {crc}: "
            f"it was edited by hand, or it is damaged{_where(text, header)}.",
        )
    return _decode_lines(text, header, file)


def read_text(data: bytes, file: str) -> str:
    """Return the bytes as text; raise DamagedStateError when they are none, or nothing."""
    if not data.strip(b"\0"):
        raise DamagedStateError(
            Diagnostic(
                summary="State file is empty",
                detail="A state file is never written empty: what it held is lost, or was cut away.",
                hint="reconcile state restore",
                location=Location(file),
            )
        )
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise _damaged(file, f"Byte {error.start + 1:,} is not UTF-8.") from error


def refuse_newer(text: str, file: str) -> None:
    """Raise NewerStateError when the text says that it is of a later format."""
    version = _VERSION.search(text, 0, 1000)
    if version is not None and int(version[1]) > VERSION:
        raise NewerStateError(newer(file, int(version[1]), VERSION), version=int(version[1]))


def newer(file: str, version: int, known: int) -> Diagnostic:
    """Return what to tell of a file in a format that is not known yet."""
    return Diagnostic(
        summary="State was written by a newer version",
        detail=f"It has format version {version}; this version of reconcile reads up to {known}.",
        hint=f"upgrade reconcile to a version that reads format {version}; the file was left as it is",
        location=Location(file),
    )


def _damaged(file: str, detail: str, line: int = 0) -> DamagedStateError:
    return DamagedStateError(
        Diagnostic(
            summary="State file is not as it was written",
            detail=detail,
            hint=_SEAL_OR_RESTORE,
            location=Location(file, line),
        )
    )


def _decode_lines(text: str, header: re.Match[str], file: str) -> State:
    entries = text[header.end() : -len(END)].split("\n")
    number = text.count("\n", 0, header.end())
    reader = _Reader()
    try:
        stack, lineage = _unscalar(header["stack"]), _unlineage(header["lineage"])
        approved = _unapproved(header["approved"], reader.known)
        reader.finish(entries.pop())
        for entry in entries:
            number += 1
            reader.read(entry)
    except lines.ShapeError as error:
        raise _damaged(file, f"Its crc fits, but this line does not: {error}.", number) from error
    return State(
        stack=stack,
        lineage=lineage,
        serial=int(header["serial"]),
        resources=reader.resources,
        unresolved=reader.unresolved,
        approved=approved,
    )


def _where(text: str, header: re.Match[str]) -> str:
    """Return where the first line begins that cannot be read, "" when each can: then a value differs."""
    reader, at = _Reader(), header.end()
    for entry in text[at : -len(END)].split("\n")[:-1]:
        try:
            reader.read(entry)
        except lines.ShapeError:
            before = text[:at]
            line, byte = before.count("\n") + 1, len(before.encode()) + 1
            return f", in line {line:,} from byte {byte:,} on"
        at += len(entry) + 1
    return ""


def _unlineage(text: str) -> str:
    lineage = _unscalar(text)
    if not LINEAGE.fullmatch(lineage):
        raise lines.ShapeError("the lineage is not 32 hex digits")
    return lineage


def _unapproved(text: str | None, known: dict[str, Address]) -> Approval | None:
    if text is None:
        return None
    value, end = lines.decode_json(text)
    if end != len(text):
        raise lines.ShapeError("something stands behind the approval")
    return lines.decode_approval(value, known)


class _Reader:
    """Collects what the lines of one file say."""

    def __init__(self) -> None:
        self.resources: dict[Address, Recorded] = {}
        self.unresolved: dict[str, Intent] = {}
        self.known: dict[str, Address] = {}

    def read(self, entry: str) -> None:
        if not entry.startswith('  "'):
            raise lines.ShapeError("it does not start with two spaces and a quoted key")
        key, end = lines.decode_json(entry, 2)
        if not isinstance(key, str) or entry[end : end + 2] != ": ":
            raise lines.ShapeError("there is no ': ' after its key")
        value, end = lines.decode_json(entry, end + 2)
        if end != len(entry):
            raise lines.ShapeError("something stands behind its value")
        if key.startswith("?"):
            intent = lines.decode_intent(key[1:], value, self.known)
            _add(self.unresolved, intent.id, intent)
        else:
            address = lines.decode_address(key, self.known)
            _add(self.resources, address, lines.decode_recorded(value, self.known))

    def finish(self, rest: str) -> None:
        if rest:
            raise lines.ShapeError("the end mark stands in the middle of a line")


def _add(entries: dict[_K, _V], key: _K, value: _V) -> None:
    if key in entries:
        raise lines.ShapeError(f"{key} stands there twice")
    entries[key] = value
