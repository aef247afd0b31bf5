"""What can go wrong between us and the API. No message holds a token, a secret or a query string."""

from collections.abc import Iterable

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.duration import format_duration
from reconciler.model.errors import ExitCode, ReconcileError


class PathError(ReconcileError):
    """A value that cannot stand in a path, so that no call can be made with it."""

    def __init__(self, attribute: str, why: str) -> None:
        super().__init__(
            Diagnostic(
                summary="Value cannot stand in a path",
                detail=f"{attribute} cannot be part of a call's path: {why}.",
                hint=f"give {attribute} another value",
            )
        )
        self.attribute = attribute


class CallError(ReconcileError):
    """A call that did not end well. Raised as one of the classes below.

    method, path: of the call; both "" when the error is not about a single one.
    """

    def __init__(
        self, summary: str, detail: str, hint: str = "", *, method: str = "", path: str = ""
    ) -> None:
        super().__init__(Diagnostic(summary=summary, detail=detail, hint=hint))
        self.summary = summary
        self.detail = detail
        self.hint = hint
        self.method = method
        self.path = path


class ApiError(CallError):
    """The API said no. A write that gets this was not done.

    status: 4xx; of a read also 5xx, when it did not get better. message: the server's, made printable.
    codes: the `error_code`s of the answer.
    attempts: 1, plus how many earlier tries of the same call may have worked all the same; so with
        more than 1, "already exists" may be our own doing.
    """

    def __init__(
        self,
        status: int,
        message: str,
        method: str,
        path: str,
        *,
        codes: Iterable[str] = (),
        hint: str = "",
    ) -> None:
        super().__init__(
            "The API failed" if status >= 500 else "The API refused a call",
            f"{method} {path} was answered {status}: {message or 'no message'}",
            hint,
            method=method,
            path=path,
        )
        self.status = status
        self.message = message
        self.codes = tuple(codes)
        self.attempts = 1

    def with_hint(self, hint: str) -> "ApiError":
        """Return the same error with another hint."""
        error = ApiError(
            self.status, self.message, self.method, self.path, codes=self.codes, hint=hint
        )
        error.attempts = self.attempts
        return error


class UnauthorizedError(CallError):
    """The token is missing, wrong or no longer good: no call of this run can succeed."""

    def __init__(self, why: str, *, method: str = "", path: str = "", status: int = 0) -> None:
        super().__init__(
            "Not signed in to the API",
            why,
            "set AIVEN_TOKEN to a token that is valid (Aiven Console, user information, tokens)",
            method=method,
            path=path,
        )
        self.status = status


class OutcomeUnknownError(CallError):
    """A write was sent and nobody knows whether it was done. It must not be sent again blindly.

    status: of the answer, when there was one, else 0.
    """

    exit_code = ExitCode.PARTIAL

    def __init__(self, method: str, path: str, why: str, *, status: int = 0) -> None:
        super().__init__(
            "Outcome is not known",
            f"{method} {path} may or may not have been done: {why}.",
            "run it again: the object is read first, and what was done is kept",
            method=method,
            path=path,
        )
        self.why = why
        self.status = status


class UnreachableError(CallError):
    """No connection; of a read also: no answer. Of a write it says that nothing was sent."""

    def __init__(
        self, host: str, why: str, *, method: str = "", path: str = "", hint: str = ""
    ) -> None:
        super().__init__(
            "The API cannot be reached",
            f"{host}: {why}.",
            hint or "check the network, and AIVEN_WEB_URL if it is set",
            method=method,
            path=path,
        )
        self.host = host
        self.why = why


class ProtocolError(CallError):
    """An answer to a read that is not an answer of the API."""

    def __init__(self, method: str, path: str, why: str, *, hint: str = "") -> None:
        super().__init__(
            "Not an answer of the API",
            f"{method} {path}: {why}.",
            hint or "is AIVEN_WEB_URL right, and no proxy or portal in between?",
            method=method,
            path=path,
        )
        self.why = why


class DeadlineError(CallError):
    """Time is up and nothing is under way: what was awaited did not come.

    awaited: what, for people. last: the last thing that went wrong on the way, or "".
    """

    def __init__(
        self, awaited: str, deadline_s: float, last: str = "", *, method: str = "", path: str = ""
    ) -> None:
        reason = f" Last: {last}" if last else ""
        super().__init__(
            "Deadline passed",
            f"{awaited} did not end within {format_duration(deadline_s)}.{reason}",
            "try later, or give it longer under `timeouts`",
            method=method,
            path=path,
        )
        self.awaited = awaited
        self.deadline_s = deadline_s
        self.last = last
