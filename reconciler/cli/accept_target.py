"""The attribute that somebody wants to accept: found by its name, or refused."""

from dataclasses import dataclass

from reconciler.cli.pipeline import Project
from reconciler.expressions import ExpressionError, Reference, parse_expression, spell_path
from reconciler.kinds.kind import Attribute, Kind
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ReconcileError
from reconciler.model.location import Path
from reconciler.model.resource import Resource
from reconciler.plan.accept import attribute_at


class AcceptRefusedError(ReconcileError):
    """This live value cannot be taken over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The attribute that was named."""

    resource: Resource
    kind: Kind
    path: Path

    @property
    def address(self) -> Address:
        return self.resource.address

    def named(self, path: Path | None = None) -> str:
        """Return the attribute, or another path of the resource, as people write it."""
        return spell_path((self.address, *(path or self.path)))


def refused(summary: str, detail: str, hint: str) -> AcceptRefusedError:
    """Return the refusal, for raising."""
    return AcceptRefusedError(Diagnostic(summary=summary, detail=detail, hint=hint))


def find_target(project: Project, text: str) -> Target:
    """Return the declared attribute that `text` names. Raises AcceptRefusedError."""
    from reconciler.desired.problems import did_you_mean

    reference = _reference(text)
    address = reference.address
    resource = project.stack.resources.get(address) if address else None
    if address is None or resource is None:
        close = did_you_mean(str(address), project.stack.resources)
        raise refused(
            "Address is not declared",
            f"{project.path} declares no resource {address or text}.",
            close or "reconcile drift names what drifted",
        )
    kind = project.catalogue[address.kind]
    target = Target(resource=resource, kind=kind, path=reference.path)
    attribute = attribute_at(kind, reference.path)
    if attribute is None:
        known = kind.attributes.get(str(reference.path[0]))
        names = known.nested if known else kind.attributes
        name = str(reference.path[1 if known else 0])
        raise refused(
            "Unknown attribute",
            f"{spell_path((kind.name, *reference.path))} is no attribute.",
            did_you_mean(name, names) or f"reconcile kinds {kind.name} lists them",
        )
    _refuse_never_drifting(target, attribute)
    return target


def _reference(text: str) -> Reference:
    example = "aiven_connection_pool.main.pool_size"
    try:
        reference = parse_expression(text)
    except ExpressionError as error:
        raise refused(
            "Not an attribute",
            f"'{text}' does not name an attribute of a resource.",
            f"write it as {example}; reconcile drift names what drifted",
        ) from error
    if not isinstance(reference, Reference) or reference.address is None:
        raise refused(
            "Not an attribute",
            f"'{text}' is no attribute of a resource.",
            f"write it as {example}",
        )
    return reference


def _refuse_never_drifting(target: Target, attribute: Attribute) -> None:
    if attribute.sensitive:
        raise refused(
            "Attribute is sensitive",
            f"{target.named()} is a secret; secrets are neither shown nor written into files.",
            "set it through a variable with writeOnly: true",
        )
    if attribute.read_only:
        raise refused(
            "Attribute is read-only",
            f"{target.named()} is what the API says; it is not declared.",
            "",
        )
    if attribute.write_only or attribute.local:
        raise refused(
            "Attribute is never read",
            f"The API does not show {target.named()}, so there is no live value to accept.",
            "",
        )
