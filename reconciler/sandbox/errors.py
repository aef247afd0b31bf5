"""The answers that refuse: status, code, text, and how sure each text is.

Clients behave by status and, in a few places, by text: the Aiven Terraform provider takes 409 for
"already there" only when the message holds ``already exists``, and repeats a POST for a minute
when a 404 reads ``Service NAME does not exist``. So every text carries its source, and the
shares can be counted (`shares`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Source(StrEnum):
    """Where the status, the code and the text of a refusal come from, surest first."""

    RECORDED = "recorded"
    """Seen in a public report of the real service."""
    CLIENT_SOURCE = "client source"
    """Read in the source of avn, of the Go clients or of the Terraform provider."""
    DOCUMENTED = "documented"
    """Status or error code stated by Aiven's API documentation; the wording is ours."""
    ASSUMED = "assumed"
    """The consistent reading, but nobody wrote it down."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One way of saying no; `text` is a format string over the facts given to `refuse`."""

    status: int
    code: str
    """Empty where Aiven publishes none: an invented one would only mislead."""
    text: str
    source: Source


class ApiError(Exception):
    """A refusal on its way to the client."""

    def __init__(self, refusal: Refusal, message: str) -> None:
        super().__init__(message)
        self.refusal = refusal
        self.message = message

    def to_json(self) -> dict[str, Any]:
        """Return the error body every operation shares (Aiven's API documentation)."""
        error: dict[str, Any] = {"message": self.message, "status": self.refusal.status}
        if self.refusal.code:
            error["error_code"] = self.refusal.code
        return {"message": self.message, "errors": [error]}


def refuse(refusal: Refusal, **facts: object) -> ApiError:
    """Return the error to raise for `refusal`, its text filled in with `facts`."""
    return ApiError(refusal, refusal.text.format(**facts))


def _row(status: int, code: str, text: str, source: Source) -> Refusal:
    return Refusal(status, code, text, source)


_R, _C, _D, _A = Source.RECORDED, Source.CLIENT_SOURCE, Source.DOCUMENTED, Source.ASSUMED

# fmt: off
# Transport
INVALID_BODY = _row(400, "", "Invalid input: {problem}", _R)
INVALID_VALUE = _row(400, "", "Invalid input for {path}: {problem}", _A)
MISSING_TOKEN = _row(401, "", "Missing (expired) db token", _R)
WRONG_TOKEN = _row(403, "authentication_failed", "Authentication failed", _D)
UNKNOWN_ROUTE = _row(404, "", "Not found", _A)
WRONG_METHOD = _row(405, "", "Method not allowed", _A)
INTERNAL = _row(500, "", "The sandbox failed: {problem}", _A)

# Projects and the catalogue
PROJECT_NOT_FOUND = _row(404, "project_not_found", "Project does not exist", _D)
PROJECT_EXISTS = _row(409, "project_already_exists", "Project name '{name}' already exists", _D)
PROJECT_NOT_EMPTY = _row(403, "permission_denied", "Project has services: delete them first", _D)
ORGANIZATION_NOT_FOUND = _row(404, "organization_not_found", "Organization does not exist", _D)
ACCOUNT_NOT_FOUND = _row(404, "", "Account does not exist", _A)
CLOUD_UNKNOWN = _row(400, "", "Cloud '{name}' does not exist", _A)
TYPE_NOT_FOUND = _row(404, "", "Service type '{name}' does not exist", _A)
TYPE_UNKNOWN = _row(400, "", "Service type '{name}' is not available", _A)
PLAN_NOT_FOUND = _row(404, "", "Plan '{name}' does not exist", _A)
PLAN_UNKNOWN = _row(400, "", "Plan '{name}' is not available for service type pg", _A)
VPC_NOT_FOUND = _row(404, "", "Project VPC does not exist", _A)
STATIC_IP_NOT_FOUND = _row(404, "", "Static IP address does not exist", _A)

