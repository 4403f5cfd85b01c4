"""How large a defect must be to be found: each planter of one size after the other."""

from collections.abc import Callable

import numpy as np

from tests.data.quality.planted import (
    PRICES,
    Base,
    Count,
    Planted,
    array,
    disagree,
    flagged,
    opens,
    outlier,
    partial,
    places,
    prices,
    split,
    unit,
)

Planter = Callable[[Base, np.random.Generator], Planted | None]


def close(base: Base, random: np.random.Generator, *, factor: float) -> Planted:
    """Only the close, and the high or low with it, is wrong."""
    rows, values = places(base, random, 4), array(base)
    for number, row in enumerate(rows):
        values[3, row] *= factor if number % 2 else 1 / factor
        values[1, row], values[2, row] = values[:, row].max(), values[:, row].min()
    return Planted(prices(base, values), opens(base, rows))


def reused(base: Base, random: np.random.Generator, *, factor: float) -> Planted | None:
    """Without a pause the series goes on at another level: bars of the same one, from another year."""
    count = len(base.bars)
    if base.instrument.asset_class not in ("stock", "etf") or count < 800:
        return None
    row = int(random.integers(300, count - 300))
    start = int(random.integers(0, count - (count - row)))
    values, volume = array(base), base.bars["volume"].to_numpy().copy()
    length = count - row
    scale = values[3, row - 1] / values[0, start] * (factor if random.random() < 0.5 else 1 / factor)
    values[:, row:], volume[row:] = values[:, start : start + length] * scale, volume[start : start + length]
    bars = base.bars.with_columns(adjusted=base.bars["close"] * np.nan, volume=volume)
    bars = bars.with_columns(**dict(zip(PRICES, values, strict=True)))
    return Planted(bars, opens(base, [row]))


def _of(planter: Callable[..., Planted | None], **told: object) -> Planter:
    return lambda base, random: planter(base, random, **told)


SIZES: tuple[tuple[str, str, dict[str, Planter]], ...] = (
    ("outlier", "a close wrong by", {f"{f - 1:.0%}": _of(close, factor=f) for f in (1.06, 1.12, 1.2, 1.3, 1.5)}),
    ("outlier", "a bar, close, high or low wrong by", {f"{f}x": _of(outlier, sizes=(f, f)) for f in (1.2, 1.4, 2.0)}),
    ("unit", "2 to 40 bars at", {f"{f}x": _of(unit, sizes=(f, f)) for f in (1.2, 1.35, 1.5, 2.0)}),
    ("split", "an untold split", {n: _of(split, among=(r,)) for n, r in (("3:2", 1.5), ("2:1", 2.0), ("1:10", 0.1))}),
    ("reuse", "no pause, a level of", {f"{f}x": _of(reused, factor=f) for f in (1.3, 1.7, 2.4, 6.6)}),
    ("partial", "a last session with", {f"{f:.0%}": _of(partial, part=f) for f in (0.05, 0.1, 0.2, 0.3)}),
    (
        "disagree",
        "against one source, off by",
        {f"{f - 1:.1%}": _of(disagree, sizes=(f, f)) for f in (1.005, 1.01, 1.03)},
    ),
)
"""Rule, what is planted, and the sizes."""


def found(rule: str, planter: Planter, among: list[Base]) -> Count:
    """Plant one size in each series."""
    total, random = Count(), np.random.default_rng([7, *rule.encode()])
    for base in among:
        planted = planter(base, random) if len(base.bars) >= 300 else None
        if planted is not None:
            total.planted += len(planted.at)
            total.found += len(flagged(planted, base, rule) & planted.at)
    return total
