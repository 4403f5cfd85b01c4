"""Candlesticks of one bar."""

import numpy as np

from ara.features.arrays import Array, previous, sums
from ara.features.indicator import Param
from ara.features.library import talib
from ara.features.patterns.candles.shape import BODY, Reading, candle

__all__ = [
    "cdl_belt_hold",
    "cdl_big_candle",
    "cdl_closing_marubozu",
    "cdl_doji",
    "cdl_dragonfly_doji",
    "cdl_four_price_doji",
    "cdl_gravestone_doji",
    "cdl_hammer",
    "cdl_hanging_man",
    "cdl_high_wave",
    "cdl_inverted_hammer",
    "cdl_long_legged_doji",
    "cdl_long_line",
    "cdl_marubozu",
    "cdl_rickshaw_man",
    "cdl_shooting_star",
    "cdl_short_line",
    "cdl_spinning_top",
    "cdl_star",
    "cdl_takuri",
]

_MARUBOZU = Param(
    default=0.0, low=0.0, high=1.0, words="Least share of the range that the body fills; 0 judges by past bars instead."
)
_TIMES = Param(default=1.3, low=0.1, high=20.0, words="How many times the usual body it must exceed; more finds fewer.")


def _before(values: Array, bars: int) -> Array:
    """Give the mean of the bars before each bar."""
    return previous(sums(values, bars)) / bars


@candle(
    "CDLBELTHOLD",
    bars=1,
    warmup=10,
    reading=Reading.TURN,
    rule="100 * colour if body > usual and (lower if white else upper) < tiny else 0",
)
def cdl_belt_hold() -> None:
    """A long body that opens at the very end of its range: 100 from the low upwards, -100 from the high downwards.

    Read as one side taking over at the opening, and as a turn if the trend had been the other side's.
    """


@candle(
    bars=1,
    warmup=10,
    reading=Reading.EITHER,
    params={"times": _TIMES},
    rule="100 * colour if body > times * usual else 0",
    reference="S. Nison (1991), Japanese Candlestick Charting Techniques; measured as in shape: Ara",
)
def cdl_big_candle(open: Array, high: Array, low: Array, close: Array, *, times: float) -> Array:
    """A body much longer than usual, whatever its shadows: 100 white, -100 black.

    Read as one side in full control.
    """
    body = np.abs(close - open)
    return np.where(body > times * _before(body, 10), np.where(close >= open, 100.0, -100.0), 0.0)


@candle(
    "CDLCLOSINGMARUBOZU",
    bars=1,
    warmup=10,
    reading=Reading.ONWARD,
    rule="100 * colour if body > usual and (upper if white else lower) < tiny else 0",
)
def cdl_closing_marubozu() -> None:
    """A long body that closes at the very end of its range: 100 at the high, -100 at the low.

    Read as pressure that had not eased when the bar ended.
    """


@candle("CDLDOJI", bars=1, warmup=10, reading=Reading.PAUSE, direction=0, small=True, rule="100 if body <= tiny else 0")
def cdl_doji() -> None:
    """Opens and closes at nearly one price: 100 wherever it stands, it points nowhere.

    Read as balance between buyers and sellers, worth a look only after a long move.
    """


@candle(
    "CDLDRAGONFLYDOJI",
    bars=1,
    warmup=10,
    reading=Reading.TURN,
    small=True,
    rule="100 if body <= tiny and upper < tiny and lower > tiny else 0",
)
def cdl_dragonfly_doji() -> None:
    """A doji at the top of its bar, with a shadow below: the price fell and came all the way back.

    Read as buyers answering, hopeful after a fall.
    """


@candle(
    bars=1,
    warmup=10,
    reading=Reading.PAUSE,
    direction=0,
    small=True,
    rule="100 if h - l <= tiny else 0",
    reference="S. Nison (1991), Japanese Candlestick Charting Techniques; measured as in shape: Ara",
)
def cdl_four_price_doji(open: Array, high: Array, low: Array, close: Array) -> Array:
    """Open, high, low and close are nearly one price.

    Read as nobody caring; often it is only a thin or halted market.
    """
    span = high - low
    return np.where(span <= 0.1 * _before(span, 10), 100.0, 0.0)


@candle(
    "CDLGRAVESTONEDOJI",
    bars=1,
    warmup=10,
    reading=Reading.TURN,
    direction=-1,
    small=True,
    rule="100 if body <= tiny and lower < tiny and upper > tiny else 0",
)
def cdl_gravestone_doji() -> None:
    """A doji at the bottom of its bar, with a shadow above: the price rose and lost it all.

    It is 100 where it stands, and read as a warning after a rise.
    """


@candle(
    "CDLHAMMER",
    bars=1,
    warmup=11,
    reading=Reading.TURN,
    params={"body": BODY},
    small=True,
    rule="100 if body < usual and lower > body and upper < tiny and bottom <= l1 + near1 else 0",
)
def cdl_hammer() -> None:
    """A small body at the top of a long lower shadow, near or below the last low.

    Read as sellers who could not hold what they won: a turn after a fall, more so with a white body.
    """


@candle(
    "CDLHANGINGMAN",
    bars=1,
    warmup=11,
    reading=Reading.TURN,
    params={"body": BODY},
    small=True,
    rule="-100 if body < usual and lower > body and upper < tiny and bottom >= h1 - near1 else 0",
)
def cdl_hanging_man() -> None:
    """The shape of a hammer near or above the last high.

    Read as a first crack in a rise, more so with a black body; textbooks wait for a lower close before they believe
    it.
    """


