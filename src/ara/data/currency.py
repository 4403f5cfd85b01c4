"""Money of one currency in another, by the rates that were public at the time.

Nothing here looks ahead: whatever belongs to an instant is converted by the newest rate whose `known_at` is not later.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.data.bar_store import BarStore
from ara.data.provider import SCHEMAS, Kind
from ara.errors import DataProviderError, ValidationError
from ara.market.bars import Bars
from ara.market.codes import MINOR
from ara.market.instrument import AssetClass, Instrument
from ara.market.money import CODES, Currency
from ara.market.symbols import split_pair
from ara.renamed import renamed
from ara.settings import Settings

__all__ = ["Preference", "Rate", "Rates", "hedged_returns"]

_RATES: Final = SCHEMAS[Kind.RATES]
_PRICES: Final = ("open", "high", "low", "close", "adjusted")
_NO_AMOUNTS: Final = frozenset({AssetClass.FOREX, AssetClass.INDEX})
_MICROSECOND: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_Floats = NDArray[np.float64]
_Stamps = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leg:
    """One pair's rates by the instant from which they were known."""

    known_at: _Stamps
    rate: _Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What one currency was worth in another, as it was known at an instant.

    Parameters
    ----------
    base, quote
        One `base` is worth `value` of `quote`.
    value
        How much.
    known_at
        Since when that was public, UTC: of a rate led over other currencies, its oldest step. The instant asked for,
        where both are one currency.
    way
        The currencies that it is led over, both ends included.
    """

    base: str
    quote: str
    value: float
    known_at: datetime
    way: tuple[str, ...]


class Rates:
    """Rates between currencies, as they were known at any instant.

    Two currencies without a rate of their own are led over the euro, over the dollar, or over both, in this order; each
    step by its newest rate at the instant.

    Parameters
    ----------
    frame
        Rows with the columns of the kind `RATES`, in any order; several sources may be put under each other, and
        further columns are passed over. Where a rate stands twice for one `at`, the one learned last counts.
    oldest
        How long a rate may stand for the present: the longest run of holidays. Beyond it there is none, so a currency
        that is quoted no longer is not converted by its last rate forever.
    learned
        Only rates that Ara had received by then; all, if None.
    """

    def __init__(
        self, frame: pl.DataFrame, *, oldest: timedelta = timedelta(days=10), learned: datetime | None = None
    ) -> None:
        if {name: frame.schema.get(name) for name in _RATES} != dict(_RATES):
            raise ValidationError(f"rates have the columns {', '.join(_RATES)}, not {', '.join(frame.columns)}")
        wrong = frame.filter(~(pl.col("rate").is_finite() & (pl.col("rate") > 0)).fill_null(value=False))
        if wrong.height:
            first = wrong.row(0, named=True)
            raise ValidationError(f"the rate of {first['base']}{first['quote']} at {first['at']} is {first['rate']}")
        if learned is not None:
            frame = frame.filter(pl.col("learned_at") <= learned)
        newest = frame.sort("learned_at").unique(["base", "quote", "at"], keep="last", maintain_order=True)
        self._oldest = oldest
        self._legs = {(str(base), str(quote)): _leg(own) for (base, quote), own in newest.group_by(["base", "quote"])}

    @classmethod
    def of_store(cls, store: BarStore, *, learned: datetime | None = None) -> Self:
        """Read all rates that are kept; reading waits for files or a database.

        Parameters
        ----------
        store
            Where `ecb` and other sources of rates were collected.
        learned
            Only rates that Ara had received by then; all, if None.
        """
        return cls(store.facts(Kind.RATES, learned_by=learned))

    @classmethod
    def of_bars(cls, bars: Iterable[Bars], *, oldest: timedelta = timedelta(days=10)) -> Self:
        """Make rates of the closes of currency pairs: `EURUSD` is what one euro was worth in dollars."""
        frames = [pl.DataFrame(schema=_RATES)]
        for one in bars:
            base, quote = split_pair(one.instrument.symbol)
            closes = one.frame.select("at", "known_at", "learned_at", rate="close")
            frames.append(closes.with_columns(base=pl.lit(base), quote=pl.lit(quote)).select(_RATES.names()))
        return cls(pl.concat(frames), oldest=oldest)

    @property
    def currencies(self) -> tuple[str, ...]:
        """Codes of all currencies that occur in some rate, in the order of the alphabet."""
        return tuple(sorted({code for pair in self._legs for code in pair}))

    def rate(self, base: str, quote: str, *, as_of: datetime) -> float:
        """Give how much of `quote` one `base` was worth, as it was known at an instant.

        Parameters
        ----------
        base, quote
            Codes; parts such as pence, `GBX`, count as what they are.
        as_of
            An aware instant: only rates that were public then are used.

        Raises
        ------
        DataProviderError
            No way leads from one to the other, or the newest rate known then was too old.
        """
        return self.found(base, quote, as_of=as_of).value

    def found(self, base: str, quote: str, *, as_of: datetime) -> Rate:
        """Give a rate as `rate` does, with the time since which it was known and the way that led to it."""
        moment = np.array([_stamp(as_of)], dtype=np.int64)
        found, way = self._over(base, quote, moment)
        if np.isnan(found[0]):
            raise self._none(way, as_of)
        steps = (self._legs.get(pair) or self._legs[pair[::-1]] for pair in pairwise(way))
        known = [int(leg.known_at[np.searchsorted(leg.known_at, moment[0], side="right") - 1]) for leg in steps]
        oldest = _EPOCH + min(known, default=int(moment[0])) * _MICROSECOND
        return Rate(base=base, quote=quote, value=float(found[0]), known_at=oldest, way=way)

    def convert(
        self, frame: pl.DataFrame, source: str, *, to: str, columns: Sequence[str] = (), gaps: bool = False
    ) -> pl.DataFrame:
        """Give a frame with its amounts in another currency, each row by the rate known at its own `known_at`.

        Bars are converted whole by the rate at their end: their high and low are prices of the asset, not extremes in
        the other currency.

        Parameters
        ----------
        frame
            Any rows with `known_at`.
        source
            Currency of the amounts.
        to
            The currency to give them in.
        columns
            Names of the amounts; where there are none, those of open, high, low, close and adjusted that are there.
        gaps
            Leave amounts null where there is no rate, instead of refusing.
        """
        names = list(columns) or [name for name in _PRICES if name in frame.columns]
        missing = [name for name in ("known_at", *names) if name not in frame.columns]
        if missing or not names:
            raise ValidationError(f"the frame has no column {missing[0] if missing else 'of prices'}")
        if frame["known_at"].has_nulls():
            raise ValidationError("the column known_at has rows without a time")
        moments = frame["known_at"].cast(pl.Datetime("us", "UTC")).to_physical().to_numpy()
        found, way = self._over(source, to, moments)
        if np.isnan(found).any() and not gaps:
            raise self._none(way, frame["known_at"][int(np.flatnonzero(np.isnan(found))[0])])
        factor = pl.Series("factor", found).fill_nan(None)
        return frame.with_columns((pl.col(name) * factor).alias(name) for name in names)

    def bars(self, bars: Bars, *, to: str) -> Bars:
        """Give bars of an instrument with their prices in another currency; volume stays in units."""
        frame = self.convert(bars.frame, bars.instrument.currency, to=to)
        return replace(bars, instrument=replace(bars.instrument, currency=Currency(to).code), frame=frame)

    def moves(self, base: str, quote: str, *, at: pl.Series) -> pl.Series:
        """Give the returns of a currency between instants: `rate / earlier rate - 1`; the first is null.

        Parameters
        ----------
        base
            The currency whose value moves.
        quote
            The currency that it is measured in, that of the investor.
        at
            Ascending instants, such as the `known_at` of an asset's bars.
        """
        frame = self.convert(
            pl.DataFrame({"known_at": at, "move": 1.0}, strict=False), base, to=quote, columns=["move"]
        )
        return frame["move"].pct_change()

    def _over(self, base: str, quote: str, moments: _Stamps) -> tuple[_Floats, tuple[str, ...]]:
        """Give the rates at instants, NaN where there is none, and the way that led there."""
        base, shrink = self._whole(base)
        quote, grow = self._whole(quote)
        way = self._way(base, quote)
        rates = np.full(len(moments), grow / shrink)
        for left, right in pairwise(way):
            forth = self._legs.get((left, right))
            rates *= self._at(forth, moments) if forth else 1 / self._at(self._legs[right, left], moments)
        return rates, way

    def _whole(self, code: str) -> tuple[str, int]:
        """Give a currency's code, or that of a coin with a rate, and how many of what was named make one of it."""
        if code in MINOR:
            return MINOR[code]
        return code if code not in CODES and code in self.currencies else Currency(code).code, 1

    def _way(self, base: str, quote: str) -> tuple[str, ...]:
        if base == quote:
            return (base,)
        for between in ((), ("EUR",), ("USD",), ("EUR", "USD"), ("USD", "EUR")):
            way = (base, *between, quote)
            if all(pair in self._legs or pair[::-1] in self._legs for pair in pairwise(way)):
                return way
        raise DataProviderError(
            f"No rate leads from {base} to {quote}.",
            hint=f"There are rates of {' '.join(self.currencies) or 'nothing'}. More: ara data fetch EUR",
        )

    def _at(self, leg: _Leg, moments: _Stamps) -> _Floats:
        place = np.searchsorted(leg.known_at, moments, side="right") - 1
        known = place >= 0
        age = moments - leg.known_at[np.maximum(place, 0)]
        return np.where(known & (age <= self._oldest // _MICROSECOND), leg.rate[np.maximum(place, 0)], np.nan)

    def _none(self, way: tuple[str, ...], moment: datetime) -> DataProviderError:
        """Say which step has no rate at an instant."""
        stamp = np.array([_stamp(moment)], dtype=np.int64)
        steps = ((pair, self._legs.get(pair) or self._legs[pair[::-1]]) for pair in pairwise(way))
        (left, right), leg = next(step for step in steps if np.isnan(self._at(step[1], stamp)[0]))
        first, last = (_EPOCH + int(leg.known_at[place]) * _MICROSECOND for place in (0, -1))
        return DataProviderError(
            f"There is no rate of {left}{right} for {moment:%Y-%m-%d %H:%M} UTC; they run from {first:%Y-%m-%d} to "
            f"{last:%Y-%m-%d} and count for {self._oldest.days} days.",
            hint="Get newer ones: ara data update EUR",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """The currency in which a user wants amounts to be shown.

    Parameters
    ----------
    currency
        The one.
    """

    currency: Currency

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Take it from the setting `data.currency`."""
        return cls(currency=Currency(settings.data.currency))

    @classmethod
    def chosen(cls, settings: Settings) -> Self | None:
        """Take it from the setting where somebody has set it; None where it stands at its default."""
        return None if settings.origin("data.currency").kind == "default" else cls.of(settings)

    def wanted(self, instrument: Instrument) -> bool:
        """Say whether an instrument's prices are amounts of another currency: those of pairs and indices are none."""
        return instrument.asset_class not in _NO_AMOUNTS and instrument.currency != self.currency.code

    def shown(self, amount: float, currency: str, *, rates: Rates, as_of: datetime) -> str:
        """Give an amount in words, converted by the rate of the moment: `1,234.50 USD`."""
        return self.currency.told(amount * rates.rate(currency, self.currency.code, as_of=as_of))


def hedged_returns(
    local: pl.Series, moves: pl.Series, *, share: float = 1.0, carry: float | pl.Series = 0.0
) -> pl.Series:
    """Give an investor's returns on a foreign asset whose currency is hedged.

    A forward on the value at the beginning of each period is rolled from period to period. With the asset's return in
    its own currency `r`, the currency's move `c`, the share hedged `h` and the forward's premium `f`,

    `(1 + r)(1 + c) - 1 - h (c - f)`

    With all of it hedged and no premium, `r + r c` is left: what the asset gained within the period was not hedged.

    Parameters
    ----------
    local
        Simple returns of the asset in its own currency.
    moves
        Simple returns of that currency in the investor's, over the same periods (`Rates.moves`).
    share
        Part of the value that is hedged, from 0 (none: the unhedged returns) to 1.
    carry
        The forward's premium of a period, `forward / spot - 1`; by covered interest parity
        `(1 + i_home) / (1 + i_foreign) - 1`.

    References
    ----------
    Eun and Resnick (1988), Exchange Rate Uncertainty, Forward Contracts, and International Portfolio Selection,
    Journal of Finance 43(1).
    """
    if len(local) != len(moves):
        raise ValidationError(f"there are {len(local)} returns and {len(moves)} moves; they belong to the same periods")
    if not 0 <= share <= 1:
        raise ValidationError(f"the share hedged is {share}; it is from 0 to 1")
    return ((1 + local) * (1 + moves) - 1 - share * (moves - carry)).alias(local.name)


def _leg(own: pl.DataFrame) -> _Leg:
    ordered = own.sort("known_at", "at")
    return _Leg(known_at=ordered["known_at"].to_physical().to_numpy(), rate=ordered["rate"].to_numpy())


def _stamp(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise ValidationError(f"the instant {moment} has no time zone; every time is aware, in UTC")
    return (moment - _EPOCH) // _MICROSECOND


_OLDER: Final[Mapping[str, str]] = {"CurrencyConverter": "Rates", "CurrencyPreferenceManager": "Preference"}

__getattr__ = renamed(__name__, _OLDER)
