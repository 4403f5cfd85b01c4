"""Figures drawn from bars: indicators, each with its formula, range, warm-up and reference.

An indicator is a function of arrays under the decorator `indicator`; the catalogue finds it by name, wherever the
package that offers it comes from.
"""

from ara.features.indicator import ArrayIndicator, Indicator, IndicatorSpec, Param, Scale, indicator

__all__ = ["ArrayIndicator", "Indicator", "IndicatorSpec", "Param", "Scale", "indicator"]
