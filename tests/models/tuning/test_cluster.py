"""The course of a study whose trials are made elsewhere; `test_ray.py` has real clusters."""

import subprocess
import sys

import pytest

from ara.errors import ConfigurationError, WorkerError
from ara.models.checks import toy_panel
from ara.models.families.ewma_t import EwmaT
from ara.models.ray import cluster, lost
from ara.models.space import space
from ara.models.tuning import Objective, Plan, history, tune
from ara.models.tuning.cluster import _Beyond
from ara.models.tuning.course import Course
from ara.models.tuning.storage import database, library
from ara.models.tuning.study import _study

PANEL = toy_panel(bars=900)
CUT = int(PANEL.known_at[750])
OBJECTIVE = Objective.of(PANEL.until(CUT))
FIRST = EwmaT()


@pytest.fixture
def begun(tmp_path):
    """Begins the course of a study in the folder of the test."""
    optuna = library()
    with database(optuna, f"sqlite:///{tmp_path}/studies.db") as kept:

        def begin(watch=lambda progress: True, **asked):
            told = {"family": "ewma_t", "cut": CUT, "trials": 4, "storage": f"sqlite:///{tmp_path}/studies.db", **asked}
            plan = Plan(**told)
            study = _study(optuna, kept, OBJECTIVE, FIRST, plan)
            return _Beyond(
                course=Course(
                    optuna=optuna, study=study, objective=OBJECTIVE, first=FIRST, ranges=space(FIRST), plan=plan,
                    watch=watch,
                )
            )  # fmt: skip

        yield begin


def told(params):
    """Give what a worker tells at the end of a trial."""
    return {
        "ratios": list(OBJECTIVE.ratios(EwmaT(**params))),
        "end": True,
        "seconds": 0.5,
        "latency": None,
        "words": "",
    }


def test_one_at_a_time_they_are_the_trials_that_are_made_here(begun, tmp_path):
    beyond = begun()
    while (params := beyond.next("one")) is not None:
        assert not beyond.stops("one", told(params))
        beyond.end("one", broken=False)
    elsewhere = history(beyond.course.plan.storage, "ewma_t")
    here = tune(
        PANEL,
        Plan(family="ewma_t", cut=CUT, trials=4, storage=f"sqlite:///{tmp_path}/here.db"),
        watch=lambda progress: True,
    )
    assert elsewhere.study == here.study
    assert [(one.params, one.ratio, one.blocks) for one in elsewhere.tried] == [
        (one.params, one.ratio, one.blocks) for one in here.tried
    ]


def test_no_more_are_begun_than_were_asked_for(begun):
    beyond = begun(trials=2)
    assert beyond.next("one") is not None
    assert beyond.next("two") is not None
    assert beyond.next("three") is None


def test_a_trial_that_fails_and_one_whose_worker_is_lost_too_often_say_so(begun):
    beyond = begun()
    beyond.next("one")
    beyond.stops("one", {"ratios": [], "words": "the loss is not a number"})
    beyond.end("one", broken=False)
    beyond.next("two")
    beyond.end("two", broken=True)
    failed = history(beyond.course.plan.storage, "ewma_t").tried
    assert [(one.state, one.words) for one in failed] == [
        ("failed", "the loss is not a number"),
        ("failed", "its worker was lost 4 times"),
    ]


def test_a_trial_that_was_begun_again_is_judged_by_its_last_run(begun):
    beyond = begun()
    params = beyond.next("one")
    beyond.stops("one", {"ratios": [3.0], "end": False, "seconds": 0.1})
    beyond.stops("one", {"ratios": [1.0], "end": False, "seconds": 0.1})  # its worker was lost: another begins anew
    beyond.stops("one", told(params))
    beyond.end("one", broken=False)
    assert history(beyond.course.plan.storage, "ewma_t").tried[0].ratio == pytest.approx(1.0)


def test_whoever_stops_has_what_was_being_made_put_in_line_again(begun):
    beyond = begun(watch=lambda progress: False)
    params = beyond.next("one")
    assert beyond.stops("one", {"ratios": [1.0], "end": False, "seconds": 0.1})
    assert beyond.next("two") is None
    beyond.end("one", broken=False)
    beyond.going = True
    assert beyond.next("two") == params
    beyond.leave()
    assert beyond.next("three") == params
    assert [one.state for one in history(beyond.course.plan.storage, "ewma_t").tried] == ["failed", "failed", "running"]


def test_a_trial_that_does_worse_than_most_is_stopped(begun):
    beyond = begun(trials=20)
    for number in range(7):
        params = beyond.next(str(number))
        for blocks in range(1, 5):
            beyond.stops(str(number), {"ratios": [1.0] * blocks, "end": False, "seconds": 0.1})
        beyond.stops(str(number), {**told(params), "ratios": [1.0] * 4})
        beyond.end(str(number), broken=False)
    beyond.next("bad")
    assert beyond.stops("bad", {"ratios": [5.0], "end": False, "seconds": 0.1})
    beyond.end("bad", broken=False)
    assert history(beyond.course.plan.storage, "ewma_t").tried[-1].state == "pruned"


def test_after_its_time_none_is_begun(begun):
    beyond = begun(seconds=1e-9)
    params = beyond.next("one")  # the first is made in any case
    beyond.stops("one", told(params))
    beyond.end("one", broken=False)
    assert beyond.next("two") is None


def test_without_the_package_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigurationError, match="needs the package ray") as caught, cluster():
        pass
    assert caught.value.hint == "pip install 'ara-ai[ray]'"


def test_a_cluster_that_is_not_there_is_said(tmp_path):
    asked = {"family": "ewma_t", "cut": CUT, "trials": 4, "storage": f"sqlite:///{tmp_path}/studies.db"}
    with pytest.raises(WorkerError, match=r"no Ray cluster at 127\.0\.0\.1:1: ") as caught:
        tune(PANEL, Plan(**asked, on="ray", address="127.0.0.1:1"), watch=lambda progress: True)
    assert "ray start --head" in caught.value.hint
    assert history(asked["storage"], "ewma_t").winner is None


def test_a_cluster_that_is_lost_says_what_is_kept():
    error = lost(ConnectionError("the head is gone\nand more"))
    assert error.message == "The Ray cluster was lost: the head is gone"
    assert "What was done is kept" in error.hint
    assert lost(SystemError()).message == "The Ray cluster was lost: SystemError"


def test_tuning_here_does_not_import_ray():
    code = "import sys, ara.models.tuning, ara.prediction.tuning, ara.jobs; sys.exit('ray' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
