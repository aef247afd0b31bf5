"""One entry of a block's list: a map with two keys, both needed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciler.desired.beside import resolved
from reconciler.desired.marks import Node
from reconciler.desired.names import Names
from reconciler.desired.problems import BROKEN, Problems, did_you_mean, enumerate_names
from reconciler.desired.sections import check_keys
from reconciler.expressions import OPENING, ExpressionError, Template, parse_template
from reconciler.kinds.kind import Kind
from reconciler.model.address import Address
from reconciler.model.location import Location


@dataclass(frozen=True, slots=True)
class Entry:
    """The values of one entry by key; what is wrong with one is noted when it is asked for."""

    block: str
    nodes: Mapping[str, Node]
    catalogue: Mapping[str, Kind]
    problems: Problems

    def value(self, key: str) -> object:
        return self.nodes[key].value

    def place(self, key: str) -> Location:
        return self.nodes[key].location

    def note(self, key: str, summary: str, detail: str, hint: str) -> None:
        self.problems.add(self.place(key), summary, detail, hint)

    def address(self, key: str) -> Address | None:
        """Return the address of a resource, or None with a problem noted."""
        value = self.value(key)
        try:
            if not isinstance(value, str):
                raise ValueError(value)  # noqa: TRY301 TRY004 - one message for both
            address = Address.parse(value)
        except ValueError:
            hint = "quote one with a key: 'kind.name[\"key\"]'"
            if OPENING in str(value):
                hint = "write it without ${}: kind.name"
            if value is not BROKEN:
                what = f"{self.block} takes addresses such as aiven_pg.main in '{key}'."
                self.note(key, "Invalid address", what, hint)
            return None
        return address if self._is_resource(address, key) else None

    def text(self, key: str, names: Names) -> str | None:
        """Return a string, in which vars and locals may stand; None with a problem noted."""
        value = resolved(self.nodes[key], names, self.problems)
        if isinstance(value, str):
            return value
        if value is not BROKEN:
            detail = f"'{key}' of {self.block} must be a string that may be shown."
            self.note(key, "Wrong type", detail, "quote it" if isinstance(value, int) else "")
        return None

    def literal(self, key: str) -> str:
        """Return a string without expressions; "" with a problem noted."""
        value = self.value(key)
        if value is BROKEN:
            return ""
        if not isinstance(value, str) or not value.strip():
            self.note(key, "Wrong type", f"'{key}' of {self.block} must be a text.", "quote it")
            return ""
        try:
            text = parse_template(value)
        except ExpressionError:
            text = BROKEN
        if isinstance(text, Template):
            detail = f"'{key}' of {self.block} is taken as it is."
            hint = "write it without ${}; $${ stands for a literal ${"
            self.note(key, "Expression not allowed", detail, hint)
            return ""
        return text

    def _is_resource(self, address: Address, key: str) -> bool:
        if address.is_data:
            detail = f"{address} is only looked up and never recorded."
            self.note(key, "Not a resource", detail, "name a resource")
            return False
        if address.kind not in self.catalogue:
            detail = f"There is no kind '{address.kind}'."
            self.note(key, "Unknown kind", detail, did_you_mean(address.kind, self.catalogue))
            return False
        return True


def read_entry(
    node: Node,
    block: str,
    keys: Sequence[str],
    catalogue: Mapping[str, Kind],
    problems: Problems,
) -> Entry | None:
    """Return the entry; None with a problem noted when a key is missing."""
    example = "{" + ", ".join(f"{key}: …" for key in keys) + "}"
    if not isinstance(node.value, dict):
        if node.value is not BROKEN:
            detail = f"{block} takes entries with {enumerate_names(keys)}."
            problems.add(node.location, "Wrong type", detail, f"write - {example}")
        return None
    of = f"An entry of {block}"
    nodes = {entry.name: entry for entry in check_keys(node, keys, problems, of=of)}
    missing = [key for key in keys if key not in nodes]
    if missing:
        detail = f"An entry of {block} lacks {enumerate_names(missing)}."
        problems.add(node.location, "Missing key", detail, f"write - {example}")
        return None
    return Entry(block, nodes, catalogue, problems)
