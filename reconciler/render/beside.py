"""What a plan says beside its changes, as texts that are safe to show: connections, flags, limits."""

import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.model.plan import Connections, Plan
from reconciler.render.safe import terminal


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The connections of one service. limit: "100 (plan startup-4)", or "" where nobody knows it.

    is_touched: whether this plan changes anything about it.
    """

    service: str
    now: int
    peak: int
    after: int
    limit: str
    over: int
    is_touched: bool

    @property
    def status(self) -> str:
        """Return how it stands, in words: `ok`, `over by 20`, or "" for what is not known."""
        if self.over:
            return f"over by {self.over:,}"
        return "ok" if self.limit else ""


@dataclass(frozen=True, slots=True)
class Need:
    """A flag that apply needs for this plan, and why."""

    flag: str
    why: str


def loads(plan: Plan) -> list[Load]:
    """Return the connections of each service; its name alone where that tells it apart."""
    short = Counter(found.service.rpartition("/")[2] for found in plan.connections)
    return [_load(found, short) for found in plan.connections]


def _load(found: Connections, short: Counter[str]) -> Load:
    name = found.service.rpartition("/")[2]
    basis = f" ({terminal(found.basis)})" if found.basis else ""
    return Load(
        service=terminal(name if short[name] == 1 else found.service),
        now=found.now,
        peak=found.peak,
        after=found.after,
        limit="" if found.limit is None else f"{found.limit:,}{basis}",
        over=found.over,
        is_touched=not found.now == found.peak == found.after,
    )


def needs(plan: Plan) -> list[Need]:
    """Return the flags that apply will ask for, in the form to type."""
    found = [Need(terminal(f"--ack {shlex.quote(ack)}"), _lost(plan, ack)) for ack in plan.acks]
    if plan.allow_delete:
        recorded = plan.meta.get("recorded")
        of = f" of {recorded:,} recorded" if isinstance(recorded, int) else ""
        why = f"{plan.allow_delete:,}{of} resources are deleted or replaced"
        found.append(Need(f"--allow-delete {plan.allow_delete}", why))
    return found


def _lost(plan: Plan, ack: str) -> str:
    """Return what the effect that must be acknowledged is, in the words of its change."""
    code, _, address = ack.partition(":")
    texts = (
        effect.text
        for change in plan.changes
        if change.address == address
        for effect in change.effects
        if effect.code == code
    )
    return terminal(next(texts, ""))


def limited_to(plan: Plan) -> Sequence[str] | None:
    """Return the addresses that --target and --exclude leave, or None for all."""
    return None if plan.limited_to is None else [terminal(address) for address in plan.limited_to]
