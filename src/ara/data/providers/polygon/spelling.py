"""Tickers as Polygon spells them, and the way back."""

from dataclasses import replace
from typing import Final

from ara.data.providers.polygon.reference import Ticker
from ara.errors import ValidationError
from ara.market.instrument import AssetClass, Instrument
from ara.market.symbols import guess, known, normalise

__all__ = ["CLASSES", "channel", "dashed", "listed_instrument", "of_ticker", "spelled"]

CLASSES: Final = frozenset(
    {AssetClass.STOCK, AssetClass.ETF, AssetClass.INDEX, AssetClass.CRYPTO, AssetClass.FOREX, AssetClass.OPTION}
)
"""What Polygon has."""

_INDICES: Final = {"^GSPC": "SPX", "^DJI": "DJI", "^IXIC": "COMP", "^NDX": "NDX", "^RUT": "RUT", "^VIX": "VIX"}
_OUR_INDICES: Final = {theirs: ours for ours, theirs in _INDICES.items()}
_FUNDS: Final = frozenset({"ETF", "ETN", "ETS", "ETV", "FUND"})
_MARKETS: Final = {"stocks": "stock", "otc": "stock", "indices": "index", "crypto": "crypto", "fx": "forex"}


def spelled(instrument: Instrument) -> str:
    """Give Polygon's ticker: `AAPL`, `BRK.B`, `X:BTCUSD`, `C:EURUSD`, `I:SPX`, `O:AAPL250117C00150000`."""
    symbol = instrument.symbol
    match instrument.asset_class:
        case AssetClass.CRYPTO:
            return f"X:{symbol.replace('-', '')}"
        case AssetClass.FOREX:
            return f"C:{symbol}"
        case AssetClass.INDEX:
            return f"I:{_INDICES.get(symbol, symbol.removeprefix('^'))}"
        case AssetClass.OPTION:
            return f"O:{symbol.removeprefix('O:')}"
        case _:
            return symbol.replace("-", ".")


def dashed(instrument: Instrument) -> str:
    """Give the ticker as trades and quotes want it, with a dash in pairs: `X:BTC-USD`, `C:EUR-USD`."""
    symbol = instrument.symbol
    if instrument.asset_class is AssetClass.CRYPTO:
        return f"X:{symbol}"
    return f"C:{symbol[:3]}-{symbol[3:]}" if instrument.asset_class is AssetClass.FOREX else spelled(instrument)


def channel(instrument: Instrument) -> tuple[str, str]:
    """Give the path of the stream that carries an instrument's minutes, and the name of its channel there."""
    symbol = instrument.symbol
    match instrument.asset_class:
        case AssetClass.CRYPTO:
            return "/crypto", f"XA.{symbol}"
        case AssetClass.FOREX:
            return "/forex", f"CA.{symbol[:3]}/{symbol[3:]}"
        case AssetClass.INDEX:
            return "/indices", f"AM.{spelled(instrument)}"
        case AssetClass.OPTION:
            return "/options", f"AM.{spelled(instrument)}"
        case _:
            return "/stocks", f"AM.{spelled(instrument)}"


def of_ticker(ticker: str) -> str:
    """Give Ara's symbol of a ticker or of a pair in a stream; empty where there is none."""
    if ticker != ticker.upper():  # small letters mark preferred shares and the like, which Ara has no spelling for
        return ""
    mark, colon, rest = ticker.partition(":")
    if not colon:
        mark, rest = "", ticker
    try:
        return normalise(_OUR_INDICES.get(rest, f"^{rest}") if mark == "I" else rest)
    except ValidationError:
        return ""


def listed_instrument(line: Ticker) -> Instrument | None:
    """Give the instrument of one line of the list; None where Ara has no spelling or class for it."""
    kind = _MARKETS.get(line.market)
    pair = line.market == "crypto" and line.base_currency_symbol and line.currency_symbol
    symbol = of_ticker(f"{line.base_currency_symbol}-{line.currency_symbol}".upper() if pair else line.ticker)
    if kind is None or not symbol:
        return None
    one = guess(symbol, "etf" if kind == "stock" and line.type in _FUNDS else kind)
    if one in known():
        return one
    currency = line.currency_symbol or (line.currency_name if len(line.currency_name or "") == 3 else None)
    return replace(
        one,
        name=line.name or one.name,
        venue=line.primary_exchange or one.venue,
        currency=(currency or one.currency).upper(),
    )
