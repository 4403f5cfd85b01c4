"""How Ray asks a study for trials: with the library, and without a cluster."""

import copy
from types import SimpleNamespace

import pytest

from ara.errors import ConfigurationError, WorkerError
from ara.models.checks import toy_panel
from ara.models.families.ewma_t import EwmaT
from ara.models.tuning import Objective, Plan, cluster, history, tune

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.filterwarnings("ignore")

PANEL = toy_panel(bars=900)
CUT = int(PANEL.known_at[750])


def test_a_guide_gives_what_the_study_gives_and_tells_of_ends():
    from ray.tune.search import Searcher

    from ara.models.tuning.searching import Guide

    line, heard = [{"decay": 0.9}, None], []
    guide = Guide(lambda name: line.pop(0), lambda name, *, broken: heard.append((name, broken)))
    assert guide.suggest("a") == {"decay": 0.9}
    assert guide.suggest("b") == Searcher.FINISHED
    guide.on_trial_complete("a", {"end": True})
    guide.on_trial_complete("b", error=True)
    assert heard == [("a", False), ("b", True)]
    guide.save("nowhere")
    guide.restore("nowhere")
    assert copy.deepcopy(guide) is guide
    assert heard == [("a", False), ("b", True)]


def test_a_halt_ends_what_the_study_ends_and_never_all():
    from ara.models.tuning.searching import Halt

    halt = Halt(lambda name, told: told["ratios"][-1] > 2)
    assert not halt("a", {"ratios": [1.0]})
    assert halt("a", {"ratios": [1.0, 3.0]})
    assert not halt.stop_all()
    assert copy.deepcopy(halt) is halt


def test_what_ray_writes_down_of_them_holds_nothing_of_the_study():
    from ray import cloudpickle
    from ray.tune.search import Searcher

    from ara.models.tuning.searching import Guide, Halt

    guide = cloudpickle.loads(cloudpickle.dumps(Guide(lambda name: {"decay": 0.9}, lambda name, *, broken: 1 / 0)))
    assert guide.suggest("a") == Searcher.FINISHED  # nobody gives it any
    guide.on_trial_complete("a")
    halt = cloudpickle.loads(cloudpickle.dumps(Halt(lambda name, told: True)))
    assert not halt("a", {})


@pytest.mark.parametrize(("at_once", "wanted"), [(0, 4), (3, 3)])
def test_the_tuner_makes_as_many_at_once_as_there_are_processors_or_as_is_asked(monkeypatch, tmp_path, at_once, wanted):
    from ray import tune as library

    asked = {}
    monkeypatch.setattr(library, "with_parameters", lambda work, **given: asked.update(given) or work)
    monkeypatch.setattr(library, "Tuner", lambda work, **given: asked.update(given, work=work))
    plan = Plan(family="ewma_t", cut=CUT, trials=9, storage="", on="ray", at_once=at_once)
    course = SimpleNamespace(plan=plan, done=0, objective="objective", first=EwmaT())
    beyond = SimpleNamespace(course=course, next=lambda name: None, end=None, stops=None)
    cluster._tuner(SimpleNamespace(cluster_resources=lambda: {"CPU": 4.0}), beyond, str(tmp_path))
    assert asked["tune_config"].max_concurrent_trials == wanted
    assert asked["tune_config"].num_samples == 9
    assert asked["run_config"].failure_config.max_failures == 3
    assert (asked["family"], asked["objective"]) == (EwmaT, "objective")


class Cluster:
    """Stands for a cluster whose only worker is here; its tuner makes trials one at a time until it breaks."""

    def __init__(self, monkeypatch, *, breaks=None, after=99):
        self.breaks, self.after = breaks, after
        monkeypatch.setattr(cluster, "cluster", lambda address: self)
        monkeypatch.setattr(cluster, "_tuner", self.tuner)
        self.told = []
        monkeypatch.setattr("ray.tune.report", self.told.append)

    def __enter__(self):
        return ray

    def __exit__(self, *_):
        return None

    def tuner(self, library, beyond, folder):
        course = beyond.course

        def fit():
            made = 0
            while (params := beyond.next("one")) is not None:
                if made == self.after:
                    raise self.breaks
                self.told.clear()
                cluster._judge(params, objective=course.objective, plan=course.plan, family=type(course.first))
                for told in self.told:
                    if beyond.stops("one", told):
                        break
                beyond.end("one", broken=False)
                made += 1

        return SimpleNamespace(fit=fit)


def plan(tmp_path, **asked):
    return Plan(
        **{"family": "ewma_t", "cut": CUT, "trials": 4, "storage": f"sqlite:///{tmp_path}/s.db", "on": "ray", **asked}
    )


def test_a_worker_judges_as_it_is_done_here(monkeypatch, tmp_path):
    Cluster(monkeypatch)
    there = tune(PANEL, plan(tmp_path), watch=lambda progress: True)
    (tmp_path / "here").mkdir()
    here = tune(PANEL, plan(tmp_path / "here", on="here"), watch=lambda progress: True)
    assert [(one.params, one.ratio, one.blocks, one.state) for one in there.tried] == [
        (one.params, one.ratio, one.blocks, one.state) for one in here.tried
    ]
    assert tune(PANEL, plan(tmp_path), watch=lambda progress: 1 / 0).tried == there.tried  # nothing is left to be made


def test_a_second_goal_is_told_by_the_worker(monkeypatch, tmp_path):
    Cluster(monkeypatch)
    found = tune(PANEL, plan(tmp_path, trials=2, goals=("crps", "latency")), watch=lambda progress: True)
    assert all(one.latency > 0 for one in found.tried)


@pytest.mark.parametrize("fault", [ConnectionError("the head is gone"), SystemError(), RuntimeError("away")])
def test_where_the_cluster_breaks_what_was_tried_is_kept_and_the_rest_is_in_line(monkeypatch, tmp_path, fault):
    Cluster(monkeypatch, breaks=fault, after=2)
    with pytest.raises(WorkerError, match="The Ray cluster was lost"):
        tune(PANEL, plan(tmp_path), watch=lambda progress: True)
    assert [one.state for one in history(plan(tmp_path).storage, "ewma_t").tried][:3] == [
        "complete",
        "complete",
        "failed",
    ]
    Cluster(monkeypatch)
    again = tune(PANEL, plan(tmp_path), watch=lambda progress: True)
    assert sum(one.state in {"complete", "pruned"} for one in again.tried) == 4


def test_a_package_that_lacks_is_no_lost_cluster(monkeypatch, tmp_path):
    Cluster(monkeypatch, breaks=ConfigurationError("no torch"), after=1)
    with pytest.raises(ConfigurationError, match="no torch"):
        tune(PANEL, plan(tmp_path), watch=lambda progress: True)


def test_what_a_worker_can_not_judge_it_says_and_what_is_not_installed_it_raises(monkeypatch):
    told = []
    monkeypatch.setattr("ray.tune.report", told.append)
    objective = Objective.of(PANEL.until(CUT))
    asked = {"objective": objective, "plan": Plan(family="ewma_t", cut=CUT, trials=1, storage=""), "family": EwmaT}
    cluster._judge({"decay": 7.0}, **asked)
    assert "7" in told[-1]["words"]
    assert not told[-1]["end"]

    class Lacks(EwmaT):
        def __init__(self, **_):
            raise ConfigurationError("it needs torch")

    with pytest.raises(ConfigurationError, match="it needs torch"):
        cluster._judge({}, **{**asked, "family": Lacks})
