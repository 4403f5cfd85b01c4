"""Indicators by name, whichever package offers them."""

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara import plugins
from ara.errors import AraError, FeatureEngineeringError, PluginError
from ara.features.aliases import ALIASES
from ara.features.families import Family
from ara.features.guest import Guest, own
from ara.features.indicator import Indicator
from ara.market.bars import Bars

__all__ = ["broken", "columns", "compute", "families", "get", "names"]

_log = logging.getLogger(__name__)

_FORMULA: Final = re.compile(r"[-+*/<>(]|[A-Za-z] *\.|[!=]=|^ *not |.(?: and| or) ")


def names() -> tuple[str, ...]:
    """Give the names of all indicators, sorted."""
    return tuple(sorted(name for listed in _all()[0].values() for name in listed))


def families() -> Mapping[str, Mapping[str, Indicator]]:
    """Give the indicators by family and name; one that stands alone is a family of its own name.

    What can't be loaded is left out, and the log says why; see `broken`.
    """
    found, faults = _all()
    for name, error in faults.items():
        _log.warning("Left out the indicator %s: %s", name, error.message)
    return found


def broken() -> Mapping[str, AraError]:
    """Give what is offered as an indicator and can't be loaded, by name, with what is wrong."""
    return _all()[1]


def _all() -> tuple[dict[str, Mapping[str, Indicator]], dict[str, AraError]]:
    found: dict[str, Mapping[str, Indicator]] = {}
    faults: dict[str, AraError] = {}
    for name in plugins.names("indicators"):
        try:
            found[name] = _offered(name)
        except AraError as error:
            faults[name] = error
    return found, faults


def get(name: str) -> Indicator:
    """Give the indicator of that name, that others call so (`bbands`), or that a formula makes (`ara.features.expr`).

    Raises
    ------
    FeatureEngineeringError
        There is none of that name, and the message says the nearest; or the formula is none, and it says where.
    """
    if not isinstance(name, str):
        raise FeatureEngineeringError(f"An indicator is named by a text, not by {type(name).__name__}.")
    if _FORMULA.search(name):
        from ara.features.expr import expr

        return expr(name)
    offered = plugins.names("indicators")
    for called in dict.fromkeys((name, ALIASES.get(name, name))):
        if called in offered and (found := _offered(called).get(called)):
            return found
        for family in offered:
            if family != called and (found := _listed(family).get(called)):
                return found
    import difflib

    near = difflib.get_close_matches(name.strip().lower(), [*names(), *ALIASES], n=3)
    guess = f" Did you mean {' or '.join(near)}?" if near else ""
    unread = ", ".join(broken())
    guess += f" These can't be loaded, and it might be among them: {unread}." if unread else ""
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


def _listed(name: str) -> Mapping[str, Indicator]:
    """Give what is offered by a name, and nothing where it can't be loaded: nobody asked for it."""
    try:
        return _offered(name)
    except AraError:
        return {}


def _offered(name: str) -> Mapping[str, Indicator]:
    part: Any = plugins.load("indicators", name)
    if isinstance(part, Family):
        with plugins.guest(f"The family of indicators {name!r}"):
            members = part.indicators()
        own_ones = part.package.startswith("ara.")
        return members if own_ones else {called: _held(one) for called, one in members.items()}
    if not isinstance(part, Indicator) or part.spec.name != name:
        words = f"What is offered as the indicator {name!r} is not an indicator of that name, nor a family"
        raise PluginError(
            f"{words}: {part!r:.80}.", hint="Decorate a function of its name with ara.features.indicator."
        )
    return {name: _held(part)}


def _held(part: Indicator) -> Indicator:
    return part if own(part) else Guest(part)
