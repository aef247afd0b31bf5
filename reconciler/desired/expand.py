"""Put everything in that can be known offline; what needs a live value stays a Template."""

from collections.abc import Iterator

from reconciler.desired.beside import BESIDE
from reconciler.desired.cycles import order
from reconciler.desired.declare import Draft, Drafts
from reconciler.desired.lookup import Scope
from reconciler.desired.messages import spell_types
from reconciler.desired.problems import BROKEN, Problems
from reconciler.desired.schemas import schema_below, types_of
from reconciler.desired.sensitive import normalise
from reconciler.desired.texts import note_expression_error, templates
from reconciler.expressions import ExpressionError, Reference, Template, evaluate, spell_path
from reconciler.kinds.kind import Kind
from reconciler.model.address import Address
from reconciler.model.location import Path, Places
from reconciler.model.resource import Use


def expand_all(drafts: Drafts, scope: Scope, problems: Problems) -> None:
    """Fill in `uses` and `expanded` of each draft; problems are noted."""
    for draft in drafts.values():
        for path, template in templates(draft.attributes, ()):
            draft.uses += _check_references(
                template, path, draft.places, scope, problems, draft.kind
            )
    for address in _order(drafts, problems):
        draft = drafts[address]
        draft.expanded = dict(_expanded(draft, scope, problems))
    for draft in drafts.values():
        if draft.expanded is None:  # in a circle: told already; the rest of it is looked at still
            draft.expanded = dict(draft.attributes)


def expand_output(
    value: object, places: Places, scope: Scope, problems: Problems
) -> tuple[object, tuple[Use, ...]]:
    """Return an output's value, in which names are put in already, and what it uses."""
    uses: list[Use] = []
    for path, template in templates(value, ()):
        uses += _check_references(template, path, places, scope, problems)
    return _expand(value, (), places, scope, problems), tuple(uses)


def _check_references(
    template: Template,
    path: Path,
    places: Places,
    scope: Scope,
    problems: Problems,
    kind: Kind | None = None,
) -> Iterator[Use]:
    """Yield the uses a template makes of other resources; note the references that name nothing."""
    for reference in template.references:
        if reference.address is None:
            continue  # a name that could not be put in; told already
        try:
            target = scope.targets.find(reference)
        except ExpressionError as error:
            note_expression_error(error, path, places, problems, kind)
            continue
        if target is not None:
            yield Use(
                attribute=spell_path(path),
                target=reference.address,
                target_attribute=reference.attribute,
            )


def _order(drafts: Drafts, problems: Problems) -> list[Address]:
    """Return the drafts after what they refer to; note what cannot be ordered."""
    edges: dict[Address, set[Address]] = {}
    for draft in drafts.values():
        needs = {use.target for use in draft.uses}
        needs.update(draft.needs, (trigger.target for trigger in draft.triggers))
        if draft.address in needs:
            needs.remove(draft.address)
            _note_self_reference(draft, problems)
        edges[draft.address] = needs
    ordered, cycles = order(edges)
    for cycle in cycles:
        problems.cycles.append(cycle)
        problems.add(
            drafts[cycle[0]].places.key_at(()),
            "Circular reference",
            f"{' → '.join(cycle)}: each needs the next one first.",
            "replace one of these references by a plain value",
        )
    return ordered


def _note_self_reference(draft: Draft, problems: Problems) -> None:
    address = draft.address
    path: Path = ("depends_on",) if address in draft.needs else ("lifecycle",)
    for candidate, template in templates(draft.attributes, ()):
        if any(reference.address == address for reference in template.references):
            path = candidate
            break
    problems.cycles.append((address, address))
    problems.add(
        draft.places.at(path),
        "Self reference",
        f"{address} refers to itself.",
        "remove it"
        if path[0] in BESIDE
        else "write the value out, or use a variable in both places",
    )


def _expanded(draft: Draft, scope: Scope, problems: Problems) -> Iterator[tuple[str, object]]:
    """Yield the attributes that are set, in the kind's order; unknown names come last."""
    known = draft.kind.attributes
    for name, attribute in known.items():
        if name not in draft.attributes:
            continue
        value = draft.attributes[name]
        if not isinstance(value, str | int):
            value = _expand(value, (name,), draft.places, scope, problems, draft)
        if attribute.sensitive or isinstance(value, dict | list):
            value = normalise(value, attribute.schema)
        if value is not None or "null" in types_of(attribute.schema):
            yield name, value
    for name, value in draft.attributes.items():
        if name not in known:
            yield name, value


def _expand(
    value: object,
    path: Path,
    places: Places,
    scope: Scope,
    problems: Problems,
    draft: Draft | None = None,
) -> object:
    """Return the value with what is known put in; what fails is noted and stays a Template."""
    if isinstance(value, dict):
        return {
            key: _expand(inner, (*path, key), places, scope, problems, draft)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [
            _expand(inner, (*path, index), places, scope, problems, draft)
            for index, inner in enumerate(value)
        ]
    if not isinstance(value, Template) or value is BROKEN:
        return value
    if any(reference.address is None for reference in value.references):
        return value  # a name in it could not be put in; told already
    try:
        result = evaluate(value, scope.lookup)
        if draft and isinstance(result, Template) and value.reference:
            _check_type(value.reference, path, draft, scope)
    except ExpressionError as error:
        note_expression_error(error, path, places, problems, draft.kind if draft else None)
        return value
    return result


def _check_type(reference: Reference, path: Path, draft: Draft, scope: Scope) -> None:
    """Raise ExpressionError when a late value can never be of the type that is wanted."""
    try:
        target = scope.targets.find(reference)
    except ExpressionError:
        return  # told already
    if target is None or path[0] not in draft.kind.attributes:
        return
    attribute = draft.kind.attributes[str(path[0])]
    wanted = types_of(schema_below(attribute.schema, path[1:]))
    given = types_of(target.schema)
    if "number" in wanted:
        wanted |= {"integer"}
    if "integer" in wanted and "number" in given:
        return
    if wanted and given and wanted.isdisjoint(given):
        where = spell_path((str(draft.address), *path))
        raise ExpressionError(
            "Wrong type",
            f"{where} must be {spell_types(sorted(wanted))}; ${{{reference}}} is "
            f"{spell_types(sorted(given))}.",
        )
