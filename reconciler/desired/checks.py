"""Whole resources against their kinds, and against one another."""

from collections.abc import Mapping
from typing import Any

from reconciler.desired.declare import Draft, Drafts
from reconciler.desired.messages import Subject
from reconciler.desired.problems import Problems, did_you_mean, enumerate_names
from reconciler.desired.sensitive import is_sensitive
from reconciler.desired.validate import Validators
from reconciler.expressions import Template, spell_path
from reconciler.kinds.kind import Kind
from reconciler.model.location import Path
from reconciler.model.values import Secret


def check_drafts(drafts: Drafts, validators: Validators, problems: Problems) -> None:
    """Note what is wrong with each draft, and with two that mean the same object."""
    owners: dict[tuple[str, str], Draft] = {}
    for draft in drafts.values():
        _check_identity(draft, owners, problems)
        if draft.is_data:
            _check_lookup(draft, validators, problems)
        else:
            _check_resource(draft, validators, problems)


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
        problems.add(
            draft.places.key_at(()),
            "Same object twice",
            f"{draft.address} and {owner.address} ({owner.places.key_at(())}) are both {identity}.",
            f"change one of {enumerate_names(draft.kind.identity, 'or')}, or remove one",
        )


def _check_resource(draft: Draft, validators: Validators, problems: Problems) -> None:
    attributes = draft.expanded or {}
    for name in attributes:
        attribute = draft.kind.attributes.get(name)
        if attribute and attribute.read_only:
            problems.add(
                draft.places.key_at((name,)),
                "Read-only attribute",
                f"{draft.address}.{name} is read-only: the API says what it is.",
                "remove the line",
            )
    _warn_of_deprecated(draft, problems)
    validators.check(
        {name: value for name, value in attributes.items() if not _is_read_only(draft.kind, name)},
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
        is_computed=lambda path: isinstance(_walk(draft.attributes, path), Template),
    )


def _is_read_only(kind: Kind, name: str) -> bool:
    attribute = kind.attributes.get(name)
    return attribute is not None and attribute.read_only


def _is_hidden(draft: Draft, path: Path) -> bool:
    return is_sensitive(draft.kind, path) or isinstance(_walk(draft.expanded, path), Secret)


def _walk(value: object, path: Path) -> object:
    """Return what lies at `path`, or the Template or Secret on the way there; None for nothing."""
    for part in path:
        if isinstance(value, dict) and part in value:
            value = value[str(part)]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return value if isinstance(value, Template | Secret) else None
    return value
