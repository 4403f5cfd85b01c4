"""Families of indicators: what one entry point offers together."""

import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Final

from ara.errors import FeatureEngineeringError
from ara.features.indicator import ArrayIndicator, Indicator

__all__ = [
    "CANDLES",
    "LEVELS",
    "MICROSTRUCTURE",
    "MOMENTUM",
    "SPECTRAL",
    "STATISTICAL",
    "TREND",
    "VOLATILITY",
    "VOLUME",
    "Family",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A package whose modules hold indicators; they are imported when they are asked for.

    Parameters
    ----------
    name
        As in its entry point.
    package
        Where they are.
    words
        What they have in common, in a sentence.
    """

    name: str
    package: str
    words: str

    def indicators(self) -> Mapping[str, Indicator]:
        """Give its indicators by name, sorted: all that the modules list in their `__all__`."""
        return _found(self.package)


@cache
def _found(package: str) -> Mapping[str, Indicator]:
    found: dict[str, Indicator] = {}
    for module in pkgutil.iter_modules(import_module(package).__path__, f"{package}."):
        part = import_module(module.name)
        for one in (getattr(part, name) for name in part.__all__):
            if not isinstance(one, ArrayIndicator):
                continue
            if one.spec.name in found:
                raise FeatureEngineeringError(f"The indicator {one.spec.name!r} stands twice in {package}.")
            found[one.spec.name] = one
    return dict(sorted(found.items()))


def _own(name: str, words: str, *, room: str = "indicators.") -> Family:
    return Family(name=name, package=f"ara.features.{room}{name}", words=words)


TREND: Final = _own("trend", "Where the price is going, and how steadily.")
"""Moving averages, channels, directional movement."""

MOMENTUM: Final = _own("momentum", "How fast the price moves, and whether that wears off.")
"""Oscillators and rates of change."""

VOLATILITY: Final = _own("volatility", "How much the price moves.")
"""Ranges, bands, estimators of variance."""

VOLUME: Final = _own("volume", "How much is traded, and on which side.")
"""Cumulative and relative volume, prices weighted by it."""

STATISTICAL: Final = _own("statistical", "What kind of series the prices are.")
"""Moments, dependence, tests."""

CANDLES: Final = _own("candles", "What a few bars look like together.", room="patterns.")
"""Shapes of one to five bars: 100 or more where a rising one is complete, -100 or less for a falling one, else 0."""

LEVELS: Final = _own("levels", "How far the price is from prices that matter.", room="")
"""Pivots, retracements, clusters of turns, volume by price."""

MICROSTRUCTURE: Final = _own("microstructure", "What trading costs, and who is pressing.", room="")
"""Spreads, price impact, order flow, from bars."""

SPECTRAL: Final = _own(
    "spectral", "Which cycles are there, how rough the path is, whether volatility clusters.", room=""
)
"""Wavelets, band power, fractal dimensions, GARCH."""
