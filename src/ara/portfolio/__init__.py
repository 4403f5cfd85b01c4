"""What to hold: weights that meet limits, what they cost, and the trades that lead there."""

from ara.portfolio.allocation import AVERSIONS, METHODS, Allocation, Plan, allocate
from ara.portfolio.expected import historical_mean, shrunk_mean
from ara.portfolio.forecasts import believed, views
from ara.portfolio.limits import RELAXED, Limits
from ara.portfolio.trades import Trade, Trades, trades
from ara.portfolio.walk import Walked, walk

__all__ = [
    "AVERSIONS",
    "METHODS",
    "RELAXED",
    "Allocation",
    "Limits",
    "Plan",
    "Trade",
    "Trades",
    "Walked",
    "allocate",
    "believed",
    "historical_mean",
    "shrunk_mean",
    "trades",
    "views",
    "walk",
]
