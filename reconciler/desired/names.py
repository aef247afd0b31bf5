"""Names that stand for a value before any resource is looked at: vars, locals, each and stack."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from reconciler.desired.dig import dig, late
from reconciler.desired.problems import did_you_mean
from reconciler.desired.variables import Variables
from reconciler.expressions import ExpressionError, Reference
from reconciler.model.location import Location


@dataclass(frozen=True, slots=True)
class Each:
    """One key of a for_each. location: where the key, or the expression it came from, stands."""

    key: str
    value: object
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What vars, locals, each and stack stand for.

    declared_locals: by name, also those that could not be read. locals: values; may hold Templates
    that refer to resources. each: None outside of a for_each.
    """

    stack: str
    env: str
    variables: Variables
    declared_locals: Mapping[str, object] = field(default_factory=dict)
    locals: Mapping[str, object] = field(default_factory=dict)
    each: Each | None = None

    def with_each(self, each: Each) -> "Names":
        """Return the same names inside a for_each."""
        return replace(self, each=each)

    def lookup(self, reference: Reference) -> object:
        """Return the value; the reference as a Template for a resource's, and for what failed.

        Raises ExpressionError for a name that there is not, or a path that leads nowhere.
        """
        root, path = reference.root, reference.path
        if reference.address is not None:
            return late(reference)
        if root == "each":
            return self._lookup_each(reference)
        if root == "stack":
            return self._lookup_stack(reference)
        values = self.variables.values if root == "vars" else self.locals
        if path[0] in values:
            return dig(values[str(path[0])], reference, 1)
        self.check(reference)
        return late(reference)  # told already

    def check(self, reference: Reference) -> None:
        """Raise ExpressionError for a name that there is not; whatever its value has inside."""
        match reference.root:
            case "each":
                self._check_each(reference)
            case "stack":
                self._lookup_stack(reference)
            case "vars" | "locals":
                self._check_declared(reference)

    def is_failed(self, reference: Reference) -> bool:
        """Whether it names a variable or local that could not be read, which is told already."""
        name = reference.path[0]
        if reference.root == "vars":
            return name in self.variables.declared and name not in self.variables.values
        if reference.root == "locals":
            return name in self.declared_locals and name not in self.locals
        return False

    def _lookup_each(self, reference: Reference) -> object:
        each = self._check_each(reference)
        return dig(each.key if reference.path[0] == "key" else each.value, reference, 1)

    def _check_each(self, reference: Reference) -> Each:
        name = reference.path[0]
        if name not in ("key", "value"):
            raise ExpressionError(
                "Unknown name",
                f"each has no '{name}'.",
                "write ${each.key} or ${each.value}",
            )
        if self.each is None:
            raise ExpressionError(
                "Outside of for_each",
                f"${{{reference}}} has a value only in a resource with for_each.",
                "add for_each, or write the value out",
            )
        return self.each

    def _lookup_stack(self, reference: Reference) -> object:
        match reference.path:
            case ("name",):
                return self.stack
            case ("env",):
                return self.env
        raise ExpressionError(
            "Unknown name",
            f"stack has no '{reference.path[0]}'.",
            "write ${stack.name} or ${stack.env}",
        )

    def _check_declared(self, reference: Reference) -> None:
        name = str(reference.path[0])
        if reference.root == "vars" and name not in self.variables.declared:
            raise ExpressionError(
                "Unknown variable",
                f"There is no variable '{name}'.",
                did_you_mean(name, self.variables.declared) or "declare it under variables",
            )
        if reference.root == "locals" and name not in self.declared_locals:
            raise ExpressionError(
                "Unknown local",
                f"There is no local '{name}'.",
                did_you_mean(name, self.declared_locals) or "declare it under locals",
            )
