"""Spelling of symbols: what people type, files hold and venues say, brought to Ara's one form.

`AAPL` for what is listed, `BTC-USD` for coins, `EURUSD` for currencies and metals, `^GSPC` for indices,
`AAPL240621C00190000` for options.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from ara.errors import UnknownSymbolError, ValidationError
from ara.market import options
from ara.market.codes import COINS, CURRENCIES, QUOTES
from ara.market.instrument import AssetClass, Instrument
from ara.market.money import Currency

__all__ = [
    "coin", "coins", "guess", "known", "listed", "nearest", "normalise", "recognised", "resolve", "spellings",
    "split_pair",
]  # fmt: skip

_LEGAL: Final = re.compile(r"[A-Z0-9./:^=_-]{1,32}")

_SHAPE: Final = re.compile(r"[.^]?[A-Z0-9](?!.*(?:\.\.|//)).*")

_SUFFIX: Final = re.compile(
    r"(,? (Inc\.?|Incorporated|Corporation|Corp\.?|Company|Co\.|& Co\.|plc|Ltd\.?|N\.V\.|S\.A\.|AG|SE|Trust|ETF))+$"
)

_WORDS: Final[Mapping[AssetClass, str]] = {
    AssetClass.STOCK: "stock stocks equity equities usequity usequities usstock usstocks share shares commonstock adr",
    AssetClass.ETF: "etf etfs usetf etp fund funds",
    AssetClass.INDEX: "index indexes indices idx",
    AssetClass.CRYPTO: "crypto cryptos cryptocurrency cryptocurrencies coin coins token tokens digital digitalasset",
    AssetClass.FOREX: "forex fx currency currencies commodity commodities metal metals gold future futures",
}

_CLASSES: Final = {word: kind for kind, words in _WORDS.items() for word in words.split()}

_KIN: Final = {AssetClass.ETF: AssetClass.STOCK}

_TRADED: Final[Mapping[AssetClass, tuple[str, str, str, str, str]]] = {
    AssetClass.STOCK: ("US", "XNYS", "America/New_York", "0.01", "1"),
    AssetClass.ETF: ("US", "XNYS", "America/New_York", "0.01", "1"),
    AssetClass.INDEX: ("index", "XNYS", "America/New_York", "0.01", "1"),
    AssetClass.CRYPTO: ("crypto", "24/7", "UTC", "0.00000001", "0.00000001"),
    AssetClass.FOREX: ("forex", "forex", "America/New_York", "0.00001", "1"),
}

_ABROAD: Final[Mapping[str, tuple[str, str, str, str, str, str]]] = {
    ".L": ("LSE", "XLON", "Europe/London", "0.0001", "1", "GBP"),
    ".T": ("TSE", "XTKS", "Asia/Tokyo", "0.1", "100", "JPY"),
}

_ENDLESS: Final = frozenset({"PERP", "PERPETUAL"})
"""What stands in the place of the quote where a coin's future never ends: it is worth dollars."""

_TICKER: Final = 5
"""Letters of the longest ticker: a coin of so short a name is told by its pair only, for a share may be meant."""

_CLOSE: Final = 1 / 3
"""Share of letters that must not differ where Ara has no bars of what it offers."""

_ALIASES: Final = {"XBT": "BTC", "XDG": "DOGE"}  # codes that some exchanges have of their own

_HINT: Final = "A symbol has 1 to 32 letters, digits and . / : ^ = _ -; it looks like AAPL, BTC-USD, EURUSD or ^GSPC."


def normalise(text: str) -> str:
    """Give Ara's spelling of a symbol, known or not.

    ` aapl ` gives `AAPL`; `btc/usd` and `BTCUSD` give `BTC-USD`; `eur/usd`, `EUR-USD` and `EURUSD=X` give `EURUSD`;
    `AAPL  240621C00190000` and `O:AAPL240621C00190000` give `AAPL240621C00190000`. What comes out has 1 to 32 of the
    characters `A-Z 0-9 . / : ^ = _ -`, begins with a letter or digit (after one `^` or `.` at most) and can't climb out
    of a folder.

    Raises
    ------
    ValidationError
        The text holds something else. Letters that only look Latin are refused, not guessed.
    """
    word = _checked(text).upper()
    return _pair(word) or word


