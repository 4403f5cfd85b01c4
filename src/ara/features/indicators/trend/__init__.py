"""Where the price is going; its modules are loaded by the family."""

__all__: list[str] = []
