"""The account as it was some seconds ago, for reads that are made stale on purpose."""

from __future__ import annotations

import copy
import time
from dataclasses import replace

from reconciler.sandbox.account.account import Account


class History:
    """Copies of the account, one after each write, kept as long as a read may need them."""

    def __init__(self) -> None:
        self._moments: list[tuple[float, Account]] = []

    def before_write(self, account: Account) -> None:
        if account.knobs.stale_reads_s > 0 and not self._moments:
            self._moments.append((0.0, _copy(account)))

    def after_write(self, account: Account) -> None:
        if account.knobs.stale_reads_s > 0:
            self._moments.append((time.monotonic(), _copy(account)))

    def seen_by_reads(self, account: Account) -> Account:
        """Return the account itself, or as it was `stale_reads_s` ago."""
        then_s = time.monotonic() - account.knobs.stale_reads_s
        while len(self._moments) > 1 and self._moments[1][0] <= then_s:
            self._moments.pop(0)
        if account.knobs.stale_reads_s <= 0 or len(self._moments) <= 1:
            self._moments.clear()
            return account
        return self._moments[0][1]


def _copy(account: Account) -> Account:
    return replace(account, projects=copy.deepcopy(account.projects))
