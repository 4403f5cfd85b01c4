"""A coin whose price falls by a third in a day: its state changes at that close, and at no other."""

from datetime import timedelta

from ara.testing import FakeClock
from tests.venues.binance import NOW, BinanceVenue

__all__ = ["FALL", "FIRST", "settings_of", "venue_that_falls"]

FIRST = (NOW - timedelta(days=1)).date()
"""The day of the last bar that has closed when the venue opens."""
FALL = FIRST + timedelta(days=2)
_CLOSES = (8900.0, 6200.0, 6400.0)
_DAY = 86_400


def venue_that_falls():
    """Give a venue with 400 days of a coin, and the three that come as its clock goes on."""
    venue = BinanceVenue(FakeClock(NOW))
    today = int(NOW.replace(hour=0).timestamp())
    coming = [(today + n * _DAY, c, c * 1.01, c * 0.99, c, 1000.0) for n, c in enumerate(_CLOSES)]
    venue.bars["BTCUSDT"]["1d"] = [*venue.bars["BTCUSDT"]["1d"][-400:], *coming]
    return venue


def settings_of(venue):
    """Give the settings under which it is the only source."""
    return {
        "data.providers": "binance",
        "data.providers.binance.url": venue.url,
        "data.providers.binance.socket": venue.socket_url,
    }
