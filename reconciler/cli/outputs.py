"""Outputs: their values as the API shows them now."""

from collections.abc import Mapping
from difflib import get_close_matches

from reconciler.cli.pipeline import Project, connect, data_identities, read
from reconciler.expressions.reference import Reference
from reconciler.expressions.template import evaluate, references
from reconciler.live.snapshot import ReadRequest
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ReconcileError
from reconciler.model.live import ABSENT, LiveObject
from reconciler.model.resource import Output
from reconciler.model.values import MASK, Secret
from reconciler.plan.lookup import value_at


class OutputError(ReconcileError):
    """An output that there is not, or not yet."""


async def read_outputs(project: Project, name: str | None, *, secrets: bool) -> dict[str, object]:
    """Return the values of one output, or of all. Raises OutputError.

    Only what the outputs refer to is read, and with its secrets only when `secrets` says so.
    """
    outputs = _chosen(project, name)
    live = await _read(project, outputs, secrets=secrets)
    problems, values = [], {}
    for key, output in outputs.items():
        try:
            values[key] = evaluate(output.value, lambda ref: _look_up(project, live, ref, secrets))
        except LookupError as error:
            problems.append(_not_there(output, str(error.args[0])))
    if problems:
        raise OutputError(*problems)
    return values


def shown(value: object, *, reveal: bool) -> object:
    """Return a value for printing: secrets masked at any depth unless revealed."""
    if isinstance(value, Secret):
        return value.reveal() if reveal else MASK
    if isinstance(value, Mapping):
        return {key: shown(item, reveal=reveal) for key, item in value.items()}
    if isinstance(value, list):
        return [shown(item, reveal=reveal) for item in value]
    return value


def _chosen(project: Project, name: str | None) -> dict[str, Output]:
    outputs = project.stack.outputs
    if name is None:
        return dict(outputs)
    if name in outputs:
        return {name: outputs[name]}
    close = get_close_matches(name, outputs, n=1)
    raise OutputError(
        Diagnostic(
            summary="No such output",
            detail=f"Stack {project.stack.name} has no output '{name}'.",
            hint=f"did you mean '{close[0]}'?" if close else "reconcile output lists them all",
            location=project.stack.location,
        )
    )


async def _read(
    project: Project, outputs: Mapping[str, Output], *, secrets: bool
) -> dict[Address, LiveObject]:
    state = project.store.read()
    identities = {
        **{address: recorded.identity for address, recorded in state.resources.items()},
        **data_identities(project.stack, project.catalogue),
    }
    used = {r for output in outputs.values() for r in references(output.value) if r.address}
    wanted = [
        ReadRequest(
            kind=project.catalogue[reference.address.kind],
            identity=identities[reference.address],
            attributes=frozenset({str(reference.path[0])}),
            secrets=secrets,
        )
        for reference in used
        if reference.address and reference.address in identities
    ]
    if not wanted:
        return {}
    async with connect(parallelism=10) as session:
        live = await read(session, wanted)
    return {
        address: live.get((address.kind, identity), ABSENT)
        for address, identity in identities.items()
    }


def _look_up(
    project: Project, live: Mapping[Address, LiveObject], reference: Reference, secrets: bool
) -> object:
    """Return a reference's value; raise LookupError with why there is none."""
    address = reference.address
    if address is None or address not in live or not live[address].is_present:
        raise LookupError(f"{address} does not exist yet")
    attribute = project.catalogue[address.kind].attributes[str(reference.path[0])]
    if attribute.sensitive and not secrets:
        return Secret("")
    if reference.path[0] not in live[address].attributes:
        raise LookupError(f"the API does not show {reference} to this token")
    return value_at(live[address].attributes, reference.path)


def _not_there(output: Output, why: str) -> Diagnostic:
    return Diagnostic(
        summary="Output has no value",
        detail=f"{output.name}: {why}.",
        hint="reconcile apply makes it",
        location=output.location,
    )
