"""A forecast: what Ara says about one instrument at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np

from ara.lineage import Lineage
from ara.market.instrument import Instrument
from ara.market.timeframe import DAY, Timeframe
from ara.models.quantiles import LEVELS
from ara.prediction.record import Direction, Receipt

__all__ = ["Day", "Factor", "Forecast"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """One reason for the forecast's width or place.

    Parameters
    ----------
    name
        Name of the feature.
    value
        Its value at the origin.
    contribution
        Its share of the band's width against that of a usual bar: 0.18 is 18 % wider. Of what moves the median: its
        part of the log return.
    description
        The same in plain words.
    """

    name: str
    value: float
    contribution: float
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One target bar of a forecast. Price, bands and p_up all derive from the one vector of quantiles.

    Parameters
    ----------
    number
        Bars ahead: 1 is the next bar.
    date
        The bar's label on the venue's calendar.
    at
        When the bar's close becomes known, UTC.
    close
        The close at the origin, in the instrument's currency.
    quantiles
        Log returns from the origin at `LEVELS`.
    p_up
        Probability that the close ends above the origin's.
    confidence
        Probability that the close ends within `usual_move` of the price.
    usual_move
        80 % quantile of the instrument's absolute log returns over this horizon in its last 500 bars.
    wider
        Width of the 80 % band against that of a usual bar, of which all that the model looks at is as over the last
        250 bars: 0.18 is 18 % wider. None where that can't be told.
    factors
        What makes it so, largest share first; the contributions sum to `wider`.
    leans
        What moves the median away from the last close, largest first; the contributions sum to its log return.
    sure
        What sets `confidence` apart from the 0.8 of an ordinary day; the contributions sum to the difference.
    direction
        Whether a direction may be called, by the model's record; None where it has none.
    receipt
        What past forecasts that were about so sure were worth; None where there are none.
    """

    number: int
    date: date
    at: datetime
    close: float
    quantiles: tuple[float, ...]
    p_up: float
    confidence: float
    usual_move: float
    wider: float | None = None
    factors: tuple[Factor, ...] = ()
    leans: tuple[Factor, ...] = ()
    sure: tuple[Factor, ...] = ()
    direction: Direction | None = None
    receipt: Receipt | None = None

    def price_at(self, level: float) -> float:
        """Give the price at one of the levels."""
        return float(self.close * np.exp(self.quantiles[LEVELS.index(level)]))

    @property
    def price(self) -> float:
        """The median price."""
        return self.price_at(0.5)

    @property
    def change(self) -> float:
        """The simple return from the origin's close to the price: 0.01 is one percent."""
        return self.price / self.close - 1

    @property
    def band_80(self) -> tuple[float, float]:
        """The prices between which the close ends with probability 0.8."""
        return self.price_at(0.1), self.price_at(0.9)

    @property
    def band_95(self) -> tuple[float, float]:
        """The prices between which the close ends with probability 0.95."""
        return self.price_at(0.025), self.price_at(0.975)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What Ara says about one instrument at one moment.

    Parameters
    ----------
    instrument
        What is forecast.
    as_of
        When the last bar used became known, UTC.
    last
        Label of the last bar used, on the venue's calendar.
    close
        Its close, in the instrument's currency, as traded.
    model
        Name of the model.
    days
        One entry per bar ahead.
    source
        Where the bars come from.
    quality
        The bars' mean quality, 0 to 1.
    regime
        State of the market by its volatility, as `mood` tells it; None where there are too few bars.
    warnings
        What the reader should know before trusting the figures.
    degraded
        Why a simpler method answered, if one did.
    lineage
        What the figures follow from; `id` is its id.
    """

    instrument: Instrument
    as_of: datetime
    last: date
    close: float
    model: str
    days: tuple[Day, ...]
    source: str
    quality: float
    regime: Mapping[str, Any] | None = None
    warnings: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()
    lineage: Lineage = field(repr=False)

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def id(self) -> str:
        """The lineage id: the same id, the same figures."""
        return self.lineage.id

    @property
    def timeframe(self) -> Timeframe:
        """The length of its bars."""
        return Timeframe.parse(str(self.lineage.settings.get("timeframe", DAY)))
