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
from ara.features.aliases import ALIASES, NEAR
from ara.features.families import Family
from ara.features.guest import Guest, own
from ara.features.indicator import Indicator
from ara.market.bars import Bars
from ara.plugins import Offer

__all__ = ["broken", "columns", "compute", "families", "get", "names"]

_log = logging.getLogger(__name__)

_FORMULA: Final = re.compile(r"[-+*/<>(]|[A-Za-z] *\.|[!=]=|^ *not |.(?: and| or) ")


def names() -> tuple[str, ...]:
    """Give the names of all indicators, sorted; each stands for one, see `get`."""
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
    """Give what is offered as an indicator and can't be loaded or is left out, by name, with what is wrong."""
    return _all()[1]


def _all() -> tuple[dict[str, Mapping[str, Indicator]], dict[str, AraError]]:
    found: dict[str, Mapping[str, Indicator]] = {}
    faults: dict[str, AraError] = {}
    for name in _own():
        try:
            found[name] = _offered(name)
        except AraError as error:
            faults[name] = error
    guests, more = _guests()
    return dict(sorted((found | guests).items())), faults | more


def get(name: str) -> Indicator:
    """Give the indicator of that name, that others call so (`bbands`), or that a formula makes (`ara.features.expr`).

    Ara's own names, other names of its indicators among them, are nobody else's: what another package offers under one
    is left out. So is what two packages offer under one name. `broken` says which, and why.

    Raises
    ------
    FeatureEngineeringError
        There is none of that name, and the message says the nearest; or the formula is none, and it says where.
    PluginError
        It is offered, and can't be loaded or is left out.
    """
    if not isinstance(name, str):
        raise FeatureEngineeringError(f"An indicator is named by a text, not by {type(name).__name__}.")
    if _FORMULA.search(name):
        from ara.features.expr import expr

        return expr(name)
    for called in dict.fromkeys((name, ALIASES.get(name, name))):
        for family in _own():
            if found := _listed(family).get(called):
                return found
    guests, faults = _guests()
    for listed in guests.values():
        if name in listed:
            return listed[name]
    if name in faults:
        raise faults[name]
    import difflib

    wanted = name.strip().lower()
    near = difflib.get_close_matches(wanted, [*names(), *ALIASES], n=3)
    near = [NEAR[wanted]] if wanted in NEAR else near
    guess = f" Did you mean {' or '.join(near)}?" if near else ""
    unread = ", ".join(sorted(set(faults) - set(names())))
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
    """Give the inputs of an indicator that one instrument's bars have.

    The number of a session counts its date. A bar outside of the session has none, as it belongs to no longer bar of a
    day: what is traded after Friday's bell is neither Friday's nor Monday's.
    """
    from ara.market.calendar import calendar
    from ara.market.hours import sessions

    found = {name: bars.frame[name].to_numpy() for name in wanted if name in bars.frame.columns}
    if "session" in wanted:
        days = sessions(bars.frame["at"], calendar(bars.instrument.calendar), bars.timeframe)
        found["session"] = days.to_physical().cast(pl.Float64).fill_null(np.nan).to_numpy()
    return found


def _own() -> tuple[str, ...]:
    """Give the names of Ara's own families."""
    return tuple(offer.name for offer in plugins.offers("indicators") if offer.own)


def _guests() -> tuple[dict[str, dict[str, Indicator]], dict[str, AraError]]:
    """Give the indicators of other packages by family, and what of theirs is left out, and why."""
    offered: dict[str, list[tuple[Offer, Indicator]]] = {}
    faults: dict[str, AraError] = {}
    for offer in plugins.offers("indicators"):
        if offer.own:
            continue
        try:
            if refused := plugins.refusal(offer):
                raise refused
            for called, part in _offered(offer.name, f"{offer.distribution} {offer.version}").items():
                offered.setdefault(called, []).append((offer, part))
        except AraError as error:
            faults[offer.name] = error
    taken = _taken() if offered else {}
    found: dict[str, dict[str, Indicator]] = {}
    for called, parts in offered.items():
        if refused := _clash(called, parts, taken):
            faults[called] = refused
        else:
            offer, part = parts[0]
            found.setdefault(offer.name, {})[called] = part
    return found, faults


def _clash(called: str, parts: Sequence[tuple[Offer, Indicator]], taken: Mapping[str, str]) -> PluginError | None:
    """Say why a name can't be used: Ara's is never replaced, and of two others none is chosen by chance."""
    whose = sorted({f"{one.distribution} {one.version} ({one.target})" for one, _ in parts})
    if called in taken:
        words = f"The indicator {called!r} of {' and '.join(whose)} is left out: {taken[called]}."
        return PluginError(words, hint="Ask its authors for another name; until then Ara's own is used.")
    if len({id(getattr(part, "part", part)) for _, part in parts}) > 1:
        words = f"The indicator {called!r} is offered twice: {' and '.join(whose)}."
        return PluginError(words, hint="Uninstall one of them: pip uninstall NAME")
    return None


def _taken() -> dict[str, str]:
    """Give the names that no other package's indicator may have, each with what Ara calls so."""
    from ara.features import cross
    from ara.features.expr.parts import COLUMNS, FUNCTIONS, LOGIC

    found = dict.fromkeys((*COLUMNS, *FUNCTIONS, *LOGIC, "session"), "in formulas Ara means something else by it")
    found |= {called: f"Ara calls {name} so too" for called, name in ALIASES.items()}
    found |= dict.fromkeys(cross.names(), "Ara has a feature of that name")
    return found | {name: "Ara has an indicator of that name" for family in _own() for name in _listed(family)}


def _listed(name: str) -> Mapping[str, Indicator]:
    """Give what is offered by a name, and nothing where it can't be loaded: nobody asked for it."""
    try:
        return _offered(name)
    except AraError:
        return {}


def _offered(name: str, source: str = "") -> Mapping[str, Indicator]:
    part: Any = plugins.load("indicators", name)
    if isinstance(part, Family):
        with plugins.guest(f"The family of indicators {name!r}"):
            members = part.indicators()
        return {called: _held(one, source) for called, one in members.items()} if source else members
    if not isinstance(part, Indicator) or part.spec.name != name:
        words = f"What is offered as the indicator {name!r} is not an indicator of that name, nor a family"
        raise PluginError(
            f"{words}: {part!r:.80}.", hint="Decorate a function of its name with ara.features.indicator."
        )
    return {name: _held(part, source)}


def _held(part: Indicator, source: str) -> Indicator:
    return part if own(part) else Guest(part, source)
