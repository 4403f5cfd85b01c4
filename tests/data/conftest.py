"""A desk in memory, and packages of strangers that bring a source of data through the real door."""

import sys
import textwrap
from contextlib import AsyncExitStack

import pytest

from ara.clock import SystemClock
from ara.desk import Desk
from ara.settings import Settings

STRANGER = """
from datetime import UTC, datetime, timedelta

import polars as pl

from ara.data.provider import BARS, Kind
from ara.errors import DataProviderError, UnknownSymbolError
from ara.market.symbols import guess

START = datetime(2020, 1, 1, tzinfo=UTC)


def bars(count=8, **columns):
    at = [START + timedelta(days=day) for day in range(count)]
    known = [moment + timedelta(days=1) for moment in at]
    close = [100.0 + day for day in range(count)]
    made = {"at": at, "known_at": known, "learned_at": known, "open": close, "high": close, "low": close}
    made |= {"close": close, "volume": close, "adjusted": [None] * count} | columns
    return pl.DataFrame(made, schema=BARS)


class Stranger:
    name = "stranger"
    offers = frozenset({Kind.BARS})

    def __init__(self):
        self.closed = 0
        self.listed = [guess("NEW-USD", "crypto")]
        self.frame = bars()

    async def symbols(self, query=""):
        return [one for one in self.listed if query.upper() in one.symbol]

    async def history(self, kind, instrument, timeframe, *, start, end):
        if kind is not Kind.BARS:
            raise DataProviderError(f"no {kind}")
        if instrument not in self.listed:
            raise UnknownSymbolError(f"no {instrument.symbol}")
        return self.frame.filter(pl.col("at") >= start, pl.col("at") < end)

    async def latest(self, kind, instruments):
        rows = [self.frame.tail(1).select(pl.lit(one.symbol).alias("symbol"), pl.all()) for one in instruments]
        return pl.concat([pl.DataFrame(schema={"symbol": pl.String(), **BARS}), *rows])

    def stream(self, kind, instruments):
        raise DataProviderError("no live data")

    async def close(self):
        self.closed += 1
"""


@pytest.fixture
async def open_desk(tmp_path):
    async with AsyncExitStack() as stack:

        async def opened(*providers, clock=None):
            flags = {"store.url": "memory:", "home": str(tmp_path), "data.providers": ",".join(providers or ["sample"])}
            settings = Settings.load(flags, environ={}, folder=tmp_path)
            return await stack.enter_async_context(Desk.open(settings, clock=clock or SystemClock()))

        yield opened


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a package that offers the provider `name`; `body` follows the ordinary stranger's source."""

    def installed(name, body="", *, parent="Stranger"):
        folder = tmp_path / f"site-{name}"
        info = folder / f"{name}_package-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-package\nVersion: 1.0\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(f"[ara.providers]\n{name} = {name}_source:Offered\n", encoding="utf-8")
        source = f"{STRANGER}\n\nclass Offered({parent}):\n    name = {name!r}\n{textwrap.indent(body, '    ')}\n"
        (folder / f"{name}_source.py").write_text(source, encoding="utf-8")
        monkeypatch.delitem(sys.modules, f"{name}_source", raising=False)
        monkeypatch.syspath_prepend(folder)

    return installed


@pytest.fixture
def stranger():
    """The module of the ordinary stranger's source, whose class a test may bend."""
    module = {}
    exec(STRANGER, module)
    return module
