"""Studies: trials that are kept, go on after an interruption, and name a winner."""

import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import ModuleType
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np

from ara import plugins
from ara.errors import AraError, CancelledError, ConfigurationError, ModelError, ValidationError
from ara.lineage import digest
from ara.models.model import Model, described
from ara.models.panel import Panel
from ara.models.space import Range, space
from ara.models.tuning.objective import BLOCKS, Objective
from ara.models.tuning.results import Tuned, told
from ara.models.tuning.storage import database, library
from ara.workers import Progress

if TYPE_CHECKING:
    from optuna import Study
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial, Trial

__all__ = ["GOALS", "Goal", "Plan", "Sampler", "tune"]

Goal: TypeAlias = Literal["crps", "latency"]
"""`crps`: the loss over the baseline's. `latency`: milliseconds of one origin."""

Sampler: TypeAlias = Literal["tpe", "gp"]
"""How the next trial is chosen: a tree of Parzen estimators, or a Gaussian process."""

GOALS: Final[tuple[Goal, ...]] = ("crps", "latency")
"""All goals, in the order of their values."""

_MOVED: Final = 0.1
_UNSEEN: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to tune, and how long.

    Parameters
    ----------
    family
        Under which it is registered.
    cut
        The hold-out begins here, microseconds since 1970 UTC: nothing that was public later is looked at.
    trials
        How many in all, those of earlier runs counted.
    storage
        URL of the database that keeps the study: `sqlite:///…` or `postgresql+psycopg://…`.
    sampler, seed
        How the next trial is chosen, and of all that is random.
    goals
        What is made small; with more than one the winner is the best by the first, and the others are told.
    blocks
        Into how many blocks the later half of the past is parted.
    seconds
        No trial is begun after so long; 0 for no bound.
    sensitivity
        Also try the winner's neighbours, two for each parameter.
    """

    family: str
    cut: int
    trials: int
    storage: str
    sampler: Sampler = "tpe"
    seed: int = 0
    goals: tuple[Goal, ...] = ("crps",)
    blocks: int = BLOCKS
    seconds: float = 0.0
    sensitivity: bool = False


def tune(panel: Panel, plan: Plan, *, watch: Callable[[Progress], bool]) -> Tuned:
    """Try parameters of a family on a panel until the plan's trials are made, beginning with those it comes with.

    The study is kept: called again with the same bars it goes on, and what a killed process was trying is tried again.
    Nothing that was public after `plan.cut` is seen, so that a hold-out behind it stays fresh for the winner.

    Parameters
    ----------
    panel
        Bars of all instruments.
    plan
        What to tune.
    watch
        Hears of each trial; False ends the work, and what was tried is kept.
    """
    optuna = library()
    first: Model = plugins.load("models", plan.family)()
    ranges = _checked(first, plan)
    objective = Objective.of(panel.until(plan.cut), count=plan.blocks, seed=plan.seed)
    with database(optuna, plan.storage) as kept:
        study = _study(optuna, kept, objective, first, plan)
        _free(optuna, study)
        begin, stopped = time.monotonic(), False

        def hear(progress: Progress) -> bool:
            nonlocal stopped
            stopped = stopped or not watch(progress)
            return not stopped

        done = _count(study)
        while done < plan.trials and not stopped:
            if plan.seconds and time.monotonic() - begin >= plan.seconds and done:
                break
            _try(optuna, study, objective, first, ranges, plan, done, hear)
            done = _count(study)
        if stopped and not done:
            raise CancelledError(f"the tuning of {plan.family} was cancelled before its first trial ended")
        found = told(optuna, study)
        if plan.sensitivity and found.winner is not None and not stopped:
            found = _with_sensitivity(found, objective, first, ranges, hear)
    if found.winner is None:
        words = found.tried[-1].words if found.tried else "none was made"
        raise ModelError(f"no trial of {plan.family} could be judged: {words}")
    return found


def _checked(first: Model, plan: Plan) -> Mapping[str, Range]:
    if plan.trials < 1:
        raise ValidationError(f"{plan.trials} trials can't be made", hint="Ask for 1 or more.")
    if "crps" not in plan.goals or len(set(plan.goals)) < len(plan.goals):
        raise ValidationError(f"the goals are {', '.join(plan.goals)}", hint="Give crps, or crps and latency.")
    return space(first)


def _study(optuna: ModuleType, kept: object, objective: Objective, first: Model, plan: Plan) -> "Study":
    panel, ranges = objective.panel, space(first)
    bounds = {name: (one.low, one.high, one.log) for name, one in ranges.items()}
    content = [panel.digest(), described(first), bounds, list(plan.goals), list(objective.blocks.starts), plan.seed]
    study: Study = optuna.create_study(
        storage=kept,
        study_name=f"{plan.family}-{digest(content)[:12]}",
        directions=["minimize"] * len(plan.goals),
        load_if_exists=True,
    )
    if not study.user_attrs:
        facts = {
            "family": plan.family,
            "symbols": list(panel.symbols),
            "horizons": list(panel.horizons),
            "first": int(panel.known_at.min()),
            "last": int(panel.known_at.max()),
            "cut": plan.cut,
            "goals": list(plan.goals),
        }
        for name, value in facts.items():
            study.set_user_attr(name, value)
        own = described(first)["params"]
        study.enqueue_trial({name: own[name] for name in ranges}, skip_if_exists=True)
    return study


def _free(optuna: ModuleType, study: "Study") -> None:
    """Give up what a process that was ended was trying, and put it in line again."""
    running = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,))
    for left in running:
        if _at_work(left.user_attrs.get("owner", "")):
            continue
        study.tell(left.number, state=optuna.trial.TrialState.FAIL)
        if left.params:
            study.enqueue_trial(left.params, skip_if_exists=False)


def _owner() -> str:
    return f"{platform.node()}:{os.getpid()}"


def _at_work(owner: str) -> bool:
    """Tell whether the process that makes a trial lives; one of another machine is taken to."""
    host, _, process = owner.rpartition(":")
    if host != platform.node() or not process.isdecimal():
        return bool(owner)
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return int(process) != os.getpid()


def _count(study: "Study") -> int:
    """Count the trials that ended by themselves."""
    return sum(trial.state.is_finished() and not _given_up(trial) for trial in study.get_trials(deepcopy=False))


def _given_up(trial: "FrozenTrial") -> bool:
    return trial.state.name == "FAIL" and "words" not in trial.user_attrs


def _sampler(optuna: ModuleType, plan: Plan, done: int) -> "BaseSampler":
    seed = (plan.seed * 1_000_003 + done) % 2**32
    if plan.sampler == "tpe":
        made: BaseSampler = optuna.samplers.TPESampler(seed=seed, multivariate=True)
        return made
    try:
        import torch  # noqa: F401 - the Gaussian process is made of it
    except ImportError as error:
        raise ConfigurationError(
            "a Gaussian process needs torch, which is not installed",
            hint="pip install 'ara-ai[deep]', or --sampler tpe",
        ) from error
    process: BaseSampler = optuna.samplers.GPSampler(seed=seed, deterministic_objective=True)
    return process


def _try(
    optuna: ModuleType,
    study: "Study",
    objective: Objective,
    first: Model,
    ranges: Mapping[str, Range],
    plan: Plan,
    done: int,
    watch: Callable[[Progress], bool],
) -> None:
    """Make one trial and keep what came of it."""
    study.sampler = _sampler(optuna, plan, done)
    study.pruner = optuna.pruners.MedianPruner(n_startup_trials=_UNSEEN)
    trial = study.ask()
    trial.set_user_attr("owner", _owner())
    begin = time.monotonic()
    state = optuna.trial.TrialState
    words = f"trial {done + 1} of {plan.trials}{_best(study, plan)}"
    try:
        model = type(first)(**{**described(first)["params"], **_suggested(trial, ranges)})
        going = True

        def each(place: int, ratio: float) -> bool:
            nonlocal going
            going = watch(Progress(done=done, total=plan.trials, words=words))
            if len(plan.goals) > 1:
                return going
            trial.report(ratio, place)
            return going and not trial.should_prune()

        ratios = objective.ratios(model, each=each)
        trial.set_user_attr("blocks", list(ratios))
        trial.set_user_attr("seconds", time.monotonic() - begin)
        if not going:
            study.tell(trial, state=state.FAIL)
            study.enqueue_trial(trial.params, skip_if_exists=False)
            return
        mean = float(np.mean(ratios))
        if len(ratios) < len(objective.blocks.starts):
            study.tell(trial, state=state.PRUNED)
        else:
            study.tell(trial, [mean, objective.latency(model)][: len(plan.goals)])
    except (AraError, ValueError, ArithmeticError, MemoryError) as error:
        if isinstance(error, CancelledError | ConfigurationError):
            raise
        trial.set_user_attr("words", str(error)[:300])
        study.tell(trial, state=state.FAIL)


def _suggested(trial: "Trial", ranges: Mapping[str, Range]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, one in ranges.items():
        if one.whole:
            found[name] = trial.suggest_int(name, int(one.low), int(one.high), log=one.log)
        else:
            found[name] = trial.suggest_float(name, one.low, one.high, log=one.log)
    return found


def _best(study: "Study", plan: Plan) -> str:
    ratios = [
        trial.values[0] for trial in study.get_trials(deepcopy=False) if trial.values and trial.state.name == "COMPLETE"
    ]
    return f", best {min(ratios):.4f} of the baseline" if ratios and plan.trials > 1 else ""


def _with_sensitivity(
    found: Tuned, objective: Objective, first: Model, ranges: Mapping[str, Range], watch: Callable[[Progress], bool]
) -> Tuned:
    """Try the winner's neighbours; they are no trials, and none of them can win."""
    assert found.winner is not None  # noqa: S101 - the caller looked
    moved: dict[str, tuple[float, float]] = {}
    own = {**described(first)["params"], **found.winner.params}
    for done, (name, one) in enumerate(ranges.items()):
        if not watch(Progress(done=done, total=len(ranges), words=f"trying the winner with another {name}")):
            break
        low, high = (
            float(np.mean(objective.ratios(type(first)(**{**own, name: one.moved(own[name], share)}))))
            for share in (-_MOVED, _MOVED)
        )
        moved[name] = (low, high)
    return replace(found, sensitivity=moved)
