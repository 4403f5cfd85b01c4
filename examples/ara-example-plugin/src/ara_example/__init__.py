"""A source of data, an indicator and a model for Ara."""

__all__: list[str] = []
