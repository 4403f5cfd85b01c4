import io
import zipfile
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ara.data.access import Access
from ara.data.checks import check_provider
from ara.data.provider import SCHEMAS, Kind, Provider
from ara.data.providers import ecb as module
from ara.data.providers.ecb import EURO, Ecb
from ara.errors import AraError, DataProviderError, ShapeError, UnknownSymbolError
from ara.market.symbols import guess, resolve
from ara.market.timeframe import DAY, Timeframe
from ara.testing import FakeClock
from tests.venues.ecb import RATES, EcbVenue, archive

NOW = datetime(2023, 12, 29, 18, tzinfo=UTC)
BEGIN, END = datetime(1999, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)
HISTORY = "/stats/eurofxref/eurofxref-hist.zip"
EURUSD = resolve("EURUSD")


@pytest.fixture
def venue():
    with EcbVenue() as made:
        yield made


@pytest.fixture
async def ecb(venue):
    source = Ecb(Access(Ecb.venue, clock=FakeClock(NOW), url=venue.url, timeout=5, retries=1))
    yield source
    await source.close()


async def history(source, instrument=EURUSD, start=BEGIN, end=END):
    return await source.history(Kind.RATES, instrument, DAY, start=start, end=end)


async def test_every_published_cell_is_a_rate_and_no_other(ecb):
    rates = await history(ecb, EURO)
    cells = pl.read_csv(RATES, null_values="N/A").drop("")
    kept = cells.unpivot(index="Date", variable_name="quote", value_name="rate").drop_nulls()
    assert rates.schema == SCHEMAS[Kind.RATES]
    assert rates.height == kept.height == sum(len(cells) - cells[code].null_count() for code in cells.columns[1:])
    assert rates["at"].is_sorted()
    day = pl.col("at").dt.convert_time_zone("Europe/Berlin").dt.strftime("%Y-%m-%d")
    both = rates.select("quote", "rate", Date=day).join(kept, on=["Date", "quote"], suffix="_sent")
    assert both.height == kept.height
    assert (both["rate"] == both["rate_sent"]).all()
    assert rates["base"].unique().to_list() == ["EUR"]
    assert rates["quote"].n_unique() == 15


async def test_a_rate_is_fixed_at_a_quarter_past_two_and_known_at_four(ecb):
    rates = await history(ecb, start=datetime(2023, 12, 29, tzinfo=UTC))
    assert rates.row(0, named=True) == {
        "at": datetime(2023, 12, 29, 13, 15, tzinfo=UTC),
        "known_at": datetime(2023, 12, 29, 15, tzinfo=UTC),
        "learned_at": NOW,
        "base": "EUR",
        "quote": "USD",
        "rate": 1.105,
    }
    assert len(rates) == 1


async def test_published_before_the_hour_it_is_learned_at_the_hour(venue):
    early = FakeClock(datetime(2023, 12, 29, 14, 50, tzinfo=UTC))
    source = Ecb(Access(Ecb.venue, clock=early, url=venue.url))
    newest = (await source.latest(Kind.RATES, [EURUSD])).row(0, named=True)
    assert newest["learned_at"] == newest["known_at"] == datetime(2023, 12, 29, 15, tzinfo=UTC)
    await source.close()


async def test_bounds_are_kept_and_what_was_not_quoted_is_missing(ecb):
    start, end = datetime(2007, 12, 28, 13, 15, tzinfo=UTC), datetime(2008, 1, 3, 13, 15, tzinfo=UTC)
    rates = await history(ecb, start=start, end=end)
    assert rates["at"].dt.date().to_list() == [date(2007, 12, 28), date(2007, 12, 31), date(2008, 1, 2)]
    assert (await history(ecb, guess("EURBRL")))["at"][0].date() == date(2008, 1, 2)
    assert len(await history(ecb, start=END, end=END + timedelta(days=1))) == 0


