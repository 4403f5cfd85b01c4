import json
import os
import re
import string
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.errors import UnknownSymbolError, ValidationError
from ara.market import symbols
from ara.market.calendar import calendar
from ara.market.codes import COINS, CURRENCIES, MINOR, QUOTES
from ara.market.instrument import AssetClass
from ara.market.symbols import coin, coins, guess, known, nearest, normalise, resolve, split_pair

CLEAN = re.compile(r"[A-Z0-9./:^=_-]{1,32}")

legal = st.text(string.ascii_uppercase + string.digits, min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("AAPL", "AAPL"), (" aapl ", "AAPL"), ("brk.b", "BRK.B"), ("^gspc", "^GSPC"), (".inx", ".INX"),
        ("gc=f", "GC=F"), ("BTC-USD", "BTC-USD"), ("btc/usd", "BTC-USD"), ("BTCUSD", "BTC-USD"), ("btc:usd", "BTC-USD"),
        ("btc_usdt", "BTC-USDT"), ("BTCUSDT", "BTC-USDT"), ("ethbtc", "ETH-BTC"), ("NEWCOIN/USD", "NEWCOIN-USD"),
        ("EURUSD", "EURUSD"), ("eur/usd", "EURUSD"), ("EUR-USD", "EURUSD"), ("EURUSD=X", "EURUSD"), ("jpy=x", "USDJPY"),
        ("xau/usd", "XAUUSD"), ("A=X", "A=X"), ("USD/USD", "USDUSD"), ("BF-B", "BF-B"), ("USD", "USD"),
        ("7203.T", "7203.T"), ("vod.l", "VOD.L"), ("eth/aud", "ETH-AUD"), ("BTCFDUSD", "BTC-FDUSD"),
        ("o:aapl240621c00190000", "AAPL240621C00190000"), ("AAPL  240621C00190000", "AAPL240621C00190000"),
    ],
)  # fmt: skip
def test_spellings(text, symbol):
    assert normalise(text) == symbol


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "0 characters"),
        (" \t ", "0 characters"),
        ("A" * 33, "33 characters"),
        ("A" * 100_000, "100000 characters"),
        ("AA PL", r"holds ' '"),
        ("AAPL;", "holds ';'"),
        ("AA\x1b[2J", r"holds '\\x1b'"),
        ("ＡＡＰＬ", "fullwidth latin capital letter a"),
        ("ААPL", "cyrillic capital letter a"),
        ("straße", "latin small letter sharp s"),
        ("AAPL\ue000", "a letter without a name"),
        ("../../etc/passwd", "not built like one"),
        ("A/../B", "not built like one"),
        ("A//B", "not built like one"),
        ("-1", "not built like one"),
        ("...", "not built like one"),
        ("^", "not built like one"),
    ],
)
def test_what_is_no_symbol_is_refused(text, why):
    with pytest.raises(ValidationError, match=why) as caught:
        normalise(text)
    assert caught.value.message.isascii()
    assert len(caught.value.message) < 200
    assert "A symbol has 1 to 32" in caught.value.hint


@pytest.mark.parametrize("thing", [None, 7, b"AAPL", ["AAPL"]])
def test_what_is_no_text_is_refused(thing):
    with pytest.raises(ValidationError, match="a symbol is text, not"):
        normalise(thing)


@given(st.text())
def test_any_text_gives_a_clean_symbol_or_a_refusal(text):
    try:
        symbol = normalise(text)
    except ValidationError:
        return
    assert CLEAN.fullmatch(symbol)
    assert normalise(symbol) == symbol
    assert ".." not in symbol


def test_hostile_strings():
    folder = os.environ.get("ARA_CONFORMANCE")
    if not folder:
        pytest.skip("ARA_CONFORMANCE names no folder")
    for text in json.loads((Path(folder) / "hostile" / "blns.json").read_text(encoding="utf-8"))["strings"]:
        try:
            symbol = normalise(text)
        except ValidationError:
            continue
        assert CLEAN.fullmatch(symbol)


