"""One trial in a study: asked for, judged, settled, given up; wherever it is made."""

import os
import platform
from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ara.errors import ConfigurationError
from ara.models.model import Model, parameters
from ara.models.space import Choice, Space
from ara.models.tuning.plan import Plan

if TYPE_CHECKING:
    from optuna import Study
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial, Trial

__all__ = ["ask", "best", "bounds", "count", "ended", "fail", "free", "give_up", "hopeless", "settle"]

_UNSEEN: Final = 5


def ask(
    optuna: ModuleType, study: "Study", first: Model, ranges: Space, plan: Plan, done: int
) -> "tuple[Trial, dict[str, Any]]":
    """Begin the trial that comes after `done` others, and give it with all parameters of its model."""
    study.sampler = _sampler(optuna, plan, done)
    study.pruner = optuna.pruners.MedianPruner(n_startup_trials=_UNSEEN)
    trial = study.ask()
    trial.set_user_attr("owner", _owner())
    return trial, {**parameters(first), **_suggested(trial, ranges)}


def hopeless(trial: "Trial", ratios: tuple[float, ...], plan: Plan) -> bool:
    """Tell whether a trial does worse than most by the ratios of its blocks so far; never, with several goals."""
    if len(plan.goals) > 1:
        return False
    trial.report(float(np.mean(ratios)), len(ratios) - 1)
    return bool(trial.should_prune())


def bounds(trials: "Sequence[FrozenTrial]", plan: Plan, *, of: int) -> tuple[float, ...]:
    """Give, for each of `of` blocks, above which mean ratio a trial is hopeless beside others, as `hopeless` has it."""
    whole = [one.intermediate_values for one in trials if one.state.name == "COMPLETE"]
    if len(plan.goals) > 1 or len(whole) < _UNSEEN:
        return (np.inf,) * of
    seen = [[one[place] for one in whole if place in one] for place in range(of)]
    return tuple(float(np.nanpercentile(one, 50)) if one else np.inf for one in seen)


def settle(
    optuna: ModuleType,
    study: "Study",
    trial: "Trial",
    plan: Plan,
    *,
    ratios: tuple[float, ...],
    latency: float | None,
    seconds: float,
    of: int,
) -> None:
    """Keep what came of a trial, `of` so many blocks; one that has fewer was stopped."""
    trial.set_user_attr("blocks", list(ratios))
    trial.set_user_attr("seconds", seconds)
    if len(ratios) < of:
        study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        return
    values = [float(np.mean(ratios)), latency]
    study.tell(trial, [one for one in values[: len(plan.goals)] if one is not None])


def fail(optuna: ModuleType, study: "Study", trial: "Trial", words: str) -> None:
    """Keep that a trial failed, and why."""
    trial.set_user_attr("words", words[:300])
    study.tell(trial, state=optuna.trial.TrialState.FAIL)


def give_up(optuna: ModuleType, study: "Study", trial: "Trial") -> None:
    """End a trial that nobody waits for, and put it in line again."""
    study.tell(trial, state=optuna.trial.TrialState.FAIL)
    study.enqueue_trial(trial.params, skip_if_exists=False)


def free(optuna: ModuleType, study: "Study") -> None:
    """Give up what a process that was ended was trying, and put it in line again."""
    running = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,))
    for left in running:
        if _at_work(left.user_attrs.get("owner", "")):
            continue
        study.tell(left.number, state=optuna.trial.TrialState.FAIL)
        if left.params:
            study.enqueue_trial(left.params, skip_if_exists=False)


def ended(study: "Study") -> "list[FrozenTrial]":
    """Give the trials that ended by themselves, in their order."""
    return [one for one in study.get_trials(deepcopy=False) if one.state.is_finished() and not _given_up(one)]


def count(study: "Study") -> int:
    """Count the trials that ended by themselves."""
    return len(ended(study))


def best(study: "Study", plan: Plan) -> str:
    """Say how good the best trial is so far; empty where there is none."""
    ratios = [
        trial.values[0] for trial in study.get_trials(deepcopy=False) if trial.values and trial.state.name == "COMPLETE"
    ]
    return f", best {min(ratios):.4f} of the baseline" if ratios and plan.trials > 1 else ""


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


def _suggested(trial: "Trial", ranges: Space) -> dict[str, float | str]:
    found: dict[str, float | str] = {}
    for name, one in ranges.items():
        if isinstance(one, Choice):
            found[name] = trial.suggest_categorical(name, one.among)
        elif one.whole:
            found[name] = trial.suggest_int(name, int(one.low), int(one.high), log=one.log)
        else:
            found[name] = trial.suggest_float(name, one.low, one.high, log=one.log)
    return found
