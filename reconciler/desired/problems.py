"""What is wrong with a stack, collected while reading goes on."""

import difflib
from collections.abc import Iterable

from reconciler.expressions import Template
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ReconcileError
from reconciler.model.location import Location

BROKEN = Template(())
"""Stands where a value could not be read; the problem is noted, and no rule is held against it."""


class InvalidStackError(ReconcileError):
    """A stack that cannot be taken as it is; tells every problem of the run, sorted by place.

    cycles: circular references, each a chain of addresses that ends where it began.
    """

    def __init__(
        self, *diagnostics: Diagnostic, cycles: tuple[tuple[Address, ...], ...] = ()
    ) -> None:
        super().__init__(*diagnostics)
        self.cycles = cycles


class Problems:
    """A collector: everybody adds, one raises."""

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.cycles: list[tuple[Address, ...]] = []

    def __len__(self) -> int:
        return len(self.diagnostics)

    def add(self, location: Location | None, summary: str, detail: str, hint: str = "") -> None:
        """Note one problem; see Diagnostic for what the texts are."""
        self.diagnostics.append(
            Diagnostic(summary=summary, detail=detail, hint=hint, location=location)
        )

    def raise_if_any(self) -> None:
        """Raise InvalidStackError with what was noted so far, if anything."""
        if self.diagnostics:
            raise InvalidStackError(*self.diagnostics, cycles=tuple(self.cycles))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the hint for a name that is not known, or "" when none is near."""
    near = difflib.get_close_matches(name, sorted(known), n=1)
    return f"did you mean '{near[0]}'?" if near else ""


def enumerate_names(names: Iterable[str], last: str = "and") -> str:
    """Return `a, b and c`."""
    *first, final = names
    return f"{', '.join(first)} {last} {final}" if first else final
