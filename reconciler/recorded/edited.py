"""A state file that somebody edited by hand: read with patience, and told all that is wrong with it.

What may differ from what is written: the crc, the order of lines and of what stands in them, blank lines,
comments, spaces around things, line ends, keys without quotes, and in a resource `depends_on` and
`protected` may be missing. It stays one resource a line, and the end mark must be there: a file that was cut
short is not taken for an edit.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final, TypeVar

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.location import Location
from reconciler.model.state import Approval, Intent, Recorded, State
from reconciler.recorded import codec, lines
from reconciler.recorded.errors import DamagedStateError

_HEADER: Final = re.compile(r"(version|stack|lineage|serial|approved|crc|resources) *:(?: +(.*))?")
_BARE_KEY: Final = re.compile(r"'([^']*)' *:|([^\"' ][^ ]*?) *:(?= |$)")
_OPTIONAL: Final = ("depends_on", "protected")
_NEEDED: Final = ("identity", "attributes")
_K = TypeVar("_K", bound=str)
_V = TypeVar("_V")


def read_edited(data: bytes, file: str = "") -> State:
    """Return the state that an edited file means.

    Raises DamagedStateError with everything that is wrong with it, NewerStateError for a later format.
    """
    text = codec.read_text(data, file).removeprefix("\ufeff")
    codec.refuse_newer(text, file)
    reader = _Reader(file)
    found = [line.strip() for line in text.split("\n")]
    if not _has_end(found):
        reader.complain(len(found), "The end mark, '# end', is missing: this file was cut short.")
    for number, line in enumerate(found, 1):
        if line and not line.startswith("#"):
            reader.read(number, line)
    return reader.result()


def _has_end(found: list[str]) -> bool:
    """Whether the end mark stands behind everything but remarks."""
    for line in reversed(found):
        if line == codec.END.strip():
            return True
        if line and not line.startswith("#"):
            return False
    return False


@dataclass(slots=True)
class _Reader:
    """Collects what the lines of one file say, and what is wrong with them."""

    file: str
    header: dict[str, str] = field(default_factory=dict)
    resources: dict[Address, Recorded] = field(default_factory=dict)
    unresolved: dict[str, Intent] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)
    known: dict[str, Address] = field(default_factory=dict)

    def complain(self, line: int, detail: str) -> None:
        self.problems.append(
            Diagnostic(
                summary="Edited state does not hold",
                detail=detail,
                hint="mend the line, or give the edit up: reconcile state restore",
                location=Location(self.file, line),
            )
        )

    def read(self, number: int, line: str) -> None:
        try:
            if "resources" in self.header:
                self._read_entry(line)
            else:
                self._read_header(line)
        except lines.ShapeError as error:
            self.complain(number, f"This line cannot be taken: {error}.")

    def _read_header(self, line: str) -> None:
        match = _HEADER.fullmatch(line)
        if match is None:
            raise lines.ShapeError("before 'resources:' stand version, stack, lineage and serial")
        name, value = match[1], (match[2] or "").strip()
        if name == "resources" and value not in ("", "{}"):
            raise lines.ShapeError("each resource stands on a line of its own below 'resources:'")
        _add(self.header, name, value)

    def _read_entry(self, line: str) -> None:
        key, rest = _split(line)
        value, end = lines.decode_json(rest)
        if rest[end:].strip() and not rest[end:].lstrip().startswith("#"):
            raise lines.ShapeError("something stands behind its value")
        if key.startswith("?"):
            intent = lines.decode_intent(key[1:], value, self.known)
            _add(self.unresolved, intent.id, intent)
        else:
            address = lines.decode_address(key, self.known)
            _add(self.resources, address, lines.decode_recorded(_completed(value), self.known))

    def result(self) -> State:
        state = State(
            stack=self._scalar("stack"),
            lineage=self._scalar("lineage"),
            serial=self._serial(),
            resources=self.resources,
            unresolved=self.unresolved,
            approved=self._approved(),
        )
        self._check_header(state)
        self._check_identities()
        if self.problems:
            raise DamagedStateError(*self.problems)
        return state

    def _scalar(self, name: str) -> str:
        """Return the text of a header line, "" when there is none that can be read."""
        text = self.header.get(name, "")
        if not text.startswith('"'):
            return text.strip("'")
        try:
            return str(lines.decode_json(text)[0])
        except lines.ShapeError:
            return ""

    def _serial(self) -> int:
        text = self.header.get("serial", "")
        if text.isdecimal() and len(text) <= 18:
            return int(text)
        self.complain(0, "The serial is not a whole number.")
        return 0

    def _approved(self) -> Approval | None:
        if "approved" not in self.header:
            return None
        try:
            value, _ = lines.decode_json(self.header["approved"])
            return lines.decode_approval(value, self.known)
        except lines.ShapeError as error:
            self.complain(0, f"The line 'approved:' cannot be taken: {error}; it may be left out.")
            return None

    def _check_header(self, state: State) -> None:
        if self._scalar("version") != str(codec.VERSION):
            self.complain(0, f"There is no line 'version: {codec.VERSION}'.")
        if not state.stack:
            self.complain(0, "There is no line 'stack:' with the stack's name.")
        if not codec.LINEAGE.fullmatch(state.lineage):
            self.complain(
                0, "The lineage is not 32 hex digits; it is fixed for the life of a state."
            )
        if "resources" not in self.header:
            self.complain(0, "There is no line 'resources:'.")

    def _check_identities(self) -> None:
        """Complain when two addresses claim one object."""
        owners: dict[tuple[str, str], list[Address]] = defaultdict(list)
        for address, record in self.resources.items():
            owners[address.kind, record.identity].append(address)
        for (_, identity), addresses in owners.items():
            if len(addresses) > 1:
                self.complain(0, f"{identity} belongs to {' and '.join(sorted(addresses))}.")


def _split(line: str) -> tuple[str, str]:
    """Return the key of a line, and what stands behind its colon."""
    if line.startswith('"'):
        key, end = lines.decode_json(line)
        rest = line[end:].lstrip()
        if isinstance(key, str) and rest.startswith(":"):
            return key, rest[1:].lstrip()
    elif match := _BARE_KEY.match(line):
        return match[1] or match[2], line[match.end() :].lstrip()
    raise lines.ShapeError("it does not begin with an address and a colon")


def _completed(value: object) -> object:
    """Return a recorded resource with what may be missing put in."""
    if not isinstance(value, dict):
        raise lines.ShapeError("behind the address stand its values, in braces on the same line")
    for name in _NEEDED:
        if name not in value:
            raise lines.ShapeError(f"its {name} is missing")
    for name in value:
        if name not in _NEEDED and name not in _OPTIONAL:
            raise lines.ShapeError(
                f"a resource has no {name!r}; its attributes stand in 'attributes'"
            )
    return {"depends_on": [], "protected": False, **value}


def _add(entries: dict[_K, _V], key: _K, value: _V) -> None:
    if key in entries:
        raise lines.ShapeError(f"{key} stands there twice")
    entries[key] = value
