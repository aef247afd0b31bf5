"""What every endpoint shares: the account, the faults, the counters, the log, and who saves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from reconciler.sandbox.account.account import Account
from reconciler.sandbox.api.carry import Locks
from reconciler.sandbox.api.faults import Faults
from reconciler.sandbox.api.history import History
from reconciler.sandbox.api.log import Log


@dataclass(slots=True, kw_only=True)
class World:
    account: Account
    faults: Faults = field(default_factory=Faults)
    requests: Counter[str] = field(default_factory=Counter)
    """Calls under /v1 by `METHOD /route/{with}/{names}`."""
    on_change: Callable[[], None] = lambda: None
    """Called after every write that was done."""
    locks: Locks = field(default_factory=Locks)
    history: History = field(default_factory=History)
    log: Log = field(default_factory=Log)

    def __post_init__(self) -> None:
        self.account.is_stuck = self.faults.hold
