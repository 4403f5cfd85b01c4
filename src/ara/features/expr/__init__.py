"""Indicators of one's own, written as formulas: `expr("ema(close, 12) / ema(close, 26) - 1")`.

A formula names columns, calls functions and registered indicators, and joins them by signs. It is read by a grammar of
its own, never run as a program.

The package can be called like its function: `ara.features.expr("ema(close, 12) - ema(close, 26)")`.
"""

import sys
from types import ModuleType

from ara.features.expr.formula import expr
from ara.features.expr.program import Expression

__all__ = ["Expression", "expr"]


class _Called(ModuleType):
    """A package with one question: what is asked of it is asked of its function."""

    def __call__(self, text: str) -> Expression:
        return expr(text)


sys.modules[__name__].__class__ = _Called
