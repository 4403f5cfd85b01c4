import hashlib
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

import ara.data
from ara.data.provider import BARS, SCHEMAS, Kind, Provider
from ara.data.providers.sample import RELEASED, SHA256, Sample
from ara.errors import DataProviderError, IntegrityError, UnknownSymbolError
from ara.market.calendar import calendar
from ara.market.hours import labels
from ara.market.symbols import guess, known, resolve
from ara.market.timeframe import DAY, Timeframe

SHIPPED = Path(ara.data.__file__).parent / "sample" / "sample.parquet"
BEGINNING = datetime(1990, 1, 1, tzinfo=UTC)
END = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def file(tmp_path):
    return Path(shutil.copy(SHIPPED, tmp_path / "sample.parquet"))


async def history(symbol, start=BEGINNING, end=END, source=None):
    return await (source or Sample()).history(Kind.BARS, resolve(symbol), DAY, start=start, end=end)


def test_it_is_a_provider():
    assert isinstance(Sample(), Provider)
    assert hashlib.sha256(SHIPPED.read_bytes()).hexdigest() == SHA256


async def test_every_known_instrument_has_bars_as_published():
    source = Sample()
    raw = pl.read_parquet(SHIPPED)
    assert set(raw["symbol"]) == {one.symbol for one in await source.symbols()}
    for one in known():
        bars = await history(one.symbol, source=source)
        own = raw.filter(pl.col("symbol") == one.symbol)[: len(bars)]
        assert bars.schema == BARS
        assert bars["close"].equals(own["close"])
        assert bars["adjusted"].equals(own["adj_close"].rename("adjusted"))
        assert labels(bars["at"], calendar(one.calendar)).to_list() == own["ts"].dt.date().to_list()
        assert (bars["known_at"] > bars["at"]).all()
        assert (bars["known_at"] < RELEASED).all()
        assert bars["learned_at"].unique().to_list() == [RELEASED]


@pytest.mark.parametrize(
    ("symbol", "label", "at", "known_at"),
    [
        ("AAPL", "2020-11-27", "2020-11-27T14:30:00Z", "2020-11-27T18:00:00Z"),
        ("^GSPC", "2020-07-02", "2020-07-02T13:30:00Z", "2020-07-02T20:00:00Z"),
        ("EURUSD", "2020-07-06", "2020-07-05T21:00:00Z", "2020-07-06T21:00:00Z"),
        ("EURUSD", "2013-01-01", "2012-12-31T22:00:00Z", "2013-01-01T22:00:00Z"),  # a holiday, with a bar all the same
        ("BTC-USD", "2020-01-16", "2020-01-16T00:00:00Z", "2020-01-17T00:00:00Z"),
    ],
)
async def test_labels_become_instants(symbol, label, at, known_at):
    bars = await history(symbol)
    there = bars.filter(labels(bars["at"], calendar(resolve(symbol).calendar)) == date.fromisoformat(label))
    assert there.select("at", "known_at").rows() == [(datetime.fromisoformat(at), datetime.fromisoformat(known_at))]


@pytest.mark.parametrize(("symbol", "last"), [("BTC-USD", "2020-01-16"), ("AAPL", "2021-03-31"), ("JNJ", "2017-09-01")])
async def test_only_closed_bars_are_given(symbol, last):
    bars = await history(symbol)
    assert labels(bars["at"], calendar(resolve(symbol).calendar))[-1].isoformat() == last


async def test_it_keeps_to_start_and_end():
    start, end = datetime(2020, 3, 2, 14, 30, tzinfo=UTC), datetime(2020, 3, 4, 14, 30, tzinfo=UTC)
    assert (await history("AAPL", start, end))["at"].to_list() == [start, datetime(2020, 3, 3, 14, 30, tzinfo=UTC)]
    assert (await history("AAPL", end, start)).is_empty()


async def test_symbols_are_found_by_symbol_and_name():
    source = Sample()
    assert len(await source.symbols()) == 24
    assert [one.symbol for one in await source.symbols(" coca ")] == ["KO"]
    assert [one.symbol for one in await source.symbols("chf")] == ["USDCHF"]
    assert await source.symbols("nothing of the kind") == []


