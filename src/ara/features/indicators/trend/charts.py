"""Whole ways of drawing the price: Ichimoku, Heikin-Ashi, Williams' alligator and fractals, the zigzag."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ara.features.arrays import change, filled, highest, lowest, previous, unbroken
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.trend.lines import turn_step
from ara.features.indicators.trend.onward import alligator_step, fractal_step, gator_step, ichimoku_step, position_step
from ara.features.indicators.trend.steps import phase_step
from ara.features.indicators.trend.terms import TIE, Array, length, settles
from ara.features.library import talib
from ara.features.loops import lines_along

__all__ = [
    "alligator",
    "fractal_chaos_bands",
    "gator",
    "gator_phase",
    "heikin_ashi",
    "ichimoku",
    "ichimoku_position",
    "williams_fractal",
    "zigzag",
]

_CHAOS = "B. Williams (1995), Trading Chaos"
_HOSODA = "G. Hosoda (1969), Ichimoku Kinko Hyo"
_UNSEEN = (2.0, 0.0, 0.0, 0.0, 0.0)
_ICHIMOKU = {
    "tenkan": length(9, "Bars of the conversion line; more is slower.", low=1),
    "kijun": length(26, "Bars of the base line; more is slower.", low=1),
    "senkou_b": length(52, "Bars of the cloud's slow edge; more is slower.", low=1),
    "shift": Param(default=26, low=0, high=500, whole=True, words="Bars by which the cloud is drawn ahead."),
}


def _ready(tenkan: int, kijun: int, senkou_b: int, shift: int) -> int:
    return max(tenkan, kijun, senkou_b) - 1 + shift


def _half(high: Array, low: Array, window: int) -> Array:
    return (highest(high, window) + lowest(low, window)) / 2.0


def _cloud(high: Array, low: Array, given: dict[str, int]) -> tuple[Array, Array, Array, Array]:
    tenkan, kijun = _half(high, low, given["tenkan"]), _half(high, low, given["kijun"])
    slow = _half(high, low, given["senkou_b"])
    return tenkan, kijun, previous((tenkan + kijun) / 2.0, given["shift"]), previous(slow, given["shift"])


@indicator(
    inputs=["high", "low", "close"],
    params=_ICHIMOKU,
    outputs=["tenkan", "kijun", "senkou_a", "senkou_b", "chikou"],
    warmup=_ready,
    memory=lambda **given: 1 + _ready(**given),
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula=(
        "(max H + min L) / 2 over 9, 26 and 52 bars; the cloud is that of 26 bars ago; chikou is C, drawn 26 bars back"
    ),
    reference=_HOSODA,
    words=(
        "Above the cloud the trend is up; tenkan above kijun, and today's close above that of 26 bars ago, confirm it."
    ),
    step=ichimoku_step,
)
@unbroken
def ichimoku(high: Array, low: Array, close: Array, **given: int) -> tuple[Array, ...]:
    """Give the five lines as they stand at each bar; chikou is the close at the bar where it is known."""
    start = _ready(**given)
    return tuple(filled(line, start) for line in (*_cloud(high, low, given), close))


@indicator(
    inputs=["high", "low", "close"],
    params=_ICHIMOKU,
    outputs=["cloud", "thickness", "momentum", "chikou"],
    warmup=_ready,
    memory=lambda **given: 1 + _ready(**given),
    scale=Scale.FREE,
    bounds={"cloud": (-math.inf, 1.0), "thickness": (-math.inf, math.inf)}
    | dict.fromkeys(("momentum", "chikou"), (-math.inf, math.inf)),
    formula="(C - (a + b) / 2) / C, (a - b) / C, (tenkan - kijun) / C, (C - C[t-shift]) / C; a, b edges of the cloud",
    reference=_HOSODA,
    words="Where the price stands in Ichimoku as shares of it: each of the four is bullish above 0.",
    step=position_step,
)
@unbroken
def ichimoku_position(high: Array, low: Array, close: Array, **given: int) -> tuple[Array, ...]:
    """Give the distances that are read from Ichimoku."""
    tenkan, kijun, edge_a, edge_b = _cloud(high, low, given)
    past = change(close, given["shift"])
    found = (close - (edge_a + edge_b) / 2.0, edge_a - edge_b, tenkan - kijun, past)
    return tuple(filled(one / close, _ready(**given)) for one in found)


@indicator(
    inputs=["open", "high", "low", "close"],
    outputs=["open", "high", "low", "close"],
    warmup=0,
    memory=2 + settles(0.5),
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula=(
        "c = (O + H + L + C) / 4, o = (o[t-1] + c[t-1]) / 2 begun with (O + C) / 2, h = max(H, o, c), l = min(L, o, c)"
    ),
    reference="D. Valcu (2004), Using the Heikin-Ashi Technique, Stocks & Commodities 22:2",
    words=(
        "Candles averaged with those before: a run of one colour, without a wick on its other side, is a steady trend."
    ),
)
@unbroken
def heikin_ashi(open: Array, high: Array, low: Array, close: Array) -> tuple[Array, ...]:
    """Give the Heikin-Ashi candles."""
    return tuple(talib().HA(open, high, low, close))


_JAWS = {
    "jaw": length(13, "Length of the slowest line.", low=1),
    "teeth": length(8, "Length of the middle line.", low=1),
    "lips": length(5, "Length of the fastest line.", low=1),
    "jaw_shift": Param(default=8, low=0, high=500, whole=True, words="Bars by which the jaw is drawn ahead."),
    "teeth_shift": Param(default=5, low=0, high=500, whole=True, words="Bars by which the teeth are drawn ahead."),
    "lips_shift": Param(default=3, low=0, high=500, whole=True, words="Bars by which the lips are drawn ahead."),
}


def _mouth(high: Array, low: Array, given: dict[str, int]) -> tuple[Array, ...]:
    middle, start = (high + low) / 2.0, _closed(**given)
    lines = (
        previous(np.asarray(talib().RMA(middle, given[name])), given[f"{name}_shift"])
        for name in ("jaw", "teeth", "lips")
    )
    return tuple(filled(line, start) for line in lines)


def _closed(**given: int) -> int:
    return max(given[name] - 1 + given[f"{name}_shift"] for name in ("jaw", "teeth", "lips"))


def _mouth_memory(**given: int) -> int:
    return max(given[f"{one}_shift"] + given[one] + settles(1.0 / given[one]) for one in ("jaw", "teeth", "lips"))


@indicator(
    inputs=["high", "low"],
    params=_JAWS,
    outputs=["jaw", "teeth", "lips"],
    warmup=_closed,
    memory=_mouth_memory,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="smma((H + L) / 2, 13), 8 bars ago; smma(.., 8), 5 bars ago; smma(.., 5), 3 bars ago",
    reference=_CHAOS,
    words=(
        "Three lines: twisted together there is no trend; lips over teeth over jaw is a rising one, the "
        "reverse falling."
    ),
    step=alligator_step,
)
@unbroken
def alligator(high: Array, low: Array, **given: int) -> tuple[Array, ...]:
    """Give Williams' alligator."""
    return _mouth(high, low, given)


