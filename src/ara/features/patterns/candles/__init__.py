"""The candlesticks: shapes of one to five bars."""

__all__: list[str] = []