# Services. The text names no service on purpose: the Go client repeats a POST for a minute on
# 404 'Service NAME does not exist'.
SERVICE_NOT_FOUND = _row(404, "service_not_found", "Service does not exist", _D)
SERVICE_EXISTS = _row(409, "", "Service name '{name}' already exists", _A)
PROTECTED = _row(
    403, "permission_denied",
    "Service is protected against termination and shutdown. Remove termination protection first.",
    _R)
NOT_POWERED = _row(409, "not_powered", "Database not powered on", _D)
NOT_RUNNING = _row(409, "not_powered", "Service is not running: its state is {state}", _A)
TRY_LATER = _row(503, "", "An error occurred. Please try again later.", _C)
DISK_OUT_OF_RANGE = _row(
    400, "",
    "Disk space {given} MB is not possible on plan {plan}: {low} to {high} MB in steps of {step}",
    _A)
VERSION_DOWN = _row(
    400, "",
    "Invalid input for user_config.pg_version: cannot go from {old} down to {new}", _A)
VERSION_GONE = _row(
    400, "",
    "Service 'pg' version '{version}' has reached end of availability and cannot be created", _R)
CREATE_ONLY = _row(
    400, "",
    "Invalid input for user_config.{path}: can only be set when the service is created", _A)
TASK_NOT_FOUND = _row(404, "", "Task does not exist", _A)
TASK_UNKNOWN = _row(400, "", "Task type {name} is not part of the sandbox", _A)
INTEGRATION_UNKNOWN = _row(
    400, "", "Integration type {name} is not possible at service create", _A)
SOURCE_NOT_FOUND = _row(404, "service_not_found", "Source service does not exist", _A)

# Databases
DATABASE_NOT_FOUND = _row(404, "database_not_found", "Database '{name}' does not exist", _D)
DATABASE_EXISTS = _row(409, "", "Database '{name}' already exists", _R)
DATABASE_IN_USE = _row(
    409, "", "Database '{name}' is in use by connection pool '{pool}'", _A)
DATABASE_FIXED = _row(403, "permission_denied", "Database '{name}' cannot be deleted", _A)
CURSOR_UNKNOWN = _row(400, "", "Invalid input for after: unknown cursor", _A)

# Users
USER_NOT_FOUND = _row(404, "user_not_found", "Service user does not exist", _D)
USER_EXISTS = _row(409, "", "Service user '{name}' already exists", _R)
USER_RESERVED = _row(400, "username_is_reserved", "Username '{name}' is reserved", _D)
USER_TOO_LONG = _row(
    400, "", "Invalid input for username: longer than the {length} bytes of a role's name", _A)
USER_IN_USE = _row(
    409, "", "Service user '{name}' is in use by connection pool '{pool}'", _A)
ADMIN_FIXED = _row(403, "permission_denied", "Service user '{name}' cannot be deleted", _A)
ADMIN_REPLICATION = _row(
    403, "permission_denied", "Replication of service user '{name}' cannot be changed", _A)

# Connection pools
POOL_NOT_FOUND = _row(404, "pg_pool_not_found", "Connection pool '{name}' does not exist", _D)
POOL_EXISTS = _row(409, "pg_pool_already_exists", "Connection pool '{name}' already exists", _R)
POOL_DATABASE = _row(400, "pg_pool_invalid_database", "Database '{name}' does not exist", _D)
POOL_USER = _row(403, "", "Service database username {name} does not exist", _R)
POOL_UNSUPPORTED = _row(
    403, "pg_pool_not_supported",
    "Current service plan does not include the connection pooling option. "
    "Please consider migrating to another PostgreSQL service plan.", _R)
POOL_NAME = _row(400, "pg_pool_invalid_name", "Connection pool name '{name}' is not allowed", _D)
POOL_TOO_BIG = _row(
    400, "pg_pool_too_big",
    "Pools of this service may hold {limit} connections together, {wanted} are asked for", _D)
# fmt: on


def all_refusals() -> dict[str, Refusal]:
    """Return every refusal of this module by its name."""
    return {name: row for name, row in globals().items() if isinstance(row, Refusal)}


def shares() -> dict[Source, int]:
    """Return how many refusals rest on each source, surest first."""
    counts = Counter(row.source for row in all_refusals().values())
    return {source: counts[source] for source in Source}