def test_the_known_instruments_are_whole():
    assert len(known()) == 24
    assert [one.symbol for one in known()] == sorted(one.symbol for one in known())
    for one in known():
        assert normalise(one.symbol) == one.symbol
        assert calendar(one.calendar).zone == one.timezone
        assert one.tick > 0
        assert one.lot > 0
        assert re.fullmatch(r"[A-Z]{3}", one.currency)
        assert resolve(one.symbol) is one
    by_symbol = {one.symbol: one for one in known()}
    assert by_symbol["AAPL"].name == "Apple Inc."
    assert by_symbol["^GSPC"].asset_class is AssetClass.INDEX
    assert by_symbol["QQQ"].asset_class is AssetClass.ETF
    assert (by_symbol["USDJPY"].currency, by_symbol["USDJPY"].tick) == ("JPY", Decimal("0.001"))


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("aapl", "AAPL"), ("btcusd", "BTC-USD"), ("eur-usd", "EURUSD"), ("bitcoin", "BTC-USD"),
        ("Dogecoin", "DOGE-USD"), (" bitcoin cash ", "BCH-USD"), ("the sandbox", "SAND-USD"),
        ("doge-usd", "DOGE-USD"), ("ADAEUR", "ADA-EUR"),
        ("^vix", "^VIX"), ("o:spy250117p00400000", "SPY250117P00400000"),
    ],
)  # fmt: skip
def test_resolve_understands_spellings(text, symbol):
    assert resolve(text).symbol == symbol


def test_an_unknown_symbol_gets_the_three_nearest():
    with pytest.raises(UnknownSymbolError) as caught:
        resolve("appl")
    error = caught.value
    assert error.message == (
        "There is no instrument APPL here. Did you mean AAPL (Apple), AMZN (Amazon.com), JPM (JPMorgan Chase)?"
    )
    assert error.context == {"symbol": "APPL", "nearest": ["AAPL", "AMZN", "JPM"]}
    assert "EURUSD" in error.hint
    assert isinstance(error, ValueError)


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("appl", "AAPL"), ("apal", "AAPL"), ("apple", "AAPL"), ("bitcoin", "BTC-USD"), ("btc", "BTC-USD"),
        ("coca-cola", "KO"), ("gold", "XAUUSD"), ("sp500", "^GSPC"), ("EURUDS", "EURUSD"), ("microsft", "MSFT"),
        ("exxon", "XOM"), ("GSPC", "^GSPC"), ("  Litecoin ", "LTC-USD"), ("johnson", "JNJ"), ("ok", "KO"),
        ("dogcoin", "DOGE-USD"), ("doge", "DOGE-USD"), ("vix", "^VIX"), ("nikkei", "^N225"), ("ftse", "^FTSE"),
        ("solanna", "SOL-USD"), ("avalanch", "AVAX-USD"),
    ],
)  # fmt: skip
def test_the_nearest_by_symbol_and_by_name(text, symbol):
    assert nearest(text)[0].symbol == symbol


def test_as_many_nearest_as_asked():
    assert len(nearest("x", 5)) == 5
    assert nearest("x", 0) == ()
    assert len(nearest("y" * 10_000)) == 3


