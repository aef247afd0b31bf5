"""A stack file or folder → Stack."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from reconciler.desired.blocks import read_blocks
from reconciler.desired.checks import check_drafts
from reconciler.desired.declare import Draft, declare
from reconciler.desired.defaults import read_defaults
from reconciler.desired.dependencies import link_drafts
from reconciler.desired.environments import find_env_file
from reconciler.desired.expand import expand_all, expand_output
from reconciler.desired.files import find_files
from reconciler.desired.keys import ForEach
from reconciler.desired.load import Limits, read_yaml
from reconciler.desired.locals import read_locals
from reconciler.desired.lookup import Scope
from reconciler.desired.names import Names
from reconciler.desired.origins import DraftOrigins, Sources
from reconciler.desired.problems import Problems
from reconciler.desired.sections import Sections, read_sections, read_stack_name
from reconciler.desired.targets import Targets
from reconciler.desired.texts import put_names_in, read_expressions
from reconciler.desired.validate import Validators
from reconciler.desired.variables import Variables, read_variables
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
    env: str = "",
    environ: Mapping[str, str] = _NOTHING,
    limits: Limits | None = None,
) -> Stack:
    """Return the stack that the file, or the `*.yaml` files of the folder, declare.

    var: values from the command line. env: whose variables in `env/<env>.yaml` beside the stack are
    read too, and whose state it is. environ: where RECONCILE_VAR_<name> is looked for.
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
    env_file = find_env_file(path, env, problems)
    outside = [*([env_file] if env_file else []), *var_files]
    variables = read_variables(
        sections.variables,
        var=var,
        var_files=[file for file in (read_yaml(f, problems, limits) for f in outside) if file],
        environ=environ,
        validators=validators,
        problems=problems,
    )
    names = Names(stack=name, env=env, variables=variables)
    stack = _build(sections, names, catalogue, validators, problems)
    problems.raise_if_any()
    return stack


def load_stack_name(path: Path, catalogue: Mapping[str, Kind], *, env: str = "") -> str:
    """Return the name of the stack's state alone, whatever else is wrong with the stack.

    Raises InvalidStackError.
    """
    problems = Problems()
    read = [read_yaml(file, problems) for file in find_files(path, (), problems)]
    problems.raise_if_any()
    documents = [document for document in read if document is not None]
    sections = read_sections(documents, Location(str(path)), catalogue, Problems())
    name = read_stack_name(sections, problems)
    find_env_file(path, env, problems)
    problems.raise_if_any()
    return _state_name(name, env)


def _state_name(name: str, env: str) -> str:
    return f"{name}@{env}" if env else name


def _build(
    sections: Sections,
    names: Names,
    catalogue: Mapping[str, Kind],
    validators: Validators,
    problems: Problems,
) -> Stack:
    names = read_locals(sections.locals, names, problems)
    drafts, groups = _drafts(sections, names, catalogue, validators, problems)
    targets = Targets(drafts, groups, catalogue)
    scope = Scope(targets)
    link_drafts(drafts, groups, targets, problems)
    expand_all(drafts, scope, problems)
    outputs = dict(_outputs(sections, names, scope, problems))
    check_drafts(drafts, validators, problems)
    blocks = read_blocks(sections.blocks, drafts, groups, catalogue, names, problems)
    sources = Sources(names, sections.locals, drafts)
    return Stack(
        name=_state_name(names.stack, names.env),
        env=names.env,
        location=sections.location,
        resources={d.address: _finish(d, sources) for d in drafts.values() if not d.is_data},
        data={d.address: _finish(d, sources) for d in drafts.values() if d.is_data},
        outputs=outputs,
        moves=blocks.moves,
        imports=blocks.imports,
        removals=blocks.removals,
        policies=blocks.policies,
        secret_variables=_secret_names(names.variables),
        warnings=tuple(sorted(problems.warnings, key=lambda warning: warning.sort_key)),
    )


def _drafts(
    sections: Sections,
    names: Names,
    catalogue: Mapping[str, Kind],
    validators: Validators,
    problems: Problems,
) -> tuple[dict[Address, Draft], dict[Address, ForEach]]:
    """Return the drafts sorted by address, and the for_each by the addresses without a key."""
    defaults = read_defaults(sections.defaults, catalogue, names, validators, problems)
    drafts: list[Draft] = []
    groups: dict[Address, ForEach] = {}
    for address, body in sections.bodies.items():
        given = None if address.is_data else defaults.get(address.kind)
        declared = declare(address, body, catalogue[address.kind], given, names, problems)
        if declared:
            made, its_drafts = declared
            drafts += its_drafts
            if made.for_each is not None:
                groups[address] = made.for_each
    drafts.sort(key=lambda draft: draft.address)
    return {draft.address: draft for draft in drafts}, groups


def _outputs(
    sections: Sections, names: Names, scope: Scope, problems: Problems
) -> Iterator[tuple[str, Output]]:
    for name, node in sorted(sections.outputs.items()):
        raw = read_expressions(node.value, (), node.places, problems)
        named = put_names_in(raw, (), node.places, names, problems)
        value, uses = expand_output(named, node.places, scope, problems)
        yield name, Output(name=name, value=value, uses=uses, location=node.key_location)


def _secret_names(variables: Variables) -> frozenset[str]:
    return frozenset(name for name, value in variables.values.items() if holds_secret(value))


def _finish(draft: Draft, sources: Sources) -> Resource:
    uses = sorted(draft.uses, key=lambda use: (use.attribute, use.target, use.target_attribute))
    lifecycle = draft.lifecycle.lifecycle
    if draft.triggers:
        lifecycle = replace(lifecycle, replace_triggered_by=draft.triggers)
    return Resource(
        address=draft.address,
        attributes=draft.expanded or {},
        places=draft.places,
        uses=tuple(uses),
        depends_on=draft.needs,
        lifecycle=lifecycle,
        timeouts_s=draft.timeouts_s,
        origins=DraftOrigins(draft, sources),
    )
