"""Figures drawn from bars: indicators, each with its formula, range, warm-up and reference.

An indicator is a function of arrays under the decorator `indicator`; the catalogue finds it by name, wherever the
package that offers it comes from.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ara.features.indicator import ArrayIndicator, Indicator, IndicatorSpec, Param, Scale, indicator
from ara.renamed import renamed

if TYPE_CHECKING:
    from ara.features.sets import FeatureSet

__all__ = ["ArrayIndicator", "FeatureSet", "Indicator", "IndicatorSpec", "Param", "Scale", "indicator"]

_other = renamed(__name__, {"IFeatureEngine": "Indicator"}, later={"FeatureSet": "ara.features.sets"})


def __getattr__(name: str) -> Any:
    if name == "expr":
        return import_module("ara.features.expr")  # the package itself, which can be called as its function
    return _other(name)