@indicator(
    inputs=["high", "low"],
    params=_JAWS,
    outputs=["upper", "lower"],
    warmup=_closed,
    memory=_mouth_memory,
    scale=Scale.PRICE,
    bounds={"upper": (0.0, math.inf), "lower": (-math.inf, 0.0)},
    formula="|jaw - teeth|, -|teeth - lips| of the alligator",
    reference=_CHAOS,
    words="How far the alligator's mouth is open; near 0 on both sides it sleeps, and there is no trend.",
    step=gator_step,
)
@unbroken
def gator(high: Array, low: Array, **given: int) -> tuple[Array, Array]:
    """Give the gator oscillator."""
    jaw, teeth, lips = _mouth(high, low, given)
    return np.abs(jaw - teeth), -np.abs(teeth - lips)


@indicator(
    inputs=["high", "low"],
    params=_JAWS,
    outputs=["upper", "lower"],
    warmup=lambda **given: 1 + _closed(**given),
    memory=lambda **given: 1 + _mouth_memory(**given),
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula="1 where the gator's bar is longer than the one before, else 0",
    reference=_CHAOS,
    words="Both 1: the trend is under way; one of them: it begins or ends; both 0: no trend.",
    step=phase_step,
)
@unbroken
def gator_phase(high: Array, low: Array, **given: int) -> tuple[Array, Array]:
    """Give which sides of the gator oscillator are growing."""
    jaw, teeth, lips = _mouth(high, low, given)
    grown, least = (change(np.abs(jaw - teeth)), change(np.abs(teeth - lips))), TIE * np.abs(teeth)
    upper, lower = (np.where(np.isnan(one), np.nan, (one > least).astype(np.float64)) for one in grown)
    return upper, lower


_SPAN = {"span": Param(default=2, low=1, high=100, whole=True, words="Bars on each side that a turn must surpass.")}


def _turns(values: Array, span: int) -> NDArray[np.bool_]:
    """Give, at the bar where it becomes known, whether the value `span` bars ago was above all around it."""
    middle = previous(values, span)
    side = highest(values, span)
    around = np.maximum(previous(side, span + 1), side)
    return np.asarray(middle > around)


