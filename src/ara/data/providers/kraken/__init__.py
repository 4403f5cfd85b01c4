"""Kraken: its spot market by REST and socket, its messages, its signatures."""

from ara.data.providers.kraken.provider import Kraken
from ara.data.providers.kraken.signing import sign

__all__ = ["Kraken", "sign"]
