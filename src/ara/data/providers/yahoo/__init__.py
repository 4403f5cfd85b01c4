"""Yahoo's public charts: stocks, funds, indices, currencies and coins, with splits and dividends."""

from ara.data.providers.yahoo.provider import Yahoo

__all__ = ["Yahoo"]
