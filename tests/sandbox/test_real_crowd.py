"""A pool takes as many clients as Aiven's: five thousand idle ones on the smallest plan.

The clients are plain sockets that speak just enough of the protocol: TLS, SCRAM, and wait.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
import resource
import ssl
import struct
from urllib.parse import unquote, urlsplit

import pytest
from sandbox_real import Shop

pytestmark = pytest.mark.real_engine

CROWD = 5000
"""What a plan of 4 GB takes: the console's own session is not among them."""
AT_ONCE = 50
TLS_REQUEST = struct.pack("!ii", 8, 80877103)


class Visitor:
    """Logs in over and over. The salt is that of the user, so it is stretched only once."""

    def __init__(self, uri: str, ca_pem: str) -> None:
        parts = urlsplit(uri)
        self.host, self.port = parts.hostname or "", parts.port or 0
        self.user, self.password = parts.username or "", unquote(parts.password or "")
        self.pool = parts.path[1:]
        self.context = ssl.create_default_context(cadata=ca_pem)
        self.stretched: dict[bytes, bytes] = {}

    async def enter(self) -> asyncio.StreamWriter:
        reader, writer = await asyncio.open_connection(self.host, self.port)
        writer.write(TLS_REQUEST)
        assert await reader.readexactly(1) == b"S"
        await writer.start_tls(self.context, server_hostname=self.host)
        words = f"user\0{self.user}\0database\0{self.pool}\0\0".encode()
        writer.write(struct.pack("!ii", len(words) + 8, 196608) + words)
        await read(reader, b"R")
        await self.prove(reader, writer)
        while (await read(reader))[0] != b"Z":
            pass
        return writer

    async def prove(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """SCRAM-SHA-256 without channel binding (RFC 5802)."""
        bare = "n=,r=" + base64.b64encode(os.urandom(12)).decode()
        first = f"n,,{bare}".encode()
        mechanism = b"SCRAM-SHA-256\0"
        send(writer, mechanism + struct.pack("!i", len(first)) + first)
        challenge = (await read(reader, b"R"))[1][4:].decode()
        given = dict(part.split("=", 1) for part in challenge.split(","))
        salted = self.stretch(base64.b64decode(given["s"]), int(given["i"]))
        client = hmac.digest(salted, b"Client Key", "sha256")
        last = f"c=biws,r={given['r']}"
        signed = f"{bare},{challenge},{last}".encode()
        signature = hmac.digest(hashlib.sha256(client).digest(), signed, "sha256")
        proof = bytes(a ^ b for a, b in zip(client, signature, strict=True))
        send(writer, f"{last},p={base64.b64encode(proof).decode()}".encode())

    def stretch(self, salt: bytes, iterations: int) -> bytes:
        if salt not in self.stretched:
            self.stretched[salt] = hashlib.pbkdf2_hmac(
                "sha256", self.password.encode(), salt, iterations
            )
        return self.stretched[salt]


async def read(reader: asyncio.StreamReader, wanted: bytes = b"") -> tuple[bytes, bytes]:
    kind = await reader.readexactly(1)
    size = struct.unpack("!i", await reader.readexactly(4))[0]
    body = await reader.readexactly(size - 4)
    assert kind != b"E", body
    assert not wanted or kind == wanted, (kind, body)
    return kind, body


def send(writer: asyncio.StreamWriter, body: bytes) -> None:
    writer.write(b"p" + struct.pack("!i", len(body) + 4) + body)


def test_crowd_of_idle_clients_is_held_and_one_more_is_served(shop: Shop) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, CROWD + 500)), hard))
    uri = shop.pool("crowd", pool_size=2)
    asyncio.run(hold(shop, uri))


async def hold(shop: Shop, uri: str) -> None:
    visitor = Visitor(uri, shop.ca.read_text())
    gate = asyncio.Semaphore(AT_ONCE)

    async def enter() -> asyncio.StreamWriter:
        async with gate:
            return await visitor.enter()

    writers = await asyncio.gather(*(enter() for _ in range(CROWD)))
    try:
        assert not any(writer.is_closing() for writer in writers)
        with pytest.raises(AssertionError, match="no more connections allowed"):
            await visitor.enter()
        writers.pop().transport.abort()
        await asyncio.sleep(0.2)
        assert await asyncio.to_thread(shop.ask, uri, "SELECT 1") == 1
    finally:
        for writer in writers:
            writer.transport.abort()
