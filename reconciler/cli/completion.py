"""reconcile completion."""

import click


@click.command(
    "completion",
    epilog="\b\n"
    "Example: source <(reconcile completion bash)    in ~/.bashrc\n"
    "         source <(reconcile completion zsh)     in ~/.zshrc\n"
    "         reconcile completion fish > ~/.config/fish/completions/reconcile.fish",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script for SHELL."""
    from click.shell_completion import get_completion_class

    from reconciler.cli.main import cli

    complete = get_completion_class(shell)
    if complete is None:
        raise click.UsageError(f"click knows no completion for {shell}")
    # source() would start bash to ask for its version; the script itself works from 4.4 on.
    template = complete(cli, {}, "reconcile", "_RECONCILE_COMPLETE")
    click.echo(template.source_template % template.source_vars())
