"""How much the price moves; its modules are loaded by the family."""

__all__: list[str] = []
