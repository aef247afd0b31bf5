"""reconcile schema."""

import json
from pathlib import Path

import click


@click.command("schema", epilog="Example: reconcile schema > stack.schema.json")
@click.option(
    "--schemas",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Folder with kind files of your own.",
)
def command(schemas: tuple[Path, ...]) -> None:
    """Print the JSON Schema of stack files, for editors.

    A YAML language server takes it from a first line: # yaml-language-server: $schema=FILE
    """
    from reconciler.kinds.catalogue import load_catalogue
    from reconciler.kinds.editor_schema import stack_schema

    click.echo(json.dumps(stack_schema(load_catalogue(schemas)), indent=1))
