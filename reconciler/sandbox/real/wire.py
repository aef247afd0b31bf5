"""The little of PostgreSQL's protocol that is needed to give orders over a private socket.

Simple queries only, as text, to a server that trusts us: what PgBouncer's console speaks too.
No driver, so that the sandbox needs none.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

from reconciler.sandbox.account.engine import EngineError

PROTOCOL = 196608
TIMEOUT_S = 30.0

_LENGTH = struct.Struct("!i").unpack_from
Row = tuple[str | None, ...]


class SqlError(EngineError):
    """The server refused; `code` is the SQLSTATE."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class LostError(EngineError):
    """The connection is gone."""


def quote(name: str) -> str:
    """Return the name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return the text as an SQL literal, whatever the server's settings."""
    if "\\" in text:
        return " E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
    return "'" + text.replace("'", "''") + "'"


class Connection(asyncio.Protocol):
    """One session. Not for two queries at once: whoever owns it holds a lock."""

    def __init__(self, startup: bytes) -> None:
        self._startup = startup
        self._buffer = bytearray()
        self._scanned = 0
        self._answer: asyncio.Future[bytes] | None = None
        self._transport: asyncio.Transport | None = None
        self._known: dict[str, dict[bytes, Row]] = {}

    @classmethod
    async def open(cls, socket: Path, user: str, database: str) -> Connection:
        """Connect and log in. Raises OSError while nobody listens, SqlError when refused."""
        words = ["user", user, "database", database, "application_name", "sandbox"]
        body = struct.pack("!i", PROTOCOL)
        body += b"".join(word.encode() + b"\0" for word in words) + b"\0"
        connection = cls(struct.pack("!i", len(body) + 4) + body)
        loop = asyncio.get_running_loop()
        connection._answer = loop.create_future()
        await loop.create_unix_connection(lambda: connection, str(socket))
        try:
            _read_rows(await connection._wait(), ())
        except EngineError:
            connection.close()
            raise
        return connection

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    async def query(self, sql: str, columns: Sequence[str] = ()) -> list[Row]:
        """Return the rows, of the named columns only if any are named."""
        if self._transport is None or not self.is_open:
            raise LostError("the connection to the server is gone")
        self._answer = asyncio.get_running_loop().create_future()
        body = sql.encode() + b"\0"
        self._transport.write(b"Q" + struct.pack("!i", len(body) + 4) + body)
        rows, known = _read_rows(await self._wait(), columns, self._known.get(sql))
        if columns:
            self._known[sql] = known
        return rows

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    async def _wait(self) -> bytes:
        if self._answer is None:
            raise LostError("nothing was asked")
        try:
            return await asyncio.wait_for(self._answer, TIMEOUT_S)
        except TimeoutError:
            self.close()
            raise LostError(f"the server gave no answer within {TIMEOUT_S:g} s") from None
        except asyncio.CancelledError:
            # The answer would be taken for that of the next question.
            self.close()
            raise

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            transport.write(self._startup)

    def data_received(self, data: bytes) -> None:
        """Collect whole messages until the server is ready for the next question."""
        buffer = self._buffer
        buffer += data
        at, end = self._scanned, len(buffer)
        while at + 5 <= end:
            size = int.from_bytes(buffer[at + 1 : at + 5], "big") + 1
            if at + size > end:
                break
            kind = buffer[at]
            at += size
            if kind == 0x5A:  # Z: ready for the next query
                self._hand_over(at)
                at, end = 0, len(buffer)
        self._scanned = at

    def _hand_over(self, size: int) -> None:
        whole = bytes(self._buffer[:size])
        del self._buffer[:size]
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(whole)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is None or self._answer.done():
            return
        try:
            # A server that refuses a login says why and hangs up.
            _read_rows(bytes(self._buffer), ())
        except SqlError as error:
            self._answer.set_exception(error)
        else:
            self._answer.set_exception(LostError("the server closed the connection"))


def _read_rows(
    answer: bytes, columns: Sequence[str], before: Mapping[bytes, Row] | None = None
) -> tuple[list[Row], dict[bytes, Row]]:
    """Return the rows of the last result, and each by its bytes. Raises SqlError.

    `before` is the latter of the same question asked before: what came the same way is not taken
    apart again. A thousand pools come by here after every change.
    """
    rows: list[Row] = []
    known: dict[bytes, Row] = {}
    before = before or {}
    order: list[int] = []
    error: SqlError | None = None
    at, end = 0, len(answer)
    while at + 5 <= end:
        kind = answer[at]
        size = _LENGTH(answer, at + 1)[0]
        if kind == 0x44:  # D: a row
            raw = answer[at + 7 : at + 1 + size]
            row = before.get(raw) or _row(raw, order)
            known[raw] = row
            rows.append(row)
        elif kind == 0x54:  # T: what the rows hold
            rows = []
            names = _names(answer, at + 5)
            order = [names.index(name) for name in columns or names]
        elif kind == 0x45:  # E: an error
            error = _error(answer[at + 5 : at + 1 + size])
        elif kind == 0x52 and answer[at + 5 : at + 9] != b"\0\0\0\0":  # R: more than "come in"
            error = SqlError("the server asks for a password", "28000")
        at += size + 1
    if error is not None:
        raise error
    return rows, known


def _row(answer: bytes, order: list[int]) -> Row:
    """Return the fields in the given order."""
    fields: list[str | None] = []
    at = 0
    for _ in range(max(order, default=-1) + 1):
        size = _LENGTH(answer, at)[0]
        at += 4
        if size < 0:
            fields.append(None)
            continue
        fields.append(answer[at : at + size].decode())
        at += size
    return tuple([fields[number] for number in order])


def _names(answer: bytes, at: int) -> list[str]:
    count = int.from_bytes(answer[at : at + 2], "big")
    at += 2
    names = []
    for _ in range(count):
        end = answer.index(b"\0", at)
        names.append(answer[at:end].decode())
        at = end + 19
    return names


def _error(body: bytes) -> SqlError:
    parts = {part[:1]: part[1:].decode(errors="replace") for part in body.split(b"\0") if part}
    return SqlError(parts.get(b"M", "no message"), parts.get(b"C", ""))
