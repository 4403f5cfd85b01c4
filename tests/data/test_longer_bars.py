"""Bars of a length that nobody has: made of shorter ones, the same for all who ask, known when they close."""

import json
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

import ara
from ara.cli.app import main
from ara.data.feed import MarketData
from ara.errors import DataProviderError, NoBarsError
from ara.market.longer import resample
from ara.market.symbols import resolve
from ara.market.timeframe import WEEK, Timeframe
from ara.testing import FakeProvider, desk

FRIDAY = datetime(2020, 2, 21, 21, 0, tzinfo=UTC)
MARKET = os.environ.get("ARA_MARKET_DATA", "")
HOURS = "time,open,high,low,close,volume\n"


def hours(first, last, *, without=()):
    """Lines of hourly bars, each with prices of its own; `without` are places that are left out."""
    moment, lines = first, []
    while moment <= last:
        price = 100 + len(lines)
        lines.append(f"{moment:%Y-%m-%dT%H:%M:%SZ},{price},{price + 2},{price - 2},{price + 1},10\n")
        moment += timedelta(hours=1)
    return HOURS + "".join(line for place, line in enumerate(lines) if place not in without)


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A home in which files are imported as the command does it."""
    for name in [name for name in os.environ if name.startswith("ARA_") and name != "ARA_MARKET_DATA"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ARA_HOME", str(tmp_path / "ara"))
    monkeypatch.chdir(tmp_path)

    def bring(name, content, *said):
        path = tmp_path / name
        content.write_parquet(path) if isinstance(content, pl.DataFrame) else path.write_text(content)
        assert main(["data", "import", str(path), *said]) == 0

    return bring


def shown(capsys, *words):
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("moment", "week"),
    [
        (FRIDAY - timedelta(microseconds=1), date(2020, 2, 10)),
        (FRIDAY, date(2020, 2, 18)),
        (FRIDAY + timedelta(days=6), date(2020, 2, 18)),
    ],
)
async def test_a_week_is_known_when_its_last_session_has_closed(moment: datetime, week: date) -> None:
    async with desk() as one, MarketData(one) as market:
        apple = resolve("AAPL")
        bars = await market.bars(apple, WEEK, as_of=moment)
        daily = await market.bars(apple, as_of=bars.frame["known_at"][-1])
    assert bars.dates()[-1] == week
    assert bars.frame["known_at"][-1] <= moment
    assert any("bars of 1w are made of bars of 1d" in note for note in bars.notes)
    assert bars.frame.equals(resample(daily, WEEK).frame)


async def test_what_follows_the_last_closed_week_changes_nothing() -> None:
    split = datetime(2020, 9, 2, tzinfo=UTC)  # the days of the week that follows are in new shares
    async with desk() as one, MarketData(one) as market:
        apple = resolve("AAPL")
        before, after = [await market.bars(apple, WEEK, as_of=day) for day in (split - timedelta(days=4), split)]
    assert before.frame.equals(after.frame)


@pytest.mark.parametrize("text", ["4h", "1m"])
async def test_what_no_shorter_bars_make_is_refused_with_the_first_reason(text: str) -> None:
    async with desk() as one, MarketData(one) as market:
        with pytest.raises(DataProviderError, match=f"none of {text}"):
            await market.bars(resolve("EURUSD"), Timeframe.parse(text))


async def test_days_that_make_no_whole_week_yet_are_refused_as_if_there_were_none() -> None:
    young = FakeProvider(symbols=("AAPL",), first=date(2020, 2, 18), last=date(2020, 2, 19))
    async with desk() as one, MarketData(one, providers=[young]) as market:
        with pytest.raises(DataProviderError, match="none of 1w"):
            await market.bars(resolve("AAPL"), WEEK, as_of=FRIDAY - timedelta(days=1))


def test_whoever_asks_gets_the_same_longer_bars(own, capsys):
    """Python, the command and the file that it writes; the hour at the end that makes no whole bar is left out."""
    own("BTC-USD_1h.csv", hours(datetime(2020, 3, 1, 2, tzinfo=UTC), datetime(2020, 3, 7, 20, tzinfo=UTC)))
    found = ara.history("BTC-USD", timeframe="4h")
    day = datetime(2020, 3, 1, tzinfo=UTC)
    assert found["at"].to_list() == [day + timedelta(hours=4 * place) for place in range(1, 41)]
    assert found["known_at"].to_list() == [at + timedelta(hours=4) for at in found["at"]]
    assert found.select("open", "high", "low", "close", "volume").row(0) == (102, 107, 100, 106, 40)
    told = shown(capsys, "data", "show", "BTC-USD", "--timeframe", "4h", "-n", "50")
    assert [row["close"] for row in told["bars"]] == found["close"].to_list()
    assert any(note.startswith("bars of 4h are made of bars of 1h") for note in told["notes"])
    assert main(["data", "export", "BTC-USD", "--timeframe", "4h", "--out", "four.parquet"]) == 0
    assert pl.read_parquet("four.parquet")["close"].to_list() == found["close"].to_list()
    assert ara.predict("BTC-USD", 1, timeframe="4h").as_of == found["known_at"][-1]
    earlier = ara.history("BTC-USD", timeframe="4h", as_of="2020-03-01T15:59:59Z")
    assert earlier.equals(found.head(2))


def test_a_moment_before_what_is_kept_is_said_of_what_is_kept(own, capsys):
    """Not that the sample has no such symbol, nor that there are no bars of that length."""
    own("MYX_1h.csv", hours(datetime(2020, 3, 2, 15, tzinfo=UTC), datetime(2020, 3, 2, 20, tzinfo=UTC)))
    for length in ("1h", "4h"):
        with pytest.raises(NoBarsError) as caught:
            ara.history("MYX", timeframe=length, as_of="2019-06-30")
        assert caught.value.message == (
            "The first bar of MYX in the source file:MYX_1h was public at 2020-03-02 16:00 UTC, after 2019-07-01 00:00."
        )
    with pytest.raises(NoBarsError, match=r"no bars of 1d of MYX, but of 1h\."):
        ara.history("MYX", as_of="2019-06-30")


def test_a_session_is_cut_from_its_opening_in_summer_as_in_winter(own):
    """New York's clocks went forward on 8 March 2020; a day of six and a half hours has a bar of four and a rest."""
    halves = [
        datetime(2020, 3, day, hour, minute, tzinfo=UTC) + timedelta(hours=day < 8)
        for day in (5, 6, 9, 10)
        for hour in range(13, 20)
        for minute in (0, 30)
        if (hour, minute) >= (13, 30)
    ]
    own("KO_30m.csv", HOURS + "".join(f"{at:%Y-%m-%dT%H:%M:%SZ},10,11,9,10,1\n" for at in halves))
    found = ara.history("KO", timeframe="4h")
    opened = [f"{at:%d %H:%M}" for at in found["at"]]
    assert opened == ["05 14:30", "05 18:30", "06 14:30", "06 18:30", "09 13:30", "09 17:30", "10 13:30", "10 17:30"]
    assert [f"{at:%H:%M}" for at in found["known_at"]] == ["18:30", "21:00"] * 2 + ["17:30", "20:00"] * 2
    assert found["volume"].to_list() == [8, 5] * 4


