"""The past of one instrument as a simulated exchange plays it: bars counted in ticks and lots."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.errors import BacktestError, ValidationError
from ara.lineage import digest_arrays
from ara.market.bars import SCHEMA, Bars, Basis
from ara.market.calendar import calendar
from ara.market.hours import labels, sessions
from ara.market.instrument import AssetClass, Instrument
from ara.market.timeframe import Timeframe
from ara.trading.arithmetic import UNLIMITED

__all__ = ["Rated", "Tape", "instant"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WINDOW: Final = 20
_COARSE: Final = 5e-3
_FINER: Final = Decimal("0.0001")
_PRICES: Final = ("open", "high", "low", "close")
_NO_VOLUME: Final = frozenset({AssetClass.FOREX, AssetClass.INDEX})
_MOST: Final = 2**52

_Array = NDArray[np.float64]


def instant(microseconds: int) -> datetime:
    """Give the instant, UTC, so many microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rated:
    """What one unit of an instrument's currency was worth in that of the book, as it was known at each moment.

    Parameters
    ----------
    currency, code
        Of the book, and of the instrument.
    known
        Moments, ascending, microseconds since 1970 UTC.
    rate
        From each of them on; NaN where none was known, or none that was fresh.
    """

    currency: str
    code: str
    known: NDArray[np.int64]
    rate: _Array

    def at(self, moment: int) -> float:
        """Give the rate known at a moment.

        Raises
        ------
        BacktestError
            None was known then.
        """
        found = self._at(moment)
        if math.isnan(found):
            raise BacktestError(
                f"no rate of {self.code}{self.currency} was known on {instant(moment):%Y-%m-%d %H:%M} UTC",
                hint=f"{self._spans()} Name dates among them with --start and --end, or get rates of that time.",
            )
        return found

    def _spans(self) -> str:
        there = np.flatnonzero(np.isfinite(self.rate))
        if not len(there):
            return "There are none."
        first, last = (instant(int(self.known[place])) for place in there[[0, -1]])
        return f"There are rates from {first:%Y-%m-%d} to {last:%Y-%m-%d}."

    def tells(self, moment: int) -> bool:
        """Say whether a rate was known at a moment."""
        return not math.isnan(self._at(moment))

    def _at(self, moment: int) -> float:
        place = int(np.searchsorted(self.known, moment, side="right")) - 1
        return float(self.rate[place]) if place >= 0 else math.nan

    def until(self, moment: int) -> "Rated":
        """Give what was known at a moment."""
        stop = int(np.searchsorted(self.known, moment, side="right"))
        return Rated(currency=self.currency, code=self.code, known=self.known[:stop], rate=self.rate[:stop])


