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
