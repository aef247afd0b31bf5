"""Passwords as PostgreSQL keeps them, so that no plain password is ever in a query or a log."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import stringprep
import unicodedata

ITERATIONS = 4096


def make_verifier(password: str, salt: bytes | None = None, iterations: int = ITERATIONS) -> str:
    """Return the SCRAM-SHA-256 secret of pg_authid for the password (RFC 5803)."""
    salt = secrets.token_bytes(16) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", _prepare(password), salt, iterations)
    client = hmac.digest(salted, b"Client Key", "sha256")
    stored = _text(hashlib.sha256(client).digest())
    server = _text(hmac.digest(salted, b"Server Key", "sha256"))
    return f"SCRAM-SHA-256${iterations}:{_text(salt)}${stored}:{server}"


def fits(password: str, verifier: str | None) -> bool:
    """Say whether the secret is that of the password."""
    if verifier is None or not verifier.startswith("SCRAM-SHA-256$"):
        return False
    iterations, _, salt = verifier.split("$")[1].partition(":")
    again = make_verifier(password, base64.b64decode(salt), int(iterations))
    return hmac.compare_digest(again, verifier)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _prepare(password: str) -> bytes:
    """Return the password as SASLprep has it (RFC 4013); as it is where that forbids it."""
    if password.isascii():
        return password.encode()
    mapped = "".join(
        " " if stringprep.in_table_c12(char) else char
        for char in password
        if not stringprep.in_table_b1(char)
    )
    return unicodedata.normalize("NFKC", mapped).encode()
