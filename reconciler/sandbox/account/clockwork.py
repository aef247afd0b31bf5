"""How a service's state goes with time: REBUILDING or REBALANCING, RUNNING, then a backup.

Nothing ticks: each read brings the service up to the clock, so a changed delay counts at once.
"""

from __future__ import annotations

from reconciler.sandbox.account.account import Account
from reconciler.sandbox.account.objects import Backup, Service, State

BACKUP_BYTES = 8 * 1024 * 1024


def settle(account: Account, service: Service) -> None:
    """Let the time that went by do its work: a build ends, then a first backup appears."""
    now_s = account.now_s()
    if service.state in (State.REBUILDING, State.REBALANCING):
        built_at_s = service.changed_at_s + account.knobs.build_delay_s
        if now_s < built_at_s or not may_run(account, service):
            return
        service.state = State.RUNNING
        service.running_since_s = built_at_s
    if service.running_since_s is None or service.backups:
        return
    if now_s >= service.running_since_s + account.knobs.backup_delay_s:
        service.backups.append(take_backup(service, now_s))


def may_run(account: Account, service: Service) -> bool:
    """Say whether nothing but the clock keeps a service that is being built from RUNNING."""
    return account.engine.is_ready(service) and not account.is_stuck(service)


def take_backup(service: Service, now_s: float) -> Backup:
    number = len(service.backups)
    name = f"{service.project}-{service.name}-{number:04d}"
    return Backup(name=name, taken_at_s=now_s, size_bytes=BACKUP_BYTES)


def enter(account: Account, service: Service, state: State) -> None:
    service.state = state
    service.changed_at_s = account.now_s()


def power_off(account: Account, service: Service) -> None:
    enter(account, service, State.POWEROFF)
    service.running_since_s = None


def power_on(account: Account, service: Service) -> None:
    enter(account, service, State.REBUILDING)
