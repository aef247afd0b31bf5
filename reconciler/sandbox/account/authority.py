"""The project CA: one self-signed certificate for the account, made when first asked for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

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


def make_certificate() -> tuple[str, str]:
    """Return a new self-signed EC CA certificate and its key, both PEM."""
    # Late: the import costs more than the rest of the start, and most runs never ask for a CA.
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
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
    key_pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), key_pem.decode()
