"""A forecast made from a moment depends on nothing that came after it."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ara.data
from ara.data.feed import MarketData
from ara.data.files import read_bars, read_origins
from ara.market import symbols
from ara.market.calendar import calendar
from ara.market.hours import labels
from ara.prediction.bulk import forecast_frame
from ara.prediction.compute import Recipe
from ara.prediction.outlook import outlook
from ara.testing import desk

SAMPLE = Path(ara.data.__file__).parent / "sample" / "sample.parquet"
CHOSEN = ("AAPL", "SPY", "BTC-USD", "ETH-USD", "EURUSD", "XAUUSD")


def market() -> pl.DataFrame:
    whole = pl.read_parquet(SAMPLE).filter(pl.col("symbol").is_in(CHOSEN)).drop("adj_close", "source")
    return whole.filter(pl.col("ts").is_between(datetime(2017, 6, 1, tzinfo=UTC), datetime(2020, 1, 17, tzinfo=UTC)))


def every_origin(bars: pl.DataFrame, since: datetime) -> pl.DataFrame:
    rows = bars.filter(pl.col("ts") >= since).select("symbol", origin="ts")
    return rows.join(pl.DataFrame({"horizon": [1, 5, 21]}), how="cross")


def told(tmp_path: Path, bars: pl.DataFrame, origins: pl.DataFrame) -> pl.DataFrame:
    bars.write_parquet(tmp_path / "bars.parquet")
    origins.write_parquet(tmp_path / "origins.parquet")
    return forecast_frame(read_bars(tmp_path / "bars.parquet"), read_origins(tmp_path / "origins.parquet"), Recipe())


def figures(frame: pl.DataFrame) -> np.ndarray:
    return frame.sort("symbol", "origin", "horizon").select(pl.exclude("symbol", "origin", "horizon")).to_numpy()


@pytest.fixture(scope="module")
def cut() -> datetime:
    return datetime(2019, 10, 15, tzinfo=UTC)


def poisoned(bars: pl.DataFrame, cut: datetime) -> pl.DataFrame:
    noise = pl.Series(np.random.default_rng(0).lognormal(0.5, 0.5, bars.height))
    prices = [
        pl.when(pl.col("ts") > cut).then(pl.col(name) * noise).otherwise(pl.col(name)).alias(name)
        for name in ("open", "high", "low", "close")
    ]
    return bars.with_columns(prices)


def test_bars_after_an_origin_and_later_origins_move_nothing(tmp_path: Path, cut: datetime) -> None:
    bars = market()
    origins = every_origin(bars, cut - timedelta(days=60))
    whole = told(tmp_path, bars, origins).filter(pl.col("origin") <= cut)
    past = told(tmp_path, bars.filter(pl.col("ts") <= cut), origins.filter(pl.col("origin") <= cut))
    poison = told(tmp_path, poisoned(bars, cut), origins).filter(pl.col("origin") <= cut)
    assert whole.height > 500
    assert figures(whole).tobytes() == figures(past).tobytes() == figures(poison).tobytes()


def test_the_origins_own_bar_moves_its_forecast(tmp_path: Path, cut: datetime) -> None:
    bars = market().filter(pl.col("ts") <= cut)
    origins = bars.filter(pl.col("ts") == cut).select("symbol", origin="ts").with_columns(horizon=1)
    moved = bars.with_columns(
        pl.when(pl.col("ts") == cut).then(pl.col(name) * 1.05).otherwise(pl.col(name)).alias(name)
        for name in ("open", "high", "low", "close")
    )
    apart = np.abs(figures(told(tmp_path, bars, origins)) - figures(told(tmp_path, moved, origins)))
    assert (apart.max(axis=1) > 1e-6).all()


def test_one_origin_alone_is_answered_as_among_thousands(tmp_path: Path, cut: datetime) -> None:
    bars = market()
    origins = every_origin(bars, cut - timedelta(days=40))
    many = told(tmp_path, bars, origins)
    for symbol in CHOSEN:
        one = origins.filter(pl.col("symbol") == symbol).sample(1, seed=3)
        alone = told(tmp_path, bars, one)
        among = many.join(one, on=["symbol", "origin", "horizon"])
        assert figures(alone).tobytes() == figures(among).tobytes()


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 1500), st.sampled_from(["AAPL", "MSFT", "KO", "BTC-USD", "EURUSD"]))
async def test_predict_as_of_a_moment_equals_bulk_on_what_was_known(back: int, symbol: str) -> None:
    async with desk() as one:
        instrument = symbols.resolve(symbol)
        whole = await MarketData(one).bars(instrument)
        row = max(len(whole) - 1 - back, 100)
        moment = whole.frame["known_at"][row]
        bars = await MarketData(one).bars(instrument, as_of=moment)
    assert bars.frame["known_at"][-1] == moment
    single = outlook(bars, 5, Recipe())
    stamps = labels(bars.frame["at"], calendar(instrument.calendar)).cast(pl.Datetime("us", "UTC"))
    frame = bars.frame.select("open", "high", "low", "close", "volume").with_columns(
        symbol=pl.lit(symbol), ts=stamps, asset_class=pl.lit(instrument.asset_class.value)
    )
    origins = pl.DataFrame({"symbol": [symbol], "origin": [frame["ts"][-1]], "horizon": [5]})
    many = forecast_frame(frame, origins.with_columns(instant="origin"), Recipe())
    assert many["q0.1"][0] == pytest.approx(single.days[4].band_80[0], rel=1e-12)
    assert many["q0.975"][0] == pytest.approx(single.days[4].band_95[1], rel=1e-12)


def test_asking_for_more_does_not_change_what_was_asked_before(tmp_path: Path) -> None:
    bars = market()
    since = [datetime(2019, 12, day, tzinfo=UTC) for day in (2, 9, 16)]
    answers = [told(tmp_path, bars, every_origin(bars, one)) for one in since]
    for more, fewer in pairwise(answers):
        shared = more.join(fewer, on=["symbol", "origin", "horizon"], how="semi")
        assert figures(shared).tobytes() == figures(fewer).tobytes()
