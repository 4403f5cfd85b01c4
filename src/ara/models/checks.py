"""What every model must keep to, run on ours and on strangers' alike."""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ara.models.inputs import attached
from ara.models.model import Fitted, Model
from ara.models.months import DAY
from ara.models.panel import Panel, Rows
from ara.models.quantiles import LEVELS, Quantiles
from ara.plugins import Check

__all__ = ["check_model", "toy_panel"]

_CUT = 420


def check_model(model: Model) -> list[Check]:
    """Run all checks on a model, on a made-up panel of three series; no exception of the model's leaves it."""
    outcomes: list[Check] = []
    trial = _Trial(model)
    for name, check in _CHECKS.items():
        try:
            words = check(trial)
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
    known = at + DAY
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


class _Trial:
    """A model under examination; fitted once for all checks but the one that fits twice."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.raw = toy_panel()
        self.rows = np.flatnonzero(self.raw.known_at == int(self.raw.known_at[_CUT + 10]))

    @cached_property
    def panel(self) -> Panel:
        return attached(self.raw, self.model)

    @cached_property
    def fitted(self) -> Fitted:
        return self.fit()

    def fit(self) -> Fitted:
        past = attached(self.raw.until(int(self.raw.known_at[_CUT])), self.model)
        rows = np.arange(len(past))
        return self.model.fit(past, rows, rows[:0], seed=1, watch=lambda _: True)

    def answer(self, panel: Panel | None = None, rows: Rows | None = None) -> NDArray[np.float64]:
        """Give the answers at the origins, or at other rows, of the panel or of another that has no features yet."""
        seen = self.panel if panel is None else attached(panel, self.model)
        return self.fitted.predict(seen, self.rows if rows is None else rows).values


def _shape(trial: _Trial) -> str:
    answer = trial.fitted.predict(trial.panel, trial.rows)
    if type(answer) is not Quantiles or answer.levels != LEVELS or answer.horizons != trial.raw.horizons:
        return "does not give Quantiles over LEVELS and the panel's horizons"
    if not np.isfinite(answer.values).all():
        return "gives NaN or infinity"
    return "" if (np.diff(answer.values, axis=-1) >= 0).all() else "quantiles cross"


def _repeats(trial: _Trial) -> str:
    again = trial.fit().predict(trial.panel, trial.rows).values
    return "" if trial.answer().tobytes() == again.tobytes() else "the same seed gave other bytes"


def _keeps(trial: _Trial) -> str:
    with tempfile.TemporaryDirectory() as folder:
        trial.fitted.save(Path(folder))
        after = type(trial.model).load(Path(folder)).predict(trial.panel, trial.rows).values
    return "" if trial.answer().tobytes() == after.tobytes() else "after saving and loading it answers differently"


def _blind(trial: _Trial) -> str:
    moment = int(trial.raw.known_at[trial.rows[0]])
    past = trial.raw.until(moment)
    cut = trial.answer(past, np.flatnonzero(past.known_at == moment))
    future = trial.raw.known_at > moment
    poisoned = replace(trial.raw, bars=np.where(future[:, None], trial.raw.bars * 7 + 1, trial.raw.bars))
    whole, other = trial.answer(), trial.answer(poisoned)
    if not np.allclose(whole, cut, rtol=0, atol=1e-12):
        return "its answer changes when the rows after the origin are cut off: it sees the future"
    return "" if np.allclose(whole, other, rtol=0, atol=1e-12) else "its answer changes with later bars"


def _looks(trial: _Trial) -> str:
    moved = trial.raw.bars.copy()
    moved[trial.rows] += 0.05
    apart = np.abs(trial.answer() - trial.answer(replace(trial.raw, bars=moved))).max(axis=(1, 2))
    return "" if (apart > 1e-9).all() else "the origin's own bar does not matter to it"


def _many(trial: _Trial) -> str:
    single = np.concatenate([trial.answer(rows=trial.rows[i : i + 1]) for i in range(len(trial.rows))])
    return "" if np.allclose(single, trial.answer(), rtol=0, atol=1e-12) else "one row alone is answered differently"


_CHECKS: dict[str, Callable[[_Trial], str]] = {
    "gives finite quantiles that do not cross": _shape,
    "the same seed gives the same bytes": _repeats,
    "saves and loads": _keeps,
    "does not see the future": _blind,
    "sees the present": _looks,
    "one row is answered as many are": _many,
}
