"""Indicators by name, whichever package offers them."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara import plugins
from ara.errors import FeatureEngineeringError, PluginError
from ara.features.aliases import ALIASES
from ara.features.families import Family
from ara.features.indicator import Indicator
from ara.market.bars import Bars

__all__ = ["columns", "compute", "families", "get", "names"]

_FORMULA: Final = re.compile(r"[-+*/<>(]|[A-Za-z] *\.")


def names() -> tuple[str, ...]:
    """Give the names of all indicators, sorted."""
    return tuple(sorted(name for listed in families().values() for name in listed))


def families() -> Mapping[str, Mapping[str, Indicator]]:
    """Give the indicators by family and name; one that stands alone is a family of its own name."""
    return {name: _offered(name) for name in plugins.names("indicators")}


def get(name: str) -> Indicator:
    """Give the indicator of that name, that others call so (`bbands`), or that a formula makes (`ara.features.expr`).

    Raises
    ------
    FeatureEngineeringError
        There is none of that name, and the message says the nearest; or the formula is none, and it says where.
    """
    if _FORMULA.search(name):
        from ara.features.expr import expr

        return expr(name)
    offered = plugins.names("indicators")
    for called in dict.fromkeys((name, ALIASES.get(name, name))):
        for family in sorted(offered, key=lambda one, called=called: one != called):  # type: ignore[misc]
            found = _offered(family).get(called)
            if found is not None:
                return found
    import difflib

    near = difflib.get_close_matches(name, [*names(), *ALIASES], n=3)
    guess = f" Did you mean {' or '.join(near)}?" if near else ""
    raise FeatureEngineeringError(
        f"There is no indicator {name!r:.60}.{guess}", hint="See all of them: ara indicators list", nearest=near
    )


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
        source = columns(source, chosen.spec.inputs)
    return chosen.compute(source, **params)


def columns(bars: Bars, wanted: Sequence[str]) -> Mapping[str, NDArray[np.float64]]:
    """Give the inputs of an indicator that one instrument's bars have; the number of a session counts its date."""
    from ara.market.calendar import calendar
    from ara.market.hours import labels

    found = {name: bars.frame[name].to_numpy() for name in wanted if name in bars.frame.columns}
    if "session" in wanted:
        days = labels(bars.frame["at"], calendar(bars.instrument.calendar))
        found["session"] = days.to_physical().cast(pl.Float64).to_numpy()
    return found


def _offered(name: str) -> Mapping[str, Indicator]:
    part = plugins.load("indicators", name)
    if isinstance(part, Family):
        return part.indicators()
    if not isinstance(part, Indicator) or part.spec.name != name:
        words = f"What is offered as the indicator {name!r} is not an indicator of that name, nor a family"
        raise PluginError(f"{words}: {part!r}.", hint="Decorate a function of its name with ara.features.indicator.")
    return {name: part}
