"""Training: fit a family, hold it against the baseline on bars it does not know, and write it into a folder."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
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
from ara.models.model import Fitted, Model, Resuming, described
from ara.models.months import DAY
from ara.models.networks.cluster import train_on_ray
from ara.models.networks.family import Network
from ara.models.panel import Panel, Rows
from ara.models.quantiles import LEVELS
from ara.models.registry.card import BASELINE, Score
from ara.models.registry.hold_out import FEWEST, day_of, judged_rows
from ara.models.registry.loading import load_folder
from ara.models.registry.making import make
from ara.models.registry.plain import is_plain
from ara.models.registry.resuming import held
from ara.models.series import SeriesModel
from ara.models.stillness import still_rows
from ara.performance import compared, crps, inside
from ara.store.files import unwritable
from ara.workers import Progress

__all__ = ["Plan", "Trained", "refuse_start", "scores_of", "train"]

_ANY: Final = tuple(range(1, 31))
_JUDGED: Final = (1, 5, 10, 21)


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
    start
        Folder of an earlier model of the family to go on from; empty for none.
    known
        The newest moment that it knows of, microseconds since 1970 UTC.
    tuned
        What is judged goes on from that very model, which so must know nothing of the hold-out; else from a fit like it
        that is made for the purpose. One that can't be gone on from is then an error.
    room
        Folder for checkpoints, so that a training that was stopped goes on; empty for none.
    workers, address
        Workers of a Ray cluster that train a network together, 0 for this process alone; and the cluster's address,
        empty for one that is begun on this machine.
    """

    family: str
    params: dict[str, Any]
    seed: int
    cut: int | None
    tested: bool = False
    start: str = ""
    known: int = 0
    tuned: bool = False
    room: str = ""
    workers: int = 0
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What training gave: fields of the model's card.

    `code` is the digest of the family's code where another package offers it; `anew` says why the fit began anew though
    it was to go on. Both are empty otherwise. `plain` tells that it answers as the baseline does: it learned nothing.
    """

    params: dict[str, Any]
    features: str
    data: str
    first: int
    trained_to: int
    horizons: tuple[int, ...]
    pooled: bool
    scores: tuple[Score, ...]
    seconds: float
    anew: str = ""
    code: str = ""
    plain: bool = False


def refuse_start(family: str) -> None:
    """Raise where a family can't go on from a model that was trained before."""
    if not getattr(plugins.load("models", family), "goes_on", False):
        able = ", ".join(sorted({one.family for one in Network.__subclasses__()}))
        raise ValidationError(
            f"{family} can't go on from a model that was trained before: it is fitted anew each time.",
            hint=f"Networks can: {able} and networks.",
        )


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
    model = make(plan.family, plan.params, together=plan.workers > 0)
    panel = attached(panel, model)
    start, anew = _begun(model, panel, plan)
    try:
        fitted, known, scores = _judged_and_kept(model, panel, plan, start, watch)
    except _OtherError as error:
        if plan.tuned:
            raise ModelError(error.words, hint=error.hint) from error
        anew = error.words
        fitted, known, scores = _judged_and_kept(model, panel, plan, None, watch)
    _save(fitted, Path(folder))
    head, told = read_head(Path(folder), plan.family), described(model)
    return Trained(
        params=dict(told["params"]),
        code=told.get("code", ""),
        features=head.features,
        data=known.digest(),
        first=int(known.known_at.min()),
        trained_to=max(int(known.known_at.max()), plan.known if plan.tuned else 0),
        horizons=head.horizons or _ANY,
        pooled=not isinstance(model, SeriesModel | EwmaT),
        scores=scores,
        seconds=time.perf_counter() - begin,
        anew=anew,
        plain=is_plain(known, fitted, family=plan.family, seed=plan.seed),
    )


def _save(fitted: Fitted, folder: Path) -> None:
    """Write a fit into its folder; StoreError where the disk does not take it: another process hears of it as it is."""
    try:
        fitted.save(folder)
    except OSError as error:
        raise unwritable(folder, error) from error


def _begun(model: Model, panel: Panel, plan: Plan) -> tuple[Fitted | None, str]:
    """Give the fit to go on from, or None and why there is none though one was asked for."""
    if not plan.start:
        return None, ""
    if plan.tuned:
        refuse_start(plan.family)
        if plan.cut is not None and plan.known > plan.cut:
            raise ModelError(f"the model to go on from knows bars up to {day_of(plan.known)}, of the hold-out too")
        return load_folder(Path(plan.start)), ""
    if not getattr(model, "goes_on", False):
        return None, f"{plan.family} can't go on from an earlier fit"
    if plan.cut is not None and _longest(panel, _apart(panel, plan)) < FEWEST:
        return None, "there are too few bars to judge a fit that goes on from another"
    return load_folder(Path(plan.start)), ""


def _apart(panel: Panel, plan: Plan) -> int:
    """Give as long before the cut as the earlier model ends before the last bar."""
    assert plan.cut is not None  # noqa: S101 - asked where there is one
    return plan.cut - max(int(panel.known_at.max()) - plan.known, 0)


def _longest(panel: Panel, moment: int) -> int:
    return int(np.bincount(panel.series[panel.known_at <= moment], minlength=1).max())


