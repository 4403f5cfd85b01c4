"""What every model must keep to, run on ours and on strangers' alike."""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from ara.models.model import Fitted, Model
from ara.models.panel import Panel, Rows
from ara.models.quantiles import LEVELS, Quantiles
from ara.plugins import Check
from ara.workers import Progress

__all__ = ["check_model", "toy_panel"]

_CUT = 420


def check_model(model: Model) -> list[Check]:
    """Run all checks on a model, on a made-up panel of three series; no exception of the model's leaves it."""
    outcomes: list[Check] = []
    for name, check in _CHECKS.items():
        try:
            words = check(model)
        except (Exception, SystemExit) as error:  # noqa: BLE001 (a stranger's code: any failure is the finding)
            words = f"raised {type(error).__name__}: {error}"
        outcomes.append(Check(name=name, ok=not words, words=words or "as it should be"))
    return outcomes


def toy_panel(*, bars: int = 500, seed: int = 7, horizons: tuple[int, ...] = (1, 5, 21)) -> Panel:
    """Give a panel of three random walks with clustered volatility, for checks and tests: made up, not a market."""
    random = np.random.default_rng(seed)
    wave = np.exp(0.5 * np.sin(np.arange(bars) / 40))[:, None]
    returns = 0.01 * wave * random.standard_t(5, (bars, 3))
    returns[0] = np.nan
    first = datetime(2018, 1, 1, tzinfo=UTC)
    at = np.array([int((first + timedelta(days=i)).timestamp()) * 1_000_000 for i in range(bars)])
    known = at + 86_400_000_000
    ends = [np.concatenate((known[h:], np.full(h, np.iinfo(np.int64).max))) for h in horizons]
    path = np.nancumsum(returns, axis=0)
    scale = 0.01 * np.sqrt(np.array(horizons, float))
    targets = np.full((bars, 3, len(horizons)), np.nan)
    for place, h in enumerate(horizons):
        targets[:-h, :, place] = (path[h:] - path[:-h]) / scale[place]
    body = np.stack([0 * returns, np.maximum(returns, 0), np.minimum(returns, 0), returns], axis=-1)
    return Panel(
        at=np.tile(at, 3),
        known_at=np.tile(known, 3),
        series=np.repeat(np.arange(3, dtype=np.int32), bars),
        symbols=("ONE", "THREE", "TWO"),
        group=np.zeros(3 * bars, np.int32),
        groups=("stock",),
        bars=np.concatenate([body[:, i] for i in range(3)]),
        volume=random.lognormal(12, 0.4, 3 * bars),
        x=np.empty((3 * bars, 0), np.float32),
        names=(),
        scale=np.tile(scale, (3 * bars, 1)),
        y=np.concatenate([targets[:, i] for i in range(3)]),
        y_known=np.tile(np.stack(ends, axis=1), (3, 1)),
        horizons=horizons,
    )


def _fit(model: Model, panel: Panel, seed: int = 1) -> Fitted:
    past = panel.until(int(panel.known_at[_CUT]))
    rows = np.arange(len(past))

    def watch(_: Progress) -> bool:
        return True

    return model.fit(past, rows, rows[:0], seed=seed, watch=watch)


def _origins(panel: Panel) -> Rows:
    day = int(panel.known_at[_CUT + 10])
    return np.flatnonzero(panel.known_at == day)


def _shape(model: Model) -> str:
    panel = toy_panel()
    answer = _fit(model, panel).predict(panel, _origins(panel))
    if type(answer) is not Quantiles or answer.levels != LEVELS or answer.horizons != panel.horizons:
        return "does not give Quantiles over LEVELS and the panel's horizons"
    if not np.isfinite(answer.values).all():
        return "gives NaN or infinity"
    return "" if (np.diff(answer.values, axis=-1) >= 0).all() else "quantiles cross"


def _repeats(model: Model) -> str:
    panel = toy_panel()
    one, two = (_fit(model, panel).predict(panel, _origins(panel)).values for _ in range(2))
    return "" if one.tobytes() == two.tobytes() else "the same seed gave other bytes"


def _keeps(model: Model) -> str:
    panel, fitted = toy_panel(), _fit(model, toy_panel())
    before = fitted.predict(panel, _origins(panel)).values
    with tempfile.TemporaryDirectory() as folder:
        fitted.save(Path(folder))
        after = type(model).load(Path(folder)).predict(panel, _origins(panel)).values
    return "" if before.tobytes() == after.tobytes() else "after saving and loading it answers differently"


def _blind(model: Model) -> str:
    panel = toy_panel()
    fitted, rows = _fit(model, panel), _origins(panel)
    past = panel.until(int(panel.known_at[rows[0]]))
    cut = fitted.predict(past, np.flatnonzero(past.known_at == panel.known_at[rows[0]])).values
    future = panel.known_at > panel.known_at[rows[0]]
    poisoned = replace(panel, bars=np.where(future[:, None], panel.bars * 7 + 1, panel.bars))
    whole, other = fitted.predict(panel, rows).values, fitted.predict(poisoned, rows).values
    if not np.allclose(whole, cut, rtol=0, atol=1e-12):
        return "its answer changes when the rows after the origin are cut off: it sees the future"
    return "" if np.allclose(whole, other, rtol=0, atol=1e-12) else "its answer changes with later bars"


def _looks(model: Model) -> str:
    panel = toy_panel()
    fitted, rows = _fit(model, panel), _origins(panel)
    moved = panel.bars.copy()
    moved[rows] += 0.05
    one, two = fitted.predict(panel, rows).values, fitted.predict(replace(panel, bars=moved), rows).values
    return "" if (np.abs(one - two).max(axis=(1, 2)) > 1e-9).all() else "the origin's own bar does not matter to it"


def _many(model: Model) -> str:
    panel = toy_panel()
    fitted, rows = _fit(model, panel), _origins(panel)
    single = np.concatenate([fitted.predict(panel, rows[i : i + 1]).values for i in range(len(rows))])
    together = fitted.predict(panel, rows).values
    return "" if np.allclose(single, together, rtol=0, atol=1e-12) else "one row alone is answered differently"


_CHECKS: dict[str, Callable[[Model], str]] = {
    "gives finite quantiles that do not cross": _shape,
    "the same seed gives the same bytes": _repeats,
    "saves and loads": _keeps,
    "does not see the future": _blind,
    "sees the present": _looks,
    "one row is answered as many are": _many,
}
