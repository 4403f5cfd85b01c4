"""Alpha Vantage's answers taken apart: a refusal is a 200 too, and each series has a name of its own."""

import re
from collections.abc import Mapping
from typing import Final, TypeVar

import msgspec

from ara.data.access.wire import decode, quote
from ara.data.providers.alpha_vantage.messages import Bar
from ara.errors import DataProviderError, MissingKeyError, RateLimitError, ShapeError, UnknownSymbolError
from ara.settings import Secret

__all__ = ["Series", "part", "parts", "series"]

_T = TypeVar("_T")

_SOURCE: Final = "alpha_vantage"
_RATE: Final = re.compile(r"rate limit|call frequency|requests? per|calls? per|spreading out", re.IGNORECASE)
_PREMIUM: Final = re.compile(r"premium", re.IGNORECASE)
_KEY: Final = re.compile(r"api ?key", re.IGNORECASE)
_REFUSALS: Final = ("Note", "Information", "Error Message")


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """A series: what it is of, the zone of its stamps, and its rows by stamp."""

    about: str
    zone: str
    rows: dict[str, Bar]


def parts(raw: bytes, symbol: str, key: Secret) -> dict[str, msgspec.Raw]:
    """Give an answer's parts by name; a refusal is raised, and its text, which may hold the key, is not repeated."""
    found = decode(raw, dict[str, msgspec.Raw], source=_SOURCE)
    for name in _REFUSALS:
        if name in found:
            words = decode(bytes(found[name]), str, source=_SOURCE)
            raise _refusal(words.replace(key.reveal() or "\0", "***"), symbol)
    return found


def part(found: Mapping[str, msgspec.Raw], name: str, type: type[_T]) -> _T:
    """Give one part of an answer; ShapeError where it isn't there."""
    if name not in found:
        there = ", ".join(quote(one) for one in list(found)[:5]) or "nothing"
        raise ShapeError(f"alpha_vantage sends no {name!r}; it sends {there}.", source=_SOURCE, field=name)
    return decode(bytes(found[name]), type, source=_SOURCE)


def series(found: Mapping[str, msgspec.Raw]) -> Series:
    """Give the series of an answer, whatever it is called."""
    meta = part(found, "Meta Data", dict[str, str])
    name = next((one for one in found if "Time Series" in one), "Time Series")
    base, counter = _told(meta, "From Symbol"), _told(meta, "To Symbol")
    coin, market = _told(meta, "Digital Currency Code"), _told(meta, "Market Code")
    about = base + counter or f"{coin}-{market}".strip("-") or _told(meta, "Symbol")
    return Series(about=about, zone=_told(meta, "Time Zone") or "UTC", rows=part(found, name, dict[str, Bar]))


def _told(meta: Mapping[str, str], words: str) -> str:
    """Give the entry whose key is these words behind a number: `2. Symbol`."""
    return next((value for key, value in meta.items() if key.partition(". ")[2] == words), "")


def _refusal(words: str, symbol: str) -> DataProviderError | UnknownSymbolError:
    if _RATE.search(words):
        return RateLimitError(
            "Alpha Vantage was asked too often with this key.",
            hint="A free key may ask 25 times a day; wait until tomorrow, or name another source with --provider.",
        )
    if _PREMIUM.search(words):
        words = f"Alpha Vantage gives this of {symbol} to paid keys alone."
        return MissingKeyError(words, hint="Name another source with --provider.", paid=True)
    if _KEY.search(words) and "invalid api call" not in words.lower():
        return MissingKeyError(
            "Alpha Vantage doesn't accept the key.", hint="Get one at https://www.alphavantage.co/support/#api-key"
        )
    if "invalid api call" in words.lower():
        return UnknownSymbolError(f"Alpha Vantage has no {symbol}.", symbol=symbol)
    return DataProviderError(f"Alpha Vantage refuses {symbol}: {quote(words)}.", symbol=symbol)
