"""Whole resources against their kinds, and against one another."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.desired.declare import Draft, Drafts
from reconciler.desired.dig import known_at
from reconciler.desired.messages import Subject
from reconciler.desired.problems import Problems, did_you_mean, enumerate_names
from reconciler.desired.sensitive import is_sensitive
from reconciler.desired.validate import Validators
from reconciler.expressions import Template, spell_path
from reconciler.kinds.kind import Kind
from reconciler.model.location import Path
from reconciler.model.values import Secret


@dataclass(frozen=True, slots=True)
class _Special:
    """Attributes of a kind that need another look. deprecated: they, or something inside."""

    read_only: frozenset[str]
    deprecated: frozenset[str]


def _special_of(kind: Kind) -> _Special:
    return _Special(
        read_only=frozenset(name for name, a in kind.attributes.items() if a.read_only),
        deprecated=frozenset(
            name
            for name, attribute in kind.attributes.items()
            if any(a.schema.get("deprecated") for a in (attribute, *attribute.nested.values()))
        ),
    )


def check_drafts(drafts: Drafts, validators: Validators, problems: Problems) -> None:
    """Note what is wrong with each draft, and with two that mean the same object."""
    owners: dict[tuple[str, str], Draft] = {}
    special: dict[str, _Special] = {}
    for draft in drafts.values():
        _check_identity(draft, owners, problems)
        if draft.is_data:
            _check_lookup(draft, validators, problems)
        else:
            name = draft.kind.name
            if name not in special:
                special[name] = _special_of(draft.kind)
            _check_resource(draft, special[name], validators, problems)


def _check_identity(draft: Draft, owners: dict[tuple[str, str], Draft], problems: Problems) -> None:
    attributes = draft.expanded or {}
    for name in draft.kind.identity:
        value = attributes.get(name)
        if isinstance(value, Secret) or (isinstance(value, Template) and value.has_secret):
            problems.add(
                draft.places.at((name,)),
                "Secret in a name",
                f"{draft.address}.{name} names the object, so it cannot be a secret.",
            )
    identity = draft.kind.identity_of(attributes)
    if identity is None or draft.is_data:
        return
    owner = owners.setdefault((draft.kind.name, identity), draft)
    if owner is not draft:
        names = enumerate_names(draft.kind.identity, "or")
        hint = f"change one of {names}, or remove one"
        if owner.body is draft.body:
            hint = f"let ${{each.key}} or ${{each.value}} into {names}"
        problems.add(
            draft.places.key_at(()),
            "Same object twice",
            f"{draft.address} and {owner.address} ({owner.places.key_at(())}) are both {identity}.",
            hint,
        )


def _check_resource(
    draft: Draft, special: _Special, validators: Validators, problems: Problems
) -> None:
    attributes = draft.expanded or {}
    for name in sorted(special.read_only & attributes.keys()):
        problems.add(
            draft.places.key_at((name,)),
            "Read-only attribute",
            f"{draft.address}.{name} is read-only: the API says what it is.",
            "remove the line",
        )
    if not special.deprecated.isdisjoint(attributes):
        _warn_of_deprecated(draft, problems)
    if not special.read_only.isdisjoint(attributes):
        settable = attributes.keys() - special.read_only
        attributes = {name: value for name, value in attributes.items() if name in settable}
    validators.check(
        attributes,
        draft.kind.schema,
        _subject(draft),
        problems,
        name=draft.kind.name,
    )


def _warn_of_deprecated(draft: Draft, problems: Problems) -> None:
    for name, value in (draft.expanded or {}).items():
        attribute = draft.kind.attributes.get(name)
        if attribute is None:
            continue
        paths: list[Path] = [(name,)] if attribute.schema.get("deprecated") else []
        if attribute.nested and isinstance(value, dict):
            paths += [
                (name, key)
                for key, inner in attribute.nested.items()
                if key in value and inner.schema.get("deprecated")
            ]
        for path in paths:
            problems.warn(
                draft.places.key_at(path),
                "Deprecated attribute",
                f"{spell_path((str(draft.address), *path))} still works, but is deprecated.",
            )


def _check_lookup(draft: Draft, validators: Validators, problems: Problems) -> None:
    """A data source takes exactly what finds its object."""
    kind, attributes = draft.kind, dict(draft.expanded or {})
    for name in [name for name in attributes if name not in kind.identity]:
        del attributes[name]
        problems.add(
            draft.places.key_at((name,)),
            "Not for a lookup",
            f"{draft.address} takes {enumerate_names(kind.identity)} and no '{name}'.",
            did_you_mean(name, kind.identity) or "remove the line; the API says what it is",
        )
    validators.check(
        attributes, _lookup_schema(kind), _subject(draft), problems, name=f"data.{kind.name}"
    )


def _lookup_schema(kind: Kind) -> Mapping[str, Any]:
    return {
        "type": "object",
        "required": list(kind.identity),
        "properties": {name: kind.attributes[name].schema for name in kind.identity},
    }


def _subject(draft: Draft) -> Subject:
    return Subject(
        name=str(draft.address),
        holder=draft.kind.name,
        places=draft.places,
        is_hidden=lambda path: _is_hidden(draft, path),
        is_computed=lambda path: isinstance(known_at(draft.body.raw, path), Template),
    )


def _is_hidden(draft: Draft, path: Path) -> bool:
    return is_sensitive(draft.kind, path) or isinstance(known_at(draft.expanded, path), Secret)
