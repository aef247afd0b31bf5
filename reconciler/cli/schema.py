"""reconcile schema."""

import json
from pathlib import Path

import click

from reconciler.cli.options import schemas_option


@click.command("schema", epilog="Example: reconcile schema > stack.schema.json")
@schemas_option
def command(schemas: tuple[Path, ...]) -> None:
    """Print the JSON Schema of stack files, for editors.

    A YAML language server takes it from a first line: # yaml-language-server: $schema=FILE
    """
    from reconciler.kinds.catalogue import load_catalogue
    from reconciler.kinds.editor_schema import stack_schema

    click.echo(json.dumps(stack_schema(load_catalogue(schemas)), indent=1))
