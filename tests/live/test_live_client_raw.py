"""The client against servers that break HTTP: slow, short, cut and refusing ones."""

import asyncio
import datetime as dt
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from live_tools import TOKEN, Script, http, json_bytes, raw_server, run, writes

from reconciler.live.client import Client
from reconciler.live.deadline import Timing
from reconciler.live.errors import (
    CallError,
    DeadlineError,
    OutcomeUnknownError,
    ProtocolError,
    UnreachableError,
)
from reconciler.live.request import Request
from reconciler.model.values import Secret

PATIENT = Timing(jitter=lambda: 0.0, tries=2)
HASTY = Timing(jitter=lambda: 0.0, tries=2, attempt_s=0.08)
"""For servers that never come to an end."""


async def _slow_body(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Write one byte of an endless body every few milliseconds: no single read times out."""
    writer.write(http(b"", length=10_000))
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)


async def _slow_head(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-A: b\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


async def _silent(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(1)


def _outcome(
    script: Script, method: str, timing: Timing, seconds: float = 5.0
) -> tuple[CallError, int]:
    """Return the error a call ends in, and how often it was tried."""
    tries: list[str] = []

    async def go() -> CallError:
        async with (
            raw_server(script) as server,
            Client(
                server.url,
                Secret(TOKEN),
                timing=timing,
                on_call=lambda method, *_: tries.append(method),
            ) as client,
        ):
            request = Request(method=method, path="/v1/x", body=None if method == "GET" else {})
            with pytest.raises(CallError) as caught:
                await client.call(request, client.deadline(seconds))
            return caught.value

    return run(go()), len(tries)


ENDLESS = {"slow body": _slow_body, "slow head": _slow_head, "silence": _silent}
BROKEN = {
    "closed at once": writes(b""),
    "reset at once": writes(b"", abort=True),
    "shorter than announced": writes(http(b'{"a": 1', length=100)),
    "reset in the body": writes(http(b'{"a": 1', length=100), abort=True),
    "not HTTP": writes(b"hello\r\n\r\n"),
    "half a JSON without a length": writes(
        b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"databases": ["a", '
    ),
}


CASES = [(script, HASTY) for script in ENDLESS.values()]
CASES += [(script, PATIENT) for script in BROKEN.values()]
NAMES = [*ENDLESS, *BROKEN]


@pytest.mark.parametrize(("script", "timing"), CASES, ids=NAMES)
def test_a_read_of_a_broken_answer_is_tried_again_then_fails_as_no_answer(
    script: Script, timing: Timing
) -> None:
    """Half a list is never taken for the whole of it."""
    error, tries = _outcome(script, "GET", timing)
    assert isinstance(error, UnreachableError | ProtocolError)
    assert tries == 2


@pytest.mark.parametrize(("script", "timing"), CASES, ids=NAMES)
def test_a_write_with_a_broken_answer_is_sent_once(script: Script, timing: Timing) -> None:
    """Whether it was done is not known."""
    error, tries = _outcome(script, "POST", timing)
    assert isinstance(error, OutcomeUnknownError)
    assert tries == 1


@pytest.mark.parametrize(
    ("method", "expected"), [("GET", DeadlineError), ("POST", OutcomeUnknownError)]
)
def test_the_deadline_ends_a_slow_loris(method: str, expected: type[CallError]) -> None:
    """Of a read it is the deadline that passed; a write in flight is uncertain."""
    began = time.monotonic()
    error, _ = _outcome(_slow_body, method, PATIENT, seconds=0.08)
    assert isinstance(error, expected)
    assert time.monotonic() - began < 5


def test_a_refused_connection_is_unreachable_for_a_write_too() -> None:
    """Nothing was sent."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"

        async def go() -> None:
            async with Client(url, Secret(TOKEN), timing=PATIENT) as client:
                await client.call(Request(method="POST", path="/v1/x"), client.deadline(5))

        with pytest.raises(UnreachableError) as caught:
            run(go())
    assert TOKEN not in str(caught.value)


def test_connections_are_used_again() -> None:
    """One connection serves one call after another."""

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(3):
            writer.write(http(json_bytes(a=1)))
            await writer.drain()
            await reader.readuntil(b"\r\n\r\n")

    async def go() -> int:
        async with (
            raw_server(keep) as server,
            Client(server.url, Secret(TOKEN)) as client,
        ):
            for _ in range(3):
                request = Request(method="GET", path="/v1/x")
                assert await client.call(request, client.deadline(5)) == {"a": 1}
            return len(server.requests)

    assert run(go()) == 1


@pytest.mark.parametrize("make", [lambda folder: folder / "none.pem", lambda folder: folder])
def test_a_ca_file_that_cannot_be_read_is_told_before_any_call(
    make: Callable[[Path], Path], tmp_path: Path
) -> None:
    """Verification is never switched off instead."""

    async def go() -> None:
        async with Client("https://api.test", Secret(TOKEN), ca_file=make(tmp_path)):
            pass

    with pytest.raises(UnreachableError) as caught:
        run(go())
    assert "CA" in caught.value.hint


def test_a_ca_file_that_holds_no_certificate_is_told_before_any_call(tmp_path: Path) -> None:
    """An empty or mangled file is not "trust nobody", it is a mistake to name."""
    file = tmp_path / "ca.pem"
    file.write_text("no certificate")

    async def go() -> None:
        async with Client("https://api.test", Secret(TOKEN), ca_file=file):
            pass

    with pytest.raises(UnreachableError):
        run(go())


def test_a_certificate_nobody_vouches_for_is_refused_and_not_tried_again(tmp_path: Path) -> None:
    """The hint says how to name the CA; with it the call works."""
    certificate, key = _self_signed()
    file = tmp_path / "server.pem"
    file.write_bytes(key + certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    tries: list[int] = []

    async def go(ca_file: Path | None) -> dict[str, object]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(http(json_bytes(a=1)))
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            async with Client(
                url, Secret(TOKEN), ca_file=ca_file, on_call=lambda *_: tries.append(1)
            ) as client:
                request = Request(method="GET", path="/v1/x")
                return await client.call(request, client.deadline(5))
        finally:
            server.close()

    with pytest.raises(UnreachableError) as caught:
        run(go(None))
    assert "CA" in caught.value.hint
    assert len(tries) == 1
    assert run(go(file)) == {"a": 1}


def _self_signed() -> tuple[bytes, bytes]:
    """Return a certificate for 127.0.0.1, its own CA, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(pem), private
