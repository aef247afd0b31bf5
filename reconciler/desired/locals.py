"""`locals`: named values, which may use variables and one another."""

from collections.abc import Mapping
from dataclasses import replace

from reconciler.desired.cycles import order
from reconciler.desired.marks import Node
from reconciler.desired.names import Names
from reconciler.desired.problems import BROKEN, Problems
from reconciler.desired.texts import put_names_in, read_expressions, templates
from reconciler.expressions import references


def read_locals(nodes: Mapping[str, Node], names: Names, problems: Problems) -> Names:
    """Return `names` with the locals in them; one that could not be read is declared, with no value.

    What a local refers to in resources stays in it, and is put in where the local is used.
    """
    raw = {
        name: read_expressions(node.value, (), node.places, problems)
        for name, node in sorted(nodes.items())
    }
    values: dict[str, object] = {}
    names = replace(names, declared_locals=nodes, locals=values)
    ordered, cycles = order({name: _needs(value, nodes) for name, value in raw.items()})
    for cycle in cycles:
        spelled = " → ".join(f"locals.{name}" for name in cycle)
        problems.add(
            nodes[cycle[0]].key_location,
            "Circular reference",
            f"{spelled}: each needs the next one first.",
            "replace one of these references by a plain value",
        )
    for name in ordered:
        before = len(problems)
        value = put_names_in(raw[name], (), nodes[name].places, names, problems)
        if len(problems) == before and not _is_broken(value):
            values[name] = value
    return names


def _needs(value: object, nodes: Mapping[str, Node]) -> set[str]:
    """Return the names of the locals that a local uses."""
    used = {str(ref.path[0]) for ref in references(value) if ref.root == "locals"}
    return used & nodes.keys()


def _is_broken(value: object) -> bool:
    """Whether something inside could not be read, or needs a name that could not; told already."""
    return any(
        template is BROKEN or any(reference.address is None for reference in template.references)
        for _, template in templates(value, ())
    )
