"""What a sandbox is started with. Standard library only: importing this costs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DEFAULT_PROJECT = "my-project"
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything `serve` needs; the defaults make a sandbox that answers at once."""

    host: str = "127.0.0.1"
    """Loopback only: there is nothing here that should be reached from another machine."""
    port: int = 0
    """0 takes a free port; the one taken is in `Running.url`."""
    token: str | None = None
    """None makes a random one at the first start; it is kept in `state_file` if there is one."""
    projects: tuple[str, ...] = (DEFAULT_PROJECT,)
    """Projects that exist at the first start."""
    state_file: Path | None = None
    """Where the account is kept between starts; None throws it away."""
    build_delay_s: float = 0.0
    """How long a service is REBUILDING or REBALANCING; with 0 the next read says RUNNING."""
    backup_delay_s: float = 0.0
    """From RUNNING to the first backup."""
    latency_s: float = 0.0
    """Added to every call under /v1."""
    redact_secrets: bool = False
    """Answer `<redacted>` unless include_secrets=true, as announced by Aiven for March 2027."""
    enforce_pool_limit: bool = False
    """Refuse pools whose sizes add up to more than the plan's max_connections."""

    def __post_init__(self) -> None:
        if self.host not in LOOPBACK:
            raise ValueError(f"the sandbox listens on loopback only, not on {self.host}")
