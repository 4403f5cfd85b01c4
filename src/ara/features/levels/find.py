"""The levels of one instrument as they stand at the last bar."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from ara.errors import FeatureEngineeringError
from ara.features.arrays import Array, sums, true_range
from ara.features.levels import pivots as schemes
from ara.features.levels.level import Kind, Level
from ara.features.levels.memories import Memories
from ara.features.levels.periods import number_of
from ara.features.levels.profile import area, spread_volume
from ara.features.swings import zigzag

__all__ = ["PERIODS", "PIVOTS", "levels"]

PIVOTS: Final = ("standard", "fibonacci", "camarilla", "woodie", "demark")
"""Ways to work out pivots."""

PERIODS: Final = ("session", "week", "month")
"""What pivots are worked out from: the last whole one."""

_RANGE: Final = 14
_SWING: Final = 4.0
_BACK: Final = (0.236, 0.382, 0.5, 0.618, 0.786, 1.272, 1.618)
_BINS: Final = 48
_SHARE: Final = 0.7
_NODES: Final = 3
_FULL: Final = 0.4
_EMPTY: Final = 0.25


def levels(
    open: Array,
    high: Array,
    low: Array,
    close: Array,
    volume: Array,
    session: Array,
    *,
    pivots: Sequence[str] = ("standard",),
    period: Literal["session", "week", "month"] = "week",
    span: int = 3,
    window: int = 250,
    width: float = 0.5,
) -> list[Level]:
    """Give the prices that matter at the close of the last bar, falling.

    Pivots of the last whole period; Fibonacci's ratios of the last swing that is sure, of four mean true ranges or
    more; clusters of confirmed turns; from the volume by price of the last `window` bars the point of control, the
    ends of the value area and the fullest and emptiest places. Bars with a gap are passed over; without volume there
    are no levels of it.

    Parameters
    ----------
    open, high, low, close, volume, session
        Of each bar; `session` is its date as a number of days.
    pivots
        Which of `PIVOTS`.
    period
        Which of `PERIODS` they are worked out from.
    span
        Bars on each side that a turn stands out from.
    window
        Bars whose turns and volume count.
    width
        Reach of a cluster in mean true ranges of 14 bars: turns within it of each other are one level.
    """
    strange = [one for one in pivots if one not in PIVOTS] + [one for one in (period,) if one not in PERIODS]
    if strange or span < 1 or window < 2 or not width > 0:
        words = f"pivots {tuple(pivots)}, period {period!r}, span {span}, window {window}, width {width}"
        raise FeatureEngineeringError(
            f"The levels can't be found with {words}.",
            hint=f"pivots: {', '.join(PIVOTS)}; period: {', '.join(PERIODS)}; span 1, window 2 or more; width above 0.",
        )
    bars = np.stack([np.asarray(one, np.float64) for one in (open, high, low, close, volume, session)])
    kept = np.flatnonzero(np.isfinite(bars[[0, 1, 2, 3, 5]].sum(axis=0)))
    if len(kept) < 2:
        return []
    bars = bars[:, kept]
    with np.errstate(all="ignore"):
        ranges = _ranges(bars)
        past = Memories.of(bars[1], bars[2], ranges, span=span, window=window, width=width)
        found = [
            *(one for name in pivots for one in _pivots(bars, name, period, past)),
            *_ratios(bars, past),
            *_clusters(past),
            *_nodes(bars, window, past),
        ]
    placed = (_placed(one, kept.tolist()) for one in found if one.price > 0)
    return sorted(placed, key=lambda one: (-one.price, one.kind, one.name))


def _placed(one: Level, kept: list[int]) -> Level:
    return replace(one, known_at=kept[one.known_at], since=kept[one.since])


def _ranges(bars: NDArray[np.float64]) -> Array:
    """Give the mean true range at each bar, over the first bars of those there are."""
    _, high, low, close, _, _ = bars
    wide = true_range(high, low, close)
    wide[0] = high[0] - low[0]
    lead = np.cumsum(wide[:_RANGE]) / np.arange(1, len(wide[:_RANGE]) + 1)
    return np.concatenate([lead, (sums(wide, _RANGE) / _RANGE)[_RANGE:]])


def _level(
    past: Memories, kind: Kind, name: str, price: float, words: str, *, known: int, since: int, half: float = 0.0
) -> Level:
    near = past.near(price - half, price + half)
    return Level(
        kind=kind,
        name=name,
        price=float(price),
        low=float(price - half),
        high=float(price + half),
        strength=past.strength(near),
        touches=int(near.sum()),
        known_at=known,
        since=since,
        words=words,
    )


def _pivots(bars: NDArray[np.float64], scheme: str, period: str, past: Memories) -> list[Level]:
    """Give the pivots of the last period that is over; of the data's first, which may be cut, none."""
    number = PERIODS.index(period) + 1
    chosen = getattr(schemes, f"pivot_{scheme}")
    columns = dict(zip(("open", "high", "low", "close", "volume", "session"), bars, strict=True))
    lines = chosen.compute(columns, period=number)
    if not np.isfinite(lines[0][-1]):
        return []
    moved = np.flatnonzero(np.diff(number_of(bars[5], number))) + 1
    known, since = int(moved[-1]) - 1, int(moved[-2])
    told = {"p": "The middle", "r": "Resistance", "s": "Support"}
    found = []
    for name, line in zip(chosen.spec.outputs, lines, strict=True):
        place = "" if name == "pp" else f" {name[1:]}"
        words = f"{told[name[0]]}{place} by {scheme} pivots of the {period} before"
        found.append(_level(past, "pivot", name.upper(), line[-1], words, known=known, since=since))
    return found


