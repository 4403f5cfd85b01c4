"""Binance: its spot market by REST and stream, its messages, its signatures."""

from ara.data.providers.binance.provider import Binance
from ara.data.providers.binance.signing import sign

__all__ = ["Binance", "sign"]
