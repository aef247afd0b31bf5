"""A stack file or folder → Stack."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from reconciler.desired.checks import check_drafts
from reconciler.desired.declare import Draft, declare, read_expressions
from reconciler.desired.expand import expand_all, expand_output
from reconciler.desired.files import find_files
from reconciler.desired.load import Limits, read_yaml
from reconciler.desired.lookup import Scope
from reconciler.desired.problems import Problems
from reconciler.desired.sections import Sections, read_sections, read_stack_name
from reconciler.desired.targets import Targets
from reconciler.desired.validate import Validators
from reconciler.desired.variables import read_variables
from reconciler.expressions import evaluate
from reconciler.kinds.kind import Kind
from reconciler.model.address import Address
from reconciler.model.location import Location
from reconciler.model.resource import Output, Resource, Stack
from reconciler.model.values import holds_secret

_NOTHING: Mapping[str, str] = {}


def load_stack(
    path: Path,
    catalogue: Mapping[str, Kind],
    *,
    var: Mapping[str, str] = _NOTHING,
    var_files: Sequence[Path] = (),
    environ: Mapping[str, str] = _NOTHING,
    limits: Limits | None = None,
) -> Stack:
    """Return the stack that the file, or the `*.yaml` files of the folder, declare.

    var: values from the command line. environ: where RECONCILE_VAR_<name> is looked for.
    Raises InvalidStackError with every problem that one run can find.
    """
    problems = Problems()
    files = find_files(path, var_files, problems)
    read = [read_yaml(file, problems, limits) for file in files]
    documents = [document for document in read if document is not None]
    location = Location(str(files[0])) if files else Location(str(path))
    sections = read_sections(documents, location, catalogue, problems)
    if len(documents) < max(1, len(files)):
        # References to what stands in an unreadable file would all look wrong.
        problems.raise_if_any()
    name = read_stack_name(sections, problems)
    validators = Validators()
    values = read_variables(
        sections.variables,
        var=var,
        var_files=[file for file in (read_yaml(f, problems, limits) for f in var_files) if file],
        environ=environ,
        validators=validators,
        problems=problems,
    )
    stack = _build(name, sections, values, catalogue, validators, problems)
    problems.raise_if_any()
    return stack


def load_stack_name(path: Path, catalogue: Mapping[str, Kind]) -> str:
    """Return the stack's name alone, whatever else is wrong with it. Raises InvalidStackError."""
    problems = Problems()
    read = [read_yaml(file, problems) for file in find_files(path, (), problems)]
    problems.raise_if_any()
    documents = [document for document in read if document is not None]
    sections = read_sections(documents, Location(str(path)), catalogue, Problems())
    name = read_stack_name(sections, problems)
    problems.raise_if_any()
    return name


def _build(
    name: str,
    sections: Sections,
    values: Mapping[str, object],
    catalogue: Mapping[str, Kind],
    validators: Validators,
    problems: Problems,
) -> Stack:
    drafts: dict[Address, Draft] = {}
    scope = Scope(name, values, Targets(drafts, catalogue, sections.variables))
    for address, body in sorted(sections.bodies.items()):
        draft = declare(
            address,
            body,
            catalogue[address.kind],
            lambda value: evaluate(value, scope.lookup_variable),
            problems,
        )
        if draft:
            drafts[address] = draft
    expand_all(drafts, scope, problems)
    outputs = dict(_outputs(sections, scope, problems))
    check_drafts(drafts, validators, problems)
    return Stack(
        name=name,
        location=sections.location,
        resources={d.address: _finish(d) for d in drafts.values() if not d.is_data},
        data={d.address: _finish(d) for d in drafts.values() if d.is_data},
        outputs=outputs,
        secret_variables=frozenset(key for key, value in values.items() if holds_secret(value)),
        warnings=tuple(sorted(problems.warnings, key=lambda warning: warning.sort_key)),
    )


def _outputs(sections: Sections, scope: Scope, problems: Problems) -> Iterator[tuple[str, Output]]:
    for name, node in sorted(sections.outputs.items()):
        compiled = read_expressions(node.value, (), node.places, problems)
        value, uses = expand_output(compiled, node.places, scope, problems)
        yield name, Output(name=name, value=value, uses=uses, location=node.key_location)


def _finish(draft: Draft) -> Resource:
    uses = sorted(draft.uses, key=lambda use: (use.attribute, use.target, use.target_attribute))
    return Resource(
        address=draft.address,
        attributes=draft.expanded or {},
        places=draft.places,
        uses=tuple(uses),
        depends_on=tuple(sorted(draft.depends_on)),
        lifecycle=draft.lifecycle,
        timeouts_s=draft.timeouts_s,
    )
