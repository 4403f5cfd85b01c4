"""Coinbase: Advanced Trade by REST and socket, the older Exchange by REST, and the messages of both."""

from ara.data.providers.coinbase.exchange import CoinbaseExchange
from ara.data.providers.coinbase.provider import Coinbase

__all__ = ["Coinbase", "CoinbaseExchange"]
