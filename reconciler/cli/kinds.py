"""reconcile kinds."""

import json
from collections.abc import Iterator
from pathlib import Path

import click

from reconciler.cli.options import schemas_option
from reconciler.kinds.kind import Attribute


@click.command("kinds", epilog="Example: reconcile kinds aiven_connection_pool")
@click.argument("name", metavar="[KIND]", required=False)
@schemas_option
def command(name: str | None, schemas: tuple[Path, ...]) -> None:
    """List the kinds, or describe KIND: its attributes, their types, limits and defaults."""
    from reconciler.kinds.catalogue import load_catalogue
    from reconciler.render.lists import columns

    catalogue = load_catalogue(schemas)
    if name is None:
        listed = [
            (kind.name, "resource, data" if kind.is_resource else "data", kind.description)
            for kind in catalogue.values()
        ]
        click.echo(columns(listed, ("kind", "under", "")))
        return
    if name not in catalogue:
        from difflib import get_close_matches

        close = get_close_matches(name, catalogue, n=1)
        hint = f" Did you mean '{close[0]}'?" if close else f" There are: {', '.join(catalogue)}."
        raise click.UsageError(f"No kind '{name}'.{hint}")
    kind = catalogue[name]
    click.echo(f"{kind.name}: {kind.description}")
    click.echo(f"id and import id: {'/'.join(kind.identity)}\n")
    rows = [row for attribute in kind.attributes.values() for row in _rows(attribute)]
    click.echo(columns(rows, ("attribute", "type", "", "meaning")))


def _rows(attribute: Attribute, prefix: str = "") -> Iterator[tuple[str, str, str, str]]:
    name = prefix + attribute.name
    yield name, _type(attribute), _traits(attribute), str(attribute.schema.get("description", ""))
    for nested in attribute.nested.values():
        yield from _rows(nested, f"{name}.")


def _type(attribute: Attribute) -> str:
    schema = attribute.schema
    if "enum" in schema:
        options = schema["enum"]
        return " | ".join(map(str, options)) if isinstance(options, list) else ""
    low, high = schema.get("minimum"), schema.get("maximum")
    limits = f" {low}-{high}" if low is not None and high is not None else ""
    return f"{schema.get('type', 'any')}{limits}"


def _traits(attribute: Attribute) -> str:
    traits = (
        ("required", attribute.required),
        ("read-only", attribute.read_only),
        ("sensitive", attribute.sensitive),
        ("replaces", attribute.force_new and not attribute.read_only),
        (f"default {json.dumps(attribute.default)}", attribute.has_default),
    )
    return ", ".join(word for word, holds in traits if holds)