async def test_the_latest_bar_of_each():
    source = Sample()
    rows = await source.latest(Kind.BARS, [resolve("EURUSD"), resolve("AAPL")])
    assert rows.select("symbol", "close").rows() == [("EURUSD", 1.09305), ("AAPL", 122.15)]
    assert rows.schema == pl.Schema({"symbol": pl.String(), **BARS})
    assert (await source.latest(Kind.BARS, [])).is_empty()


async def test_what_it_has_not_is_said():
    source, apple = Sample(), resolve("AAPL")
    with pytest.raises(UnknownSymbolError, match=r"no bars of TSLA") as caught:
        await source.history(Kind.BARS, guess("TSLA"), DAY, start=BEGINNING, end=END)
    assert "AAPL" in caught.value.hint
    with pytest.raises(DataProviderError, match=r"daily bars \(1d\) of AAPL, none of 4h"):
        await source.history(Kind.BARS, apple, Timeframe.parse("4h"), start=BEGINNING, end=END)
    with pytest.raises(DataProviderError, match="has bars and facts, no quotes"):
        await source.history(Kind.QUOTES, apple, DAY, start=BEGINNING, end=END)
    with pytest.raises(DataProviderError, match="has bars and facts, no trades"):
        await source.latest(Kind.TRADES, [apple])
    with pytest.raises(DataProviderError, match="no live data"):
        source.stream(Kind.BARS, [apple])
    await source.close()
    await source.close()


@pytest.mark.parametrize("harm", ["flip", "cut", "empty", "gone"])
async def test_a_harmed_file_is_refused(file, harm):
    Sample(file=file).verify()
    data = bytearray(file.read_bytes())
    data[700_000] ^= 1
    match harm:
        case "flip":
            file.write_bytes(data)
        case "cut":
            file.write_bytes(data[:1000])
        case "empty":
            file.write_bytes(b"")
        case _:
            file.unlink()
    with pytest.raises(IntegrityError, match=r"sample\.parquet"):
        await history("AAPL", source=Sample(file=file))
    with pytest.raises(IntegrityError, match=r"sample\.parquet") as caught:
        Sample(file=file).verify()
    assert "pip install --force-reinstall" in caught.value.hint
    assert caught.value.context["file"] == str(file)


async def test_a_file_harmed_after_it_was_read_is_refused(file):
    source = Sample(file=file)
    assert len(await history("AAPL", source=source)) == 3082
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(IntegrityError, match="was changed or cut"):
        await history("AAPL", source=source)


async def test_shares_have_sectors_from_the_day_on_which_they_were_known():
    source, amazon = Sample(), resolve("AMZN")
    whole = await source.history(Kind.FACTS, amazon, DAY, start=BEGINNING, end=END)
    assert whole.schema == SCHEMAS[Kind.FACTS]
    assert whole["at"].is_sorted()
    assert whole["known_at"].equals(whole["at"].alias("known_at"))
    assert whole["learned_at"].unique().to_list() == [RELEASED]
    before = await source.history(Kind.FACTS, amazon, DAY, start=BEGINNING, end=datetime(2023, 3, 20, tzinfo=UTC))
    assert dict(before.select("field", "value").rows()) == {
        "sector": "Consumer Discretionary",
        "industry": "Internet & Direct Marketing Retail",
    }
    newest = await source.latest(Kind.FACTS, [amazon, resolve("BTC-USD"), resolve("KO")])
    assert newest.columns == ["symbol", *SCHEMAS[Kind.FACTS]]
    assert sorted(newest.select("symbol", "field", "value").rows()) == [
        ("AMZN", "industry", "Broadline Retail"),
        ("AMZN", "sector", "Consumer Discretionary"),
        ("KO", "industry", "Beverages"),
        ("KO", "sector", "Consumer Staples"),
    ]
    assert (await source.history(Kind.FACTS, resolve("EURUSD"), DAY, start=BEGINNING, end=END)).is_empty()
