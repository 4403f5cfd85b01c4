"""What the columns of a stranger's table are: by their names, or by a known layout where they have none."""

import re
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from unicodedata import combining, normalize

from ara.errors import ValidationError
from ara.market.instrument import AssetClass
from ara.market.symbols import guess, known, normalise

__all__ = ["PRICES", "Columns", "by_layout", "by_name", "doubt", "says_nothing", "symbol_of"]

PRICES: Final = ("open", "high", "low", "close")
"""The four prices of a bar."""

_WORDS: Final[Mapping[str, str]] = {
    "stamp": "timestamp datetime ts at opentime time_open starttime candlebegintime begins_at date_time timestamputc"
    " dt",
    "date": "date day tradedate tradingday tradingdate session datum businessdate dates jour fecha dia giorno data tag"
    " 日期 日付 交易日期 날짜 дата",
    "time": "time hour timeofday uhrzeit zeit heure hora ora tijd 时间 時刻",
    "epoch": "unix epoch unixtime unixtimestamp epochtime t",
    "open": "open o openprice firstprice first eroffnung eroffnungskurs erster 1open priceopen openbid"
    " opening openingprice ouverture apertura abertura openingskoers 开盘 开盘价 始値 시가 открытие",
    "high": "high h highprice max hoch 2high pricehigh highbid highest highestprice"
    " hochst hochstkurs haut plushaut maximo maximum maxima massimo hoog hoogste 最高 最高价 高値 고가 максимум",
    "low": "low l lowprice min tief 3low pricelow lowbid lowest lowestprice"
    " tiefst tiefstkurs bas plusbas minimo minimum minima laag laagste 最低 最低价 安値 저가 минимум",
    "close": "close c closeprice last lastprice closelast price settle settlement schluss schlusskurs"
    " 4close priceclose closebid pxlast closevalue"
    " closing closingprice kurs letzter zuletzt cloture dernier cierre ultimo chiusura fechamento slot slotkoers"
    " 收盘 收盘价 終値 종가 закрытие",
    "adjusted": "adjclose adjustedclose adjcloseprice closeadj closeadjusted 5adjustedclose adjusted",
    "volume": "volume vol v tickvol tickvolume volumebase basevolume shares 5volume 6volume"
    " totalvolume umsatz volumen stucke volumi 成交量 出来高 거래량 объем",
    "symbol": "symbol ticker tickersymbol instrument code pair sym ric stock secid",
    "asset_class": "assetclass class assettype securitytype",
    "period": "per period interval timeframe",
}

_ROLES: Final = {word.replace("_", ""): role for role, words in _WORDS.items() for word in words.split()}

_PASSED: Final = re.compile(
    r"(?:)|index|unnamed\d*|level\d*|indexlevel\d+|source|openint|openinterest|spread|real_?volume|name|currency"
    r"|dividends?|dividendamount|stocksplits?|splitcoefficient|change\w*|pct\w*|trades?|tradecount|vwap|isin"
)

_ENDING: Final = re.compile(
    r"(?i)([-_](daily|hourly|historical|history|data|prices?|[1-9]\d?[mhdw]|[mhd][1-9]\d?"
    r"|(19|20)\d{2}([-_]?\d{2}){0,2})|\.us)+$"
)


_QUANTITIES: Final = (
    "amount ask asking askprice asksize avg average averageprice bid bidprice bidsize count depth lots mean median mid"
    " midprice nav number offer price prices qty quantity quotevolume rate return returns size spot ticks tradevalue"
    " trades turnover typical value values volume vwap weighted worth yield"
)

