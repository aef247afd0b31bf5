"""Ports of services: claimed once, held while a service is down, given back when it is gone."""

from __future__ import annotations

import socket
import sys

import pytest

from reconciler.sandbox.account.engine import EngineError
from reconciler.sandbox.real.ports import Ports


def test_name_leads_to_the_same_ports_and_never_to_two_services() -> None:
    ports, others = Ports(), Ports()
    first = ports.claim("p/s", ())
    assert first.pooler_port == first.port + 1
    assert others.claim("p/s", ()).port != first.port
    assert ports.claim("p/s", {first.port}).port != first.port
    for one in (ports, others):
        one.close()
    assert ports.claim("p/s", ()).port == first.port
    ports.close()


def test_claim_for_a_service_that_was_refused_is_given_back() -> None:
    ports, others = Ports(), Ports()
    refused = ports.claim("p/s", ())
    ports.claim("p/t", ())
    assert others.claim("p/s", ()).port == refused.port
    ports.close()
    others.close()


def test_held_port_is_kept_from_others_and_open_to_our_servers() -> None:
    ports, others = Ports(), Ports()
    place = ports.claim("p/s", ())
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", place.pooler_port))
        server.listen()
        with pytest.raises(EngineError, match=str(place.pooler_port)):
            others.hold(place)
    if sys.platform == "linux":
        with socket.socket() as stranger, pytest.raises(OSError, match="in use"):
            stranger.bind(("127.0.0.1", place.port))
    ports.release(place)
    others.hold(place)
    others.close()
