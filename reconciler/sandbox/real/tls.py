"""Who answers on a port: the certificate of a service is the credential it is known by."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress

from reconciler.sandbox.real.ports import HOST

TLS_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
PROBE_S = 2.0


def own_name(port: int) -> str:
    """Return the name that only the service on this port has in its certificate."""
    return f"pg-{port}.sandbox.internal"


async def answers(port: int, name: str, ca_pem: str) -> bool:
    """Say whether it is our service that listens there.

    That something listens is not enough: PgBouncer 1.18 goes on running when its port is taken.
    Another sandbox has another CA, another service another name.
    """
    try:
        async with asyncio.timeout(PROBE_S):
            return await _shake_hands(port, name, ca_pem)
    except (OSError, TimeoutError, ssl.SSLError, asyncio.IncompleteReadError):
        return False


async def _shake_hands(port: int, name: str, ca_pem: str) -> bool:
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(TLS_REQUEST)
        if await reader.readexactly(1) != b"S":
            return False
        context = ssl.create_default_context(cadata=ca_pem)
        await writer.start_tls(context, server_hostname=name)
        return True
    finally:
        writer.transport.abort()
        with suppress(OSError, ssl.SSLError):
            await writer.wait_closed()
