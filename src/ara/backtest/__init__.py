"""The past, replayed: what would a strategy have earned after costs, and was that luck."""

from ara.backtest.result import Result
from ara.backtest.run import run

__all__ = ["Result", "run"]
