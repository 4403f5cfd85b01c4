"""Turns of the price that are sure: where it turned, and at which bar's close that was known.

A turn is known only after it. What these functions give is final: no turn moves, vanishes or is replaced by a later
one, so the turns known by a bar are those which a run on the bars up to it gives, whatever came after.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ara.errors import FeatureEngineeringError
from ara.features.arrays import Array, sums

__all__ = ["Swings", "swings", "zigzag"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Swings:
    """Turns in the order in which they were made, tops and bottoms by turns, as columns.

    Parameters
    ----------
    at
        The bar of each turn, rising.
    price
        The high of a top, the low of a bottom.
    high
        Whether it is a top.
    known
        The bar at whose close the turn was sure, after `at`, never falling.
    """

    at: NDArray[np.int64]
    price: Array
    high: NDArray[np.bool_]
    known: NDArray[np.int64]

    def __len__(self) -> int:
        """Count the turns."""
        return len(self.at)

    def by(self, bar: int) -> "Swings":
        """Give the turns that were known at the close of a bar."""
        count = int(np.searchsorted(self.known, bar, side="right"))
        return Swings(at=self.at[:count], price=self.price[:count], high=self.high[:count], known=self.known[:count])


def swings(high: Array, low: Array, *, strength: int = 3) -> Swings:
    """Give the turns that stand out from `strength` bars on each side.

    A top is a bar whose high is above the highs of the `strength` bars before it and not below those of as many after
    it; of equal highs the first counts, and it is no turn before a lower high has followed. It is known at the last of
    those bars. Bottoms are its mirror image.

    Tops and bottoms alternate. Where two tops follow each other without a bottom that stands out between them, the
    lowest low between the two is taken as the bottom, known when the second top is: so a later, more extreme turn adds
    to what was known and replaces nothing. A bar that is a top and a bottom at once counts as the turn that is due. A
    bottom that is not below the last top, after a gap upwards, is none; nor is a top not above the last bottom.

    Bars whose high or low is no finite number are passed over as if they were not there.

    Parameters
    ----------
    high, low
        Of each bar.
    strength
        Bars on each side, 1 or more. The more, the larger the turns, and the later they are known.

    References
    ----------
    B. Williams, Trading Chaos, 1995 (fractals: two bars on each side).
    """
    if strength < 1:
        raise FeatureEngineeringError(f"strength is {strength}; it must be 1 or more.")
    kept = np.flatnonzero(np.isfinite(high) & np.isfinite(low))
    top, bottom = np.asarray(high, np.float64)[kept], np.asarray(low, np.float64)[kept]
    tops, bottoms = _fractals(top, strength), _fractals(-bottom, strength)
    turns = sorted(
        [(known, at, True) for at, known in tops] + [(known, at, False) for at, known in bottoms],
        key=lambda one: one[:2],
    )
    return _columns(_alternating(turns, top, bottom), top, bottom, kept)


def zigzag(high: Array, low: Array, *, move: float = 0.05, atr: float = 0.0, window: int = 14) -> Swings:
    """Give the turns after which the price went back by a given size.

    A top is the highest high since the last bottom, known at the first later bar whose low is that far below it. A bar
    that makes a new high does not confirm the top it makes, since which came first within the bar is not known.

    Bars whose high or low is no finite number are passed over as if they were not there.

    Parameters
    ----------
    high, low
        Of each bar.
    move
        The size as a share of the extreme price: 0.05 is 5 %.
    atr
        Where above 0, the size is this many times the mean of the ranges (high - low, gaps to the bar before included)
        of the last `window` bars, and `move` is not used.
    window
        Bars of that mean; over the first bars, of those there are.

    References
    ----------
    A. Merrill, Filtered Waves, 1977.
    """
    if not (move > 0 or atr > 0) or atr < 0 or window < 1:
        raise FeatureEngineeringError(
            f"move is {move}, atr {atr}, window {window}; move or atr must be above 0, window 1 or more."
        )
    kept = np.flatnonzero(np.isfinite(high) & np.isfinite(low))
    top, bottom = np.asarray(high, np.float64)[kept], np.asarray(low, np.float64)[kept]
    if atr > 0:
        size = atr * _ranges(top, bottom, window)
        falls, rises = size, size
    else:
        falls, rises = move * np.abs(top), move * np.abs(bottom)
    found = _reversals(top.tolist(), bottom.tolist(), falls.tolist(), rises.tolist(), own=atr <= 0)
    return _columns(found, top, bottom, kept)


def _fractals(values: Array, strength: int) -> list[tuple[int, int]]:
    """Give the bars above those before and not below those after, and when that was known."""
    count = len(values)
    if count < 2 * strength + 1:
        return []
    peaks = sliding_window_view(values, strength).max(axis=1)
    middle = values[strength : count - strength]
    at = strength + np.flatnonzero((middle > peaks[: len(middle)]) & (middle >= peaks[strength + 1 :]))
    changes = np.append(np.flatnonzero(np.diff(values) != 0) + 1, count)
    left = changes[np.searchsorted(changes, at, side="right")]
    ended = left < count
    at, left = at[ended], left[ended]
    turned = values[left] < values[at]
    return list(zip(at[turned].tolist(), np.maximum(at + strength, left)[turned].tolist(), strict=True))


def _alternating(turns: list[tuple[int, int, bool]], high: Array, low: Array) -> list[tuple[int, bool, int]]:
    """Make tops and bottoms follow each other, in the order in which they were known."""
    found: list[tuple[int, bool, int]] = []
    for place, (known, at, is_top) in enumerate(turns):
        twice = any(one[:2] == (known, at) for one in turns[max(place - 1, 0) : place] + turns[place + 1 : place + 2])
        if not found:
            found += [] if twice else [(at, is_top, known)]
            continue
        before, was_top, _ = found[-1]
        if at <= before or (twice and was_top == is_top):
            continue
        if was_top == is_top:
            between = low[before + 1 : at].argmin() if is_top else high[before + 1 : at].argmax()
            found.append((before + 1 + int(between), not is_top, known))
        elif (high[at] <= low[before]) if is_top else (low[at] >= high[before]):
            continue
        found.append((at, is_top, known))
    return found


def _ranges(high: Array, low: Array, window: int) -> Array:
    """Give the mean range of the last bars; no close is needed: a gap counts from the nearer end of the bar before."""
    if not len(high):
        return high
    ranges = high - low
    ranges[1:] = np.maximum(high[1:], low[:-1]) - np.minimum(low[1:], high[:-1])
    out = np.empty(len(ranges))
    lead = min(window, len(ranges))
    out[:lead] = np.cumsum(ranges[:lead]) / np.arange(1, lead + 1)
    if len(ranges) > window:
        out[window - 1 :] = sums(ranges, window)[window - 1 :] / window
    return out


def _reversals(
    high: list[float], low: list[float], falls: list[float], rises: list[float], *, own: bool
) -> list[tuple[int, bool, int]]:
    """Walk through the bars; the size of a reversal is that of the extreme's own bar, or of the bar that reverses."""
    found: list[tuple[int, bool, int]] = []
    top = bottom = 0
    up: bool | None = None
    for bar in range(1, len(high)):
        higher, lower = high[bar] > high[top], low[bar] < low[bottom]
        fell = up is not False and not higher and high[top] - low[bar] >= falls[top if own else bar] > 0
        rose = up is not True and not lower and high[bar] - low[bottom] >= rises[bottom if own else bar] > 0
        if fell and rose:
            continue
        if fell:
            found.append((top, True, bar))
            up, bottom = False, bar
        elif rose:
            found.append((bottom, False, bar))
            up, top = True, bar
        else:
            top = bar if higher and up is not False else top
            bottom = bar if lower and up is not True else bottom
    return found


def _columns(found: list[tuple[int, bool, int]], high: Array, low: Array, kept: NDArray[np.int64]) -> Swings:
    at = np.array([one[0] for one in found], np.int64)
    is_top = np.array([one[1] for one in found], np.bool_)
    known = np.array([one[2] for one in found], np.int64)
    price = np.where(is_top, high[at], low[at]) if len(at) else np.empty(0)
    return Swings(at=kept[at], price=price, high=is_top, known=kept[known])
