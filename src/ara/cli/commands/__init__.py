"""One module per command, imported when that command runs; each has a `command`, a function or a group of Typer's."""

__all__: list[str] = []