@pytest.mark.parametrize(
    ("symbol", "word", "kind", "venue_calendar", "currency"),
    [
        ("GE", "equity", AssetClass.STOCK, "XNYS", "USD"),
        ("GE", "US Equity", AssetClass.STOCK, "XNYS", "USD"),
        ("GE", "us_equity", AssetClass.STOCK, "XNYS", "USD"),
        ("VTI", "ETF", AssetClass.ETF, "XNYS", "USD"),
        ("^N225", "", AssetClass.INDEX, "XTKS", "JPY"),
        ("^FTSE", "index", AssetClass.INDEX, "XLON", "GBP"),
        ("^STOXX50E", "", AssetClass.INDEX, "XNYS", "USD"),
        ("VOD.L", "", AssetClass.STOCK, "XLON", "GBP"),
        ("ISF.L", "etf", AssetClass.ETF, "XLON", "GBP"),
        ("7203.T", "equity", AssetClass.STOCK, "XTKS", "JPY"),
        ("AAPL240621C00190000", "", AssetClass.OPTION, "XNYS", "USD"),
        ("DJI", "index", AssetClass.INDEX, "XNYS", "USD"),
        ("DOGE-USD", "cryptocurrency", AssetClass.CRYPTO, "24/7", "USD"),
        ("ADA-EUR", "", AssetClass.CRYPTO, "24/7", "EUR"),
        ("SOLUSDT", "", AssetClass.CRYPTO, "24/7", "USDT"),
        ("HODL", "coin", AssetClass.CRYPTO, "24/7", "USD"),
        ("BTC-PERP", "", AssetClass.CRYPTO, "24/7", "USD"),
        ("ETH-PERPETUAL", "", AssetClass.CRYPTO, "24/7", "USD"),
        ("BRK-PERP", "", AssetClass.STOCK, "XNYS", "USD"),
        ("EURGBP", "fx", AssetClass.FOREX, "forex", "GBP"),
        ("EURGBP", "", AssetClass.FOREX, "forex", "GBP"),
        ("NZD/CAD", "currency", AssetClass.FOREX, "forex", "CAD"),
        ("GC=F", "", AssetClass.FOREX, "forex", "USD"),
        ("GC=F", "commodity", AssetClass.FOREX, "forex", "USD"),
        ("S00", "syn", AssetClass.STOCK, "XNYS", "USD"),
        ("GOOGLE", "", AssetClass.STOCK, "XNYS", "USD"),
        ("BF-B", "whatever", AssetClass.STOCK, "XNYS", "USD"),
    ],
)
def test_guess(symbol, word, kind, venue_calendar, currency):
    one = guess(symbol, word)
    assert (one.asset_class, one.calendar, one.currency) == (kind, venue_calendar, currency)
    assert one.symbol == normalise(symbol)
    assert calendar(one.calendar).zone == one.timezone


def test_guess_knows_what_is_known():
    assert guess("aapl") is resolve("AAPL")
    assert guess("AAPL", "equity") is resolve("AAPL")
    assert guess("SPY") is guess("SPY", "stock") is guess("SPY", "fund") is resolve("SPY")
    assert guess("btcusd", "crypto") is resolve("BTC-USD")
    assert guess("AAPL", "crypto").calendar == "24/7"


@given(legal, st.text(max_size=20))
def test_guess_never_fails_on_a_legal_symbol(symbol, word):
    assert guess(symbol, word).symbol == normalise(symbol)


def test_guess_refuses_what_is_no_symbol():
    with pytest.raises(ValidationError):
        guess("Apple Inc")


def test_coins_have_names_and_are_many():
    listed = coins()
    assert len(listed) >= 50
    assert [one.symbol for one in listed] == sorted(one.symbol for one in listed)
    by_symbol = {one.symbol: one for one in listed}
    assert by_symbol["BTC-USD"] is resolve("BTC-USD")
    assert by_symbol["SOL-USD"].name == "Solana"
    assert len(set(COINS.values())) == len(COINS)
    for one in listed:
        assert resolve(one.symbol) == one == guess(one.symbol, "coin")
        assert (one.asset_class, one.calendar, one.currency) == (AssetClass.CRYPTO, "24/7", "USD")
    assert guess("SOL-EUR").name == "Solana"


