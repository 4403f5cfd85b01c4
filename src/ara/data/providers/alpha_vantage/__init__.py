"""Alpha Vantage: stocks and funds as traded, currencies and coins, splits, dividends and what companies do."""

from ara.data.providers.alpha_vantage.provider import AlphaVantage

__all__ = ["AlphaVantage"]
