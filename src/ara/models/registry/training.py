"""Training: fit a family, hold it against the baseline on bars it does not know, and write it into a folder."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from ara import plugins
from ara.errors import CancelledError, ModelError, ValidationError
from ara.models.families.ewma_t import EwmaT
from ara.models.foresight import refuse_foresight
from ara.models.head import read_head
from ara.models.inputs import attached
from ara.models.model import Fitted, Model, described
from ara.models.panel import Panel, Rows
from ara.models.quantiles import LEVELS
from ara.models.registry.card import BASELINE, Score
from ara.models.series import SeriesModel
from ara.models.stillness import still_rows
from ara.performance import compared, crps, inside
from ara.workers import Progress

__all__ = ["FEWEST", "Held", "Plan", "Trained", "held_out", "make", "train"]

FEWEST: Final = 250
"""Bars that the longest series needs before its hold-out begins."""

_DAYS: Final = 60
_ANY: Final = tuple(range(1, 31))
_JUDGED: Final = (1, 5, 10, 21)
_DAY: Final = 86_400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to train.

    Parameters
    ----------
    family
        Under which it is registered.
    params
        Parameters of the family that differ from its own.
    seed
        Of all that is random.
    cut
        What the judged fit may know ends here, microseconds since 1970 UTC; None for no judgement.
    tested
        Keep the fit that was judged, instead of one that knows the hold-out too.
    """

    family: str
    params: dict[str, Any]
    seed: int
    cut: int | None
    tested: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A hold-out: what the judged fit knows ends at `cut`; the first and the last origin by which it is judged."""

    cut: int
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What training gave: fields of the model's card."""

    params: dict[str, Any]
    features: str
    data: str
    first: int
    trained_to: int
    horizons: tuple[int, ...]
    pooled: bool
    scores: tuple[Score, ...]
    seconds: float


def make(family: str, params: Mapping[str, Any]) -> Model:
    """Give a family with some of its parameters changed; ValidationError names one that it has not, or can't have."""
    kind = plugins.load("models", family)
    known = described(kind())["params"]
    for name in params:
        if name not in known:
            listed = f"It has: {', '.join(sorted(known))}." if known else "It has none that can be changed."
            raise ValidationError(f"{family} has no parameter {name!r:.60}.", hint=listed)
    try:
        wanted = {name: _typed(value, known[name]) for name, value in params.items()}
        model: Model = kind(**wanted)
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        if isinstance(error, ValidationError):
            raise
        raise ValidationError(f"{family} can't be had so: {error}.") from error
    return model


def _typed(value: Any, like: Any) -> Any:
    """Give a value, text as the command line has it, as the kind that the family's own value is."""
    if not isinstance(value, str) or isinstance(like, str):
        return value
    kind = type(like) if like is not None else float
    if isinstance(like, tuple | list):
        return tuple(msgspec.convert(part, type(like[0]) if like else float, strict=False) for part in value.split(","))
    return msgspec.convert(value, kind, strict=False)


