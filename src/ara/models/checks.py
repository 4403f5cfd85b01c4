"""What every model must keep to, run on ours and on strangers' alike."""

import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.models.elsewhere import Elsewhere
from ara.models.inputs import attached
from ara.models.model import Fitted, Model, Native, Twofold
from ara.models.months import DAY
from ara.models.panel import Panel, Rows
from ara.models.quantiles import LEVELS, Quantiles
from ara.plugins import Check

__all__ = ["check_model", "toy_panel"]

_CUT = 420
_SINGLE = 1e-5
_SEVENTH = 7
_MATTERS = 1e-3
_LEFT_OUT = (0, 20, 40, 60, 80, 100, 120)
_STRANGERS = (("AAA", "BBB", "CCC"), ("XXX", "YYY", "ZZZ"))
_LOW, _MIDDLE, _HIGH = (LEVELS.index(level) for level in (0.1, 0.5, 0.9))


def check_model(model: Model, *, elsewhere: Elsewhere | None = None) -> list[Check]:
    """Run all checks on a model, on a made-up panel of three series; no exception of the model's leaves it.

    What a forecast must not depend on, since it tells nothing of the instrument: where its rows stand in the panel and
    what number its series has, how a series is called that the model has not met, in what unit volume is counted, and
    how many other rows are asked for. Nor may its median or its width rise, or fall, at each step in which the oldest
    bars are left out, for all series alike: what the bars of a year ago said may count, their number may not. The level
    of prices can't count: a panel has returns alone.

    A model that is served in another form than its library's (`ara.models.model.Twofold`) is compared with that one,
    output by output: they are the same to 1e-5, which is what float32 carries.

    Parameters
    ----------
    model
        The family with its parameters.
    elsewhere
        The other process in which it is loaded; one is started for this model alone where none is given.
    """
    outcomes: list[Check] = []
    with nullcontext(elsewhere) if elsewhere else Elsewhere() as other:
        trial = _Trial(model, other)
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
    """A model under examination, fitted twice for all checks together."""

    def __init__(self, model: Model, other: Elsewhere) -> None:
        self.model, self.other = model, other
        self.raw = toy_panel()
        self.rows = np.flatnonzero(self.raw.known_at == int(self.raw.known_at[_CUT + 10]))

    @cached_property
    def panel(self) -> Panel:
        return attached(self.raw, self.model)

    @cached_property
    def fitted(self) -> Fitted:
        return self.fit()

    @cached_property
    def again(self) -> tuple[Fitted, Native | None]:
        """The same fit once more, and what answers in the form of the library that learned where that is another."""
        if not isinstance(self.model, Twofold):
            return self.fit(), None
        past, rows = self.past
        return self.model.twofold(past, rows, rows[:0], seed=1, watch=lambda _: True)

    @property
    def past(self) -> tuple[Panel, Rows]:
        past = attached(self.raw.until(int(self.raw.known_at[_CUT])), self.model)
        return past, np.arange(len(past))

    def fit(self) -> Fitted:
        past, rows = self.past
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
    again = trial.again[0].predict(trial.panel, trial.rows).values
    return "" if trial.answer().tobytes() == again.tobytes() else "the same seed gave other bytes"


def _keeps(trial: _Trial) -> str:
    with tempfile.TemporaryDirectory() as folder:
        trial.fitted.save(Path(folder))
        after = type(trial.model).load(Path(folder)).predict(trial.panel, trial.rows).values
    return "" if trial.answer().tobytes() == after.tobytes() else "after saving and loading it answers differently"


def _travels(trial: _Trial) -> str:
    try:
        there = trial.other.answer(type(trial.model), trial.fitted, trial.panel, trial.rows)
    except ValidationError as error:
        return f"{error.message} {error.hint}"
    return "" if np.allclose(trial.answer(), there, rtol=_SINGLE, atol=1e-9) else "another process answers differently"


def _faithful(trial: _Trial) -> str:
    fitted, native = trial.again
    if native is None:
        return ""
    rows = np.flatnonzero(np.isfinite(trial.panel.x).any(axis=1))[::_SEVENTH]
    learned, served = native(trial.panel, rows), fitted.outputs(trial.panel, rows)  # type: ignore[attr-defined]
    if not learned:
        return "it learned nothing, so that its two forms can't be compared"
    for name, own in learned.items():
        apart = np.abs(own - served[name]) / np.maximum(np.abs(own), 1.0)
        if not apart.max() <= _SINGLE:
            return f"its served form says {name} otherwise than the library that learned, by {apart.max():.1e}"
    return ""


def _unmoved(trial: _Trial) -> str:
    whole = trial.answer()
    turned, places = _turned(trial.raw)
    if not _alike(whole, trial.answer(turned, places[trial.rows])):
        return "its answer depends on where a series stands in the panel"
    one, other = (trial.answer(replace(trial.raw, symbols=names)) for names in _STRANGERS)
    if not _alike(one, other):
        return "its answer depends on how a series is called that it has not met"
    if not _alike(whole, trial.answer(replace(trial.raw, volume=1000 * trial.raw.volume))):
        return "its answer depends on the unit in which volume is counted"
    told = np.stack([_steps(trial, bars) for bars in _LEFT_OUT])
    ways = np.where(np.abs(np.diff(told, axis=0)) > _MATTERS, np.sign(np.diff(told, axis=0)), 0.0)
    same = np.abs(ways.sum(axis=(0, 1))) == ways.shape[0] * ways.shape[1]
    for place, name in enumerate(("median", "width")):
        if same[place].any():
            return f"its {name} goes one way with the number of bars before the origin"
    return ""


def _steps(trial: _Trial, bars: int) -> NDArray[np.float64]:
    """Give `[row, median or log of the width, horizon]` where each series begins so many bars later."""
    raw = trial.raw
    kept = np.flatnonzero(np.arange(len(raw)) - np.searchsorted(raw.series, raw.series) >= bars)
    answer = trial.answer(_taken(raw, kept), np.searchsorted(kept, trial.rows))
    width = answer[:, :, _HIGH] - answer[:, :, _LOW]
    return np.stack([answer[:, :, _MIDDLE] / width, np.log(width)], axis=1)


def _turned(panel: Panel) -> tuple[Panel, Rows]:
    """Give the panel with its last series first, and where each of its rows stands there."""
    first = panel.span(len(panel.symbols) - 1)[0]
    rows = np.roll(np.arange(len(panel)), -first)
    symbols = (panel.symbols[-1], *panel.symbols[:-1])
    series = ((panel.series[rows] + 1) % len(symbols)).astype(np.int32)
    return replace(_taken(panel, rows), series=series, symbols=symbols), np.argsort(rows)


def _taken(panel: Panel, rows: Rows) -> Panel:
    names = ("at", "known_at", "series", "group", "bars", "volume", "x", "scale", "y", "y_known")
    return replace(panel, **{name: getattr(panel, name)[rows] for name in names})


def _alike(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Say whether answers are the same, to a hundred-thousandth of their width."""
    width = np.abs(one[:, :, -1:] - one[:, :, :1])
    return bool((np.abs(one - other) <= _SINGLE * width).all())


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
    "saves and loads elsewhere": _travels,
    "is served as it was learned, to float32": _faithful,
    "does not see the future": _blind,
    "sees the present": _looks,
    "one row is answered as many are": _many,
    "is moved by nothing that tells nothing": _unmoved,
}