async def test_the_newest_rate_of_each_pair(ecb, venue):
    found = await ecb.latest(Kind.RATES, [EURUSD, guess("EURJPY")])
    assert found.columns == ["symbol", *SCHEMAS[Kind.RATES]]
    assert found.select("symbol", "quote", "rate").rows() == [("EURUSD", "USD", 1.105), ("EURJPY", "JPY", 156.33)]
    assert found["at"].unique().to_list() == [datetime(2023, 12, 29, 13, 15, tzinfo=UTC)]
    assert (await ecb.latest(Kind.RATES, [EURO])).height == 15
    asked = len(venue.requests)
    assert (await ecb.latest(Kind.RATES, [])).is_empty()
    assert len(venue.requests) == asked


async def test_it_keeps_what_a_provider_promises(ecb):
    assert isinstance(ecb, Provider)
    found = await check_provider(ecb)
    assert [promise for promise in found if not promise.ok] == []


async def test_it_lists_the_pairs_of_the_euro(ecb):
    listed = await ecb.symbols()
    assert len(listed) >= 25
    assert all(one.symbol.startswith("EUR") for one in listed)
    assert [one.symbol for one in await ecb.symbols("yen")] == ["EURJPY"]
    assert [one.symbol for one in await ecb.symbols("eurusd")] == ["EURUSD"]


@pytest.mark.parametrize("symbol", ["USDJPY", "EURXAU", "AAPL", "BTC-USD"])
async def test_another_pair_is_unknown(ecb, symbol):
    with pytest.raises(UnknownSymbolError, match=f"ecb has no rates of {symbol}") as caught:
        await history(ecb, guess(symbol))
    assert "USD" in caught.value.hint


async def test_it_refuses_what_it_does_not_offer(ecb):
    with pytest.raises(DataProviderError, match="ecb has rates, no bars"):
        await ecb.history(Kind.BARS, EURUSD, DAY, start=BEGIN, end=END)
    with pytest.raises(DataProviderError, match="none of 1h"):
        await ecb.history(Kind.RATES, EURUSD, Timeframe.parse("1h"), start=BEGIN, end=END)
    with pytest.raises(DataProviderError, match="no stream"):
        ecb.stream(Kind.RATES, [EURUSD])


async def test_what_has_not_changed_is_not_sent_twice(ecb, venue):
    assert (await history(ecb)).equals(await history(ecb))
    assert [request.headers.get("if-none-match") for request in venue.requests] == [None, venue.tag]


async def test_while_it_is_maintained_there_is_a_typed_error(ecb, venue):
    venue.down = True
    with pytest.raises(DataProviderError, match="503"):
        await history(ecb)
    venue.down = False
    assert not (await history(ecb)).is_empty()


def table(*rows, header="Date,USD,JPY,"):
    return archive("\n".join([header, *rows]) + "\n")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "no archive"),
        (b"<html><body>Not now</body></html>", "no archive.*Not now"),
        (table("2023-12-29,1.105,156.33,")[:80], "no archive"),
        (archive("x", name="rates.exe"), "holds 1 files, not one CSV"),
        (table("2023-12-29,1.105,abc,"), "the rate of JPY on 2023-12-29 is abc"),
        (table("2023-12-29,-1.105,156.33,"), "the rate of USD on 2023-12-29 is -1.105"),
        (table("2023-12-29,0,156.33,"), "the rate of USD on 2023-12-29 is 0"),
        (table("2023-12-29,inf,156.33,"), "the rate of USD on 2023-12-29 is inf"),
        (table("2023-12-29,nan,156.33,"), "the rate of USD on 2023-12-29 is nan"),
        (table("2023-12-29,1e999,156.33,"), "the rate of USD on 2023-12-29 is 1e999"),
        (table("29/12/2023,1.105,156.33,"), "the date is 29/12/2023"),
        (table("0023-12-29,1.105,156.33,"), "the date is 0023-12-29"),
        (table("9999-12-29,1.105,156.33,"), "the date is 9999-12-29"),
        (table(",1.105,156.33,"), "the date is missing"),
        (table("2023-12-29,1.1,156,", "2023-12-29,1.1,156,"), "the date 2023-12-29 stands twice"),
        (table("2023-12-29,1.1,156,7,8,9,"), "no table"),
        (table("2023-12-29,1.1,156,", header="Day,USD,JPY,"), "the columns are Day, USD, JPY"),
        (table("2023-12-29,1.1,156,", header="Date,USD,Yen,"), "the columns are Date, USD, Yen"),
        (table("2023-12-29,1.1,156,", header="Date,USD,USD,"), "the columns are Date, USD, USD"),
        (
            table("2023-12-29,1.1,156.3,", "2023-12-28,1.1,15"),
            "a row has 3 cells under a heading of 4: 2023-12-28,1.1,15",
        ),
        (table("2023-12-29,1.1,156.3", "2023-12-28,1.1", header="Date,USD,JPY"), "a row has 2 cells under a heading"),
        (table("2023-12-29", header="Date"), "the columns are Date"),
        (archive(""), "no table"),
        (archive(b"Date,USD\n2023-12-29,\xff\xfe\n"), "shape that isn't the agreed one"),
    ],
)
async def test_what_is_no_table_of_rates_is_a_typed_error(ecb, venue, body, words):
    venue.on(HISTORY, body=body)
    with pytest.raises(ShapeError, match=words) as caught:
        await history(ecb)
    assert caught.value.message.startswith("ecb answers")
    assert len(caught.value.message) < 400
    assert caught.value.message.isprintable()


