"""What a share is quoted in: pence are no pounds, and no currency takes the place of another."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from ara.data.feed import MarketData
from ara.data.provider import Kind
from ara.data.providers.money import parts
from ara.data.providers.yahoo import Yahoo
from ara.desk import Desk
from ara.errors import DataProviderError, ShapeError
from ara.market.symbols import guess, resolve
from ara.market.timeframe import DAY
from ara.settings import Settings
from tests.venues import yahoo as shapes
from tests.venues.sample_days import NOW, history, opened
from tests.venues.yahoo import YahooVenue, epoch

BEGIN = datetime(2022, 2, 1, tzinfo=UTC)


@pytest.fixture
def venue(monkeypatch):
    listed = {"VOD.L": ("MSFT", "EQUITY", "Vodafone"), "SAP.DE": ("MSFT", "EQUITY", "SAP SE")}
    monkeypatch.setattr(shapes, "SYMBOLS", shapes.SYMBOLS | listed)
    with YahooVenue() as one:
        one.meta |= {"VOD.L": {"currency": "GBp"}, "SAP.DE": {"currency": "EUR"}}
        yield one


@pytest.fixture
async def yahoo(venue):
    source = opened(Yahoo, venue)
    yield source
    await source.close()


@pytest.fixture
async def market(tmp_path, venue):
    flags = {"home": str(tmp_path), "store.url": "memory:", "data.providers": "yahoo,sample", "data.retries": "0"}
    settings = Settings.load(flags | {"data.providers.yahoo.url": venue.url}, environ={}, folder=tmp_path)
    async with Desk.open(settings, clock=venue.clock) as desk, MarketData(desk) as one:
        yield one


async def test_pence_become_pounds_and_dividends_too(yahoo, venue):
    venue.dividends["VOD.L"] = [{"amount": 4.5, "date": epoch(date(2022, 3, 1))}]
    one = guess("VOD.L")
    pence = (await history(yahoo, "MSFT", start=BEGIN))["close"][-1]
    bars = await yahoo.history(Kind.BARS, one, DAY, start=BEGIN, end=NOW)
    assert bars["close"][-1] == pytest.approx(pence / 100, rel=1e-12)
    assert bars["volume"][-1] > 1e6
    actions = await yahoo.history(Kind.ACTIONS, one, DAY, start=BEGIN, end=NOW)
    assert actions.select("value", "currency").rows() == [(0.045, "GBP")]
    quotes = await yahoo.latest(Kind.QUOTES, [one])
    assert quotes["last"][0] == pytest.approx(pence / 100, rel=1e-12)
    venue.meta["VOD.L"] = {"currency": "GBP"}
    pounds = await yahoo.history(Kind.BARS, one, DAY, start=BEGIN, end=NOW)
    assert pounds["close"][-1] == pence


async def test_adjusted_closes_are_in_the_same_currency(yahoo, venue):
    dollars = (await history(yahoo, "AAPL"))["adjusted"]
    venue.meta["AAPL"] = {"currency": "GBp"}
    one = replace(resolve("AAPL"), currency="GBP")
    pounds = (await yahoo.history(Kind.BARS, one, DAY, start=datetime(1990, 1, 1, tzinfo=UTC), end=NOW))["adjusted"]
    assert (pounds * 100).to_list() == pytest.approx(dollars.to_list())


@pytest.mark.parametrize(
    ("code", "currency", "count"),
    [
        ("GBp", "GBP", 100),
        ("GBX", "GBP", 100),
        ("ILA", "ILS", 100),
        ("ZAc", "ZAR", 100),
        ("USD", "USD", 1),
        (None, "USD", 1),
    ],
)
def test_parts_of_a_currency_are_known(code, currency, count):
    assert parts(code, replace(guess("XX"), currency=currency), source="acme") == count


@pytest.mark.parametrize("code", ["GBP", "gbp", "GBp", "EUR\x1b[2J"])
async def test_another_currency_is_refused_with_both_named(yahoo, venue, code):
    venue.meta["AAPL"] = {"currency": code}
    with pytest.raises(DataProviderError, match=r"yahoo gives AAPL in .*, and here AAPL is in USD") as caught:
        await history(yahoo, "AAPL", start=BEGIN)
    assert "\x1b" not in caught.value.message


@pytest.mark.parametrize("kind", ["", "STOCKLIKE", "equity"])
async def test_an_unknown_type_is_refused_with_its_field(yahoo, venue, kind):
    venue.meta["AAPL"] = {"instrumentType": kind}
    with pytest.raises(ShapeError, match=r"in \$\.chart\.result\[0\]\.meta\.instrumentType; known are .*EQUITY"):
        await history(yahoo, "AAPL", start=BEGIN)
    venue.meta["AAPL"] = {"instrumentType": None}
    assert (await history(yahoo, "AAPL")).height


async def test_the_currency_of_what_nobody_knew_is_the_one_of_its_first_source(market, venue):
    seen = await market.bars(guess("SAP.DE"))
    assert seen.instrument.currency == "EUR"
    assert (await market.instrument("SAP.DE")).currency == "EUR"
    venue.meta["SAP.DE"] = {"currency": "USD"}
    with pytest.raises(DataProviderError, match=r"yahoo gives SAP\.DE in USD, and here SAP\.DE is in EUR"):
        await market.collector.fetch(await market.instrument("SAP.DE"))


async def test_a_share_that_is_known_takes_no_other_currency(market, venue):
    venue.meta["AAPL"] = {"currency": "CAD"}
    with pytest.raises(DataProviderError, match="in CAD, and here AAPL is in USD"):
        await market.collector.fetch(resolve("AAPL"))
    assert market.store.catalogue().is_empty()
