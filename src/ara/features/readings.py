"""What values of well-known indicators are usually read as, how common they are, and what followed them.

The readings are those of the books that the indicators come from. Whether they are worth anything is another matter:
beside each stands how often the price went the way that is read into it, and how often it does after any bar.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import FeatureEngineeringError, ValidationError
from ara.features import catalogue
from ara.features.patterns.followed import HORIZON, Followed, followed
from ara.market.bars import Bars

__all__ = ["FAMILIES", "READINGS", "Band", "Read", "Reading", "Told", "chosen", "read", "told"]

_Array = NDArray[np.float64]
_END: Final = math.inf

FAMILIES: Final = ("trend", "momentum", "volatility", "volume", "statistical")
"""Which families have readings, in the order in which they are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Values that are read as one thing: those from `low` on, up to the next band's.

    Parameters
    ----------
    low
        Where it begins.
    words
        What it is read as.
    way
        Where the price is held to go next: 1 up, -1 down, 0 nothing is said.
    """

    low: float
    words: str
    way: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One output of an indicator and its bands, the lowest first; the first begins at no end."""

    family: str
    indicator: str
    output: str
    bands: tuple[Band, ...]

    def band(self, value: float) -> int:
        """Give the number of the band that a value falls into."""
        return sum(value >= one.low for one in self.bands) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What an indicator says at the last bar.

    Parameters
    ----------
    reading
        How it is read.
    value
        Its last value; NaN while it warms up or lacks an input.
    band
        The band that it falls into; None without a value.
    share
        The share of its bars that fell into the same band; NaN without a value.
    bars
        How many bars it has a value for.
    followed
        What followed the bars on which it entered that band; None where the band says nothing of what comes.
    why
        Why it has no value; empty where it has one.
    """

    reading: Reading
    value: float
    band: Band | None
    share: float
    bars: int
    followed: Followed | None
    why: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it; what is not known is null."""
        return {
            "indicator": self.reading.indicator,
            "output": self.reading.output,
            "category": self.reading.family,
            "value": None if math.isnan(self.value) else self.value,
            "words": self.band.words if self.band else None,
            "share": None if math.isnan(self.share) else self.share,
            "bars": self.bars,
            "followed": None if self.followed is None else self.followed.as_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Told:
    """What the indicators of a category say of an instrument.

    Parameters
    ----------
    bars
        Which were read; the last is what is known now.
    dates
        Of each of them.
    found
        What the indicators say.
    unit
        What a bar is called.
    horizon
        Bars after which is looked at what followed.
    """

    bars: Bars
    dates: Sequence[date]
    found: Sequence[Read]
    unit: str
    horizon: int

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        return {
            "schema": 1,
            "symbol": self.bars.instrument.symbol,
            "timeframe": str(self.bars.timeframe),
            "bars": len(self.bars),
            "date": self.dates[-1].isoformat(),
            "close": float(self.bars.frame["close"][-1]),
            "currency": self.bars.instrument.currency,
            "horizon": self.horizon,
            "indicators": [one.as_dict() for one in self.found],
        }


def _reading(family: str, name: str, *bands: tuple[float, str] | tuple[float, str, int]) -> Reading:
    """Write a reading as `indicator` or `indicator.output`, and its bands from the lowest up."""
    indicator, _, output = name.partition(".")
    made = tuple(Band(low=one[0], words=one[1], way=one[2] if len(one) == 3 else 0) for one in bands)
    return Reading(family=family, indicator=indicator, output=output or indicator, bands=made)


_STRETCHED_UP: Final = "overbought by the usual reading"
_STRETCHED_DOWN: Final = "oversold by the usual reading"
_BETWEEN: Final = "between the usual marks"

READINGS: Final[tuple[Reading, ...]] = (
    _reading("trend", "adx", (-_END, "no trend to speak of"), (20, "neither trend nor none"), (25, "a trend")),
    _reading("trend", "ma_cross.state", (-_END, "the 50-bar mean is below the 200-bar one", -1),
             (0, "both means agree"), (0.5, "the 50-bar mean is above the 200-bar one", 1)),
    _reading("trend", "supertrend_direction.direction", (-_END, "below its stop: a falling trend", -1),
             (0, "above its stop: a rising trend", 1)),
    _reading("trend", "aroon.oscillator", (-_END, "the low is the fresher: falling", -1), (-50, "no clear trend"),
             (50, "the high is the fresher: rising", 1)),
    _reading("trend", "macd_v.histogram", (-_END, "below its signal: losing speed", -1),
             (0, "above its signal: gaining speed", 1)),
    _reading("trend", "trend_intensity", (-_END, "a strong fall", -1), (20, "on both sides of its mean"),
             (80, "a strong rise", 1)),
    _reading("momentum", "rsi", (-_END, _STRETCHED_DOWN, 1), (30, _BETWEEN), (70, _STRETCHED_UP, -1)),
    _reading("momentum", "stoch.k", (-_END, _STRETCHED_DOWN, 1), (20, _BETWEEN), (80, _STRETCHED_UP, -1)),
    _reading("momentum", "williams_r", (-_END, _STRETCHED_DOWN, 1), (-80, _BETWEEN), (-20, _STRETCHED_UP, -1)),
    _reading("momentum", "cci", (-_END, "unusually far below its mean", 1), (-100, "as far as usual from its mean"),
             (100, "unusually far above its mean", -1)),
    _reading("momentum", "roc", (-_END, "lower than ten bars ago", -1), (0, "higher than ten bars ago", 1)),
    _reading("momentum", "momentum_12_1", (-_END, "a losing year but for the last month", -1),
             (0, "a winning year but for the last month", 1)),
    _reading("volatility", "volatility_ratio", (-_END, "calmer than its own year"), (0.8, "as its own year"),
             (1.25, "wilder than its own year")),
    _reading("volatility", "volatility_percentile", (-_END, "among the calmest of the year"),
             (10, "within the year's range"), (90, "among the wildest of the year")),
    _reading("volatility", "bollinger_percent", (-_END, "below the lower band", 1), (0, "within the bands"),
             (1, "above the upper band", -1)),
    _reading("volatility", "choppiness", (-_END, "goes one way"), (38.2, "between one way and to and fro"),
             (61.8, "goes to and fro")),
    _reading("volatility", "squeeze.on", (-_END, "no squeeze"), (0.5, "a squeeze: calm, read as a move in the making")),
    _reading("volume", "mfi", (-_END, _STRETCHED_DOWN, 1), (20, _BETWEEN), (80, _STRETCHED_UP, -1)),
    _reading("volume", "cmf", (-_END, "more was sold", -1), (-0.1, "as much bought as sold"),
             (0.1, "more was bought", 1)),
    _reading("volume", "rvol", (-_END, "little was traded"), (0.5, "a usual volume"), (2, "an unusual volume")),
    _reading("volume", "up_down_volume", (-_END, "more on falling bars", -1), (0.8, "about even"),
             (1.2, "more on rising bars", 1)),
    _reading("statistical", "zscore", (-_END, "stretched below its mean", 1), (-2, "near its mean"),
             (2, "stretched above its mean", -1)),
    _reading("statistical", "drawdown", (-_END, "a bear market"), (-0.2, "a correction"), (-0.1, "near its high")),
    _reading("statistical", "variance_ratio.z", (-_END, "moves that cancel, beyond chance"), (-2, "a random walk"),
             (2, "moves that add up, beyond chance")),
    _reading("statistical", "adf", (-_END, "comes back to a level"), (-2.9, "no level that it comes back to")),
)  # fmt: skip
"""The readings that are shown, by family."""


def read(
    bars: Bars, *, readings: Sequence[Reading] = READINGS, horizon: int = HORIZON, unit: str = "bar"
) -> list[Read]:
    """Read indicators at the last bar, beside how common that is and what followed.

    A band is counted when it is entered: bars that stay in it are one case, not many.

    Parameters
    ----------
    bars
        Of one instrument; the last is what is known now.
    readings
        Which.
    horizon
        Bars after which is looked at what followed.
    unit
        What a bar is called in words: `day`.
    """
    close = bars.frame["close"].to_numpy()
    found = []
    for one in readings:
        spec = catalogue.get(one.indicator).spec
        columns = catalogue.columns(bars, spec.inputs)
        empty = [name for name, column in columns.items() if not np.isfinite(column).any()]
        if empty or len(columns) < len(spec.inputs):
            values, why = np.full(len(close), math.nan), f"the bars have no {' and no '.join(empty) or 'such input'}"
        else:
            values, why = catalogue.compute(one.indicator, columns)[spec.outputs.index(one.output)], ""
        needed = spec.warmup(**spec.resolve({})) + 1
        if len(close) < needed:
            why = f"{len(close)} {unit}{'s' * (len(close) != 1)} of the {needed} that it needs"
        found.append(_read(one, values, close, horizon, unit, why=why or "an input of the last bars is missing"))
    return found


def told(bars: Bars, *, category: str = "all", horizon: int = HORIZON) -> Told:
    """Read the indicators of a category, one of `FAMILIES` or all, at the last bar."""
    if not len(bars):
        raise ValidationError(f"{bars.instrument.symbol} has no bars.", hint="Other dates may have some: as_of")
    unit = bars.timeframe.word
    found = read(bars, readings=chosen(category), horizon=horizon, unit=unit)
    return Told(bars=bars, dates=bars.dates(), found=found, unit=unit, horizon=horizon)


def _read(one: Reading, values: _Array, close: _Array, horizon: int, unit: str, *, why: str) -> Read:
    known = np.isfinite(values)
    if not len(values) or not known[-1]:
        count = int(known.sum())
        return Read(reading=one, value=math.nan, band=None, share=math.nan, bars=count, followed=None, why=why)
    lows = np.array([band.low for band in one.bands])
    falls = np.where(known, np.searchsorted(lows, values, side="right") - 1, -1)
    number = one.band(float(values[-1]))
    band = one.bands[number]
    entered = np.flatnonzero((falls == number) & (np.concatenate([[-1], falls[:-1]]) != number))
    after = followed(entered, band.way, close, horizon=horizon, unit=unit) if band.way else None
    share = float((falls[known] == number).mean())
    return Read(reading=one, value=float(values[-1]), band=band, share=share, bars=int(known.sum()), followed=after)


def chosen(family: str) -> tuple[Reading, ...]:
    """Give the readings of one family, or of all where it is `all`."""
    if family == "all":
        return READINGS
    if family not in FAMILIES:
        raise FeatureEngineeringError(f"There is no family {family!r:.40}.", hint=f"There are: {', '.join(FAMILIES)}.")
    return tuple(one for one in READINGS if one.family == family)