def _judged_and_kept(
    model: Model, panel: Panel, plan: Plan, start: Fitted | None, watch: Callable[[Progress], bool]
) -> tuple[Fitted, Panel, tuple[Score, ...]]:
    """Fit what is judged and what is kept; gives the latter, what it knows, and the scores of the former.

    Where the kept one goes on from an earlier fit, so does the judged one: from a fit that ends as long before the cut
    as the earlier one does before the last bar. The earlier one itself may know the hold-out, unless it is tuned.
    """
    scores: tuple[Score, ...] = ()
    if plan.cut is not None:
        past, before = panel.until(plan.cut), None
        if plan.tuned:
            before = start
        elif start is not None:
            earlier = panel.until(_apart(panel, plan))
            before = _fit(model, earlier, plan, watch, "as it was before its hold-out")
        tried = _fit(model, past, plan, watch, "before its hold-out", start=before)
        scores = scores_of(panel, past, tried, plan, watch, daily=True)
        if plan.tested:
            return tried, past, scores
    return _fit(model, panel, plan, watch, "on all bars", start=start), panel, scores


class _OtherError(Exception):
    """A fit can't be gone on from."""

    def __init__(self, words: str, hint: str) -> None:
        super().__init__(words)
        self.words, self.hint = words, hint


def _fit(
    model: Model,
    panel: Panel,
    plan: Plan,
    watch: Callable[[Progress], bool],
    where: str,
    *,
    start: Fitted | None = None,
) -> Fitted:
    rows = np.arange(len(panel))
    stopped = False

    def hear(progress: Progress) -> bool:
        nonlocal stopped
        stopped = stopped or not watch(replace(progress, words=f"{plan.family} {where}: {progress.words}"))
        return not stopped

    hear(Progress(0, 0, "beginning"))
    room = Path(plan.room) / where.replace(" ", "-") if plan.room and isinstance(model, Resuming) else None
    with held(room) as folder:
        try:
            fitted = _taken_up(model, panel, rows, plan, hear, start=start, folder=folder)
        except ModelError as error:
            if start is None or "start" not in error.context:
                raise
            raise _OtherError(error.message, error.hint) from error
    if stopped:
        raise CancelledError(f"the training of {plan.family} was cancelled; nothing was kept")
    return fitted


def _taken_up(
    model: Model,
    panel: Panel,
    rows: Rows,
    plan: Plan,
    hear: Callable[[Progress], bool],
    *,
    start: Fitted | None,
    folder: Path | None,
) -> Fitted:
    """Fit, from the checkpoint in the folder where there is one; one that is damaged is as none."""
    trained = model.trained if isinstance(model, Resuming) else None
    if plan.workers and isinstance(model, Network):
        trained = partial(train_on_ray, model, workers=plan.workers, address=plan.address)
    elif trained is None or folder is None:
        more = {} if start is None else {"start": start}
        return model.fit(panel, rows, rows[:0], seed=plan.seed, watch=hear, **more)
    assert trained is not None  # noqa: S101 - a network resumes
    try:
        return trained(panel, rows, rows[:0], seed=plan.seed, start=start, watch=hear, folder=folder)
    except ModelError as error:
        if "checkpoint" not in error.context or folder is None:
            raise
        for part in folder.iterdir():
            shutil.rmtree(part) if part.is_dir() else part.unlink(missing_ok=True)
    return trained(panel, rows, rows[:0], seed=plan.seed, start=start, watch=hear, folder=folder)


def scores_of(
    panel: Panel, past: Panel, fitted: Fitted, plan: Plan, watch: Callable[[Progress], bool], *, daily: bool = False
) -> tuple[Score, ...]:
    """Hold a fit against the baseline, fitted on the same past, on the rows behind the plan's cut.

    A ModelError says why it can't be judged.

    Parameters
    ----------
    panel, past
        All bars, and those of them that the fit knows.
    fitted, plan
        What is judged, and how it was made.
    watch
        Hears that it begins; False ends it.
    daily
        Whether the shortest horizon's score says what was saved on each day.
    """
    assert plan.cut is not None  # noqa: S101 - asked for scores
    rows = judged_rows(panel, plan.cut)
    baseline = EwmaT().fit(past, np.arange(len(past)), rows[:0], seed=plan.seed, watch=lambda _: True)
    if not watch(Progress(0, 0, f"judging {plan.family}")):
        raise CancelledError(f"the training of {plan.family} was cancelled; nothing was kept")
    mine = fitted.predict(panel, rows).values
    _refuse_gaps(rows, mine, plan.family)
    refuse_foresight(panel, fitted, rows, mine, name=plan.family, seed=plan.seed)
    theirs = mine if plan.family == BASELINE and not plan.params else baseline.predict(panel, rows).values
    wanted = [place for place, horizon in enumerate(panel.horizons) if horizon in _JUDGED] or [0]
    still = still_rows(panel) & (panel.known_at > plan.cut)
    left_out = [int((still & np.isfinite(panel.y[:, place])).sum()) for place in wanted]
    scores = [_score(panel, rows, mine, theirs, place, daily=daily and place == wanted[0]) for place in wanted]
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


def _score(
    panel: Panel, rows: Rows, mine: NDArray[np.float64], theirs: NDArray[np.float64], place: int, *, daily: bool
) -> Score:
    """Compare the two over one horizon, in units of the volatility that was known at each origin."""
    known = np.isfinite(panel.y[rows, place])
    y, unit = panel.y[rows, place][known], panel.scale[rows, place][known, None]
    ours, others = (values[known, place] / unit for values in (mine, theirs))
    horizon = panel.horizons[place]
    when = panel.known_at[rows][known] // DAY
    own, rival = crps(ours, y, LEVELS), crps(others, y, LEVELS)
    found = compared(own, rival, when, horizon=horizon)
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
        saved=_by_day(rival - own, when) if daily else (),
    )


def _by_day(values: NDArray[np.float64], when: NDArray[np.int64]) -> tuple[float, ...]:
    """Give the mean of each day, to seven digits: more tell nothing, and a card is read often."""
    _, place, count = np.unique(when, return_inverse=True, return_counts=True)
    return tuple(float(f"{one:.7g}") for one in np.bincount(place, values) / count)
