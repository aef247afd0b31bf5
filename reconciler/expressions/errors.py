"""What is wrong with an expression, told without a place: the caller knows where it stands."""

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ReconcileError


class ExpressionError(ReconcileError):
    """An expression that cannot be read or evaluated.

    summary, detail, hint: as in Diagnostic.
    """

    def __init__(self, summary: str, detail: str, hint: str = "") -> None:
        super().__init__(Diagnostic(summary=summary, detail=detail, hint=hint))
        self.summary = summary
        self.detail = detail
        self.hint = hint


def shortened(text: str) -> str:
    """Return the expression in one line, as far as it fits in a message."""
    text = " ".join(text.split())
    return text if len(text) <= 80 else text[:79] + "…"