@indicator(
    inputs=["high", "low"],
    params=_SPAN,
    outputs=["bear", "bull"],
    warmup=lambda span: 2 * span,
    memory=lambda span: 2 * span + 1,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula=(
        "H[t-k] where it is above the k highs on both sides, L[t-k] where below the k lows; 0 where there is no turn"
    ),
    reference=_CHAOS,
    words="The price of a turn at the bar that confirms it, k bars later; 0 else. A break of it is traded.",
    step=turn_step,
)
@unbroken
def williams_fractal(high: Array, low: Array, *, span: int) -> tuple[Array, Array]:
    """Give the turns known at each bar."""
    bear = np.where(_turns(high, span), previous(high, span), 0.0)
    bull = np.where(_turns(-low, span), previous(low, span), 0.0)
    return filled(bear, 2 * span), filled(bull, 2 * span)


def _last_turn(values: Array, span: int, window: int) -> Array:
    """Give the value of the newest confirmed turn among the last bars, else the largest of those bars."""
    place = np.arange(len(values))
    known = np.maximum.accumulate(np.where(_turns(values, span), place - span, -1)) if len(values) else place
    begun = np.fmax.accumulate(values)
    highs = np.where(place < window, begun, highest(values, window))
    return filled(np.where((known >= 0) & (place - known < window), values[np.maximum(known, 0)], highs), 2 * span)


@indicator(
    inputs=["high", "low"],
    params=_SPAN | {"window": length(250, "Bars in which a turn is looked for.", low=3)},
    outputs=["upper", "lower"],
    warmup=lambda span, window: 2 * span,
    memory=lambda span, window: span + max(window, span + 1),
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula="price of the newest confirmed fractal high and low; the highest and lowest of n bars where there is none",
    reference="E. W. Dreiss (1990s), Fractal Chaos Bands, after " + _CHAOS,
    words="The last two turns as lines: between them the market goes sideways, a close beyond begins a trend.",
    step=fractal_step,
)
@unbroken
def fractal_chaos_bands(high: Array, low: Array, *, span: int, window: int) -> tuple[Array, Array]:
    """Give the bands of the last fractals."""
    return _last_turn(high, span, window), -_last_turn(-low, span, window)


def _swings(close: Any, share: float, state: Any, lines: Any) -> None:
    """Follow the swings; state is (direction, pivot, extreme, lowest, highest), direction 2 before the first close."""
    for bar in range(len(close)):
        x = close[bar]
        if not (x > 0.0 and x < math.inf):
            continue
        way, pivot, extreme = state[0], state[1], state[2]
        if way == 2.0:
            way, pivot, extreme, state[3], state[4] = 0.0, x, x, x, x
        elif way == 0.0:
            state[3], state[4], extreme = x if x < state[3] else state[3], x if x > state[4] else state[4], x
            if x >= state[3] * (1.0 + share):
                way, pivot = 1.0, state[3]
            elif x <= state[4] * (1.0 - share):
                way, pivot = -1.0, state[4]
        elif (way > 0.0 and x <= extreme * (1.0 - share)) or (way < 0.0 and x >= extreme * (1.0 + share)):
            way, pivot, extreme = -way, extreme, x
        elif (way > 0.0 and x > extreme) or (way < 0.0 and x < extreme):
            extreme = x
        state[0], state[1], state[2] = way, pivot, extreme
        lines[0][bar], lines[1][bar] = pivot, extreme


def _zigzag_step(state: Any, close: float, *, percent: float) -> tuple[Any, tuple[float, ...]]:
    """Go on from the swing under way."""
    now, lines = list(state or _UNSEEN), [[math.nan], [math.nan]]
    _swings([close], percent / 100.0, now, lines)
    return tuple(now), (lines[0][0], lines[1][0])


@indicator(
    inputs=["close"],
    params={
        "percent": Param(default=5.0, low=0.01, high=90.0, words="Turn that ends a swing; more sees only large swings.")
    },
    outputs=["pivot", "extreme"],
    warmup=0,
    memory=None,
    scale=Scale.PRICE,
    bounds=(0.0, math.inf),
    formula=(
        "extreme: highest (lowest) close of the swing; once C turns by p percent from it, it is the pivot of the next"
    ),
    reference="A. A. Merrill (1977), Filtered Waves",
    words="The last turn that is certain, and the farthest close since; extreme above pivot is an upward swing.",
    step=_zigzag_step,
)
def zigzag(close: Array, *, percent: float) -> tuple[Array, Array]:
    """Give the zigzag as it was known at each bar: confirmed turns only."""
    pivot, extreme = lines_along(_swings, 2, close, percent / 100.0, np.array(_UNSEEN))
    return pivot, extreme
