"""The past, replayed: what would a strategy have earned after costs, and was that luck.

The room can be called as well, as other questions are asked: `ara.backtest("AAPL", "momentum")`.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from ara.backtest.result import Result
from ara.backtest.run import run

__all__ = ["BacktestResult", "Result", "run"]

BacktestResult = Result
"""What a back-test gives, by the name under which it is looked for."""


class _Asked(ModuleType):
    """A room with a front: what is asked of it is asked of `ara.quick`, which lies above all rooms."""

    def __call__(self, *args: Any, **words: Any) -> Any:
        return import_module("ara.quick").backtest(*args, **words)


sys.modules[__name__].__class__ = _Asked
