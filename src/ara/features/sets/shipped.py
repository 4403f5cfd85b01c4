"""The feature sets that Ara ships."""

import difflib
from functools import cache
from pathlib import Path
from typing import Final

from ara.errors import FeatureEngineeringError
from ara.features import catalogue
from ara.features.indicator import Scale
from ara.features.sets.feature_set import FeatureSet
from ara.features.sets.item import Item, crossed

__all__ = ["THEMES", "find", "get", "names"]

_FAMILIES: Final = ("trend", "momentum", "volatility", "volume", "statistical")

THEMES: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    (
        "return",
        "What the price did over a day, a week, a month, a quarter, a year: the facts that all else is made of.",
        (
            "log_return",
            "log_return(bars=5)",
            "log_return(bars=21)",
            "log_return(bars=63)",
            "momentum_12_1",
            "overnight_return",
            "intraday_return",
        ),
    ),
    (
        "trend",
        "Whether there is a trend, which way, how old and how steady; each by another measure.",
        (
            "ma_cross.spread",
            "ppo.line",
            "ppo.histogram",
            "adx",
            "aroon.oscillator",
            "linreg_tstat",
            "efficiency_ratio",
            "nearness_to_high",
            "information_discreteness",
        ),
    ),
    (
        "stretch",
        "How far the price has run from where it usually is; short runs tend to be taken back.",
        (
            "rsi",
            "rsi(window=3)",
            "stoch.k",
            "cci",
            "zscore",
            "bollinger_percent",
            "percent_rank",
            "streak",
            "up_share",
            "drawdown",
        ),
    ),
    (
        "size of moves",
        "How much the price moves, over several spans and by several prices: what can be forecast best.",
        (
            "har",
            "ewma_volatility",
            "natr",
            "yang_zhang",
            "overnight_share",
            "semivariance_balance",
        ),
    ),
    (
        "state of volatility",
        "Whether it moves more than usual, how steadily, and how it got there.",
        (
            "volatility_ratio",
            "volatility_rank",
            "volatility_term",
            "volatility_of_volatility",
            "bollinger_width_rank",
            "return_shock",
            "choppiness",
            "volatility_clustering",
            "leverage_effect",
        ),
    ),
    (
        "shape",
        "What kind of series it is: lopsided, with jumps, with memory.",
        ("skew", "kurtosis", "jump_share", "tail_ratio", "autocorrelation", "variance_ratio.z", "runs_test"),
    ),
    (
        "volume",
        "How much is traded against the usual, and on which side; without a value where an instrument has no volume.",
        (
            "rvol",
            "volume_z",
            "pvo.line",
            "cmf",
            "mfi",
            "net_volume",
            "price_volume_correlation",
            "vwap_distance",
        ),
    ),
    (
        "cost of trading",
        "What it costs to trade, who presses, and whether that changes: dear and thin markets move otherwise.",
        ("abdi_ranaldo", "amihud_shift", "kyle_lambda", "order_flow_imbalance"),
    ),
    (
        "waves",
        "On which scale the price moves, and how much of the last swing is taken back.",
        ("wavelet_distance", "spectral_entropy", "katz", "fibonacci_position.taken_back"),
    ),
    (
        "market",
        "How it moves with the market; without a value where no market is given.",
        ("beta", "correlation.correlation", "relative_strength", "residual_volatility"),
    ),
    (
        "week",
        "The same questions asked of whole weeks, where the noise of days is gone.",
        ("rsi@1w", "zscore@1w", "linreg_tstat@1w", "natr@1w"),
    ),
)
"""What `ara-default` is made of: name of a theme, why it is there, its items."""

_FAST: Final = (
    "log_return",
    "log_return(bars=5)",
    "log_return(bars=21)",
    "rsi",
    "ppo.histogram",
    "adx",
    "zscore",
    "bollinger_percent",
    "drawdown",
    "har",
    "natr",
    "volatility_term",
    "return_shock",
    "rvol",
    "cmf",
)

_NAMES: Final = ("all", "ara-default", "ara-fast", "cross", "technical")


def names() -> tuple[str, ...]:
    """Give the names of the sets that Ara ships, sorted."""
    return _NAMES


@cache
def get(name: str) -> FeatureSet:
    """Give the set of that name: `ara-default`, `ara-fast`, `cross`, `technical` or `all`.

    Raises
    ------
    FeatureEngineeringError
        There is none of that name; the message names the nearest.
    """
    if name == "ara-default":
        words = "What Ara's models look at: few enough to keep apart, from every family, all free of units."
        return _of(name, words, [text for _, _, texts in THEMES for text in texts])
    if name == "ara-fast":
        return _of(name, "The least that tells return, trend, stretch, volatility and volume.", _FAST)
    if name == "cross":
        words = "What many instruments say together: market, groups, breadth, factors, leads, dispersion, peers."
        return _of(name, f"{words} Give several symbols.", crossed())
    if name == "technical":
        words = "Every indicator of trend, momentum, volatility, volume and statistics that is free of units."
        return _of(name, words, _technical())
    if name == "all":
        words = "Every registered feature with its defaults, those that move with the price or the volume too."
        return _of(name, words, _every())
    near = difflib.get_close_matches(str(name), _NAMES, n=2, cutoff=0.5)
    guess = f" Did you mean {' or '.join(near)}?" if near else ""
    raise FeatureEngineeringError(
        f"There is no feature set {name!r:.60}.{guess}",
        hint=f"There are {', '.join(_NAMES)}; or give a file: features.toml",
        nearest=near,
    )


def find(text: str) -> FeatureSet:
    """Give the shipped set of that name, or the one in the file of that name."""
    from ara.features.sets.files import SUFFIXES, read

    return read(Path(text)) if text.lower().endswith(SUFFIXES) else get(text)


def _of(name: str, words: str, texts: "tuple[str, ...] | list[str]") -> FeatureSet:
    return FeatureSet(name=name, items=tuple(Item.parse(text) for text in texts), words=words)


def _technical() -> list[str]:
    families = catalogue.families()
    return [
        name for family in _FAMILIES for name, one in families.get(family, {}).items() if one.spec.scale is Scale.FREE
    ]


def _every() -> list[str]:
    return [*catalogue.names(), *crossed()]