def held_out(panel: Panel, share: float) -> Held:
    """Choose the hold-out: the newest bars, from the first UTC instant of a month, so that it stays the same for long.

    Raises
    ------
    ModelError
        There are too few bars to learn from, or to judge by.
    """
    days = np.unique(panel.known_at[np.isfinite(panel.y[:, 0])] // _DAY)
    longest = int(np.bincount(panel.series).max()) if len(panel) else 0
    if len(days):
        wanted = datetime.fromtimestamp(int(days[int((len(days) - 1) * (1 - share))]) * 86_400, UTC)
        cut = int(wanted.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()) * 1_000_000
        rows = _judged(panel, cut)
        before = int(np.bincount(panel.series[panel.known_at <= cut], minlength=1).max())
        if before >= FEWEST and len(np.unique(panel.known_at[rows] // _DAY)) >= _DAYS:
            return Held(cut=cut, first=int(panel.known_at[rows].min()), last=int(panel.known_at[rows].max()))
        still = int((still_rows(panel) & (panel.known_at > cut)).sum())
        if still:
            raise ModelError(
                f"the price stood still at {still} of the bars to be held out: {_DAYS} days to judge by are not left",
                hint="Give it a --period in which the price moves, or keep it unjudged with --no-validate.",
                still=still,
            )
    raise ModelError(
        f"{longest} bars are too few: a fit needs {FEWEST} bars before its hold-out, and that {_DAYS} days",
        hint="Give it more history with --period, or keep it unjudged with --no-validate.",
        bars=longest,
    )


def _judged(panel: Panel, cut: int) -> Rows:
    """Give the rows behind the cut whose outcome over the shortest horizon is known, and whose price moves."""
    known = (panel.known_at > cut) & np.isfinite(panel.y[:, 0]) & np.isfinite(panel.scale).all(axis=1)
    return np.flatnonzero(known & ~still_rows(panel))


def train(panel: Panel, plan: Plan, folder: str, *, watch: Callable[[Progress], bool]) -> Trained:
    """Fit a family on a panel, judge it where a cut is given, and write it into a folder.

    What is judged was fitted on what was public at the cut: rows and targets that were public later are not in it.
    What is kept was fitted on all of the panel, by the same recipe, unless the judged fit itself is wanted.

    Parameters
    ----------
    panel
        Bars of all instruments.
    plan
        What to train.
    folder
        Where to write it; empty.
    watch
        Hears of the progress, and says whether to go on.
    """
    begin = time.perf_counter()
    model = make(plan.family, plan.params)
    panel = attached(panel, model)
    scores: tuple[Score, ...] = ()
    fitted, known = None, panel
    if plan.cut is not None:
        past = panel.until(plan.cut)
        tried = _fit(model, past, plan, watch, "before its hold-out")
        scores = _scores(panel, past, tried, plan, watch)
        fitted, known = (tried, past) if plan.tested else (None, panel)
    if fitted is None:
        fitted = _fit(model, panel, plan, watch, "on all bars")
    fitted.save(Path(folder))
    head = read_head(Path(folder), plan.family)
    return Trained(
        params=dict(described(model)["params"]),
        features=head.features,
        data=known.digest(),
        first=int(known.known_at.min()),
        trained_to=int(known.known_at.max()),
        horizons=head.horizons or _ANY,
        pooled=not isinstance(model, SeriesModel | EwmaT),
        scores=scores,
        seconds=time.perf_counter() - begin,
    )


def _fit(model: Model, panel: Panel, plan: Plan, watch: Callable[[Progress], bool], where: str) -> Fitted:
    rows = np.arange(len(panel))
    stopped = False

    def hear(progress: Progress) -> bool:
        nonlocal stopped
        stopped = stopped or not watch(replace(progress, words=f"{plan.family} {where}: {progress.words}"))
        return not stopped

    fitted = model.fit(panel, rows, rows[:0], seed=plan.seed, watch=hear)
    if stopped:
        raise CancelledError(f"the training of {plan.family} was cancelled; nothing was kept")
    return fitted


def _scores(
    panel: Panel, past: Panel, fitted: Fitted, plan: Plan, watch: Callable[[Progress], bool]
) -> tuple[Score, ...]:
    """Hold a fit against the baseline, fitted on the same past, on the rows behind the cut."""
    assert plan.cut is not None  # noqa: S101 - asked for scores
    rows = _judged(panel, plan.cut)
    baseline = EwmaT().fit(past, np.arange(len(past)), rows[:0], seed=plan.seed, watch=lambda _: True)
    if not watch(Progress(0, 2, f"judging {plan.family}")):
        raise CancelledError(f"the training of {plan.family} was cancelled; nothing was kept")
    mine = fitted.predict(panel, rows).values
    _refuse_gaps(rows, mine, plan.family)
    refuse_foresight(panel, fitted, rows, mine, name=plan.family, seed=plan.seed)
    theirs = mine if plan.family == BASELINE and not plan.params else baseline.predict(panel, rows).values
    wanted = [place for place, horizon in enumerate(panel.horizons) if horizon in _JUDGED] or [0]
    still = still_rows(panel) & (panel.known_at > plan.cut)
    left_out = [int((still & np.isfinite(panel.y[:, place])).sum()) for place in wanted]
    scores = [_score(panel, rows, mine, theirs, place) for place in wanted]
    return tuple(msgspec.structs.replace(one, still=left) for one, left in zip(scores, left_out, strict=True))


def _refuse_gaps(rows: Rows, values: NDArray[np.float64], family: str) -> None:
    """Raise where an origin has no answer: no hard day is left out in silence."""
    gaps = int((~np.isfinite(values).all(axis=(1, 2))).sum())
    if gaps:
        raise ModelError(
            f"{family} can't be judged: {gaps} of {len(rows)} forecasts of the hold-out are no numbers",
            hint="Leave out instruments with too few bars, or keep it unjudged with --no-validate.",
            gaps=gaps,
        )


def _score(panel: Panel, rows: Rows, mine: NDArray[np.float64], theirs: NDArray[np.float64], place: int) -> Score:
    """Compare the two over one horizon, in units of the volatility that was known at each origin."""
    known = np.isfinite(panel.y[rows, place])
    y, unit = panel.y[rows, place][known], panel.scale[rows, place][known, None]
    ours, others = (values[known, place] / unit for values in (mine, theirs))
    horizon = panel.horizons[place]
    when = panel.known_at[rows][known] // _DAY
    found = compared(crps(ours, y, LEVELS), crps(others, y, LEVELS), when, horizon=horizon)
    return Score(
        horizon=horizon,
        forecasts=found.forecasts,
        days=found.days,
        crps=found.loss,
        baseline=found.rival,
        skill=found.skill,
        low=found.low,
        high=found.high,
        p=found.p,
        inside_80=float(inside(ours, y, LEVELS, 0.8).mean()) if len(y) else 0.0,
    )
