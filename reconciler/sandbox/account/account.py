"""The root of the account: its projects, its clock, its knobs."""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from reconciler.sandbox.account.authority import Authority
from reconciler.sandbox.account.engine import Engine, MemoryEngine
from reconciler.sandbox.account.objects import Project, Service

ACCOUNT_ID = "a5a9db0c51ab"
ORGANIZATION_ID = "org5a9db0c51ab"
ACCOUNT_NAME = "Sandbox"
BILLING_GROUP_ID = "5a9db0c5-1ab0-4000-8000-000000000001"
DEFAULT_CLOUD = "google-europe-west1"

_ALPHABET = string.ascii_letters + string.digits


@dataclass(slots=True, kw_only=True)
class Knobs:
    """What may be turned while the sandbox runs; the meaning is in `Settings`."""

    build_delay_s: float = 0.0
    backup_delay_s: float = 0.0
    latency_s: float = 0.0
    redact_secrets: bool = False
    enforce_pool_limit: bool = False
    stale_reads_s: float = 0.0


@dataclass(slots=True, kw_only=True)
class Account:
    token: str
    authority: Authority = field(default_factory=Authority)
    projects: dict[str, Project] = field(default_factory=dict)
    created_at_s: float = 0.0
    knobs: Knobs = field(default_factory=Knobs)
    engine: Engine = field(default_factory=MemoryEngine)
    now_s: Callable[[], float] = time.time
    is_stuck: Callable[[Service], bool] = lambda _service: False
    """A fault: whether a service being built stays so."""

    def all_services(self) -> list[Service]:
        return [service for p in self.projects.values() for service in p.services.values()]


def new_password() -> str:
    """Return a generated password in Aiven's form: `AVNS_` and random text."""
    return "AVNS_" + "".join(secrets.choice(_ALPHABET) for _ in range(19))
