import os
from datetime import UTC, datetime

import pytest

from ara.data.access import Access
from ara.data.checks import check_provider
from ara.data.feed import MarketData
from ara.data.provider import BARS, Kind, fetches
from ara.data.providers import files as files_module
from ara.data.providers.files import Files
from ara.data.sources import Sources
from ara.errors import DataProviderError, UnknownSymbolError
from ara.market import Basis
from ara.market.symbols import guess
from ara.market.timeframe import DAY, Timeframe
from ara.settings import Settings
from ara.testing import FakeClock, desk

NOW = datetime(2026, 11, 2, tzinfo=UTC)
START, END = datetime(1990, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
DAYS = [f"2020-01-{day:02}" for day in (2, 3, 6, 7, 8, 9, 10, 13)]
FIVE = "Date,Open,High,Low,Close\n" + "".join(f"{day},10,11,9,10.{n}\n" for n, day in enumerate(DAYS))


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "prices"
    made.mkdir()
    (made / "KO.csv").write_text(FIVE)
    return made


def source(place):
    return Files(Access(Files.venue, clock=FakeClock(NOW), url=str(place)))


async def bars(provider, symbol="KO", timeframe=DAY, start=START, end=END):
    return await provider.history(Kind.BARS, guess(symbol), timeframe, start=start, end=end)


async def test_it_keeps_what_a_provider_promises(folder):
    (folder / "btc.csv").write_text(FIVE.replace("Date", "symbol,Date").replace("2020", "BTC-USD,2020"))
    assert [check for check in await check_provider(source(folder)) if not check.ok] == []


async def test_bars_are_read_where_they_lie(folder):
    provider = source(folder)
    assert not fetches(provider)
    got = await bars(provider)
    assert got.schema == BARS
    assert got["close"].to_list() == [10.0, 10.1, 10.2, 10.3, 10.4, 10.5, 10.6, 10.7]
    assert got["known_at"][0] == datetime(2020, 1, 2, 21, tzinfo=UTC)
    assert got["learned_at"][0] == datetime.fromtimestamp((folder / "KO.csv").stat().st_mtime_ns / 1e9, UTC)
    assert provider.basis(guess("KO")) is Basis.RAW
    assert [one.symbol for one in await provider.symbols("ko")] == ["KO"]
    assert await provider.symbols("zz") == []


async def test_what_has_changed_is_read_again(folder):
    provider = source(folder)
    await bars(provider)
    (folder / "KO.csv").write_text(FIVE + "2020-01-14,1,1,1,7\n")
    assert (await bars(provider))["close"][-1] == 7
    (folder / "PG.csv").write_text(FIVE)
    assert (await bars(provider, "PG")).height == 8
    (folder / "PG.csv").unlink()
    with pytest.raises(UnknownSymbolError, match="No file has bars of PG"):
        await bars(provider, "PG")


async def test_an_old_file_was_learned_when_its_bars_were_known(folder):
    os.utime(folder / "KO.csv", (0, 0))
    got = await bars(source(folder))
    assert got["learned_at"].to_list() == got["known_at"].to_list()


async def test_files_of_one_symbol_are_one_series(folder):
    (folder / "KO_2020.csv").write_text(FIVE.replace("10.", "20.") + "2020-01-14,1,1,1,7\n")
    got = await bars(source(folder))
    assert got["close"].to_list()[-2:] == [10.7, 7]


async def test_timeframes_are_told_apart(folder):
    hours = "".join(f"2020-01-02 {hour:02}:30,1\n" for hour in range(15, 21))
    (folder / "KO_1h.csv").write_text("time,close\n" + hours)
    (folder / "PG_1h.csv").write_text("time,close\n" + hours)
    provider = source(folder)
    assert (await bars(provider, timeframe=Timeframe.parse("1h"))).height == 6
    assert (await bars(provider)).height == 8
    with pytest.raises(DataProviderError, match="bars of PG of 1h, none of 1d"):
        await bars(provider, "PG")
    last = await provider.latest(Kind.BARS, [guess("KO"), guess("PG")])
    assert last.select("symbol", "close").rows() == [("KO", 10.7), ("PG", 1.0)]


@pytest.mark.parametrize("form", ["{}", "{}/*.csv", "file://{}", "file://localhost{}", "{}/KO.csv"])
async def test_a_place_has_many_forms(folder, form):
    assert (await bars(source(form.format(folder)))).height == 8


@pytest.mark.parametrize("place", ["", "/no/such/folder", "file://elsewhere/x", "/no\x00pe"])
async def test_where_there_is_nothing_it_says_so(place):
    with pytest.raises(DataProviderError) as refused:
        await bars(source(place))
    assert refused.value.hint
    with pytest.raises(DataProviderError):
        await bars(Files())


async def test_files_without_bars_are_passed_over_or_refused(folder):
    (folder / "notes.csv").write_text("a,b\n1,2\n")
    assert (await bars(source(folder))).height == 8
    (folder / "KO.csv").unlink()
    with pytest.raises(DataProviderError, match=r"notes\.csv holds no bars"):
        await bars(source(folder))


async def test_more_than_memory_holds_is_refused(folder, monkeypatch):
    monkeypatch.setattr(files_module, "_MOST", 10)
    with pytest.raises(DataProviderError, match="0 MB of files are more than"):
        await bars(source(folder))


async def test_what_it_does_not_offer_is_refused(folder):
    provider = source(folder)
    with pytest.raises(DataProviderError, match="no quotes"):
        await provider.latest(Kind.QUOTES, [guess("KO")])
    with pytest.raises(DataProviderError, match="no live data"):
        provider.stream(Kind.BARS, [guess("KO")])


async def test_the_settings_name_its_place(folder, tmp_path):
    flags = {"home": str(tmp_path), "store.url": "memory:", "data.providers.files.url": str(folder)}
    async with desk(
        settings=Settings.load({**flags, "data.providers": "files"}, environ={}, folder=tmp_path)
    ) as opened:
        sources = Sources(opened)
        assert (await bars(sources.get("files"))).height == 8
        await sources.close()
        market = MarketData(opened)
        assert (await market.bars(guess("KO"))).frame["source"].unique().to_list() == ["files"]
        await market.close()


async def test_a_long_file_is_read_in_parts(folder, monkeypatch):
    monkeypatch.setattr("ara.data.files.series._TOGETHER", 3)
    assert (await bars(source(folder))).height == 8
