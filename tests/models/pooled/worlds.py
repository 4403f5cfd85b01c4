"""Small worlds of several classes, for tests of the pooled models."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from ara.models import Panel, fits
from ara.models.families.pooled import features, model, seen
from ara.statistics import ewma_variance

__all__ = ["CLASSES", "forget", "later", "small", "start_of_month"]

CLASSES = {"AAA": "stock", "BBB": "stock", "CCC": "crypto", "DDD": "forex", "EEE": "etf"}
_NEVER = np.iinfo(np.int64).max


def forget() -> None:
    """Forget every table, chain and fit that was kept."""
    features._kept.clear()
    features._few.clear()
    seen._kept.clear()
    seen._lately.clear()
    model._chains.clear()
    fits._fits.clear()


def start_of_month(year: int, month: int) -> int:
    return int(datetime(year, month, 1, tzinfo=UTC).timestamp()) * 1_000_000


def small(bars: int = 620, *, seed: int = 3, horizons: tuple[int, ...] = (1, 5), skip: tuple[str, ...] = ()) -> Panel:
    """Give series with a common, clustered volatility: stocks close at 21:00 and rest at week-ends, coins never do."""
    random = np.random.default_rng(seed)
    state = np.zeros(2 * bars)
    for t in range(1, len(state)):
        state[t] = 0.97 * state[t - 1] + 0.18 * random.standard_normal()
    parts: list[dict[str, np.ndarray]] = []
    names = [name for name in sorted(CLASSES) if name not in skip]
    for name in sorted(CLASSES):
        days = _days(bars, every=CLASSES[name] == "crypto")
        shock = random.standard_t(5, bars) * 0.01 * np.exp(state[days] / 2)
        width = np.abs(random.standard_normal((2, bars))) * 0.008 * np.exp(state[days] / 2)
        gap = 0.2 * shock * random.random(bars)
        rest = np.stack([gap, np.maximum(gap, shock) + width[0], np.minimum(gap, shock) - width[1], shock], axis=1)
        rest[0] = np.nan
        volume = random.lognormal(10, 0.3, bars) if CLASSES[name] != "forex" else np.full(bars, np.nan)
        if name in names:
            parts.append(_part(rest, volume, days, code=names.index(name), name=name, horizons=horizons))
    groups = tuple(sorted({CLASSES[name] for name in names}))
    group = np.concatenate([np.full(bars, groups.index(CLASSES[name]), np.int32) for name in names])
    joined = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    x = np.empty((len(group), 0), np.float32)
    return Panel(**joined, symbols=tuple(names), group=group, groups=groups, x=x, names=(), horizons=horizons)


def _days(bars: int, *, every: bool) -> np.ndarray:
    days = np.arange(2 * bars)
    return days[:bars] if every else days[days % 7 < 5][:bars]


def _part(
    rest: np.ndarray, volume: np.ndarray, days: np.ndarray, *, code: int, name: str, horizons: tuple[int, ...]
) -> dict[str, np.ndarray]:
    first = datetime(2018, 1, 1, tzinfo=UTC)
    hour = 86_400_000_000 // 24
    at = np.array([int((first + timedelta(days=int(day))).timestamp()) * 1_000_000 for day in days])
    known = at + {"stock": 21, "etf": 21, "crypto": 24, "forex": 22}[CLASSES[name]] * hour
    scale = np.sqrt(np.maximum(ewma_variance(rest[:, 3]), 1e-16)[:, None] * np.array(horizons, float))
    y, y_known = np.full(scale.shape, np.nan), np.full(scale.shape, _NEVER)
    path = np.nancumsum(rest[:, 3])
    for place, h in enumerate(horizons):
        y[:-h, place] = (path[h:] - path[:-h]) / scale[:-h, place]
        y_known[:-h, place] = known[h:]
    series = np.full(len(days), code, np.int32)
    return {
        "at": at, "known_at": known, "series": series, "bars": rest, "volume": volume,
        "scale": scale, "y": y, "y_known": y_known,
    }  # fmt: skip


def later(panel: Panel, moment: int, factor: float) -> Panel:
    """Give the panel with other bars after a moment."""
    future = panel.known_at > moment
    bars = np.where(future[:, None], panel.bars * factor + 0.01, panel.bars)
    return replace(panel, bars=bars, volume=np.where(future, panel.volume * 3, panel.volume))
