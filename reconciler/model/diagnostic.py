"""Messages for people, as data: place, what, why, what to type."""

from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.location import Location


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One problem.

    summary: fixed text, no names in it, so that equal problems look equal.
    detail: one sentence with the names and figures. Never the value of a sensitive attribute.
    hint: what to type or change, or "".
    """

    summary: str
    detail: str = ""
    hint: str = ""
    location: Location | None = None
    severity: Severity = Severity.ERROR

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        place = self.location or Location("")
        return (place.file, place.line, place.column, self.summary, self.detail)