@dataclass(frozen=True, slots=True, kw_only=True)
class Tape:
    """Closed bars of one instrument, ready to be played.

    Parameters
    ----------
    instrument, timeframe
        Whose bars, and how long they are.
    tick, lot
        In what its prices and quantities are counted.
    at, known
        When each bar opened and when its close was public, microseconds since 1970 UTC.
    session
        Number of each bar's session, ascending.
    opens, highs, lows, closes
        Prices as traded, in ticks.
    volume
        In lots; `UNLIMITED` where nobody knows it. A bar without volume fills nothing: trading was halted.
    split, dividend
        In effect from each bar's open: new units for one old, and cash for one unit in ticks or parts of them.
    prices
        Open, high, low and close `[4, bar]`, carried on as if each dividend had been kept in the instrument and no
        split had been made: of any two bars, the ratio is the return that its holder had. Nothing later changes them.
    funding
        When funding of a perpetual coin fell due, microseconds since 1970 UTC, and the share of its value that who was
        long paid then; None where nobody knows.
    rated
        What its currency was worth in that of the book; None where they are one.
    notes
        What a reader should know of the bars.
    source
        Where the bars come from.
    """

    instrument: Instrument
    timeframe: Timeframe
    tick: Decimal
    lot: Decimal
    at: list[int]
    known: list[int]
    session: list[int]
    opens: list[int]
    highs: list[int]
    lows: list[int]
    closes: list[int]
    volume: list[int]
    split: _Array
    dividend: _Array
    prices: _Array
    funding: tuple[NDArray[np.int64], _Array] | None = None
    rated: Rated | None = None
    notes: tuple[str, ...] = ()
    source: str = ""
    _kept: dict[Any, Any] = field(init=False, default_factory=dict, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.at)

    @classmethod
    def of(
        cls,
        bars: Bars,
        *,
        split: _Array | None = None,
        dividend: _Array | None = None,
        lot: Decimal | None = None,
        halted: NDArray[np.bool_] | None = None,
        funding: tuple[NDArray[np.int64], _Array] | None = None,
    ) -> "Tape":
        """Make one of bars.

        Parameters
        ----------
        bars
            As traded, best; adjusted ones are taken as if they had been traded, in finer ticks.
        split, dividend
            As in `ara.data.traded.Traded`; none if None.
        lot
            Smallest step of a quantity; the instrument's if None.
        halted
            In which bars trading was halted. Bars without volume, those that were imputed and those outside the venue's
            hours, half days counted, are such anyway: what nobody traded at nobody is filled at.
        funding
            Of a perpetual coin, as `ara.trading.funding.facts` gives it.

        Raises
        ------
        ValidationError
            The lot is not above 0, or `halted` is not of as many bars.
        BacktestError
            There is no bar, or one has no price.
        """
        frame, instrument = bars.frame, bars.instrument
        symbol = instrument.symbol
        if frame.is_empty():
            raise BacktestError(f"there is no bar of {symbol} to trade on", hint="Name another range of dates.")
        raw = frame.select(_PRICES).to_numpy().astype(np.float64).T
        bad = np.flatnonzero(~np.isfinite(raw).all(axis=0))
        if len(bad):
            raise BacktestError(f"the bar of {symbol} at {frame['at'][int(bad[0])]:%Y-%m-%d %H:%M} has no price")
        tick = _tick(bars, float(raw[3, 0]))
        counted = np.rint(raw / float(tick))
        if np.abs(counted).max() >= _MOST:
            raise BacktestError(f"the prices of {symbol} are too large to be counted in steps of {tick}")
        opens, highs, lows, closes = (one.astype(np.int64).tolist() for one in counted)
        size = instrument.lot if lot is None else lot
        if not (size.is_finite() and size > 0):
            raise ValidationError(f"the lot is {size}; it is above 0")
        splits = np.ones(len(frame)) if split is None else np.asarray(split, np.float64)
        paid = np.zeros(len(frame)) if dividend is None else np.asarray(dividend, np.float64)
        venue = calendar(instrument.calendar)
        label = labels(frame["at"], venue).cast(pl.Int32).to_list()
        outside = sessions(frame["at"], venue, bars.timeframe).is_null().to_numpy()
        notes = (*bars.notes, _outside(symbol, instrument.venue, outside)) if outside.any() else bars.notes
        return cls(
            instrument=instrument, timeframe=bars.timeframe, tick=tick, lot=size,
            at=frame["at"].dt.epoch("us").to_list(), known=frame["known_at"].dt.epoch("us").to_list(), session=label,
            opens=opens, highs=highs, lows=lows, closes=closes,
            volume=_volume(frame, instrument, size, halted, outside),
            split=splits, dividend=paid / float(tick), prices=_carried_on(raw, splits, paid), notes=notes,
            funding=funding,
            source=", ".join(sorted(frame["source"].drop_nulls().unique())),
        )  # fmt: skip

    def until(self, moment: int) -> "Tape":
        """Give the bars whose close was public at a moment (microseconds since 1970 UTC), as they were then."""
        return self._part(int(np.searchsorted(np.array(self.known), moment, side="right")))

    def _part(self, stop: int) -> "Tape":
        funding = self.funding
        if funding is not None:
            due = int(np.searchsorted(funding[0], self.known[stop - 1], side="right")) if stop else 0
            funding = funding[0][:due], funding[1][:due]
        known = None if self.rated is None or not stop else self.rated.until(self.known[stop - 1])
        lists = ("at", "known", "session", "opens", "highs", "lows", "closes", "volume")
        return Tape(
            instrument=self.instrument, timeframe=self.timeframe, tick=self.tick, lot=self.lot, notes=self.notes,
            source=self.source, funding=funding, rated=known, split=self.split[:stop], dividend=self.dividend[:stop],
            prices=self.prices[:, :stop].copy(), **{name: getattr(self, name)[:stop] for name in lists},
        )  # fmt: skip

    @property
    def currency(self) -> str:
        """That of the book in which it is held."""
        return self.instrument.currency if self.rated is None else self.rated.currency

    def kept(self, key: Any, make: "Callable[[Tape], Any]") -> Any:
        """Give what a function makes of these bars; made once for each key."""
        if key not in self._kept:
            self._kept[key] = make(self)
        return self._kept[key]

    @property
    def close(self) -> _Array:
        """Closes, carried on as in `prices`."""
        close: _Array = self.prices[3]
        return close

    def mean(self, count: int) -> _Array:
        """Give the mean of the last closes at each bar; NaN before there are so many."""

        def made(tape: Tape) -> _Array:
            found = np.full(len(tape), np.nan)
            if 0 < count <= len(tape):
                windows = np.lib.stride_tricks.sliding_window_view(tape.close, count)
                found[count - 1 :] = windows.mean(axis=1)
            return found

        kept: _Array = self.kept(("mean", count), made)
        return kept

    def deviation(self, count: int) -> _Array:
        """Give the deviation of the last log returns at each bar; NaN before there are so many."""

        def made(tape: Tape) -> _Array:
            found = np.full(len(tape), np.nan)
            if 1 < count < len(tape):
                windows = np.lib.stride_tricks.sliding_window_view(tape.returns(), count)
                found[count:] = windows.std(axis=1)
            return found

        kept: _Array = self.kept(("deviation", count), made)
        return kept

    def returns(self) -> _Array:
        """Give the log return of each bar but the first; NaN where a price is 0 or less."""
        with np.errstate(divide="ignore", invalid="ignore"):
            found: _Array = np.diff(np.log(self.close))
        return found

    def usual(self) -> tuple[_Array, _Array]:
        """Give what was known before each bar: volatility and mean volume in lots of the last 20 bars; 0 for none."""

        def made(tape: Tape) -> tuple[_Array, _Array]:
            sigma, volume = np.zeros(len(tape)), np.zeros(len(tape))
            sigma[1:] = np.nan_to_num(tape.deviation(_WINDOW)[:-1])
            if len(tape) > _WINDOW:
                known = np.maximum(np.array(tape.volume, np.float64), 0.0)
                volume[_WINDOW:] = np.lib.stride_tricks.sliding_window_view(known, _WINDOW)[:-1].mean(axis=1)
            return sigma, volume

        found: tuple[_Array, _Array] = self.kept("usual", made)
        return found

    def bars(self) -> Bars:
        """Give the bars with the prices carried on, for indicators and models."""
        instants = {
            name: pl.Series(values, dtype=pl.Int64).cast(pl.Datetime("us", "UTC"))
            for name, values in (("at", self.at), ("known_at", self.known), ("learned_at", self.known))
        }
        volume = np.array(self.volume, np.float64)
        frame = pl.DataFrame(
            {
                **instants,
                **{name: self.prices[place] for place, name in enumerate(_PRICES)},
                "volume": np.where(volume < 0, np.nan, volume * float(self.lot)),
                "source": "tape",
                "quality": 1.0,
                "imputed": False,
                "votes": 1,
            },
            schema=SCHEMA,
        )
        return Bars(instrument=self.instrument, timeframe=self.timeframe, basis=Basis.TOTAL, frame=frame)

    def digest(self) -> str:
        """Give the sha256 of all that is played."""
        names = ("at", "known", "opens", "highs", "lows", "closes", "volume", "split", "dividend")
        columns = [(name, np.asarray(getattr(self, name))) for name in names]
        if self.funding is not None:
            columns += [("funded", self.funding[0]), ("funding", self.funding[1])]
        if self.rated is not None:
            columns += [("rated", self.rated.known), ("rate", self.rated.rate)]
        return digest_arrays(columns)


