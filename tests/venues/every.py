"""Which venue on this machine stands in for whose: every registered source that asks a venue has one here."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from ara.testing import FakeClock
from tests.venues.alpha_vantage import AlphaVantageVenue
from tests.venues.binance import BinanceVenue
from tests.venues.coinbase import CoinbaseVenue
from tests.venues.ecb import EcbVenue
from tests.venues.kraken import KrakenVenue
from tests.venues.polygon import PolygonVenue
from tests.venues.sample_days import opened
from tests.venues.yahoo import YahooVenue


class Folder:
    """Prices in a folder, for the source whose address is one."""

    socket_url = ""

    def __init__(self):
        self.clock = FakeClock(datetime(2023, 12, 31, tzinfo=UTC))
        self._place = TemporaryDirectory()

    def __enter__(self):
        days = [f"2020-01-{day:02}" for day in (2, 3, 6, 7, 8, 9, 10, 13)]
        rows = "".join(f"{day},10,11,9,10.{n}\n" for n, day in enumerate(days))
        self.url = self._place.name
        (Path(self.url) / "KO.csv").write_text(f"Date,Open,High,Low,Close\n{rows}")
        return self

    def __exit__(self, *_):
        self._place.cleanup()


VENUES = {
    "alpha_vantage": AlphaVantageVenue,
    "binance": BinanceVenue,
    "coinbase": CoinbaseVenue,
    "coinbase_exchange": CoinbaseVenue,
    "ecb": EcbVenue,
    "files": Folder,
    "kraken": KrakenVenue,
    "polygon": PolygonVenue,
    "yahoo": YahooVenue,
}
"""By the name of the source."""


def stood_in(part, venue):
    """Open a source on the venue that stands in for its own."""
    if not hasattr(venue, "clock"):
        venue.clock = FakeClock(datetime(2023, 12, 31, tzinfo=UTC))
    return opened(part, venue, key=getattr(venue, "key", ""))
