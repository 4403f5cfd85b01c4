"""Strategies that come with Ara, and how any strategy is found and made."""

from ara.trading.strategies.buy_and_hold import BuyAndHold
from ara.trading.strategies.forecast_following import ForecastFollowing
from ara.trading.strategies.making import Made, made
from ara.trading.strategies.mean_reversion import MeanReversion
from ara.trading.strategies.momentum import Momentum
from ara.trading.strategies.pairs import Pairs
from ara.trading.strategies.regime_switching import RegimeSwitching

__all__ = [
    "BuyAndHold",
    "ForecastFollowing",
    "Made",
    "MeanReversion",
    "Momentum",
    "Pairs",
    "RegimeSwitching",
    "made",
]
