"""The first thing said about a plan: whether somebody should look, and at what."""

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.model.address import Address
from reconciler.model.diagnostic import Severity
from reconciler.model.plan import Action, Change, Plan
from reconciler.render.safe import terminal

NAMED = 5
"""How many names the verdict gives before it counts the rest."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """word: BLOCKED, REVIEW or OK; text: what for."""

    word: str
    text: str


_FELT = {
    "data-loss": ("loses its data", "lose their data"),
    "cut-clients": ("loses its clients", "lose their clients"),
    "refuse-logins": ("refuses logins", "refuse logins"),
    "restart": ("restarts", "restart"),
    "upgrade": ("is upgraded", "are upgraded"),
    "role-switch": ("gets another role", "get another role"),
    "retarget": ("gets another database", "get another database"),
    "access": ("is reached from elsewhere", "are reached from elsewhere"),
    "semantics": ("behaves differently", "behave differently"),
}
"""By effect code, for one and for many, the worst first. Any other code is named as it is."""
_BY_WEIGHT = tuple(_FELT)


def verdict(
    plan: Plan, *, disruptive: Sequence[Change], safe: int, drift: int, record: int
) -> Verdict:
    """Return the verdict on a plan whose changes are in groups already."""
    if plan.is_blocked:
        return Verdict("BLOCKED", "; ".join(_blocked(plan)))
    review = [*_felt(disruptive), *_crowded(plan)]
    if review:
        return Verdict("REVIEW", "; ".join(review))
    parts = [
        _counted(safe, "safe change", "safe changes"),
        _counted(drift, "drift to revert", "drifts to revert"),
        _counted(
            record + len(plan.resolutions),
            "record to bring up to date",
            "records to bring up to date",
        ),
    ]
    text = ", ".join(filter(None, parts))
    return Verdict("OK", text or "Nothing to do: live is as declared.")


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}" if count else ""


def _blocked(plan: Plan) -> list[str]:
    refused = [c.address for c in plan.changes if c.action is Action.REFUSE]
    unknown = [c.address for c in plan.changes if c.action is Action.UNKNOWN]
    reasons = [d.summary for d in plan.diagnostics if d.severity is Severity.ERROR]
    parts = [f"{len(refused):,} refused ({names(refused)})"] if refused else []
    parts += [f"{len(unknown):,} could not be read ({names(unknown)})"] if unknown else []
    parts += [terminal(reason) for reason in dict.fromkeys(reasons)]
    return parts


def _felt(disruptive: Sequence[Change]) -> list[str]:
    """Return one phrase for each kind and what happens to it, the worst first."""
    groups: dict[tuple[str, str], list[Address]] = {}
    for change in disruptive:
        code = change.effects[0].code if change.effects else change.action.value
        groups.setdefault((change.address.kind, code), []).append(change.address)
    ordered = sorted(groups.items(), key=lambda group: _weight(group[0][1]))
    return [_phrase(kind, code, found) for (kind, code), found in ordered]


def _crowded(plan: Plan) -> list[str]:
    """Return a phrase for the services whose connections this plan makes too few."""
    found = [
        terminal(load.service.rpartition("/")[2])
        for load in plan.connections
        if load.is_over and not load.now == load.peak == load.after
    ]
    if not found:
        return []
    noun = "service has" if len(found) == 1 else "services have"
    return [f"{len(found):,} {noun} too few connections ({shortened(found)})"]


def _weight(code: str) -> int:
    return _BY_WEIGHT.index(code) if code in _FELT else len(_BY_WEIGHT)


def _phrase(kind: str, code: str, found: Sequence[Address]) -> str:
    many = len(found) > 1
    if code in _DONE:
        felt = f"{'are' if many else 'is'} {_DONE[code]}"
    elif code in _FELT:
        felt = _FELT[code][many]
    else:
        felt = f"{'have' if many else 'has'} the effect {terminal(code)}"
    return f"{len(found):,} {_noun(kind, many=many)} {felt} ({names(found)})"


_DONE = {Action.REPLACE.value: "replaced", Action.DELETE.value: "deleted"}


def _noun(kind: str, *, many: bool) -> str:
    """Return what an object of a kind is called: the last word, or all of a kind of two words."""
    if kind.count("_") < 2:
        return terminal(kind)
    return terminal(kind.rpartition("_")[2]) + ("s" if many else "")


def names(addresses: Sequence[Address]) -> str:
    """Return the first few addresses and how many more there are; without the kind if it is one."""
    prefix = f"{addresses[0].kind}." if len({address.kind for address in addresses}) == 1 else ""
    return shortened([terminal(address.removeprefix(prefix)) for address in addresses])


def shortened(found: Sequence[str]) -> str:
    """Return the first few texts and how many more there are."""
    more = len(found) - NAMED
    return ", ".join([*found[:NAMED], f"{more:,} more"] if more > 0 else found)
