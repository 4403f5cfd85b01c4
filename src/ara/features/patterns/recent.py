"""The patterns of one instrument that are there now or were lately, each with what followed its kind before."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import FeatureEngineeringError
from ara.features.patterns.followed import HORIZON, Followed, followed
from ara.features.patterns.pattern import Pattern

__all__ = ["FAMILIES", "Recent", "recent"]

_Columns = Mapping[str, NDArray[np.float64]]

_SIDES: Final = {"bullish": 1, "bearish": -1, "neutral": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """A pattern, and what followed all of its name and direction in the bars that are known.

    Parameters
    ----------
    pattern
        What is there.
    followed
        What came after such patterns, beside what came after any bar.
    """

    pattern: Pattern
    followed: Followed


def _candles(bars: _Columns) -> list[Pattern]:
    from ara.features.patterns.candles import find

    return find(bars["open"], bars["high"], bars["low"], bars["close"], volume=bars.get("volume"))


def _charts(bars: _Columns) -> list[Pattern]:
    from ara.features.patterns.charts import find

    return find(bars["high"], bars["low"], bars["close"])


def _harmonics(bars: _Columns) -> list[Pattern]:
    from ara.features.patterns.harmonics import find

    return find(bars["high"], bars["low"], bars["close"])


def _elliott(bars: _Columns) -> list[Pattern]:
    from ara.features.patterns.elliott import find

    return find(bars["high"], bars["low"], bars["close"])


_FINDERS: Final[Mapping[str, Callable[[_Columns], list[Pattern]]]] = {
    "candle": _candles,
    "chart": _charts,
    "harmonic": _harmonics,
    "elliott": _elliott,
}

FAMILIES: Final = tuple(_FINDERS)
"""The kinds of patterns there are."""


def recent(
    bars: _Columns,
    *,
    last: int = 10,
    families: Sequence[str] = FAMILIES,
    horizon: int = HORIZON,
    unit: str = "bar",
) -> list[Recent]:
    """Find the patterns that became known in the last bars, the newest first, in a bar the clearest first.

    Parameters
    ----------
    bars
        Open, high, low, close of one instrument by name, ascending; `volume` where there is one.
    last
        In how many of the last bars a pattern must have become known.
    families
        Which of `FAMILIES`.
    horizon, unit
        As in `followed`.
    """
    strange = [one for one in families if one not in _FINDERS]
    if strange:
        raise FeatureEngineeringError(
            f"There is no family of patterns {strange[0]!r:.40}.", hint=f"There are: {', '.join(FAMILIES)}."
        )
    close = np.asarray(bars["close"], np.float64)
    every = [one for family in families for one in _FINDERS[family](bars)]
    there = [one for one in every if one.known_at >= len(close) - last]
    past = _past({_kind(one) for one in there}, every, close, horizon=horizon, unit=unit)
    ranked = sorted(there, key=lambda one: (-one.known_at, -one.quality, one.name))
    return [Recent(pattern=one, followed=past[_kind(one)]) for one in ranked]


def _kind(pattern: Pattern) -> tuple[str, str, str]:
    return pattern.family, pattern.name, pattern.direction


def _past(
    kinds: set[tuple[str, str, str]],
    every: Iterable[Pattern],
    close: NDArray[np.float64],
    *,
    horizon: int,
    unit: str,
) -> dict[tuple[str, str, str], Followed]:
    """Tell of each kind what followed; a shape told twice in one bar, in two sizes, is one case."""
    cases: dict[tuple[str, str, str], set[int]] = {kind: set() for kind in kinds}
    for one in every:
        if _kind(one) in cases:
            cases[_kind(one)].add(one.known_at)
    return {
        kind: followed(sorted(bars), _SIDES[kind[2]], close, horizon=horizon, unit=unit) for kind, bars in cases.items()
    }
