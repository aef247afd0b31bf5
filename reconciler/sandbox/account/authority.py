"""The project CA: one self-signed certificate for the account, made when first asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

LIFETIME = dt.timedelta(days=3650)


@dataclass(slots=True)
class Authority:
    """The certificate and its key as PEM; both empty until `certificate` was called."""

    certificate_pem: str = ""
    key_pem: str = ""

    def certificate(self) -> str:
        """Return the certificate, made and kept at the first call (some 50 ms)."""
        if not self.certificate_pem:
            self.certificate_pem, self.key_pem = make_certificate()
        return self.certificate_pem

    def issue(self, *names: str) -> tuple[str, str]:
        """Return a server certificate for 127.0.0.1, localhost and `names`, and its key."""
        from cryptography import x509
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        ca = x509.load_pem_x509_certificate(self.certificate().encode())
        ca_key = load_pem_private_key(self.key_pem.encode(), None)
        return _make_server_certificate(ca, ca_key, names)


def make_certificate() -> tuple[str, str]:
    """Return a new self-signed EC CA certificate and its key, both PEM."""
    # Late: the import costs more than the rest of the start, and most runs never ask for a CA.
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Sandbox Project CA")])
    today = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    return _as_pem(certificate, key)


def _make_server_certificate(ca: Any, ca_key: Any, names: Sequence[str]) -> tuple[str, str]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    today = dt.datetime.now(dt.UTC)
    known = x509.SubjectAlternativeName(
        [
            x509.IPAddress(ip_address("127.0.0.1")),
            *(x509.DNSName(name) for name in ("localhost", *names)),
        ]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")]))
        .issuer_name(ca.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + LIFETIME)
        .add_extension(known, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    return _as_pem(certificate, key)


def _as_pem(certificate: Any, key: Any) -> tuple[str, str]:
    from cryptography.hazmat.primitives import serialization

    key_pem: bytes = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    pem: bytes = certificate.public_bytes(serialization.Encoding.PEM)
    return pem.decode(), key_pem.decode()