def spellings(text: str) -> tuple[str, ...]:
    """Give what to look for where a text is searched: as it stands, and as Ara spells it where that is another word.

    >>> spellings("btcusdt"), spellings("xbt"), spellings("apple")
    (('btcusdt', 'BTC-USDT'), ('xbt', 'BTC'), ('apple',))
    """
    try:
        word = normalise(text)
    except ValidationError:
        return (text,)
    word = _ALIASES.get(word, word)
    return (text,) if word.casefold() == _folded(text) else (text, word)


def split_pair(text: str) -> tuple[str, str]:
    """Give base and quote of a pair of currencies or of a coin and its quote, in any spelling.

    >>> split_pair("btc/usd"), split_pair("EURUSD")
    (('BTC', 'USD'), ('EUR', 'USD'))

    Raises
    ------
    ValidationError
        The text is no symbol, or no pair.
    """
    symbol = normalise(text)
    base, dash, quote = symbol.rpartition("-")
    if dash and quote in QUOTES:
        return base, quote
    if _is_forex(symbol):
        return symbol[:3], symbol[3:]
    raise ValidationError(f"{symbol} is no pair", hint="A pair looks like BTC-USD or EURUSD.")


def resolve(text: str, beside: Sequence[Instrument] = ()) -> Instrument:
    """Give the instrument that a user means, however they spell it.

    Beside those that Ara has facts about, these are known: a few indices, such as `^VIX`; listed options; and coins, by
    their pair or by a name of more than five letters, `bitcoin cash`, which is their price in dollars.

    Raises
    ------
    UnknownSymbolError
        There is none; the message names the three nearest, and `beside` too: what else is kept.
    """
    found = recognised(text)
    if found is not None:
        return found
    symbol = normalise(text)
    here = f"What is here: {listed(dict.fromkeys(one.symbol for one in (*known(), *beside)))}"
    raise _unknown(symbol, nearest(symbol, beside=beside), kind="instrument", hint=here)


def listed(names: Iterable[str], most: int = 60) -> str:
    """Give names in a row; of very many the first, and how many more there are."""
    found = list(names)
    return " ".join(found[:most]) + (f" and {len(found) - most:,} more" if len(found) > most else "")


def recognised(text: str) -> Instrument | None:
    """Give what `resolve` gives, or None at once where that would look for the nearest, which takes long."""
    named = _by_name().get(_folded(text))
    if named is not None:
        return named
    symbol = normalise(text)
    found = _by_symbol().get(symbol) or _elsewhere().get(symbol)
    if found is not None:
        return found
    return guess(symbol) if options.shaped(symbol) or _is_coin(symbol) else None


def nearest(text: str, count: int = 3, beside: Sequence[Instrument] = ()) -> tuple[Instrument, ...]:
    """Give the known instruments, and those beside, whose symbol or name is closest to a text, closest first."""
    wanted = text.strip()[:32].casefold()
    here = [(_distance(wanted, one), 0, one.symbol, one) for one in {o.symbol: o for o in (*beside, *known())}.values()]
    further = [(_distance(wanted, one), 1, one.symbol, one) for one in _elsewhere().values()]
    ranked = sorted([*here, *(one for one in further if one[0] < _CLOSE)], key=lambda one: one[:3])
    return tuple(one for *_, one in ranked[:count])


def coins() -> tuple[Instrument, ...]:
    """Give the coins that Ara knows by name, each as its price in dollars, by symbol."""
    return tuple(guess(f"{code}-USD") for code in sorted(COINS))


def coin(text: str) -> Instrument:
    """Give the coin that a user means where only coins are meant: by name, by code, or as a pair.

    >>> coin("dash").symbol, coin("eth").symbol, coin("sol/eur").symbol
    ('DASH-USD', 'ETH-USD', 'SOL-EUR')

    Raises
    ------
    UnknownSymbolError
        No coin is called that; the message names the three nearest.
    """
    wanted = _folded(text)
    wanted = _ALIASES.get(wanted.upper(), wanted).casefold()
    named = next((code for code, name in COINS.items() if wanted in {code.casefold(), name.casefold()}), None)
    if named is not None:
        return guess(f"{named}-USD")
    symbol = normalise(text)
    if _is_coin(symbol):
        return guess(symbol)
    near = sorted(coins(), key=lambda one: (_distance(wanted[:32], one), one.symbol))[:3]
    raise _unknown(symbol, near, kind="coin", hint="See all: ara crypto list")


