"""What a trial is judged by: forecasts of blocks of time, each by a fit that ends before it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ModelError
from ara.models.families.ewma_t import EwmaT
from ara.models.fits import fit_until
from ara.models.foresight import refuse_foresight
from ara.models.inputs import attached
from ara.models.model import Fitted, Model
from ara.models.months import DAY, months_of
from ara.models.panel import Panel, Rows
from ara.models.quantiles import LEVELS
from ara.models.stillness import still_rows
from ara.performance import crps

__all__ = ["BLOCKS", "Blocks", "Objective"]

_Array = NDArray[np.float64]

BLOCKS: Final = 4
"""How many blocks the later half of the past is parted into."""

_FEWEST: Final = 250
_ASKED: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """Stretches of time that are forecast one after the other, each from what was public at its start.

    Parameters
    ----------
    starts
        The first UTC instants of months, microseconds since 1970; a fit for a block knows what was public then.
    rows
        Origins of each block, whose outcome over the shortest horizon is known and whose price does not stand still.
    """

    starts: tuple[int, ...]
    rows: tuple[Rows, ...]

    @classmethod
    def of(cls, panel: Panel, count: int = BLOCKS) -> "Blocks":
        """Part the later half of a panel's days; the panel ends where the hold-out begins."""
        days = np.unique(panel.known_at[np.isfinite(panel.y[:, 0]) & ~still_rows(panel)] // DAY)
        if len(days) < 2 * _FEWEST:
            raise ModelError(
                f"{len(days)} days before the hold-out are too few to tune on: {2 * _FEWEST} are needed",
                hint="Give it more history with --period.",
            )
        edges = days[np.linspace(len(days) // 2, len(days) - 1, count + 1).astype(int)]
        starts = [int(month) for month in np.unique(months_of(edges[:-1] * DAY))]
        known = np.isfinite(panel.y[:, 0]) & np.isfinite(panel.scale).all(axis=1) & ~still_rows(panel)
        ends = [*starts[1:], np.iinfo(np.int64).max]
        rows = [
            np.flatnonzero(known & (panel.known_at > start) & (panel.known_at <= end))
            for start, end in zip(starts, ends, strict=True)
        ]
        kept = [(start, mine) for start, mine in zip(starts, rows, strict=True) if len(mine)]
        return cls(starts=tuple(start for start, _ in kept), rows=tuple(mine for _, mine in kept))


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """The loss of a model on blocks of the past, over that of `ewma_t` on the same rows: below 1 is better.

    Parameters
    ----------
    panel
        What was known before the hold-out, and nothing else.
    blocks
        What is forecast.
    baseline
        Mean CRPS of `ewma_t` by block and horizon, in units of the volatility known at each origin.
    seed
        Of all that is random in a fit.
    """

    panel: Panel
    blocks: Blocks
    baseline: tuple[_Array, ...]
    seed: int

    @classmethod
    def of(cls, panel: Panel, *, count: int = BLOCKS, seed: int = 0) -> "Objective":
        """Prepare the blocks of a panel, and what the baseline loses on each."""
        blocks = Blocks.of(panel, count)
        losses = tuple(
            _losses(panel, fit_until(EwmaT(), panel, start, seed=seed).predict(panel, rows).values, rows)
            for start, rows in zip(blocks.starts, blocks.rows, strict=True)
        )
        return cls(panel=panel, blocks=blocks, baseline=losses, seed=seed)

    def ratios(self, model: Model, *, each: Callable[[tuple[float, ...]], bool] | None = None) -> tuple[float, ...]:
        """Give the ratio of each block: the mean over the horizons.

        Parameters
        ----------
        model
            The family with the parameters to try.
        each
            Told of the ratios so far after each block; False ends the trial there.

        Raises
        ------
        ModelError
            The model's answers in the first block come from what was public later.
        """
        panel = attached(self.panel, model)
        found: list[float] = []
        for place, (start, rows) in enumerate(zip(self.blocks.starts, self.blocks.rows, strict=True)):
            fitted = fit_until(model, panel, start, seed=self.seed)
            values = fitted.predict(panel, rows).values
            if not place:
                refuse_foresight(panel, fitted, rows, values, name="this model", seed=self.seed)
            found.append(float(np.nanmean(_losses(panel, values, rows) / self.baseline[place])))
            if each is not None and not each(tuple(found)):
                break
        return tuple(found)

    def latency(self, model: Model) -> float:
        """Give the milliseconds that one origin takes, fitted and in memory: the middle of five."""
        panel = attached(self.panel, model)
        fitted = fit_until(model, panel, self.blocks.starts[0], seed=self.seed)
        rows = self.blocks.rows[0][-1:]
        return 1e3 * float(np.median([_timed(fitted, panel, rows) for _ in range(_ASKED)]))


def _losses(panel: Panel, values: _Array, rows: Rows) -> _Array:
    """Give the mean CRPS over each horizon of the rows whose outcome is known."""
    return np.array([_loss(panel, rows, values[:, place], place) for place in range(len(panel.horizons))])


def _loss(panel: Panel, rows: Rows, values: _Array, place: int) -> float:
    y, unit = panel.y[rows, place], panel.scale[rows, place]
    known = np.isfinite(y)
    return float(crps(values[known] / unit[known, None], y[known], LEVELS).mean()) if known.any() else np.nan


def _timed(fitted: Fitted, panel: Panel, rows: Sequence[int] | Rows) -> float:
    begin = time.perf_counter()
    fitted.predict(panel, np.asarray(rows))
    return time.perf_counter() - begin
