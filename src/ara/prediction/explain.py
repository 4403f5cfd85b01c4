"""Why the band is as wide as it is and where the median lies, in shares that sum to the whole and in plain words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.models.months import DAY
from ara.models.panel import Panel
from ara.models.reasons import SPANS, USUAL, Told
from ara.prediction.forecast import Factor
from ara.statistics.ranges import floored, range_variance

__all__ = ["DRAWN", "FACTORS", "REASONS", "REST", "Why", "whys", "with_doubt"]

REASONS: Final = 6
"""Version of the reasons, part of every forecast's lineage: raised whenever the same input would be told otherwise."""

DRAWN: Final = 1
"""Version of the shares by permutation, part of the lineage of forecasts whose reasons come of them."""

FACTORS: Final = 5
"""How many reasons are named; what all others add up to follows them as one."""

REST: Final = "else"
"""Name of what is left beside the named reasons."""

_Array = NDArray[np.float64]

_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FROM_MONDAY: Final = 3
_NOTHING: Final = 1e-9
_LONGEST: Final = 8192  # of longer series nobody keeps what is usual


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The reasons for one day of a forecast.

    Parameters
    ----------
    wider
        Width of the 80 % band against that of a usual bar: 0.18 is 18 % wider.
    factors
        What makes it so, largest first, the rest last; their contributions sum to `wider`.
    leans
        What moves the median away from the last close; their contributions sum to its log return.
    sure
        What sets the confidence apart from that of an ordinary day, as `ara.prediction.sureness` tells it.
    """

    wider: float
    factors: tuple[Factor, ...]
    leans: tuple[Factor, ...]
    sure: tuple[Factor, ...] = ()


def with_doubt(told: Told, doubt: Mapping[str, tuple[float, float | _Array]]) -> Told:
    """Give what was told of a band that is wider for further reasons: a figure of each, and the log of its factor."""
    count = np.ones_like(told.width)
    logs = {name: count * log for name, (_, log) in doubt.items() if np.any(log)}
    return Told(
        width=told.width + sum(logs.values()),
        parts={**told.parts, **{name: told.parts.get(name, 0.0) + log for name, log in logs.items()}},
        centre=told.centre,
        values={**told.values, **{name: count * value for name, (value, _) in doubt.items()}},
        drawn=told.drawn,
    )


def whys(told: Told, panel: Panel, row: int) -> list[Why | None]:
    """Give the reasons for each horizon of a panel's row; None where a band has no width to explain.

    The five that are named are the same over all horizons: those whose shares are the largest on average.
    """
    seen = _measured(panel, row)
    alone = len(panel.symbols) == 1
    named = sorted(told.parts, key=lambda name: (-float(np.abs(told.parts[name]).mean()), name))[:FACTORS]
    return [_why(told, seen, named, place, alone=alone) for place in range(len(panel.horizons))]


def _why(told: Told, seen: Mapping[str, float], named: list[str], place: int, *, alone: bool) -> Why | None:
    ends = told.width[place], told.usual[place]
    if not np.isfinite(ends).all():
        return None
    logs = float(ends[0] - ends[1])
    wider = float(np.expm1(logs))
    unit = wider / logs if abs(logs) > _NOTHING else 1.0
    factors = []
    for name in named:
        value = float(told.values[name][place]) if name in told.values else seen.get(name, 0.0)
        share = unit * float(told.parts[name][place])
        words = _WORDS.get(name, _other(name, told))(value, seen["return"], alone)
        factors.append(Factor(name=name, value=value, contribution=share, description=words))
    factors.sort(key=lambda one: -abs(one.contribution))
    rest = wider - sum(one.contribution for one in factors)
    if len(told.parts) > len(named):
        words = f"{len(told.parts) - len(named)} smaller reasons together"
        factors.append(Factor(name=REST, value=0.0, contribution=rest, description=words))
    leans = [
        Factor(
            name=name,
            value=float(part[place]),
            contribution=float(part[place]),
            description=_LEANS[name][int(part[place] < 0)] if name in _LEANS else f"what {name} itself expects",
        )
        for name, part in told.centre.items()
        if part[place]
    ]
    leans.sort(key=lambda one: (-abs(one.contribution), one.name))
    return Why(wider=wider, factors=tuple(factors), leans=tuple(leans))


def _measured(panel: Panel, row: int) -> dict[str, float]:
    """Give what the bars up to the row say of themselves: by stretch, volatility over its usual; return and weekday."""
    first, _ = panel.span(int(panel.series[row]))
    bars = panel.bars[max(first, row + 1 - 2 * USUAL) : row + 1]
    bars = bars[~np.isnan(bars[:, 3])]
    if not len(bars):
        return {"return": 0.0}
    # what is usual of a bar follows from the last 250; where none is missing, members asked that of the whole series
    whole = panel.bars[first : row + 1] if len(bars) == 2 * USUAL and row - first < _LONGEST else bars
    logs = np.log(floored(range_variance(whole), share=0.02)[-USUAL:])
    told = {name: float(np.exp((logs[-span:].mean() - logs.mean()) / 2)) for name, span in SPANS.items()}
    size = float(np.sqrt((bars[-USUAL:, 3] ** 2).mean()))
    middle = panel.at[row] + (panel.known_at[row] - panel.at[row]) // 2
    return told | {
        "falls": float(bars[-SPANS["week"] :, 3].mean()) / size if size > 0 else 0.0,
        "weekday": float((middle // DAY + _FROM_MONDAY) % 7),
        "return": float(np.expm1(bars[-1, 3])),
    }


def _wild(what: str) -> Callable[[float, float, bool], str]:
    return lambda value, _, __: f"{what} {value:.2f}x as volatile as usual"


def _other(name: str, told: Told) -> Callable[[float, float, bool], str]:
    """Give the words of a feature, by its value; of a model whose inside isn't known, by its name."""
    if name in told.values:
        return lambda value, _, __: f"{name} is {value:.3g}"
    return lambda _, __, ___: f"what {name} sees, all together"


