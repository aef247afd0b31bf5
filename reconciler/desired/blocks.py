"""The blocks `moved`, `import`, `removed` and `policies`, held against what is declared."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.desired.block_entries import Entry, read_entry
from reconciler.desired.cycles import order
from reconciler.desired.declare import Drafts, Groups
from reconciler.desired.dependencies import group_address
from reconciler.desired.marks import Node
from reconciler.desired.names import Names
from reconciler.desired.problems import Problems, did_you_mean, nearest_address
from reconciler.expressions import ExpressionError
from reconciler.kinds.kind import Kind
from reconciler.model.address import Address
from reconciler.model.location import Location
from reconciler.model.resource import Import, Move, Policy, Removal


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """What the blocks of a stack say. moves: each after those that lead to its source."""

    moves: tuple[Move, ...] = ()
    imports: tuple[Import, ...] = ()
    removals: tuple[Removal, ...] = ()
    policies: tuple[Policy, ...] = ()


def read_blocks(
    nodes: Mapping[str, Sequence[Node]],
    drafts: Drafts,
    groups: Groups,
    catalogue: Mapping[str, Kind],
    names: Names,
    problems: Problems,
) -> Blocks:
    """Return the blocks; problems are noted, each with its place."""
    if not nodes:
        return Blocks()
    reader = _Reader(drafts, groups, catalogue, names, problems)
    moves = reader.moves(nodes.get("moved", ()))
    return Blocks(
        moves=moves,
        imports=tuple(reader.imports(nodes.get("import", ()), moves)),
        removals=tuple(reader.removals(nodes.get("removed", ()), moves)),
        policies=tuple(reader.policies(nodes.get("policies", ()))),
    )


class _Reader:
    def __init__(
        self,
        drafts: Drafts,
        groups: Groups,
        catalogue: Mapping[str, Kind],
        names: Names,
        problems: Problems,
    ) -> None:
        self._drafts = drafts
        self._groups = groups
        self._catalogue = catalogue
        self._names = names
        self._problems = problems

    # moved

    def moves(self, nodes: Sequence[Node]) -> tuple[Move, ...]:
        found = [move for node in nodes if (move := self._move(node))]
        sources = {move.source for move in found}
        by_source: dict[Address, Move] = {}
        by_target: dict[Address, Move] = {}
        for move in found:
            self._check_ends(move, sources)
            self._once(by_source, move.source, move, "Moved twice", "is moved")
            self._once(by_target, move.target, move, "Two moves to one address", "is moved to")
        needs = {move.source: {move.target} & by_source.keys() for move in by_source.values()}
        ordered, cycles = order(needs)
        for cycle in cycles:
            self._problems.add(
                by_source[cycle[0]].location,
                "Moves in a circle",
                f"{' → '.join(cycle)}: nothing stays where it is moved to.",
                "remove one of these moves",
            )
        return tuple(by_source[source] for source in reversed(ordered))

    def _move(self, node: Node) -> Move | None:
        entry = self._entry(node, "moved", ("from", "to"))
        if entry is None:
            return None
        source, target = entry.address("from"), entry.address("to")
        if source is None or target is None:
            return None
        if source == target:
            entry.note("from", "Moved to itself", f"{source} is moved to itself.", "remove it")
            return None
        if source.kind != target.kind:
            entry.note(
                "to",
                "Kinds differ",
                f"{source} cannot become {target}: an object keeps its kind.",
                "use removed and import, or let it be replaced",
            )
            return None
        return Move(source=source, target=target, location=node.location)

    def _check_ends(self, move: Move, sources: set[Address]) -> None:
        """Note a source that is declared still, and a target that is not and is no way station."""
        source, target = move.source, move.target
        is_group = source in self._groups and (target in self._groups or target in sources)
        if source in self._drafts or is_group:
            place = self._place_of(source)
            self._problems.add(
                move.location,
                "Moved, but still declared",
                f"{source} is declared at {place}, so what is recorded for it cannot be {target}.",
                "rename the declaration, or remove the move",
            )
        if target in self._drafts or target in sources:
            return
        if target in self._groups and source.key is None:
            return
        self._note_undeclared(target, move.location, "moved")

    def _once(
        self, seen: dict[Address, Move], address: Address, move: Move, summary: str, what: str
    ) -> None:
        first = seen.setdefault(address, move)
        if first is not move:
            self._problems.add(
                move.location,
                summary,
                f"{address} {what} at {first.location} as well.",
                "remove one",
            )

    # import

    def imports(self, nodes: Sequence[Node], moves: Sequence[Move]) -> Iterator[Import]:
        moved = {move.target: move.location for move in moves}
        by_target: dict[Address, Location] = {}
        by_object: dict[tuple[str, str], tuple[Address, Location]] = {}
        for node in nodes:
            found = self._import(node)
            if found is None:
                continue
            first = by_target.setdefault(found.target, found.location)
            owner, place = by_object.setdefault(
                (found.target.kind, found.identity), (found.target, found.location)
            )
            if first is not found.location:
                self._problems.add(
                    found.location,
                    "Imported twice",
                    f"{found.target} is imported at {first} as well.",
                    "remove one",
                )
            elif owner != found.target:
                self._problems.add(
                    found.location,
                    "Imported twice",
                    f"{found.identity} is imported as {owner} ({place}) as well.",
                    "an object has one address; remove one",
                )
            elif found.target in moved:
                self._problems.add(
                    found.location,
                    "Imported and moved",
                    f"{found.target} is what another address is moved to at {moved[found.target]}.",
                    "keep one of both",
                )
            yield found

    def _import(self, node: Node) -> Import | None:
        entry = self._entry(node, "import", ("to", "id"))
        if entry is None:
            return None
        target, text = entry.address("to"), entry.text("id", self._names)
        if target is None:
            return None
        if target not in self._drafts:
            self._note_undeclared(target, entry.place("to"), "import")
            return None
        return None if text is None else self._import_of(entry, target, text, node.location)

    def _import_of(
        self, entry: Entry, target: Address, text: str, location: Location
    ) -> Import | None:
        kind = self._catalogue[target.kind]
        try:
            identity = kind.identity_of(kind.identity_values(text)) or ""
        except ValueError:
            shape = "/".join(name.upper() for name in kind.identity)
            entry.note(
                "id",
                "Not an id of this kind",
                f"'{text}' is not of the form {shape}.",
                f"{kind.name} is identified as {shape}",
            )
            return None
        declared = kind.identity_of(self._drafts[target].expanded or {})
        if declared is not None and declared != identity:
            entry.note(
                "id",
                "Declaration names another object",
                f"{target} is declared as {declared}, not {identity}.",
                f"write id: {declared}, or change the declaration",
            )
            return None
        return Import(target=target, identity=identity, location=location)

    # removed

    def removals(self, nodes: Sequence[Node], moves: Sequence[Move]) -> Iterator[Removal]:
        moved = {move.source: move.location for move in moves}
        seen: dict[Address, Location] = {}
        for node in nodes:
            found = self._removal(node)
            if found is None:
                continue
            first = seen.setdefault(found.source, found.location)
            if first is not found.location:
                self._problems.add(
                    found.location,
                    "Removed twice",
                    f"{found.source} is removed at {first} as well.",
                    "remove one",
                )
            elif found.source in moved:
                self._problems.add(
                    found.location,
                    "Removed and moved",
                    f"{found.source} is moved at {moved[found.source]}.",
                    "keep one of both",
                )
            yield found

    def _removal(self, node: Node) -> Removal | None:
        entry = self._entry(node, "removed", ("from", "forget"))
        if entry is None:
            return None
        source = entry.address("from")
        if entry.value("forget") is not True:
            entry.note(
                "forget",
                "Wrong value",
                "removed forgets what is recorded and leaves the object; forget must be true.",
                "write forget: true; to delete the object, remove its declaration and this block",
            )
            return None
        if source is None:
            return None
        if source in self._drafts or source in self._groups:
            entry.note(
                "from",
                "Removed, but still declared",
                f"{source} is declared at {self._place_of(source)}.",
                "remove the declaration, or this block",
            )
            return None
        return Removal(source=source, location=node.location)

    # policies

    def policies(self, nodes: Sequence[Node]) -> Iterator[Policy]:
        for node in nodes:
            entry = self._entry(node, "policies", ("rule", "message"))
            if entry is not None:
                rule, message = entry.literal("rule"), entry.literal("message")
                if rule and message and _is_rule(entry, rule):
                    yield Policy(rule=rule, message=message, location=node.location)

    # all

    def _entry(self, node: Node, block: str, keys: tuple[str, ...]) -> Entry | None:
        return read_entry(node, block, keys, self._catalogue, self._problems)

    def _place_of(self, address: Address) -> Location:
        if address in self._drafts:
            return self._drafts[address].places.key_at(())
        return self._groups[address].node.key_location

    def _note_undeclared(self, address: Address, place: Location, block: str) -> None:
        group = self._groups.get(group_address(address))
        if group is not None and group.keys is None:
            return  # told already
        detail = f"This stack does not declare {address}, which {block} names."
        if group is None:
            hint = nearest_address(address, (*self._drafts, *self._groups)) or "declare it"
        elif address.key is None:
            hint = f'it has a for_each; name a key: {address}["key"]'
        else:
            hint = did_you_mean(address.key, group.keys or ()) or "its for_each has no such key"
        self._problems.add(place, "Not declared", detail, hint)


def _is_rule(entry: Entry, rule: str) -> bool:
    """Whether a policy's rule compiles; notes why not."""
    from reconciler.expressions.rule import compile_rule

    try:
        compile_rule(rule, {"changes", "stack"}, frozenset({"changes"}))
    except ExpressionError as error:
        entry.note("rule", error.summary, error.detail, error.hint)
        return False
    return True