def _tick(bars: Bars, first: float) -> Decimal:
    """Give the step of prices: the instrument's where they are as traded; finer where they are not, or hardly so."""
    tick = bars.instrument.tick if bars.basis is Basis.RAW else bars.instrument.tick * _FINER
    if first and float(tick) > abs(first) * _COARSE:
        tick = min(tick, Decimal(10) ** math.floor(math.log10(abs(first) * _COARSE)))
    return tick


def _outside(symbol: str, venue: str, outside: NDArray[np.bool_]) -> str:
    count = int(outside.sum())
    bars = "bar lies" if count == 1 else "bars lie"
    return f"{symbol}: {count:,} {bars} outside the hours of {venue}; nothing was filled there, orders waited"


def _volume(
    frame: pl.DataFrame,
    instrument: Instrument,
    lot: Decimal,
    halted: NDArray[np.bool_] | None,
    outside: NDArray[np.bool_],
) -> list[int]:
    """Give the volumes in lots, 0 in a halt; of currencies and indices a 0 says nothing, nor does what is missing."""
    known = frame["volume"].cast(pl.Float64).to_numpy()
    silent = ~np.isfinite(known) | (known < 0)
    if instrument.asset_class in _NO_VOLUME:
        silent |= known == 0
    lots = np.minimum(np.where(silent, 0.0, known) / float(lot), _MOST)
    still = frame["imputed"].fill_null(value=False).to_numpy() | outside
    if halted is not None:
        told = np.asarray(halted, np.bool_)
        if told.shape != still.shape:
            raise ValidationError(f"halted is of shape {told.shape}; there are {len(still)} bars")
        still = still | told
    counted: list[int] = np.where(still, 0, np.where(silent, UNLIMITED, lots.astype(np.int64))).tolist()
    return counted


def _carried_on(raw: _Array, split: _Array, dividend: _Array) -> _Array:
    """Give prices times what one unit of the first bar has become, its dividends bought back in at their ex-day."""
    growth = np.ones(raw.shape[1])
    for place in np.flatnonzero((split != 1) | (dividend != 0)):
        if place:
            before = raw[3, place - 1] / split[place]
            paid = dividend[place] if 0 < dividend[place] < before else 0.0
            growth[place] = split[place] * (before / (before - paid) if before > 0 else 1.0)
    carried: _Array = raw * np.cumprod(growth)
    return carried
