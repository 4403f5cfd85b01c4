"""Studies: trials that are kept, go on after an interruption, and name a winner."""

import time
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING, Final

import numpy as np

from ara import plugins
from ara.errors import AraError, CancelledError, ConfigurationError, ModelError, ValidationError
from ara.lineage import digest
from ara.models.model import Model, described, parameters
from ara.models.panel import Panel
from ara.models.space import Choice, Range, Space, space
from ara.models.tuning.course import Course
from ara.models.tuning.objective import Objective
from ara.models.tuning.plan import Plan
from ara.models.tuning.results import Tuned, told
from ara.models.tuning.storage import database, library
from ara.models.tuning.trial import count, free, hopeless
from ara.workers import Progress

if TYPE_CHECKING:
    from optuna import Study

__all__ = ["tune"]

_MOVED: Final = 0.1


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
        free(optuna, study)
        stopped = False

        def hear(progress: Progress) -> bool:
            nonlocal stopped
            stopped = stopped or not watch(progress)
            return not stopped

        _try_all(
            Course(optuna=optuna, study=study, objective=objective, first=first, ranges=ranges, plan=plan, watch=hear)
        )
        if stopped and not count(study):
            raise CancelledError(f"the tuning of {plan.family} was cancelled before its first trial ended")
        found = told(optuna, study)
        if plan.sensitivity and found.winner is not None and not stopped:
            found = _with_sensitivity(found, objective, first, ranges, hear)
    if found.winner is None:
        words = found.tried[-1].words if found.tried else "none was made"
        raise ModelError(f"no trial of {plan.family} could be judged: {words}")
    return found


def _checked(first: Model, plan: Plan) -> Space:
    if plan.trials < 1:
        raise ValidationError(f"{plan.trials} trials can't be made", hint="Ask for 1 or more.")
    if "crps" not in plan.goals or len(set(plan.goals)) < len(plan.goals):
        raise ValidationError(f"the goals are {', '.join(plan.goals)}", hint="Give crps, or crps and latency.")
    if plan.processes < 1 or (plan.processes > 1 and plan.on == "ray"):
        raise ValidationError(
            f"trials can't be made by {plan.processes} processes{' on Ray' if plan.on == 'ray' else ''}",
            hint="Ask for 1 process or more; on a cluster, --at-once says how many trials are made at once.",
        )
    return space(first)


def _study(optuna: ModuleType, kept: object, objective: Objective, first: Model, plan: Plan) -> "Study":
    panel, ranges = objective.panel, space(first)
    bounds = {name: _bounds(one) for name, one in ranges.items()}
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
        own = parameters(first)
        study.enqueue_trial({name: own[name] for name in ranges}, skip_if_exists=True)
    return study


def _bounds(one: Range | Choice) -> tuple[float | bool | str, ...]:
    return one.among if isinstance(one, Choice) else (one.low, one.high, one.log)


def _try_all(course: Course) -> None:
    if course.plan.on == "ray":
        from ara.models.tuning.cluster import try_on_ray

        try_on_ray(course)
    elif course.plan.processes > 1:
        from ara.models.tuning.processes import try_by_processes

        try_by_processes(course)
    else:
        _try_here(course)


def _try_here(course: Course) -> None:
    """Make the trials that are missing, one after the other."""
    going = True
    while going and not course.late and (done := course.done) < course.plan.trials:
        going = _try(course, done)


def _try(course: Course, done: int) -> bool:
    """Make one trial, keep what came of it, and give whether to go on."""
    trial, params = course.ask(done)
    begin, going, progress, plan = time.monotonic(), True, course.told(), course.plan

    def each(ratios: tuple[float, ...]) -> bool:
        nonlocal going
        going = course.watch(progress)
        return going and not hopeless(trial, ratios, plan)

    try:
        model = type(course.first)(**params)
        ratios = course.objective.ratios(model, each=each)
        latency = course.objective.latency(model) if going and len(plan.goals) > 1 else None
    except (AraError, ValueError, ArithmeticError, MemoryError) as error:
        if isinstance(error, CancelledError | ConfigurationError):
            raise
        course.fail(trial, str(error))
        return going
    if going:
        course.settle(trial, ratios=ratios, latency=latency, seconds=time.monotonic() - begin)
    else:
        course.give_up(trial)
    return going


def _with_sensitivity(
    found: Tuned, objective: Objective, first: Model, ranges: Space, watch: Callable[[Progress], bool]
) -> Tuned:
    """Try the winner's neighbours; they are no trials, and none of them can win."""
    assert found.winner is not None  # noqa: S101 - the caller looked
    moved: dict[str, tuple[float, float]] = {}
    own = {**parameters(first), **found.winner.params}
    numbers = {name: one for name, one in ranges.items() if isinstance(one, Range)}
    for done, (name, one) in enumerate(numbers.items()):
        if not watch(Progress(done=done, total=len(numbers), words=f"trying the winner with another {name}")):
            break
        low, high = (
            float(np.mean(objective.ratios(type(first)(**{**own, name: one.moved(own[name], share)}))))
            for share in (-_MOVED, _MOVED)
        )
        moved[name] = (low, high)
    return replace(found, sensitivity=moved)
