"""What is wrong with a stack, collected while reading goes on."""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from reconciler.expressions import Template
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.errors import ReconcileError
from reconciler.model.location import Location

BROKEN = Template(())
"""Stands where a value could not be read; the problem is noted, and no rule is held against it."""


_MAX_COMPARED = 1000
"""Comparing with more names takes longer than looking for oneself."""

_MAX_NAMED = 5
_MAX_ALIKE = 5
"""Problems of one sort in one place, as each key of a for_each has them; the rest is counted."""


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
        self.warnings: list[Diagnostic] = []
        self.cycles: list[tuple[Address, ...]] = []

    def __len__(self) -> int:
        return len(self.diagnostics)

    def add(self, location: Location | None, summary: str, detail: str, hint: str = "") -> None:
        """Note one problem; see Diagnostic for what the texts are."""
        self.diagnostics.append(
            Diagnostic(summary=summary, detail=detail, hint=hint, location=location)
        )

    def warn(self, location: Location, summary: str, detail: str, hint: str = "") -> None:
        """Note something that works and should be changed."""
        self.warnings.append(
            Diagnostic(
                summary=summary,
                detail=detail,
                hint=hint,
                location=location,
                severity=Severity.WARNING,
            )
        )

    def raise_if_any(self) -> None:
        """Raise InvalidStackError with what was noted so far, if anything."""
        if self.diagnostics:
            raise InvalidStackError(*_thinned(self.diagnostics), cycles=tuple(self.cycles))


def _thinned(diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """Yield each problem once, and of many that differ only by a key the first few."""
    alike: dict[tuple[Location | None, str], list[Diagnostic]] = {}
    for diagnostic in dict.fromkeys(diagnostics):
        alike.setdefault((diagnostic.location, diagnostic.summary), []).append(diagnostic)
    for (location, summary), found in alike.items():
        if len(found) <= _MAX_ALIKE:
            yield from found
            continue
        found.sort(key=lambda one: one.detail)
        *shown, last = found[:_MAX_ALIKE]
        yield from shown
        rest = f"… and {len(found) - len(shown):,} more of this sort here."
        yield replace(last, summary=summary, detail=rest, hint="", location=location)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the hint for a name that is not known, or "" when none is near."""
    near = _nearest(name, tuple(known))
    return f"did you mean '{near}'?" if near else ""


def nearest_address(address: str, known: Iterable[str]) -> str:
    """Return the hint for an address there is not: the nearest one of its kind."""
    kind = address.rpartition(".")[0] + "."
    names = tuple(other.removeprefix(kind) for other in known if other.startswith(kind))
    near = _nearest(address.removeprefix(kind), names)
    return f"did you mean '{kind}{near}'?" if near else ""


def nearest_key(key: str, known: Iterable[str]) -> str:
    """Return the hint for a key that a for_each has not: the nearest, or what there is."""
    names = tuple(known)
    some = ", ".join(names[:_MAX_NAMED]) + (", …" if len(names) > _MAX_NAMED else "")
    return did_you_mean(key, names) or f"the keys are {some}"


@lru_cache(maxsize=1024)
def _nearest(name: str, known: tuple[str, ...]) -> str:
    if len(known) > _MAX_COMPARED:
        return ""
    return next(iter(difflib.get_close_matches(name, sorted(known), n=1)), "")


def enumerate_names(names: Iterable[str], last: str = "and") -> str:
    """Return `a, b and c`."""
    *first, final = names
    return f"{', '.join(first)} {last} {final}" if first else final