def guess(symbol: str, asset_class: str = "") -> Instrument:
    """Give an instrument for a symbol of a stranger's file, known here or not.

    Parameters
    ----------
    symbol
        As the file spells it; what comes out has Ara's spelling.
    asset_class
        The file's own word, such as `equity`, `us_equity`, `coin`, `fx` or `commodity`, in any case. A word that says
        nothing is passed over, and the symbol's shape decides: `BTC-USD` and `BTC-PERP` are coins, two currencies are
        forex, a leading `^` is an index, `AAPL240621C00190000` an option, all else a stock: of London with `.L`, of
        Tokyo with `.T`, else of the United States. Commodities and metals count as forex, whose week they trade.

    Raises
    ------
    ValidationError
        The symbol is not one.
    """
    name = normalise(symbol)
    if options.shaped(name):
        return options.parse(name)
    kind = _CLASSES.get(re.sub(r"[^a-z]", "", asset_class.casefold()))
    found = _by_symbol().get(name) or _elsewhere().get(name)
    if found is not None and kind in {None, found.asset_class, _KIN.get(found.asset_class)}:
        return found
    return _made(name, kind or _shape(name))


@cache
def known() -> tuple[Instrument, ...]:
    """Give the instruments that Ara ships facts about, by symbol."""
    return tuple(_read("instruments.json"))


@cache
def _by_symbol() -> dict[str, Instrument]:
    return {one.symbol: one for one in known()}


@cache
def _elsewhere() -> dict[str, Instrument]:
    """Give what is known by name, though the package has no bars of it."""
    made = (_made(f"{code}-USD", AssetClass.CRYPTO) for code in COINS)
    return {one.symbol: one for one in (*_read("indices.json"), *made) if one.symbol not in _by_symbol()}


@cache
def _by_name() -> dict[str, Instrument]:
    """Give coins by those of their names that are no tickers."""
    everywhere = {**_by_symbol(), **_elsewhere()}
    return {name.casefold(): everywhere[f"{code}-USD"] for code, name in COINS.items() if len(name) > _TICKER}


def _read(table: str) -> list[Instrument]:
    return msgspec.json.decode(Path(__file__).with_name(table).read_bytes(), type=list[Instrument])


def _folded(text: Any) -> str:
    return text.strip().casefold() if isinstance(text, str) else ""


def _checked(text: Any) -> str:
    if not isinstance(text, str):
        raise ValidationError(f"a symbol is text, not {type(text).__name__}", hint=_HINT)
    word = text.strip()
    if options.shaped(word):
        return options.parse(word).symbol
    odd = next((letter for letter in word if not letter.isascii() or not _LEGAL.fullmatch(letter.upper())), None)
    if odd is not None:
        name = "" if odd.isascii() else f" ({unicodedata.name(odd, 'a letter without a name').lower()})"
        raise ValidationError(f"{_shown(text)} is no symbol: it holds {odd!a}{name}", hint=_HINT)
    if not _LEGAL.fullmatch(word.upper()):
        raise ValidationError(f"{_shown(text)} is no symbol: it has {len(word)} characters", hint=_HINT)
    if not _SHAPE.fullmatch(word.upper()):
        raise ValidationError(f"{_shown(text)} is no symbol: it is not built like one", hint=_HINT)
    return word


def _pair(word: str) -> str | None:
    """Give the one spelling of a pair of currencies, or of a coin and its quote; None for all else."""
    if word.endswith("=X"):
        word = word.removesuffix("=X")
        word = f"USD{word}" if word in CURRENCIES else word
    parts = re.split(r"[/:_-]", word)
    if len(parts) == 2:
        left, right = parts
        if left in CURRENCIES and right in CURRENCIES:
            return left + right
        if right in QUOTES and left:
            return f"{_ALIASES.get(left, left)}-{right}"
    if len(parts) == 1:
        if _is_forex(word):
            return word
        for quote in QUOTES:
            coin = word.removesuffix(quote)
            coin = _ALIASES.get(coin, coin)
            if word.endswith(quote) and coin in COINS:
                return f"{coin}-{quote}"
    return None


