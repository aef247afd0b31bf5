"""What the API said about one object."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from reconciler.model.values import Attributes

ObjectKey: TypeAlias = tuple[str, str]
"""(kind, identity): finds a live object."""


class Presence(StrEnum):
    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"
    """Could not be read: a 403, an incomplete answer. Never to be taken for absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveObject:
    """One object as read.

    attributes: by our attribute names, after conversion from the wire; null ones included. Secrets are
        Secret. An attribute that this read could not show (masked, or not asked for) is missing, which
        means "not known", never "unset".
    why: for UNKNOWN, a sentence for people.
    """

    presence: Presence
    attributes: Attributes = field(default_factory=dict)
    why: str = ""

    @property
    def is_present(self) -> bool:
        return self.presence is Presence.PRESENT


ABSENT = LiveObject(presence=Presence.ABSENT)

Live: TypeAlias = Mapping[ObjectKey, LiveObject]
