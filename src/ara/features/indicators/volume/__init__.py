"""How much is traded; its modules are loaded by the family."""

__all__: list[str] = []
