"""Text that came from a server, made fit for a message: short, printable, without secrets."""

import re
from collections.abc import Iterable
from unicodedata import category

from reconciler.model.values import MASK

LONGEST_MESSAGE = 300

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_CREDENTIALS = re.compile(r"(://[^/\s:@]*:)[^/\s@]+(?=@)")


def fit(text: str, secrets: Iterable[str] = (), *, limit: int = LONGEST_MESSAGE) -> str:
    r"""Return `text` on one line: secrets masked, control characters as `\x1b`, cut at `limit`.

    Masking comes first, so that no part of a secret is left by the cut.
    """
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, MASK)
    text = _CREDENTIALS.sub(rf"\1{MASK}", text)
    short = text if len(text) <= limit else f"{text[: limit - 1]}…"
    return "".join(_escaped(char) for char in " ".join(short.split()))


def _escaped(char: str) -> str:
    if category(char) not in _UNSAFE:
        return char
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