def test_an_hour_that_is_missing_within_is_no_reason_to_leave_a_bar_out(own):
    first = datetime(2020, 3, 1, tzinfo=UTC)
    own("BTC-USD_1h.csv", hours(first, first + timedelta(hours=11), without=(5, 6)))
    found = ara.history("BTC-USD", timeframe="4h")
    assert found.select("open", "close", "volume").rows() == [(100, 104, 40), (104, 108, 20), (108, 112, 40)]


@pytest.mark.skipif(not MARKET, reason="ARA_MARKET_DATA names no folder")
def test_real_hours_make_the_bars_that_plain_grouping_makes(own):
    hourly = pl.read_parquet(Path(MARKET, "bars", "crypto_hourly_binance.parquet")).filter(
        pl.col("symbol") == "BTC-USDT", pl.col("ts") >= datetime(2023, 1, 1, tzinfo=UTC)
    )
    hourly = hourly.unique("ts").sort("ts")
    own("hourly.parquet", hourly.select("symbol", "ts", "open", "high", "low", "close", "volume"))
    found = ara.history("BTC-USDT", timeframe="4h")
    plain = hourly.group_by_dynamic("ts", every="4h").agg(
        pl.col("open").first(),
        pl.col("high").max(),
        pl.col("low").min(),
        pl.col("close").last(),
        pl.col("volume").sum(),
    )
    assert found.height > 1000
    assert found["at"].to_list() == plain["ts"].to_list()
    for name in ("open", "high", "low", "close"):
        assert found[name].to_list() == plain[name].to_list()
    assert found["volume"].to_list() == pytest.approx(plain["volume"].to_list(), rel=1e-9)


@pytest.mark.skipif(not MARKET, reason="ARA_MARKET_DATA names no folder")
def test_real_minutes_of_a_share_make_bars_within_its_sessions(own):
    minutes = pl.read_parquet(Path(MARKET, "intraday", "us_equity_1min_trade_lean.parquet")).filter(
        pl.col("symbol") == "AAPL"
    )
    own("minutes.parquet", minutes.select("symbol", "ts", "open", "high", "low", "close", "volume"), "--basis", "raw")
    found = ara.history("AAPL", timeframe="4h").filter(pl.col("at").dt.time().cast(pl.String) == "13:30:00")
    for at, high, low, close in found.select("at", "high", "low", "close").rows():
        inside = minutes.filter(pl.col("ts") >= at, pl.col("ts") < at + timedelta(hours=4)).sort("ts")
        assert (high, low, close) == (inside["high"].max(), inside["low"].min(), inside["close"][-1])
    assert found.height >= 2