def test_a_short_name_of_a_coin_may_be_a_share():
    for text in ("dash", "DASH", "tron", "flow", "sui", "quant", "maker"):
        with pytest.raises(UnknownSymbolError):
            resolve(text)


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("dash", "DASH-USD"), ("TRON", "TRX-USD"), ("btc", "BTC-USD"), ("Bitcoin", "BTC-USD"), ("eth/eur", "ETH-EUR"),
        ("SOLUSDT", "SOL-USDT"), (" shiba inu ", "SHIB-USD"),
    ],
)  # fmt: skip
def test_where_only_coins_are_meant(text, symbol):
    assert coin(text).symbol == symbol


@pytest.mark.parametrize("text", ["AAPL", "EURUSD", "dogecoln", "NEW-USD"])
def test_what_is_no_coin_gets_the_nearest_coins(text):
    with pytest.raises(UnknownSymbolError, match="There is no coin") as caught:
        coin(text)
    assert all(symbol.endswith("-USD") for symbol in caught.value.context["nearest"])
    assert "ara crypto list" in caught.value.hint


@pytest.mark.parametrize("thing", [None, 7, b"BTC"])
def test_no_thing_but_text_names_anything(thing):
    for ask in (coin, resolve):
        with pytest.raises(ValidationError, match="a symbol is text"):
            ask(thing)


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("BTC-USD", ("BTC", "USD")), ("xbt/eur", ("BTC", "EUR")), ("EURUSD=X", ("EUR", "USD")),
        ("jpy=x", ("USD", "JPY")),
        ("XAUUSD", ("XAU", "USD")), ("ETHBTC", ("ETH", "BTC")), ("1INCH-USDT", ("1INCH", "USDT")),
    ],
)  # fmt: skip
def test_a_pair_is_split(text, pair):
    assert split_pair(text) == pair


@pytest.mark.parametrize("text", ["AAPL", "BF-B", "^GSPC", "USD", "BRK.B"])
def test_what_is_no_pair_is_refused(text):
    with pytest.raises(ValidationError, match="is no pair"):
        split_pair(text)


@given(st.sampled_from(sorted(COINS)), st.sampled_from(QUOTES), st.sampled_from("-/:_"))
def test_every_pair_comes_back(base, quote, mark):
    assert split_pair(f"{base}{mark}{quote}") == (base, quote)


@given(st.sampled_from(sorted(CURRENCIES)), st.sampled_from(sorted(CURRENCIES)))
def test_every_two_currencies_come_back(base, quote):
    assert split_pair(f"{base}/{quote}") == split_pair(base + quote) == (base, quote)


def test_the_tables_of_codes():
    assert len(CURRENCIES) >= 30
    assert all(re.fullmatch(r"[A-Z]{3}", code) for code in CURRENCIES)
    assert all(re.fullmatch(r"[A-Z0-9]{2,6}", code) for code in COINS)
    assert all(whole in CURRENCIES and parts == 100 for whole, parts in MINOR.values())
    for place, code in enumerate(QUOTES):
        assert not any(code.endswith(later) for later in QUOTES[:place] if later != code), code
    assert not set(COINS) & CURRENCIES


@given(st.text())
def test_any_text_is_answered_or_refused(text):
    for ask in (resolve, coin, split_pair, guess):
        try:
            words = ask(text) and ""
        except ValidationError as error:
            words = error.message
        assert words.isprintable()
        assert len(words) < 600
    assert len(nearest(text)) == 3


@pytest.mark.parametrize(("text", "symbol"), [("XBT/USD", "BTC-USD"), ("xbtusd", "BTC-USD"), ("XDG-USD", "DOGE-USD")])
def test_an_exchanges_own_codes_are_understood(text, symbol):
    assert normalise(text) == symbol


def test_who_is_not_recognised_costs_no_search_for_the_nearest(monkeypatch):
    monkeypatch.setattr(symbols, "nearest", None)
    assert symbols.recognised("M00042") is None
    for text in ("aapl", "btc/usd", "EURUSD", "^VIX", "bitcoin cash"):
        assert symbols.recognised(text) == symbols.resolve(text)