def _ratios(bars: NDArray[np.float64], past: Memories) -> list[Level]:
    turns = zigzag(bars[1], bars[2], atr=_SWING, window=_RANGE)
    if len(turns) < 2:
        return []
    start, end = float(turns.price[-2]), float(turns.price[-1])
    way = "rise" if end > start else "fall"
    found = []
    for ratio in _BACK:
        words = f"{ratio:.1%} of the {way} from {start:.6g} to {end:.6g} taken back".replace("%", " %", 1)
        price = end - ratio * (end - start)
        known, since = int(turns.known[-1]), int(turns.at[-2])
        name = f"{ratio:.1%}".replace("%", " %")
        found.append(_level(past, "fibonacci", name, price, words, known=known, since=since))
    return found


def _clusters(past: Memories) -> list[Level]:
    found = []
    for members in past.clusters():
        prices, tops = past.turns.price[members], int(past.turns.high[members].sum())
        chosen = np.isin(np.arange(len(past.turns)), members)
        times = [f"{count} {words}" for count, words in ((tops, "down"), (len(members) - tops, "up")) if count]
        found.append(
            Level(
                kind="cluster",
                name="turns",
                price=float(prices.mean()),
                low=float(prices.min()),
                high=float(prices.max()),
                strength=past.strength(chosen),
                touches=len(members),
                known_at=int(past.turns.known[members].max()),
                since=int(past.turns.at[members].min()),
                words=f"The price turned here {len(members)} times: {' and '.join(times)}",
            )
        )
    return found


def _nodes(bars: NDArray[np.float64], window: int, past: Memories) -> list[Level]:
    """Give what the volume by price shows; the nodes are the turns of the smoothed profile that stand out most."""
    _, high, low, _, volume, _ = bars[:, -window:]
    traded = np.where(np.isfinite(volume) & (volume > 0), volume, 0.0)
    last, since = bars.shape[1] - 1, bars.shape[1] - len(volume)
    if not traded.any() or not high.max() > low.min():
        return []
    held, bottom, step = spread_volume(high[None], low[None], traded[None], _BINS)
    fullest, first, final = (int(one[0]) for one in area(held, _SHARE))
    base, size = float(bottom[0]), float(step[0])
    share = held[0] / held[0].sum()
    told = [
        ("point of control", base + (fullest + 0.5) * size, f"Most was traded here of the last {len(volume)} bars"),
        ("value area high", base + (final + 1) * size, f"{_SHARE:.0%} of the volume is below this and above its low"),
        ("value area low", base + first * size, f"{_SHARE:.0%} of the volume is above this and below its high"),
    ]
    smooth = np.convolve(np.pad(share, 1, mode="edge"), (0.25, 0.5, 0.25), "valid")
    for name, bins in (("high volume", _peaks(smooth, fullest)), ("low volume", _valleys(smooth))):
        some = "Much" if name == "high volume" else "Little"
        for one in bins:
            against = f"{smooth[one] / smooth.max():.0%}"
            told.append((name, base + (one + 0.5) * size, f"{some} was traded here: {against} of the fullest price"))
    return [
        _level(past, "volume", name, price, words.replace("%", " %"), known=last, since=since, half=size / 2)
        for name, price, words in told
    ]


def _peaks(smooth: Array, fullest: int) -> list[int]:
    inner = np.arange(1, len(smooth) - 1)
    high = (smooth[1:-1] > smooth[:-2]) & (smooth[1:-1] >= smooth[2:]) & (smooth[1:-1] > _FULL * smooth.max())
    return sorted(inner[high & (np.abs(inner - fullest) > 2)].tolist(), key=lambda one: -smooth[one])[:_NODES]


def _valleys(smooth: Array) -> list[int]:
    inner = np.arange(1, len(smooth) - 1)
    left = np.maximum.accumulate(smooth)[1:-1]
    right = np.maximum.accumulate(smooth[::-1])[::-1][1:-1]
    around = np.minimum(left, right)
    lows = (smooth[1:-1] < smooth[:-2]) & (smooth[1:-1] <= smooth[2:]) & (smooth[1:-1] < _EMPTY * around)
    depth = dict(zip(inner.tolist(), (smooth[1:-1] / np.maximum(around, 1e-300)).tolist(), strict=True))
    return sorted(inner[lows].tolist(), key=lambda one: depth[one])[:_NODES]
