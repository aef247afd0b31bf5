"""Diagnostics as people see them."""

from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.location import Location
from reconciler.render.diagnostics import diagnostics_text

STACK = "examples/pools/stack.yaml"

FOUND = (
    Diagnostic(
        summary="State is locked",
        detail="Process 4121 on ci-7 has been applying since 10:42:07 UTC.",
        hint="wait, or --lock-timeout 5m; the lock goes when that process ends",
        location=Location("state/pools.yaml"),
    ),
    Diagnostic(
        summary="Unknown attribute",
        detail="aiven_connection_pool has no attribute 'pool_mod'.",
        hint="did you mean 'pool_mode'?",
        location=Location(STACK, 15, 7),
    ),
    Diagnostic(
        summary="Value out of range",
        detail="aiven_connection_pool.main.pool_size is 0; it must be between 1 and 10000.",
        hint="remove the line to get the default, 10",
        location=Location(STACK, 14, 18),
    ),
    Diagnostic(summary="No token", hint="export AIVEN_TOKEN=…", severity=Severity.WARNING),
)

TEXT = """\
warning: No token
  hint: export AIVEN_TOKEN=…
examples/pools/stack.yaml:14:18: error: Value out of range
  aiven_connection_pool.main.pool_size is 0; it must be between 1 and 10000.
  hint: remove the line to get the default, 10
examples/pools/stack.yaml:15:7: error: Unknown attribute
  aiven_connection_pool has no attribute 'pool_mod'.
  hint: did you mean 'pool_mode'?
state/pools.yaml: error: State is locked
  Process 4121 on ci-7 has been applying since 10:42:07 UTC.
  hint: wait, or --lock-timeout 5m; the lock goes when that process ends"""


def test_diagnostics_are_sorted_by_place_and_say_what_to_do() -> None:
    """Place, summary, detail, hint: as compilers write them."""
    assert diagnostics_text(FOUND) == TEXT
    assert diagnostics_text(()) == ""


def test_details_wrap_but_hints_stay_whole() -> None:
    """A detail is broken at the width; a hint is there to be copied."""
    lines = diagnostics_text(FOUND[:1], width=40).splitlines()
    assert lines == [
        "state/pools.yaml: error: State is locked",
        "  Process 4121 on ci-7 has been applying",
        "  since 10:42:07 UTC.",
        "  hint: wait, or --lock-timeout 5m; the lock goes when that process ends",
    ]


def test_diagnostics_cannot_forge_lines_or_colours() -> None:
    """A newline or an escape in a detail stays inside it."""
    nasty = Diagnostic(summary="a\nb", detail="ok\nerror: forged\x1b[0m", hint="\u202e")
    assert diagnostics_text([nasty]) == (
        "error: a\\nb\n  ok\\nerror: forged\\x1b[0m\n  hint: \\u202e"
    )
