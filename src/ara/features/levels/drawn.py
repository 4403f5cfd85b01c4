"""Lines as a chart draws them from its last bar backwards: for the eye, not for a model.

Each later bar may draw all of them anew, so a value here says nothing of what was known at its bar, and none of these
is an indicator. What was known at each bar is told by `zigzag` and `linreg_channel` of `ara.features.catalogue`.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ara.errors import FeatureEngineeringError
from ara.features.arrays import Array

__all__ = ["Channels", "ZigZag", "channels", "zigzag"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Channels:
    """Straight channels, one after the other; NaN for the bars before the first.

    Parameters
    ----------
    middle, upper, lower
        The line of least squares, and the lines so many standard deviations of the closes above and below it.
    begins
        Whether a channel begins at the bar.
    """

    middle: Array
    upper: Array
    lower: Array
    begins: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ZigZag:
    """Lines between turns; NaN where there are none.

    Parameters
    ----------
    line
        From turn to turn.
    turn
        1 at a turn downwards, -1 at one upwards, 0 elsewhere; the end of the last line is none yet.
    highs, lows
        From high to high and from low to low.
    """

    line: Array
    turn: Array
    highs: Array
    lows: Array


def channels(close: Array, *, window: int = 20, width: float = 2.0) -> Channels:
    """Draw channels of one length, the last of which ends at the last bar.

    Parameters
    ----------
    close
        Ascending in time.
    window
        Bars of a channel, from 2 on.
    width
        Standard deviations from its middle to each side.
    """
    if window < 2:
        raise FeatureEngineeringError(f"A channel of {window} bars can't be drawn; it takes 2 or more.")
    middle, half, begins = np.full(len(close), np.nan), np.full(len(close), np.nan), np.zeros(len(close))
    place = np.arange(window) - (window - 1) / 2.0
    for end in range(len(close), window - 1, -window):
        part = close[end - window : end]
        middle[end - window : end] = part.mean() + (place @ part) / (place @ place) * place
        half[end - window : end] = width * part.std()
        begins[end - window] = 1.0
    return Channels(middle=middle, upper=middle + half, lower=middle - half, begins=begins)


def zigzag(high: Array, low: Array, *, percent: float = 5.0) -> ZigZag:
    """Draw lines between the turns of moves of a size; give the close twice to draw between closes.

    Parameters
    ----------
    high, low
        Ascending in time.
    percent
        Least size of a move; the line after the last turn goes on to the last bar.
    """
    if not percent > 0.0:
        raise FeatureEngineeringError(f"Moves of {percent:g} percent can't be told apart; give more than 0.")
    line, highs, lows, turn = *np.full((3, len(high)), np.nan), np.zeros(len(high))
    turns = _turns(high, low, percent / 100.0)
    for number, ((start, first, up), (end, value, _)) in enumerate(pairwise(turns)):
        if number:
            _draw(line, start, first, end, value)
        else:
            line[end] = value  # nobody knows where the first move began
        if number > 1:
            _draw(highs if up else lows, *turns[number - 1][:2], end, value)
        if number + 2 < len(turns):
            turn[end] = 1.0 if up else -1.0
    return ZigZag(line=line, turn=turn, highs=highs, lows=lows)


def _draw(out: Array, start: int, first: float, end: int, value: float) -> None:
    out[start : end + 1] = np.linspace(first, value, end - start + 1)


def _turns(high: Array, low: Array, share: float) -> list[tuple[int, float, bool]]:
    """Give each turn's bar, its price, and whether the line after it rises: from the first bar to the last."""
    rising = _begun(high, low, share)
    if rising is None:
        return []
    found, bar = [(0, float(low[0] if rising else high[0]), rising)], 0
    while bar < len(high) - 1:
        bar, rising = _extreme(high, low, share, bar, rising=rising), not rising
        found.append((bar, float(low[bar] if rising else high[bar]), rising))
    return found


def _begun(high: Array, low: Array, share: float) -> bool | None:
    """Give whether the first move rises; None where no move is large enough."""
    for bar in range(len(high)):
        up, down = high[bar] / low[0] - 1.0, 1.0 - low[bar] / high[0]
        if max(up, down) >= share and up != down:
            return bool(up > down)
    return None


def _extreme(high: Array, low: Array, share: float, start: int, *, rising: bool) -> int:
    """Give the bar at which a move ends that is followed by one of the other direction; the last where none is."""
    best, value = start, float(low[start] if rising else high[start])
    for bar in range(start, len(high)):
        if rising and high[bar] >= value:
            best, value = bar, float(high[bar])
        elif not rising and low[bar] <= value:
            best, value = bar, float(low[bar])
        elif (1.0 - low[bar] / value if rising else high[bar] / value - 1.0) >= share:
            return best
    return len(high) - 1
