"""Ports that are ours: held, so that nobody takes them while a service is down."""

from __future__ import annotations

import socket
import sys
from collections.abc import Collection
from contextlib import suppress
from zlib import crc32

from reconciler.sandbox.account.engine import EngineError
from reconciler.sandbox.account.objects import Place

HOST = "127.0.0.1"
LOWEST, COUNT = 10_000, 19_000
"""Five digits, and below the ports the system hands out by itself."""


class Ports:
    """Two neighbouring ports for each service."""

    def __init__(self) -> None:
        self._held: dict[int, list[socket.socket]] = {}

    def claim(self, name: str, taken: Collection[int]) -> Place:
        """Hold free ports and return them: those the name leads to, or the next free ones above.

        `taken` are those of services. What else is held was for one that was then refused.
        """
        for port in set(self._held) - set(taken):
            self._let_go(port)
        start = crc32(name.encode()) % COUNT & ~1
        for step in range(0, COUNT, 2):
            port = LOWEST + (start + step) % COUNT
            place = Place(host=HOST, port=port, pooler_port=port + 1)
            if port not in taken and _is_free(port) and _is_free(port + 1):
                # Another sandbox may claim the same ports at the same time.
                with suppress(EngineError):
                    self.hold(place)
                    return place
        raise EngineError("there are no free ports on this machine")

    def hold(self, place: Place) -> None:
        """Keep the two ports for us. Raises EngineError when somebody has them."""
        if place.port in self._held:
            return
        held = self._held[place.port] = []
        try:
            held.append(_bind(place.port, shared=True))
            held.append(_bind(place.pooler_port, shared=True))
        except OSError as error:
            self.release(place)
            text = f"port {place.port} or {place.pooler_port} is taken by another program"
            raise EngineError(text) from error
        if sys.platform != "linux":
            # Elsewhere the server could not bind beside us.
            _close(held)

    def release(self, place: Place) -> None:
        self._let_go(place.port)

    def _let_go(self, port: int) -> None:
        _close(self._held.pop(port, []))

    def close(self) -> None:
        for held in self._held.values():
            _close(held)
        self._held.clear()


def _is_free(port: int) -> bool:
    try:
        _bind(port, shared=False).close()
    except OSError:
        return False
    return True


def _bind(port: int, *, shared: bool) -> socket.socket:
    """Bind without listening. Linux lets a server that asks for SO_REUSEADDR, as both of ours
    do, listen on a port that is bound so; who does not ask for it is kept out."""
    held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if shared:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        held.bind((HOST, port))
    except OSError:
        held.close()
        raise
    return held


def _close(sockets: list[socket.socket]) -> None:
    for one in sockets:
        one.close()
