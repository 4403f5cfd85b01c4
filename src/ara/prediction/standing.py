"""How a trained model does on bars that came after its making: beside the baseline, and beside another model."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.market.bars import Bars
from ara.models import court
from ara.models.months import DAY
from ara.models.panel import Panel, instant
from ara.models.quantiles import LEVELS, Quantiles
from ara.models.registry.card import BASELINE, Kept
from ara.performance import inside
from ara.prediction.compute import Recipe, compute
from ara.statistics.betting import wealth

__all__ = ["OLD", "Standing", "contest", "made", "standing"]

OLD: Final = timedelta(days=92)
"""A champion older than this is trained anew."""

_SHARE, _HALF = 0.8, 0.5
_ENOUGH: Final = 1 / court.LEVEL
_HORIZON: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a trained model did since it was made, one bar ahead.

    Only days after its making count: whoever made it may have looked at all before.

    Parameters
    ----------
    kept
        The model.
    age
        Of the last bar that it knows, against the last bar that there is now.
    days, forecasts
        How many days came since it was made, and forecasts on them.
    better
        How much better than `ewma_t` it was, as a share of that; None without a day.
    held
        Share of outcomes inside its 80 % band; None without a day.
    against
        Evidence that `ewma_t` is the better one; 20 decides.
    coverage
        Evidence that its band does not hold what it promises, the larger of two sides; so 40 decides.
    drift
        Evidence that outcomes moved to one side of its forecasts, the larger of two sides; so 40 decides.
    lost
        Whether it failed: the baseline is better, its band doesn't hold, or the outcomes drifted. Age alone is none.
    reasons
        Why it should be trained anew; empty where it should not.
    """

    kept: Kept
    age: timedelta
    days: int
    forecasts: int
    better: float | None
    held: float | None
    against: float
    coverage: float
    drift: float
    lost: bool
    reasons: tuple[str, ...]


def standing(bars: Sequence[Bars], kept: Kept, recipe: Recipe, *, old: timedelta = OLD) -> Standing:
    """Judge a trained model by the bars after its making.

    Evidence is that of bets on each day, so it may be looked at as often as one likes (`ara.models.court`).

    Parameters
    ----------
    bars
        Of the instruments that it was trained on.
    kept, recipe
        The model, and how it answers.
    old
        From which age on it is trained anew.
    """
    newest = max(one.frame["known_at"][-1] for one in bars)
    age = max(newest - kept.card.trained_to, timedelta())
    reasons = [f"bars of {age.days} days came since its training"] if age >= old else []
    mine = _answers(bars, kept, recipe, since=made(kept))
    if not mine.height:
        return Standing(
            kept=kept, age=age, days=0, forecasts=0, better=None, held=None, against=1.0, coverage=1.0, drift=1.0,
            lost=False, reasons=tuple(reasons),
        )  # fmt: skip
    plain = _answers(bars, kept, Recipe(model=BASELINE, seed=recipe.seed), since=made(kept))
    values, happened = mine["values"].to_numpy(), mine["happened"].to_numpy()
    days = court.by_day(values, plain["values"].to_numpy(), happened, mine["day"])
    verdict = court.judge(days, champion=kept.name, challenger=BASELINE)
    ours, theirs = float(days["champion"].mean() or 0.0), float(days["challenger"].mean() or 0.0)  # type: ignore[arg-type]
    hit = inside(values, happened, LEVELS, _SHARE)
    rank = Quantiles(horizons=(_HORIZON,), values=values[:, None]).below(happened[:, None])[:, 0]
    coverage, drift = (_moved(mine["day"], np.asarray(one, float)) for one in (hit - _SHARE, 2 * rank - 1))
    failed = []
    if verdict.decision == "replace":
        failed.append(f"since it was made {BASELINE} is surely better")
    if coverage >= 2 * _ENOUGH:
        failed.append(f"its 80 % band held {hit.mean():.0%} since it was made, which is no chance")
    if drift >= 2 * _ENOUGH:
        side = "higher" if rank.mean() > _HALF else "lower"
        failed.append(f"prices have drifted: since it was made they ended {side} in its forecasts than by chance")
    return Standing(
        kept=kept, age=age, days=days.height, forecasts=mine.height, better=1 - ours / theirs if theirs > 0 else 0.0,
        held=float(hit.mean()), against=verdict.evidence, coverage=coverage, drift=drift, lost=bool(failed),
        reasons=(*reasons, *failed),
    )  # fmt: skip


def _moved(day: pl.Series, gains: NDArray[np.float64]) -> float:
    """Give the evidence that gains, whose mean is 0 by chance, are above or below it: the larger of both sides."""
    daily = pl.DataFrame({"at": day, "gain": gains}).group_by("at").agg(pl.col("gain").mean()).sort("at")
    side = daily["gain"].to_numpy()
    return max(float(wealth(one).max(initial=1.0)) for one in (side, -side))


def contest(
    bars: Sequence[Bars], champion: Kept, challenger: Kept, recipes: tuple[Recipe, Recipe], *, level: float
) -> court.Verdict | None:
    """Let the court judge two trained models by days after both were made; None while there is no such day.

    Each is asked with the bars of all instruments that it was trained on, as `ara predict` asks it; what both answer
    for is compared.

    Parameters
    ----------
    bars
        Of all instruments of both.
    champion, challenger, recipes
        The two, and how they answer.
    level
        The chance, at most, of letting in a challenger that is no better.
    """
    since = max(made(champion), made(challenger))
    one, two = (
        _answers(bars, kept, recipe, since=since) for kept, recipe in zip((champion, challenger), recipes, strict=True)
    )
    both = one.join(two, on=("symbol", "known_at"), suffix="_2").sort("known_at", "symbol")
    if not both.height:
        return None
    ours, theirs = (both[name].to_numpy() for name in ("values", "values_2"))
    days = court.by_day(ours, theirs, both["happened"].to_numpy(), both["day"])
    return court.judge(days, champion=champion.name, challenger=challenger.name, level=level)


def made(kept: Kept) -> datetime:
    """Give from when on nobody can have chosen a model by what came: its making, and the last bar it knows."""
    return max(kept.card.trained_to, kept.card.made_at)


def _answers(bars: Sequence[Bars], kept: Kept, recipe: Recipe, *, since: datetime) -> pl.DataFrame:
    """Give `symbol, known_at, day, values, happened` of each row after a moment whose outcome is known."""
    own = [one for one in bars if one.instrument.symbol in kept.card.symbols]
    panel = Panel.build(own, (_HORIZON,))
    known = np.isfinite(panel.y[:, 0]) & (panel.scale[:, 0] > 0)
    rows = np.flatnonzero((panel.known_at > instant(since)) & known)
    values = compute(panel, rows, recipe).quantiles.values[:, 0] if len(rows) else np.empty((0, len(LEVELS)))
    return pl.DataFrame(
        {
            "symbol": pl.Series([panel.symbols[code] for code in panel.series[rows]], dtype=pl.String),
            "known_at": panel.known_at[rows],
            "day": pl.Series(panel.known_at[rows] // DAY * DAY, dtype=pl.Int64).cast(pl.Datetime("us", "UTC")),
            "values": pl.Series(values, dtype=pl.Array(pl.Float64, len(LEVELS))),
            "happened": panel.y[rows, 0] * panel.scale[rows, 0],
        }
    )
