"""Where calls go and who makes them, held against what can work before anything is sent."""

from urllib.parse import urlsplit

from reconciler.live.errors import UnauthorizedError, UnreachableError
from reconciler.live.text import fit
from reconciler.model.values import Secret


def checked_url(text: str) -> tuple[str, str]:
    """Return the URL without a slash at its end, and its host and port for messages.

    Raises UnreachableError for what is not an http or https URL, or holds a password or a query.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise UnreachableError("the API", "its URL is none") from None
    host = parts.hostname
    if parts.scheme not in ("http", "https") or not host or not text.isascii():
        raise UnreachableError("the API", f"{fit(text, limit=80)!r} is not an http or https URL")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise UnreachableError(host, "its URL holds more than scheme, host, port and path")
    if any(ord(char) <= 32 for char in text):
        raise UnreachableError(host, "its URL holds a space")
    return text.rstrip("/"), f"{host}:{port}" if port else host


def checked_token(token: Secret) -> Secret:
    """Return the token; raise UnauthorizedError for one that cannot be sent."""
    text = token.reveal()
    if not text:
        raise UnauthorizedError("There is no token.")
    if not all(33 <= ord(char) <= 126 for char in text):
        raise UnauthorizedError("The token holds a space, a line end or another odd character.")
    return token
