"""Portfolios as strategies: weights that are found anew from the past every some bars, traded as everything else is."""

from collections.abc import Mapping
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from ara.backtest.result import per_year
from ara.errors import ValidationError
from ara.trading.strategy import Signal, View
from ara.trading.tape import Tape

__all__ = ["Optimised", "Portfolio"]

_FEWEST: Final = 60
_STALE: Final = 10 * 86_400_000_000

_Array = NDArray[np.float64]


class Portfolio:
    """Hold all instruments alike, and trade back to that every some bars.

    What shrinks is sold at one bar and what grows bought at the next, so that there is cash to buy it with. Bars are
    those of the instrument that has fewest in a year; what has had none for ten days is left out.

    Parameters
    ----------
    every
        Bars between trades; larger: cheaper, farther from the weights.
    """

    name: ClassVar[str] = "portfolio"

    def __init__(self, every: int = 21) -> None:
        if every < 2:
            raise ValidationError(f"the portfolio is traded every {every} bars; that is 2 or more")
        self.every = every
        self._moments: list[int] = []
        self._prices: _Array = np.empty((0, 0))
        self._since, self._bar, self._year = every, -1, 252.0
        self._later: dict[str, float] = {}

    def prepare(self, tapes: Mapping[str, Tape]) -> None:
        """Find the bars that count."""
        years = {symbol: per_year({symbol: tape}) for symbol, tape in tapes.items()}
        rarest = min(tapes, key=lambda one: (years[one], tapes[one].known[0], -len(tapes[one])))
        self._moments, self._year = list(tapes[rarest].known), years[rarest]
        self._prices = np.column_stack([_at(tape, self._moments) for tape in tapes.values()])

    def decide(self, view: View) -> list[Signal]:
        """Say what to sell at the close of a bar that is due, and at the next what to buy."""
        bar = int(np.searchsorted(np.array(self._moments), view.now, side="right")) - 1
        if bar <= self._bar:
            return []
        self._bar = bar
        self._since += 1
        if self._later:
            grown, self._later = self._later, {}
            return [_signal(one, size) for one, size in grown.items()]
        if self._since < self.every or not np.isfinite(self._prices[bar]).any():
            return []
        self._since = 0
        return self._traded(view, self.weights(bar))

    def weights(self, bar: int) -> _Array:
        """Give the weights from the bars up to one."""
        known = np.isfinite(self._prices[bar])
        found: _Array = known / known.sum()
        return found

    def past(self, bar: int, count: int) -> _Array:
        """Give the returns of the last bars `[bar, instrument]` of what has a price at the last of them."""
        prices = self._prices[max(bar - count, 0) : bar + 1][:, np.isfinite(self._prices[bar])]
        whole = prices[np.isfinite(prices).all(axis=1)]
        found: _Array = whole[1:] / whole[:-1] - 1 if len(whole) > 1 and (whole > 0).all() else np.empty((0, 0))
        return found

    def _traded(self, view: View, weights: _Array) -> list[Signal]:
        wanted = dict(zip(view.symbols, weights.tolist(), strict=True))
        equity = float(view.equity)
        held = {one: float(view.quantity(one)) * view.price(one) / equity if equity > 0 else 0.0 for one in wanted}
        shrinks = {one: size for one, size in wanted.items() if size < np.nan_to_num(held[one])}
        grows = {one: size for one, size in wanted.items() if one not in shrinks and size > 0}
        if not shrinks:
            return [_signal(one, size) for one, size in grows.items()]
        self._later = grows
        return [_signal(one, size) for one, size in shrinks.items()]


class Optimised(Portfolio):
    """Hold what an optimiser finds in the last bars, and look again every some bars.

    Until there are 60 bars in common all are held alike.

    Parameters
    ----------
    method
        One of `ara.portfolio.METHODS`.
    window
        Bars that are looked back at; larger: steadier weights.
    every
        Bars between looks.
    most
        The largest weight of each.
    covariance
        As in `ara.portfolio.Plan`.
    """

    name: ClassVar[str] = "optimised"

    def __init__(
        self,
        method: str = "hrp",
        window: int = 252,
        *,
        every: int = 21,
        most: float = 1.0,
        covariance: str = "ledoit_wolf",
    ) -> None:
        from ara.portfolio import METHODS

        super().__init__(every)
        if method not in METHODS:
            raise ValidationError(f"there is no method {method[:40]!r}; there are {', '.join(METHODS)}")
        if window < _FEWEST or not 0 < most <= 1:
            raise ValidationError(f"the window is {window} bars and the largest weight {most}; {_FEWEST} and a share")
        self.method, self.window, self.most, self.covariance = method, window, most, covariance

    def weights(self, bar: int) -> _Array:
        """Give the weights that the optimiser finds in the last bars up to one."""
        from ara.portfolio import Limits, Plan
        from ara.portfolio.allocation import weighed

        past = self.past(bar, self.window)
        if len(past) < _FEWEST:
            return super().weights(bar)
        plan = Plan(method=self.method, covariance=self.covariance)
        limits, found = Limits(highest=max(self.most, 1 / past.shape[1])), np.zeros(self._prices.shape[1])
        found[np.isfinite(self._prices[bar])] = weighed(past, plan, limits=limits, per_year=self._year).weights
        return found


def _at(tape: Tape, moments: list[int]) -> _Array:
    """Give the last close known at each moment, carried on; NaN where there was none for ten days."""
    known, now = np.array(tape.known, np.int64), np.array(moments, np.int64)
    places = np.searchsorted(known, now, side="right") - 1
    late = now - known[np.maximum(places, 0)] > _STALE
    return np.where((places >= 0) & ~late, tape.close[np.maximum(places, 0)], np.nan)


def _signal(symbol: str, size: float) -> Signal:
    return Signal(symbol=symbol, size=float(size), again=True)
