"""Indicators of one's own, written as formulas: `expr("ema(close, 12) / ema(close, 26) - 1")`.

A formula names columns, calls functions and registered indicators, and joins them by signs. It is read by a grammar of
its own, never run as a program.
"""

from ara.features.expr.formula import expr
from ara.features.expr.program import Expression

__all__ = ["Expression", "expr"]
