"""The blocks `moved`, `import` and `removed`: what they make of the record before anything is decided."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.plan import Action
from reconciler.model.resource import Import, Move, Removal
from reconciler.model.state import Recorded
from reconciler.plan.survey import DecidedMap

Records = Mapping[Address, Recorded]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The record after `moved` blocks.

    moved_from: new address → old one. rewrites: what changes in the state by it, dependants included.
    """

    recorded: Records
    moved_from: Mapping[Address, Address] = field(default_factory=dict)
    rewrites: Mapping[Address, Recorded | None] = field(default_factory=dict)
    problems: tuple[Diagnostic, ...] = ()


def move(recorded: Records, moves: Iterable[Move]) -> Moved:
    """Return the record with every `moved` block carried out that has not been already.

    Blocks follow one another, whatever their order: with a → b and b → c what is recorded as a is c.
    """
    blocks = {block.source: block for block in moves}
    ends = {address: _end(address, blocks) for address in sorted(recorded)}
    owners = {old: old for old, (new, _) in ends.items() if new == old}
    renamed: dict[Address, Address] = {}
    problems = []
    for old, (new, last) in ends.items():
        owner = owners.setdefault(new, old)
        if last is not None and owner != old:
            problems.append(_taken(last, old, new, owner))
        elif new != old:
            renamed[old] = new
    if not renamed:
        return Moved(recorded=recorded, problems=tuple(problems))
    after = {
        renamed.get(address, address): _with_needs(record, renamed)
        for address, record in recorded.items()
    }
    changed: dict[Address, Recorded | None] = {
        address: record for address, record in after.items() if recorded.get(address) != record
    }
    return Moved(
        recorded=after,
        moved_from={new: old for old, new in renamed.items()},
        rewrites={**changed, **dict.fromkeys(renamed)},
        problems=tuple(problems),
    )


def _end(address: Address, blocks: Mapping[Address, Move]) -> tuple[Address, Move | None]:
    """Return where an address ends, and the last block on the way."""
    seen: set[Address] = set()
    last = None
    while address not in seen and (block := _next(address, blocks)) is not None:
        seen.add(address)
        last, target = block, block.target
        is_own = block.source == address
        address = target if is_own else Address.of(target.kind, target.name, address.key)
    return address, last


def _next(address: Address, blocks: Mapping[Address, Move]) -> Move | None:
    """Return the block that moves an address: its own, else the one that takes every key along."""
    own = blocks.get(address)
    if own is not None or address.key is None:
        return own
    of_all = blocks.get(Address.of(address.kind, address.name))
    return of_all if of_all is not None and of_all.target.key is None else None


def _with_needs(record: Recorded, renamed: Mapping[Address, Address]) -> Recorded:
    if not any(address in renamed for address in record.depends_on):
        return record
    needs = sorted(renamed.get(address, address) for address in record.depends_on)
    return replace(record, depends_on=tuple(needs))


def _taken(block: Move, old: Address, new: Address, owner: Address) -> Diagnostic:
    both = "both are recorded" if owner == new else f"{owner} moves there too"
    return Diagnostic(
        summary="Address is recorded already",
        detail=f"{old} cannot move to {new}: {both}.",
        hint=f"reconcile state rm '{owner}', or take the block out",
        location=block.location,
    )


def released(recorded: Records, removals: Iterable[Removal]) -> frozenset[Address]:
    """Return what `removed` blocks let go of; without a key every key."""
    sources = {block.source for block in removals}
    return frozenset(
        address
        for address in recorded
        if address in sources or Address(address.split("[", 1)[0]) in sources
    )


def imports_due(recorded: Records, imports: Iterable[Import]) -> dict[Address, str]:
    """Return the ids to adopt, by address: those of `import` blocks that were not carried out yet."""
    return {block.target: block.identity for block in imports if block.target not in recorded}


def import_problems(
    recorded: Records, imports: Iterable[Import], decided: DecidedMap
) -> Iterator[Diagnostic]:
    """Yield what is wrong with `import` blocks, and which of them have done their work."""
    owners = {(a.kind, r.identity): a for a, r in recorded.items()}
    for block in imports:
        had = recorded.get(block.target)
        owner = owners.get((block.target.kind, block.identity))
        if had is not None and had.identity == block.identity:
            yield _about(
                block,
                "Imported already",
                f"{block.target} is recorded as {block.identity}.",
                "take the block out",
                severity=Severity.WARNING,
            )
        elif had is not None:
            yield _about(
                block,
                "Address is recorded already",
                f"{block.target} is recorded as {had.identity}, not {block.identity}.",
                f"reconcile state rm '{block.target}', if that is wrong",
            )
        elif owner is not None:
            yield _about(
                block,
                "Object is recorded already",
                f"{block.identity} belongs to {owner}.",
                f"reconcile state mv '{owner}' '{block.target}'",
            )
        elif block.target in decided:
            yield from _unmet(block, decided)


def _unmet(block: Import, decided: DecidedMap) -> Iterator[Diagnostic]:
    """Yield why a block that is due did not lead to an adoption."""
    one = decided[block.target]
    if one.action is Action.UNKNOWN or one.adopted is not None or one.wanted is None:
        return
    if one.wanted.identity != block.identity:
        yield _about(
            block,
            "Declaration names another object",
            f"{block.target} is declared as {one.wanted.identity}, not {block.identity}.",
            f"write id: {one.wanted.identity}, or change the declaration",
        )
    else:
        yield _about(
            block,
            "Object does not exist",
            f"There is no {block.target.kind} {block.identity} to import.",
            "check the id; without the block it would be created",
        )


def _about(
    block: Import, summary: str, detail: str, hint: str, *, severity: Severity = Severity.ERROR
) -> Diagnostic:
    return Diagnostic(
        summary=summary, detail=detail, hint=hint, location=block.location, severity=severity
    )