@candle(
    "CDLHIGHWAVE",
    bars=1,
    warmup=10,
    reading=Reading.PAUSE,
    direction=0,
    small=True,
    rule="100 * colour if body < usual and upper > 2 * body and lower > 2 * body else 0",
)
def cdl_high_wave() -> None:
    """A small body between two very long shadows; the sign is only its colour.

    Read as confusion: both sides went far and neither kept anything.
    """


@candle(
    "CDLINVERTEDHAMMER",
    bars=1,
    warmup=11,
    reading=Reading.TURN,
    params={"body": BODY},
    small=True,
    rule="100 if body < usual and upper > body and lower < tiny and top < bottom1 else 0",
)
def cdl_inverted_hammer() -> None:
    """A small body at the foot of a long upper shadow, below the last body.

    Read as a first try of the buyers after a fall, to be confirmed by a higher close.
    """


@candle(
    "CDLLONGLEGGEDDOJI",
    bars=1,
    warmup=10,
    reading=Reading.PAUSE,
    direction=0,
    small=True,
    rule="100 if body <= tiny and (lower > body or upper > body) else 0",
)
def cdl_long_legged_doji() -> None:
    """A doji with a shadow longer than its body on either side.

    Read as indecision after a wide swing.
    """


@candle(
    "CDLLONGLINE",
    bars=1,
    warmup=10,
    reading=Reading.ONWARD,
    rule="100 * colour if body > usual and upper < shade and lower < shade else 0",
)
def cdl_long_line() -> None:
    """A long body with short shadows: 100 white, -100 black.

    Read as a clear win of one side.
    """


@candle(
    bars=1,
    warmup=lambda share: 0 if share else 10,
    reading=Reading.ONWARD,
    params={"share": _MARUBOZU},
    rule="100 * colour if body > usual and upper < tiny and lower < tiny else 0; with a share:"
    " if body >= share * (h - l)",
)
def cdl_marubozu(open: Array, high: Array, low: Array, close: Array, *, share: float) -> Array:
    """A long body with next to no shadows: 100 white, -100 black.

    Read as one side winning from the first trade to the last.
    """
    if not share:
        return np.asarray(talib().CDLMARUBOZU(open, high, low, close), np.float64)
    body = np.abs(close - open)
    full = (body > 0) & (body >= share * (high - low))
    return np.where(full, np.where(close >= open, 100.0, -100.0), 0.0)


@candle(
    "CDLRICKSHAWMAN",
    bars=1,
    warmup=10,
    reading=Reading.PAUSE,
    direction=0,
    small=True,
    rule="100 if body <= tiny and lower > body and upper > body and bottom <= (h + l) / 2 + near"
    " and top >= (h + l) / 2 - near else 0",
)
def cdl_rickshaw_man() -> None:
    """A doji in the middle of its bar, with shadows on both sides.

    Read as balance: the market looks for its way.
    """


@candle(
    "CDLSHOOTINGSTAR",
    bars=1,
    warmup=11,
    reading=Reading.TURN,
    params={"body": BODY},
    small=True,
    rule="-100 if body < usual and upper > body and lower < tiny and bottom > top1 else 0",
)
def cdl_shooting_star() -> None:
    """A small body at the foot of a long upper shadow, above the last body.

    Read as buyers who reached high and lost it: a turn after a rise.
    """


@candle(
    "CDLSHORTLINE",
    bars=1,
    warmup=10,
    reading=Reading.PAUSE,
    direction=0,
    small=True,
    rule="100 * colour if body < usual and upper < shade and lower < shade else 0",
)
def cdl_short_line() -> None:
    """A small body with short shadows; the sign is only its colour.

    Read as a quiet bar that says little.
    """


@candle(
    "CDLSPINNINGTOP",
    bars=1,
    warmup=10,
    reading=Reading.PAUSE,
    direction=0,
    small=True,
    rule="100 * colour if body < usual and upper > body and lower > body else 0",
)
def cdl_spinning_top() -> None:
    """A small body between shadows longer than itself; the sign is only its colour.

    Read as a draw that may tire the trend.
    """


@candle(
    bars=1,
    warmup=10,
    reading=Reading.TURN,
    small=True,
    rule="(-100 if l > h1 else 100 if h < l1 else 0) if body < usual else 0",
    reference="S. Nison (1991), Japanese Candlestick Charting Techniques; measured as in shape: Ara",
)
def cdl_star(open: Array, high: Array, low: Array, close: Array) -> Array:
    """A small body whose whole range stands apart from the last bar: -100 above it, 100 below.

    Read as a trend whose last jump found no followers: the middle of morning and evening stars.
    """
    body = np.abs(close - open)
    apart = np.where(low > previous(high), -100.0, np.where(high < previous(low), 100.0, 0.0))
    return np.where(body < _before(body, 10), apart, 0.0)


@candle(
    "CDLTAKURI",
    bars=1,
    warmup=10,
    reading=Reading.TURN,
    small=True,
    rule="100 if body <= tiny and upper < tiny and lower > 2 * body else 0",
)
def cdl_takuri() -> None:
    """A dragonfly doji whose lower shadow is very long.

    Read as a deep fall bought back within the bar: a turn after a fall.
    """