_NO_NAMES: Final = (
    "bars book book1 candles chart csv daily data dataset download downloads export exported exports file history"
    " historical historicaldata import ohlc ohlcv output price prices quote quotes report result results sample sheet"
    " sheet1 stock stocks table temp tmp ticks timeseries unnamed untitled values"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Where in a table the parts of a bar stand.

    Parameters
    ----------
    place
        Role and column: `stamp`, `date`, `time`, `epoch`, the four prices, `adjusted`, `volume`, `symbol`,
        `asset_class`.
    wide
        Columns that each hold the closes of one symbol, with that symbol; empty in a table of bars.
    twins
        Role and further columns that are called just as the one that has it.
    """

    place: Mapping[str, str]
    wide: Mapping[str, str]
    twins: Mapping[str, Sequence[str]] = field(default_factory=dict)


def by_name(names: Mapping[str, str], *, numeric: frozenset[str] | None = None) -> Columns | None:
    """Find the parts of a bar by what the columns are called; None where the table holds no bars.

    Parameters
    ----------
    names
        Column and heading, in the table's order.
    numeric
        The columns that hold numbers, where that is known; only they can be closes of a symbol.
    """
    place: dict[str, str] = {}
    twins: dict[str, list[str]] = {}
    rest: list[tuple[str, str]] = []
    for column, name in names.items():
        role = _role(name)
        if role and role not in place:
            place[role] = column
        elif role and _plain(name) == _plain(names[place[role]]):
            twins.setdefault(role, []).append(column)
        elif role is None:
            rest.append((column, name))
    if not {"stamp", "date", "epoch"} & set(place):
        first = next(iter(names.items()), ("", ""))
        if "time" in place:
            place["stamp"] = place.pop("time")
        elif _plain(first[1]) in {"", "index", "unnamed0", "level0", "indexlevel0"} and first[0]:
            place["stamp"] = first[0]
        else:
            return None
    if "close" not in place and "adjusted" in place:
        place["close"] = place["adjusted"]
    if "close" in place:
        return Columns(place=place, wide={}, twins=twins)
    if {"symbol", "open", "high", "low"} & set(place):
        return None
    wide = {column: symbol for column, name in rest if (symbol := _headed(name))}
    fitting = numeric is None or set(wide) <= numeric
    if not wide or len(wide) != len(rest) or not fitting or len(set(wide.values())) != len(wide):
        return None
    return Columns(place={role: place[role] for role in ("stamp", "date", "time", "epoch") if role in place}, wide=wide)


def by_layout(columns: Sequence[str], cells: Sequence[Sequence[str | None]]) -> Columns | None:
    """Find the parts of a bar in a table without heading, by the first cells of each column.

    Known are the klines of Binance (twelve numbers, the first and seventh a time), MetaTrader (date, time, prices,
    volume) and date or time, open, high, low, close and, where there is one, volume.
    """
    first = [next((cell.strip() for cell in column if cell), "") for column in cells]
    named = columns[: len(first)]
    if len(first) >= 11 and _is_epoch(first[0]) and _is_epoch(first[6]):
        return Columns(place=dict(zip(("stamp", *PRICES, "volume"), named, strict=False)), wide={})
    if len(first) >= 6 and _is_date(first[0]) and re.fullmatch(r"\d{1,2}:\d{2}(:\d{2})?", first[1]):
        return Columns(place=dict(zip(("date", "time", *PRICES, "volume"), named, strict=False)), wide={})
    prices = first[1:5]
    if len(first) in {5, 6, 7} and (_is_epoch(first[0]) or _is_date(first[0])) and all(map(_is_price, prices)):
        return Columns(place=dict(zip(("stamp", *PRICES, "volume"), named, strict=False)), wide={})
    if len(first) == 2 and (_is_epoch(first[0]) or _is_date(first[0])) and _is_price(first[1]):
        return Columns(place={"stamp": named[0], "close": named[1]}, wide={})
    return None


def symbol_of(name: str) -> str:
    """Give the symbol that the name of a column or a file says; empty where it can be none.

    Where the plain name is nobody Ara knows but an index is called so, that is meant: `vix` is `^VIX`. What a name has
    after a blank or a comma (`AAPL Close`, `AAPL, 1D`), and endings such as `.us` and `_daily`, don't count.
    """
    word = re.split(r"[\s,()]", name.strip().strip("'\"<>"), maxsplit=1)[0]
    word = _ENDING.sub("", word)
    try:
        symbol = normalise(word)
    except ValidationError:
        return ""
    if any(one.symbol == symbol for one in known()):
        return symbol
    index = guess(f"^{symbol}") if symbol[0].isalnum() and len(symbol) < 32 else None
    return symbol if index is None or index.name == index.symbol else index.symbol


def doubt(columns: Mapping[str, str], kept: Callable[[], Container[str]]) -> str:
    """Say why it isn't plain that each column holds the closes of a symbol; empty where it is.

    Parameters
    ----------
    columns
        Heading and symbol; none where the table isn't of that form.
    kept
        Gives the symbols that are kept, which are known beside those that Ara knows.
    """
    listed = ascii(", ".join(name[:30] for name in list(columns)[:8]))[1:-1]
    if word := next((name for name in columns if _plain(name) in _QUANTITIES.split() or _role(name)), ""):
        return f"its columns are {listed}, and {ascii(word[:30])[1:-1]} is no symbol"
    if not columns or any(map(_is_known, columns.values())):
        return ""
    there = kept()
    if any(symbol in there for symbol in columns.values()):
        return ""
    return f"its columns are {listed}, none of which is a symbol that is known"


def says_nothing(name: str) -> bool:
    """Tell whether a file's name is one that any table may have, such as `export (1)`, and so no symbol."""
    word = re.split(r"[\s,()]", name.strip(), maxsplit=1)[0]
    plain = re.sub(r"[_-]|[\d_-]+$", "", _ENDING.sub("", word).casefold())
    return plain in {"", *_NO_NAMES.split()} or not symbol_of(name)


def _is_known(symbol: str) -> bool:
    """Tell whether a symbol is one that Ara knows, or has a shape that words don't have."""
    return any(one.symbol == symbol for one in known()) or guess(symbol).asset_class is not AssetClass.STOCK


def _headed(name: str) -> str:
    """Give the symbol of a heading: `AAPL` and `AAPL Close`, and nothing of a sentence."""
    _, *more = re.split(r"[\s,()]+", name.strip().strip("'\"<>"), maxsplit=1)
    return symbol_of(name) if _role("".join(more)) in {"", "close", "adjusted"} else ""


def _role(name: str) -> str | None:
    """Give what a heading says, empty for what is no matter, None for what may be anything."""
    plain = _plain(name)
    role = _ROLES.get(plain)
    if role is None and plain.startswith("volume"):
        return "volume"
    if role is None and _PASSED.fullmatch(plain):
        return ""
    return role


def _plain(name: str) -> str:
    """Give a heading's letters and digits, small and without accents."""
    if name.isascii():
        return re.sub(r"[^a-z0-9]", "", name.casefold())
    return re.sub(r"[\W_]", "", "".join(one for one in normalize("NFKD", name.casefold()) if not combining(one)))


def _is_epoch(text: str) -> bool:
    return re.fullmatch(r"\d{9,10}|\d{12,13}|\d{15,16}|\d{18,19}", text) is not None


def _is_date(text: str) -> bool:
    return re.match(r"(19|20)\d{6}($|\s)|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}", text) is not None


def _is_price(text: str) -> bool:
    return re.fullmatch(r"[-+]?\d+([.,]\d+)?([eE][-+]?\d+)?", text) is not None
