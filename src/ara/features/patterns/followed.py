"""What followed a pattern in the past, beside what follows any bar, and how sure one can be of the difference.

Most patterns are followed by what follows any bar. The figures here are made to say so: they count only outcomes that
are known, they set the base rate beside the share, and the interval neither takes moves that overlap for separate
evidence nor a handful of cases for many.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ara.errors import FeatureEngineeringError

__all__ = ["HORIZON", "Followed", "followed"]

HORIZON: Final = 5
"""Bars that are waited for an outcome, where nothing else is asked."""

_VERDICTS: Final = {
    "chance": "no more than chance",
    "more": "more often than chance alone makes likely",
    "less": "less often than chance alone makes likely",
}

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """How often the price went a way after some bars.

    Parameters
    ----------
    count
        Cases whose outcome is known.
    up
        Share of them after which the close stood on the said side `horizon` bars later; NaN without a case.
    base
        The same share of all bars; NaN without one.
    low, high
        If the pattern means nothing, the base rate lies between them as often as asked: 95 times of 100.
    effective
        How many separate cases tell as much of the difference to all bars as these do; overlapping ones tell less.
    horizon
        Bars from a case to its outcome.
    direction
        The said side: 1 above the close of the case, -1 below.
    points
        Where the pattern points: 1 up, -1 down, 0 nowhere. What points nowhere is asked for a higher close.
    words
        All that in a sentence.
    """

    count: int
    up: float
    base: float
    low: float
    high: float
    effective: float
    horizon: int
    direction: int
    points: int
    words: str

    @property
    def verdict(self) -> str:
        """`chance` while the interval holds the base rate, else `more` or `less`; `unknown` without a case."""
        if not self.count:
            return "unknown"
        return "more" if self.low > self.base else "less" if self.high < self.base else "chance"

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it, null where there is no case."""
        return {
            "direction": "up" if self.direction > 0 else "down",
            "points": {1: "up", -1: "down"}.get(self.points, "nowhere"),
            "count": self.count,
            "share": self.up if self.count else None,
            "low": self.low,
            "high": self.high,
            "base": self.base if self.count else None,
            "verdict": self.verdict,
            "words": self.words,
        }


def followed(
    known_at: Sequence[int] | NDArray[np.int64],
    direction: int,
    close: ArrayLike,
    *,
    horizon: int = HORIZON,
    level: float = 0.95,
    unit: str = "bar",
) -> Followed:
    """Count how often the close stood on one side some bars after a pattern was known, against all bars.

    The interval is Wilson's with continuity correction (R. G. Newcombe, 1998, Statistics in Medicine 17), for as many
    separate cases as give the difference between the cases' share and that of all bars its variance. With `w` the
    weight of a bar in that difference and `r(d)` the correlation of the outcomes of bars `d` apart they are
    `1 / sum w[i] w[j] r(|i - j|)`. For a walk without memory `r(d)` is `2 / pi * asin(1 - d / horizon)`; where the
    outcomes of all bars hang together more, that is taken.

    Parameters
    ----------
    known_at
        The bars at whose close each was known; what it is told of is bought there.
    direction
        1 asks for a higher close, -1 for a lower one, 0 (a pattern that points nowhere) for a higher one too.
    close
        Of all bars; the last is the newest that is known. A case without a price on both sides doesn't count.
    horizon
        How many bars later the close is looked at.
    level
        How often the interval shall hold the truth.
    unit
        What a bar is called in the words: `day`.
    """
    prices = np.asarray(close, np.float64)
    cases = np.asarray(known_at, np.int64)
    if horizon < 1 or not 0.0 < level < 1.0 or direction not in {-1, 0, 1}:
        raise FeatureEngineeringError(
            f"horizon is {horizon}, level {level}, direction {direction}; they are 1 or more, between 0 and 1, and one"
            " of -1, 0, 1."
        )
    if len(cases) and not 0 <= cases.min() <= cases.max() < len(prices):
        raise FeatureEngineeringError(f"A pattern is known at bar {cases.max()}; there are {len(prices)} bars.")
    side = -1 if direction < 0 else 1
    outcomes = _outcomes(prices, side, horizon)
    known = outcomes[cases[cases < len(outcomes)]]
    taken = cases[cases < len(outcomes)][np.isfinite(known)]
    all_known = outcomes[np.isfinite(outcomes)]
    count = len(taken)
    base = float(all_known.mean()) if len(all_known) else math.nan
    share = float(outcomes[taken].mean()) if count else math.nan
    worth = _worth(taken, outcomes, horizon)
    low, high = _interval(share, worth, level) if count else (0.0, 1.0)
    found = Followed(
        count=count,
        up=share,
        base=base,
        low=low,
        high=high,
        effective=worth,
        horizon=horizon,
        direction=side,
        points=direction,
        words="",
    )
    return replace(found, words=_told(found, unit))


def _outcomes(prices: _Array, side: int, horizon: int) -> _Array:
    """Give 1 for each bar after which the price went the said way, 0 for others, NaN where it is unknown."""
    start, end = prices[:-horizon], prices[horizon:]
    gone = (side * (end - start) > 0).astype(np.float64)
    gone[~(np.isfinite(start) & np.isfinite(end))] = np.nan
    return gone


def _worth(cases: NDArray[np.int64], outcomes: _Array, horizon: int) -> float:
    """Give the number of separate cases that tell as much of the difference to all bars as these do."""
    if not len(cases):
        return 0.0
    known = np.isfinite(outcomes)
    weights = np.bincount(cases, minlength=len(outcomes)) / len(cases) - known / known.sum()
    variance = float(weights @ weights)
    centred = np.where(known, outcomes - np.nanmean(outcomes), 0.0)
    spread = float(centred @ centred)
    for apart in range(1, min(horizon, len(outcomes))):
        alike = 2.0 / math.pi * math.asin(1.0 - apart / horizon)
        if spread > 0.0:
            alike = max(alike, float(centred[apart:] @ centred[:-apart]) / spread)
        variance += 2.0 * alike * float(weights[apart:] @ weights[:-apart])
    return 1.0 / max(variance, 1.0 / len(outcomes) ** 2)


def _interval(share: float, count: float, level: float) -> tuple[float, float]:
    """Give Wilson's score interval with continuity correction."""
    z = NormalDist().inv_cdf(0.5 + level / 2.0)
    middle, width = 2.0 * count * share + z * z, 2.0 * (count + z * z)

    def reach(toward: float) -> float:
        inside = z * z - 1.0 / count + 4.0 * count * share * (1.0 - share) + toward * (4.0 * share - 2.0)
        return z * math.sqrt(max(inside, 0.0)) + 1.0

    low = 0.0 if share <= 0.0 else max((middle - reach(1.0)) / width, 0.0)
    high = 1.0 if share >= 1.0 else min((middle + reach(-1.0)) / width, 1.0)
    return min(low, share), max(high, share)


def _told(found: Followed, unit: str) -> str:
    """Put it into words."""
    way = "up" if found.direction > 0 else "down"
    later = f"{found.horizon} {unit}{'' if found.horizon == 1 else 's'} later"
    if not found.count:
        return f"no case before whose outcome is known {later}: nothing can be said"
    cases = "1 case" if found.count == 1 else f"{found.count:,} cases"
    share, low, high, base = (f"{100 * one:.0f}" for one in (found.up, found.low, found.high, found.base))
    held = f"{way} {later} in {share} % of {cases} ({low} to {high} %)"
    told = f"{held}; any {unit} {base} %: {_VERDICTS[found.verdict]}"
    return told if found.points else f"it points nowhere; {told}"