def _last(value: float, change: float, _: bool) -> str:
    return f"the last bar ({_percent(change)}) was {value:.2f}x as volatile as usual"


def _reports(share: float, _: float, __: bool) -> str:
    if share in {0, 1}:
        return f"what is ahead lies {'in' if share else 'outside'} the season in which companies report"
    return f"{_percent(share, signed=False)} of what is ahead lies in the season in which companies report"


def _surprise(value: float, _: float, alone: bool) -> str:
    return (
        f"{'its' if alone else 'its market’s'} last moves were {'larger' if value > 1 else 'smaller'} than was foretold"
    )


def _bands(value: float, _: float, __: bool) -> str:
    return f"its last bands held {'less' if value > 1 else 'more'} often than they should"


def _jobs(value: float, _: float, __: bool) -> str:
    return "the US jobs report comes on the next working day" if value else "no US jobs report on the next working day"


_WORDS: Final[Mapping[str, Callable[[float, float, bool], str]]] = {
    "last": _last,
    "week": _wild("the last 5 bars or so were"),
    "month": _wild("the last 25 bars or so were"),
    "half_year": _wild("the last 125 bars or so were"),
    "years": lambda value, _, __: f"its long-run volatility is {value:.2f}x its mean of the last {USUAL} bars",
    "falls": lambda value, _, __: f"the last 5 returns averaged {value:+.2f} of a usual move",
    "gaps": lambda value, _, __: f"gaps between close and open are {value:.2f}x the usual",
    "volume": lambda value, _, __: f"volume is {value:.2f}x that of the last weeks",
    "weekday": lambda value, _, __: f"the last bar was a {_WEEKDAYS[int(value)]}'s",
    "jobs": _jobs,
    "reports": _reports,
    "market": _wild("its market's last 5 bars were"),
    "abroad": _wild("the last 5 bars of other markets were"),
    "age": lambda value, _, __: f"its price is {value:.0f} bars old",
    "agreement": lambda value, _, __: f"its models {'disagree more' if value > 1 else 'agree more'} than usual",
    "bands": _bands,
    "failed": lambda _, __, ___: "parts of Ara had to be done without",
    "held": lambda _, __, ___: "a model that stands in for another is no surer than ewma_t",
    "quality": lambda value, _, __: f"the quality of its newest bars is {value:.2f}",
    "state": lambda value, _, __: f"in such a state its market's bands have to be {value:.2f}x as wide as usual",
    "surprise": _surprise,
}

_LEANS: Final[Mapping[str, tuple[str, str]]] = {
    "belief": ("raised to its market's own chance of a rise", "lowered to its market's own chance of a rise"),
    "drift": ("it and its market drifted up in the past", "it and its market drifted down in the past"),
    "turn": ("rises followed on moves such as the last", "falls followed on moves such as the last"),
    "weekday": ("the weekdays ahead rose more than others", "the weekdays ahead rose less than others"),
}
"""Up and down."""


def _percent(share: float, *, signed: bool = True) -> str:
    return f"{share:{'+' if signed else ''}.{1 if signed else 0}%}".replace("%", " %")
