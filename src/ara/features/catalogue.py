"""Indicators by name, whichever package offers them."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ara import plugins
from ara.errors import PluginError
from ara.features.indicator import Indicator
from ara.market.bars import Bars

__all__ = ["compute", "get", "names"]


def names() -> tuple[str, ...]:
    """Give the names of all indicators, sorted; nothing is imported."""
    return plugins.names("indicators")


def get(name: str) -> Indicator:
    """Give the indicator of that name; PluginError where there is none, or what is offered isn't one."""
    found = plugins.load("indicators", name)
    if not isinstance(found, Indicator) or found.spec.name != name:
        words = f"What is offered as the indicator {name!r} is not an indicator of that name"
        raise PluginError(f"{words}: {found!r}.", hint="Decorate a function of its name with ara.features.indicator.")
    return found


def compute(
    name: str, source: Bars | Mapping[str, NDArray[np.float64]], **params: float
) -> tuple[NDArray[np.float64], ...]:
    """Compute one indicator over bars, or over arrays by column, and give one array per output.

    Parameters
    ----------
    name
        Of the indicator.
    source
        Bars of one instrument, or arrays named like their columns, ascending in time.
    **params
        The indicator's parameters; its defaults stand for those that are left out.
    """
    chosen = get(name)
    if isinstance(source, Bars):
        source = {column: source.frame[column].to_numpy() for column in chosen.spec.inputs}
    return chosen.compute(source, **params)
