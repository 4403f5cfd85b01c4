"""`ara completion`."""

from typing import Annotated

import typer

from ara.cli.completion import SCRIPTS
from ara.cli.screen import screen
from ara.cli.words import clean
from ara.errors import ValidationError

__all__ = ["command"]


def command(shell: Annotated[str, typer.Argument(metavar="SHELL", help="bash, zsh or fish")]) -> None:
    """Print the script that completes commands, options and symbols in a shell.

    ::

        eval "$(ara completion bash)"   # in ~/.bashrc
        eval "$(ara completion zsh)"    # in ~/.zshrc, after compinit
        ara completion fish | source    # in ~/.config/fish/config.fish
    """
    script = SCRIPTS.get(shell)
    if script is None:
        raise ValidationError(
            f"There is no completion for {clean(shell)[:40]!r}; there is for {', '.join(SCRIPTS)}.",
            hint="For instance: ara completion bash",
        )
    screen().result({"schema": 1, "shell": shell, "script": script}, lambda: script)
