"""Addresses: our name for a resource, Terraform's own form."""

import re
from typing import Self

NAME_PATTERN = "[A-Za-z_][A-Za-z0-9_]*"

_ADDRESS = re.compile(
    rf"(?P<data>data\.)?(?P<kind>{NAME_PATTERN})\.(?P<name>{NAME_PATTERN})"
    r'(?:\["(?P<key>(?:[^"\\]|\\["\\])*)"\])?'
)


class Address(str):
    """`<kind>.<name>`, `<kind>.<name>["key"]` or `data.<kind>.<name>`.

    A string, so that it sorts, hashes and serialises as one; the parts are read off on demand.
    """

    __slots__ = ()

    @classmethod
    def of(cls, kind: str, name: str, key: str | None = None, *, data: bool = False) -> Self:
        """Put an address together from its parts."""
        text = f"data.{kind}.{name}" if data else f"{kind}.{name}"
        if key is None:
            return cls(text)
        escaped = key.replace("\\", "\\\\").replace('"', '\\"')
        return cls(f'{text}["{escaped}"]')

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the address that `text` spells; raise ValueError when it spells none."""
        if not _ADDRESS.fullmatch(text):
            raise ValueError(text)
        return cls(text)

    @property
    def is_data(self) -> bool:
        return self.startswith("data.")

    @property
    def kind(self) -> str:
        return self.split(".", 2)[1 if self.is_data else 0]

    @property
    def name(self) -> str:
        return self.removeprefix("data.").split(".", 1)[1].split("[", 1)[0]

    @property
    def key(self) -> str | None:
        match = _ADDRESS.fullmatch(self)
        escaped = match["key"] if match else None
        return None if escaped is None else re.sub(r'\\(["\\])', r"\1", escaped)
