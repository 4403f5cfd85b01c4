"""What kind of series the prices are; its modules are loaded by the family."""

__all__: list[str] = []