def _is_forex(word: str) -> bool:
    return word[:3] in CURRENCIES and word[3:] in CURRENCIES


def _shape(symbol: str) -> AssetClass:
    """Judge the class from a normal symbol alone."""
    left, dash, right = symbol.partition("-")
    if symbol.startswith("^"):
        return AssetClass.INDEX
    if _is_forex(symbol) or symbol.endswith(("=X", "=F")):
        return AssetClass.FOREX
    coin = bool(dash and left) and (right in QUOTES or (right in _ENDLESS and left in COINS))
    return AssetClass.CRYPTO if coin else AssetClass.STOCK


def _made(symbol: str, kind: AssetClass) -> Instrument:
    """Make an instrument of what its symbol and its class tell."""
    venue, calendar, zone, tick, lot, money = _traded(symbol, kind)
    return Instrument(
        symbol=symbol,
        name=_title(symbol, kind),
        asset_class=kind,
        venue=venue,
        currency=money,
        calendar=calendar,
        timezone=zone,
        tick=Decimal(tick),
        lot=Decimal(lot),
    )


def _title(symbol: str, kind: AssetClass) -> str:
    """Give the name that a symbol tells; the symbol itself where it tells none."""
    if kind is AssetClass.CRYPTO:
        return COINS.get(symbol.rpartition("-")[0], symbol)
    if kind is AssetClass.FOREX and _is_forex(symbol):
        return f"{Currency(symbol[:3]).name} / {Currency(symbol[3:]).name}"
    return symbol


def _traded(symbol: str, kind: AssetClass) -> tuple[str, str, str, str, str, str]:
    """Give venue, calendar, zone, tick, lot and currency of what is not known further."""
    abroad = _ABROAD.get(symbol[-2:])
    if abroad is not None and kind in {AssetClass.STOCK, AssetClass.ETF}:
        return abroad
    money = "USD"
    if kind is AssetClass.CRYPTO and "-" in symbol:
        quote = symbol.rpartition("-")[2]
        money = money if quote in _ENDLESS else quote
    elif kind is AssetClass.FOREX and _is_forex(symbol):
        money = symbol[3:]
    return *_TRADED[kind], money


def _is_coin(symbol: str) -> bool:
    base, dash, quote = symbol.rpartition("-")
    return bool(dash) and base in COINS and quote in QUOTES


def _unknown(symbol: str, near: Sequence[Instrument], *, kind: str, hint: str) -> UnknownSymbolError:
    meant = (f"{one.symbol} ({_short(one.name)})" if one.name != one.symbol else one.symbol for one in near)
    return UnknownSymbolError(
        f"There is no {kind} {symbol} here. Did you mean {', '.join(meant)}?",
        hint=hint,
        symbol=symbol,
        nearest=[one.symbol for one in near],
    )


def _distance(wanted: str, one: Instrument) -> float:
    """Give the edits between a text and the closest of a symbol's and its name's forms, per letter."""
    name = _short(one.name).casefold()
    forms = {one.symbol.casefold(), re.sub(r"[^a-z0-9]", "", one.symbol.casefold()), name, *name.split()[:1]}
    if one.calendar == "24/7":
        forms.add(one.symbol.casefold().partition("-")[0])
    return min(_edits(wanted, form) / max(len(wanted), len(form)) for form in forms)


def _edits(one: str, other: str) -> int:
    """Count the letters to insert, drop, change or swap with their neighbour (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        earlier, before, row = before, row, [i]
        for j, goal in enumerate(other, start=1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != goal))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == goal:
                best = min(best, earlier[j - 2] + 1)
            row.append(best)
    return row[-1]


def _short(name: str) -> str:
    """Give a name without the form of its company."""
    return _SUFFIX.sub("", name).removeprefix("The ")


def _shown(text: str, limit: int = 40) -> str:
    """Give a stranger's text for a message: escaped, so that it can't move the cursor, and cut."""
    return ascii(text) if len(text) <= limit else f"{text[:limit]!a}..."
