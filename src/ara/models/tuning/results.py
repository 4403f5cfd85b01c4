"""What studies have found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

__all__ = ["FEW", "Tried", "Tuned", "told"]

FEW: Final = 10
"""From so many complete trials on, importance is told."""

_STALE: Final = "the process that tried it was ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One trial.

    Parameters
    ----------
    number
        From 0, which is the family as it comes.
    state
        `complete`, `pruned` (stopped, since it did worse than most), `failed` or `running`.
    params
        What was tried.
    ratio
        Loss over the baseline's, below 1 is better; of the blocks seen where it was pruned; None where it failed.
    latency
        Milliseconds of one origin; None where it was no goal.
    blocks
        The ratio of each block.
    seconds
        It took.
    words
        Why it failed.
    """

    number: int
    state: str
    params: Mapping[str, int | float | str]
    ratio: float | None
    latency: float | None = None
    blocks: tuple[float, ...] = ()
    seconds: float = 0.0
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """What a study has found.

    Parameters
    ----------
    study
        Its name: the family and a digest of what was seen and may be tuned.
    family
        Of models.
    facts
        Symbols, horizons, first and last day, cut, goals, as it was begun.
    tried
        All trials.
    winner
        The one with the least ratio; None where all failed.
    front
        Numbers of those that no other beats on all goals.
    importance
        By parameter, the share of the differences between trials that goes with it; empty with too few trials.
    sensitivity
        By parameter that is a number, the winner's ratio with it moved down and up by a tenth of its range.
    """

    study: str
    family: str
    facts: Mapping[str, Any]
    tried: tuple[Tried, ...]
    winner: Tried | None
    front: tuple[int, ...] = ()
    importance: Mapping[str, float] = field(default_factory=dict)
    sensitivity: Mapping[str, tuple[float, float]] = field(default_factory=dict)


def told(optuna: ModuleType, study: "Study") -> Tuned:
    """Give what a study has found so far."""
    trials = study.get_trials(deepcopy=False)
    tried = tuple(_tried(trial, study.user_attrs.get("goals", ["crps"])) for trial in trials)
    complete = [one for one in tried if one.state == "complete" and one.ratio is not None]
    winner = min(complete, key=lambda one: (one.ratio or 0.0, one.number), default=None)
    return Tuned(
        study=study.study_name,
        family=str(study.user_attrs.get("family", study.study_name.rpartition("-")[0])),
        facts=dict(study.user_attrs),
        tried=tried,
        winner=winner,
        front=tuple(trial.number for trial in study.best_trials) if complete else (),
        importance=_importance(optuna, study, complete),
    )


def _tried(trial: "FrozenTrial", goals: list[str]) -> Tried:
    names = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "running", "WAITING": "waiting"}
    blocks = tuple(trial.user_attrs.get("blocks", ()))
    ratio = trial.values[0] if trial.values else float(np.mean(blocks)) if blocks else None
    state = names[trial.state.name]
    return Tried(
        number=trial.number,
        state=state,
        params=dict(trial.params),
        ratio=None if state == "failed" else ratio,
        latency=trial.values[goals.index("latency")] if trial.values and "latency" in goals else None,
        blocks=blocks,
        seconds=float(trial.user_attrs.get("seconds", 0.0)),
        words=trial.user_attrs.get("words", _STALE if state == "failed" else ""),
    )


def _importance(optuna: ModuleType, study: "Study", complete: list[Tried]) -> Mapping[str, float]:
    if len(complete) < FEW or len({one.ratio for one in complete}) < 2:
        return {}
    evaluator = optuna.importance.PedAnovaImportanceEvaluator()
    found: dict[str, float] = optuna.importance.get_param_importances(
        study, evaluator=evaluator, target=lambda trial: trial.values[0]
    )
    return found
