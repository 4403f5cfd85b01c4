"""Following forecasts: hold where the odds are good, as much as the forecast risk allows."""

import math
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.models.panel import Panel
from ara.prediction.compute import Recipe, compute
from ara.trading.strategy import Planned
from ara.trading.tape import Tape

__all__ = ["ForecastFollowing"]

_FEWEST = 500
_PARTS = 10


class ForecastFollowing(Planned):
    """Hold where a model's odds of a rise are good enough, sized so that its forecast volatility meets a target.

    Each bar's forecast is a row of the one computation behind `ara predict`: fitted at the first instant of each month
    on what was known then.

    Parameters
    ----------
    model
        Family whose forecasts are followed; `fast` forecasts better, and takes a hundred times as long.
    horizon
        Bars ahead, 1 to 30.
    odds
        Chance of a rise from which on to hold; 0.5 holds whenever a rise is likelier than a fall.
    volatility
        Of a year, which the size aims at; 0 to hold all or nothing.
    most
        The largest share of the equity.
    short
        Whether to be short where the chance of a fall is as good.
    days
        Bars of a year, for the volatility.
    """

    name: ClassVar[str] = "forecast_following"
    costly: ClassVar[bool] = True

    def __init__(
        self,
        model: str = "har_t",
        *,
        horizon: int = 5,
        odds: float = 0.5,
        volatility: float = 0.15,
        most: float = 1.0,
        short: bool = False,
        days: float = 252.0,
    ) -> None:
        super().__init__()
        if not 1 <= horizon <= 30 or not 0 < odds < 1:
            raise ValidationError(
                f"forecast_following has the horizon {horizon} and the odds {odds}; a horizon is 1 to 30 bars, odds "
                "lie between 0 and 1"
            )
        if not (0 <= volatility < math.inf and 0 < most < math.inf and 0 < days < math.inf):
            raise ValidationError(
                f"forecast_following has the volatility {volatility}, most {most} and days {days}; the first is 0 or "
                "more, the others are above 0"
            )
        self.model, self.horizon, self.odds, self.short = model, horizon, odds, short
        self.volatility, self.most, self.days = volatility, most, days

    def plan(self, tape: Tape) -> NDArray[np.float64]:
        """Give the size that the forecast of each bar calls for, in tenths; NaN before there is one."""
        rises, sigma = tape.kept(("forecast", self.model, self.horizon), self._forecast)
        size = np.full(len(tape), self.most)
        if self.volatility:
            with np.errstate(divide="ignore", invalid="ignore"):
                size = np.minimum(self.volatility / (sigma * np.sqrt(self.days / self.horizon)), self.most)
        size = np.round(size * _PARTS) / _PARTS
        found = np.where(rises >= self.odds, size, 0.0)
        if self.short:
            found = np.where(1 - rises > max(self.odds, 1 - self.odds), -size, found)
        return np.where(np.isfinite(rises), found, np.nan)

    def _forecast(self, tape: Tape) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give each bar's chance of a rise and deviation of the log return; NaN while bars are too few."""
        rises, sigma = np.full(len(tape), np.nan), np.full(len(tape), np.nan)
        if len(tape) > _FEWEST:
            rows = np.arange(_FEWEST, len(tape))
            answer = compute(Panel.build([tape.bars()], [self.horizon]), rows, Recipe(model=self.model))
            rises[rows], sigma[rows] = answer.p_up[:, 0], answer.quantiles.sigma[:, 0]
        return rises, sigma
