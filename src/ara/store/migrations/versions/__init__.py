"""One file a step, named by its number."""

__all__: list[str] = []
