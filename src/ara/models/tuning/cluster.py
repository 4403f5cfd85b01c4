"""Trials on a Ray cluster: the study stays here, workers only fit and judge."""

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from ara.errors import AraError, ConfigurationError
from ara.models.model import Model
from ara.models.ray import cluster, lost
from ara.models.tuning.course import Course
from ara.models.tuning.objective import Objective
from ara.models.tuning.plan import Plan
from ara.models.tuning.trial import hopeless

if TYPE_CHECKING:
    from optuna.trial import Trial

__all__ = ["try_on_ray"]

_TRIES: Final = 3


@dataclass(slots=True, kw_only=True)
class _Beyond:
    """How the trials of a study are getting on; those that are being made by the names that Ray gave them."""

    course: Course
    going: bool = True
    at_work: "dict[str, Trial]" = field(default_factory=dict)
    seen: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def next(self, name: str) -> dict[str, Any] | None:
        """Begin a trial and give its parameters; None where none is to be begun."""
        number = self.course.done + len(self.at_work)
        if not self.going or self.course.late or number >= self.course.plan.trials:
            return None
        self.at_work[name], params = self.course.ask(number)
        return params

    def stops(self, name: str, told: Mapping[str, Any]) -> bool:
        """Hear how far a trial is; True where it is to end."""
        self.seen[name] = told
        self.going = self.going and self.course.watch(self.course.told(" on Ray"))
        if not self.going:
            return True
        ratios = tuple(told.get("ratios", ()))
        return bool(ratios) and not told.get("end") and hopeless(self.at_work[name], ratios, self.course.plan)

    def end(self, name: str, *, broken: bool) -> None:
        """Keep what came of a trial."""
        trial, told = self.at_work.pop(name), self.seen.pop(name, {})
        if broken:
            self.course.fail(trial, f"its worker was lost {_TRIES + 1} times")
        elif told.get("words"):
            self.course.fail(trial, str(told["words"]))
        elif not self.going and not told.get("end"):
            self.course.give_up(trial)
        else:
            ratios, seconds = tuple(told["ratios"]), float(told["seconds"])
            self.course.settle(trial, ratios=ratios, latency=told.get("latency"), seconds=seconds)

    def leave(self) -> None:
        """Give up what was being made when the cluster went away."""
        for trial in self.at_work.values():
            self.course.give_up(trial)
        self.at_work.clear()


def try_on_ray(course: Course) -> None:
    """Make the trials that are missing on a Ray cluster, several at once.

    A trial whose worker is lost is made again, by another. One at a time they are the trials that are made without a
    cluster; several at once each knows less of the others.

    Raises
    ------
    WorkerError
        There is no cluster, or it was lost; what was tried is kept, and what was being tried is in line again.
    """
    beyond = _Beyond(course=course)
    if course.done >= course.plan.trials:
        return
    with cluster(course.plan.address) as ray, tempfile.TemporaryDirectory(prefix="ara-ray-") as folder:
        from ray.exceptions import RayError
        from ray.tune.error import TuneError

        try:
            _tuner(ray, beyond, folder).fit()
        except AraError:
            raise
        except (RayError, TuneError, ConnectionError, RuntimeError, SystemError) as error:
            raise lost(error) from error
        finally:
            beyond.leave()


def _tuner(ray: ModuleType, beyond: _Beyond, folder: str) -> Any:
    from ray import tune

    from ara.models.tuning.searching import Guide, Halt

    course = beyond.course
    plan = course.plan
    judged = tune.with_parameters(_judge, objective=course.objective, plan=plan, family=type(course.first))
    at_once = plan.at_once or max(1, int(ray.cluster_resources().get("CPU", 1)))
    return tune.Tuner(
        tune.with_resources(judged, {"cpu": 1}),
        tune_config=tune.TuneConfig(
            search_alg=Guide(beyond.next, beyond.end),
            num_samples=plan.trials - course.done,
            max_concurrent_trials=at_once,
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(
            name="study",
            storage_path=folder,
            verbose=0,
            stop=Halt(beyond.stops),
            failure_config=tune.FailureConfig(max_failures=_TRIES),
        ),
    )


def _judge(config: dict[str, Any], *, objective: Objective, plan: Plan, family: type[Model]) -> None:
    """Judge one set of parameters; it runs in a worker of the cluster."""
    from ray import tune

    begin = time.monotonic()
    told: dict[str, Any] = {"ratios": [], "end": False, "words": "", "seconds": 0.0, "latency": None}

    def each(ratios: tuple[float, ...]) -> bool:
        told.update(ratios=list(ratios), seconds=time.monotonic() - begin)
        tune.report(dict(told))
        return True

    try:
        model = family(**config)
        objective.ratios(model, each=each)
        latency = objective.latency(model) if len(plan.goals) > 1 else None
        told.update(end=True, latency=latency, seconds=time.monotonic() - begin)
    except ConfigurationError:
        raise
    except (AraError, ValueError, ArithmeticError, MemoryError) as error:
        told.update(words=str(error) or type(error).__name__)
    tune.report(told)
