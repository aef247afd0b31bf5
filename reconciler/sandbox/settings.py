"""What a sandbox is started with. Standard library only: importing this costs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DEFAULT_PROJECT = "my-project"
ENGINES = ("auto", "memory", "real")
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
    """Where the account is kept between starts; None keeps it in `data_dir`, or throws it away."""
    data_dir: Path | None = None
    """Where everything is kept between starts, databases too; None: beside `state_file`, or
    thrown away."""
    engine: str = "memory"
    """`memory`; `real` for PostgreSQL and PgBouncer; `auto` for real where both are found."""
    pg_bin: Path | None = None
    """The folder of `postgres` and `initdb`; None looks where they usually are."""
    pgbouncer: Path | None = None
    """The program; None looks where it usually is, and on Debian fetches the package."""
    build_delay_s: float = 0.0
    """How long a service is REBUILDING or REBALANCING; with 0 the next read says RUNNING."""
    backup_delay_s: float = 0.0
    """From RUNNING to the first backup."""
    latency_s: float = 0.0
    """Added to every call under /v1."""
    stale_reads_s: float = 0.0
    """Reads show the account as it was that long ago."""
    redact_secrets: bool = False
    """Answer `<redacted>` unless include_secrets=true, as announced by Aiven for March 2027."""
    enforce_pool_limit: bool = False
    """Refuse pools whose sizes add up to more than the plan's max_connections."""

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise ValueError(f"there is no engine {self.engine!r}: use {', '.join(ENGINES)}")
        if self.host not in LOOPBACK:
            raise ValueError(f"the sandbox listens on loopback only, not on {self.host}")

    @property
    def account_file(self) -> Path | None:
        """Where the account is kept, if it is."""
        if self.state_file is None and self.data_dir is not None:
            return self.data_dir / "account.json"
        return self.state_file

    @property
    def services_dir(self) -> Path | None:
        """Where the databases are kept, if they are."""
        if self.data_dir is not None:
            return self.data_dir / "services"
        return self.state_file and self.state_file.with_name(f"{self.state_file.stem}.services")
