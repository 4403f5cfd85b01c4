"""Strategies that see the future by design, and the proof that the audit finds each of them and none of their twins."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.backtest.checks import made_up
from ara.evidence.leaks.strategy import audit_strategy
from ara.features.audit.trap import Trap
from ara.trading.strategy import Planned
from ara.trading.tape import Tape

__all__ = ["PLANTED_STRATEGIES", "PlantedStrategy", "self_test"]

_Array = NDArray[Any]
_Rule = Callable[[_Array], _Array]

_BARS: Final = 400
_CUTS: Final = 4
_WINDOW: Final = 20


def _before(close: _Array, count: int) -> _Array:
    """Give each bar the close of so many bars ago; the first one where there is none."""
    return (
        np.concatenate((np.full(count, close[0]), close[:-count]))
        if count < len(close)
        else close[:1].repeat(len(close))
    )


def _after(close: _Array, count: int) -> _Array:
    return _before(close[::-1], count)[::-1]


def _mean(close: _Array) -> _Array:
    """Give the mean of all closes so far."""
    found: _Array = np.cumsum(close) / np.arange(1, len(close) + 1)
    return found


def _smooth(close: _Array) -> _Array:
    found, value = np.empty(len(close)), float(close[0])
    for place, price in enumerate(close.tolist()):
        value += 0.1 * (price - value)
        found[place] = value
    return found


def _rank(close: _Array) -> _Array:
    """Give the share of all closes so far that lie below each."""
    return np.array([(close[: place + 1] < price).mean() for place, price in enumerate(close.tolist())])


def _every(close: _Array) -> _Array:
    """Give the closes of every twentieth bar alone; NaN between."""
    found = np.full(len(close), np.nan)
    found[::_WINDOW] = close[::_WINDOW]
    return found


def _filled(values: _Array) -> _Array:
    """Fill what is missing with what was last known."""
    places = np.maximum.accumulate(np.where(np.isfinite(values), np.arange(len(values)), 0))
    return values[places]


PLANTED_STRATEGIES: Final[Mapping[str, tuple[str, _Rule, _Rule]]] = {
    "tomorrow": (
        "holds where the next close is higher",
        lambda close: _after(close, 1) > close,
        lambda close: close > _before(close, 1),
    ),
    "whole_range": (
        "scales by the lowest and the highest price of all",
        lambda close: close < (close.min() + close.max()) / 2,
        lambda close: close < (np.minimum.accumulate(close) + np.maximum.accumulate(close)) / 2,
    ),
    "whole_mean": (
        "buys below the mean of all prices",
        lambda close: close < close.mean(),
        lambda close: close < _mean(close),
    ),
    "centred": (
        "buys below a mean of bars before and after",
        lambda close: close < (_before(close, 5) + _after(close, 5)) / 2,
        lambda close: close < (_before(close, 5) + _before(close, 10)) / 2,
    ),
    "backward": (
        "follows a mean that was smoothed from the end",
        lambda close: _smooth(close[::-1])[::-1] > close,
        lambda close: close > _smooth(close),
    ),
    "last_price": (
        "buys below the last price of all",
        lambda close: close < close[-1],
        lambda close: close < _before(close, _WINDOW),
    ),
    "best_bars": (
        "holds over the best fifth of all bars",
        lambda close: _after(close, 1) / close > np.quantile(_after(close, 1) / close, 0.8),
        lambda close: close / _before(close, 1) > 1.01,
    ),
    "shifted": (
        "looks at a signal of the bar after",
        lambda close: _after(close > _before(close, _WINDOW), 1),
        lambda close: _before(close > _before(close, _WINDOW), 1),
    ),
    "filled": (
        "fills gaps with what came after them",
        lambda close: _filled(_every(close)[::-1])[::-1] > close,
        lambda close: _filled(_every(close)) > close,
    ),
    "ranked": (
        "ranks a price among all prices",
        lambda close: np.argsort(np.argsort(close)) < 0.3 * len(close),
        lambda close: _rank(close) < 0.3,
    ),
}  # fmt: skip
"""What each planted strategy does, the rule that leaks, and its honest twin's."""


class PlantedStrategy(Planned):
    """A strategy that leaks by one of `PLANTED_STRATEGIES`, or its clean twin.

    Parameters
    ----------
    name
        One of `PLANTED_STRATEGIES`.
    clean
        Whether it is the twin.
    """

    def __init__(self, name: str, *, clean: bool = False) -> None:
        super().__init__()
        _, leaking, honest = PLANTED_STRATEGIES[name]
        self._rule = honest if clean else leaking

    def plan(self, tape: Tape) -> _Array:
        """Give 1 where the rule holds, else 0."""
        return np.asarray(self._rule(tape.close), np.float64)


def self_test(*, step: Callable[[int, int], object] = lambda done, total: None) -> list[Trap]:
    """Audit every planted strategy and its twin; give what was found of each.

    Parameters
    ----------
    step
        Told how many of how many are done.
    """
    tapes = {"ONE": made_up(_BARS)["ONE"]}
    found = []
    for name, (words, _, _) in PLANTED_STRATEGIES.items():
        for clean in (False, True):
            make = partial(PlantedStrategy, name, clean=clean)
            seen = audit_strategy(make, tapes, name=name, cuts=_CUTS)
            found.append(
                Trap(
                    name=name, words=words, leaks=not clean, rule="" if clean else "prefix",
                    found_by=tuple(one.rule for one in seen.findings),
                )
            )  # fmt: skip
            step(len(found), 2 * len(PLANTED_STRATEGIES))
    return found
