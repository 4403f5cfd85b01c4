import subprocess
import sys

import polars as pl
import pytest

import ara.market
from ara.market.bars import SCHEMA, Bars, Basis
from ara.market.symbols import resolve
from ara.market.timeframe import DAY


def test_bars_have_their_columns():
    bars = Bars(instrument=resolve("AAPL"), timeframe=DAY, basis=Basis.RAW, frame=pl.DataFrame(schema=SCHEMA))
    assert len(bars) == 0
    with pytest.raises(ValueError, match="bars have the columns"):
        Bars(instrument=resolve("AAPL"), timeframe=DAY, basis=Basis.RAW, frame=pl.DataFrame({"close": [1.0]}))


def test_the_room_is_light_until_bars_are_used():
    code = (
        "import sys, ara.market, ara.market.symbols, ara.market.calendar, ara.market.timeframe\n"
        "ara.market.symbols.resolve('AAPL')\n"
        "heavy = {'polars', 'numpy', 'pandas', 'exchange_calendars'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "assert ara.market.Bars.__name__ == 'Bars' and 'polars' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_name_of_the_room_is_there():
    assert all(getattr(ara.market, name) is not None for name in ara.market.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = ara.market.Nothing
