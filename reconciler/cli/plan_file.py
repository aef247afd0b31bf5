"""Reading a plan file from disk."""

from pathlib import Path

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ReconcileError
from reconciler.model.location import Location
from reconciler.model.plan import Plan
from reconciler.render.plan_file import plan_from_json


def read_plan_file(file: Path) -> Plan:
    """Return the plan in `file`. Raises ReconcileError when it cannot be read or holds no plan."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "It is not UTF-8 text"
        problem = Diagnostic(
            summary="Plan file cannot be read",
            detail=f"{why}.",
            hint=f"reconcile plan --out {file}",
            location=Location(str(file)),
        )
        raise ReconcileError(problem) from error
    return plan_from_json(text, file=str(file))
