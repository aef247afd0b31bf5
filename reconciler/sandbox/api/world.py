"""What every endpoint shares: the account, the faults, the counters, and who saves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from reconciler.sandbox.account.account import Account
from reconciler.sandbox.api.faults import Faults


@dataclass(slots=True, kw_only=True)
class World:
    account: Account
    faults: Faults = field(default_factory=Faults)
    requests: Counter[str] = field(default_factory=Counter)
    """Calls under /v1 by `METHOD /route/{with}/{names}`."""
    on_change: Callable[[], None] = lambda: None
    """Called after every write that was done."""