async def test_two_files_in_an_archive_are_one_too_many(ecb, venue):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr("a.csv", "Date,USD\n")
        made.writestr("b.csv", "Date,USD\n")
    venue.on(HISTORY, body=packed.getvalue())
    with pytest.raises(ShapeError, match="2 files"):
        await history(ecb)


def damaged(method):
    """Give an archive whose packed bytes are spoiled, its frame whole."""
    whole = archive(
        "Date,USD,\n" + "".join(f"2023-{m:02}-{d:02},1.{m}{d},\n" for m in range(1, 13) for d in range(1, 29)),
        method=method,
    )
    start = 80 + len("eurofxref-hist.csv")  # behind what the method says of itself
    return whole[:start] + bytes(255 - byte for byte in whole[start : start + 200]) + whole[start + 200 :]


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_STORED])
async def test_a_spoiled_archive_is_a_typed_error(ecb, venue, method):
    venue.on(HISTORY, body=damaged(method))
    with pytest.raises(ShapeError, match="no archive"):
        await history(ecb)


@pytest.mark.parametrize(("place", "value"), [(0, 1), (2, 99)])  # encrypted; packed by a method that nobody knows
async def test_an_archive_that_can_t_be_unpacked_is_a_typed_error(ecb, venue, place, value):
    whole = bytearray(archive(venue.table))
    for flags in (6, whole.index(b"PK\x01\x02") + 8):  # in the file's own head, and in the list at the end
        whole[flags + place] = value
    venue.on(HISTORY, body=bytes(whole))
    with pytest.raises(ShapeError, match="no archive"):
        await history(ecb)


async def test_a_bomb_is_not_unpacked(ecb, venue):
    venue.on(HISTORY, body=archive(b"Date,USD\n" + b"0" * (40 << 20)))
    with pytest.raises(ShapeError, match="larger than 32 MB"):
        await history(ecb)


@pytest.mark.parametrize("fault", ["truncated", "dropped", "endless", "bomb"])
async def test_a_broken_answer_is_a_typed_error(venue, fault):
    source = Ecb(Access(Ecb.venue, clock=FakeClock(NOW), url=venue.url, timeout=5, retries=0, max_mb=1))
    venue.on(HISTORY, body=archive(venue.table), fault=fault)
    with pytest.raises(DataProviderError):
        await history(source)
    await source.close()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_no_archive_whatever_is_in_it_raises_a_stranger_s_error(data):
    whole = bytearray(archive("Date,USD,JPY,\n2023-12-29,1.105,156.33,\n2023-12-28,1.1114,N/A,\n"))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    body = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    try:
        rates = module._read(body, NOW)
    except AraError:
        return
    assert rates.schema == SCHEMAS[Kind.RATES]
    assert (rates["rate"] > 0).all()
