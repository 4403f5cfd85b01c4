"""Trials by several processes: the same whatever the pace of each, and whoever dies."""

import os
import signal
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from ara.errors import ValidationError, WorkerError
from ara.jobs import memory
from ara.models.checks import toy_panel
from ara.models.families.ewma_t import EwmaT
from ara.models.space import space
from ara.models.tuning import Objective, Plan, history, processes, tune
from ara.models.tuning.course import Course
from ara.models.tuning.processes import judge
from ara.models.tuning.storage import database, library
from ara.models.tuning.study import _study
from ara.models.tuning.trial import ask, bounds, count, ended, hopeless, settle

PANEL = toy_panel(bars=900)
CUT = int(PANEL.known_at[750])
OBJECTIVE = Objective.of(PANEL.until(CUT))


def plan(folder: Path, **asked: object) -> Plan:
    told = {"family": "ewma_t", "cut": CUT, "trials": 7, "storage": f"sqlite:///{folder}/studies.db", "processes": 2}
    return Plan(**{**told, **asked})  # type: ignore[arg-type]


def go_on(_: object) -> bool:
    return True


def facts(found: object, *, whole: bool = True) -> list[tuple[object, ...]]:
    """Give what has to be the same; of a study that was interrupted, without what was given up."""
    tried = found.tried if whole else [one for one in found.tried if one.state != "failed"]  # type: ignore[attr-defined]
    return [(one.state, one.params, one.ratio, one.blocks) for one in tried]


class Paced:
    """Stands for a process: what it is handed is done when the test says so."""

    def __init__(self, pace: object = None) -> None:
        self.pace = pace

    def __enter__(self) -> "Paced":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, function, /, *args, **named):  # type: ignore[no-untyped-def]
        return Done(function, args, named)


class Done:
    """A call that is made when its result is asked for; those that are to die do so first."""

    deaths = 0

    def __init__(self, function, args, named):  # type: ignore[no-untyped-def]
        self.call = (function, args, named)

    def result(self, going):  # type: ignore[no-untyped-def]
        if Done.deaths:
            Done.deaths -= 1
            raise WorkerError("the process was killed")
        function, args, named = self.call
        return function(*args, **named, watch=go_on)


@pytest.fixture
def near(monkeypatch):
    """Has the trials made in this process, in the order of a line."""
    monkeypatch.setattr(processes, "Beside", Paced)
    monkeypatch.setattr(Done, "deaths", 0)


@pytest.fixture(scope="module")
def line(tmp_path_factory):
    """What a line of two makes in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(processes, "Beside", Paced)
        return tune(PANEL, plan(tmp_path_factory.mktemp("line")), watch=go_on)


def test_two_real_processes_make_the_trials_that_a_line_of_two_makes(tmp_path, line):
    far = tune(PANEL, plan(tmp_path), watch=go_on)
    assert facts(far) == facts(line)
    assert far.study == line.study
    assert [one.number for one in far.tried] == list(range(7))


def test_a_real_process_that_is_killed_costs_no_trial(tmp_path, monkeypatch):
    killed: list[int] = []

    def watch(_: object) -> bool:
        for one in [] if killed else memory.family(os.getpid()):
            with suppress(OSError):
                if b"ara.workers" in Path(f"/proc/{one}/cmdline").read_bytes():
                    os.kill(one, signal.SIGKILL)
                    killed.append(one)
                    break
        return True

    (tmp_path / "far").mkdir()
    far = tune(PANEL, plan(tmp_path / "far", trials=4), watch=watch)
    assert killed
    monkeypatch.setattr(processes, "Beside", Paced)
    assert facts(far) == facts(tune(PANEL, plan(tmp_path, trials=4), watch=go_on))


@pytest.mark.usefixtures("near")
def test_each_trial_knows_all_but_those_beside_it(tmp_path, line):
    """The line of two is made anew by its rule: number n is chosen when n - 1 others are kept."""
    asked, optuna, first = plan(tmp_path), library(), EwmaT()
    with database(optuna, asked.storage) as kept:
        study = _study(optuna, kept, OBJECTIVE, first, asked)
        open_, tried = [], []
        for number in range(asked.trials + 1):
            if number < asked.trials:
                open_.append(ask(optuna, study, first, space(first), asked, number))
            if number:
                trial, params = open_.pop(0)
                ratios = OBJECTIVE.ratios(EwmaT(**params))
                settle(optuna, study, trial, asked, ratios=ratios, latency=None, seconds=0.0, of=4)
                tried.append((params, ratios))
    assert [dict(one.params) for one in line.tried] == [{"decay": params["decay"]} for params, _ in tried]
    assert all(one.blocks == ratios[: len(one.blocks)] for one, (_, ratios) in zip(line.tried, tried, strict=True))


@pytest.mark.usefixtures("near")
def test_one_in_the_line_makes_what_is_made_one_after_the_other(tmp_path):
    (tmp_path / "one").mkdir()
    optuna, asked = library(), plan(tmp_path / "one", processes=1)
    here = tune(PANEL, replace(asked, storage=plan(tmp_path).storage), watch=go_on)
    with database(optuna, asked.storage) as kept:
        study = _study(optuna, kept, OBJECTIVE, EwmaT(), asked)
        processes.try_by_processes(
            Course(
                optuna=optuna, study=study, objective=OBJECTIVE, first=EwmaT(), ranges=space(EwmaT()), plan=asked,
                watch=go_on,
            )
        )  # fmt: skip
    assert facts(history(asked.storage, "ewma_t")) == facts(here)


@pytest.mark.usefixtures("near")
@pytest.mark.parametrize("stop", [1, 3, 6])
def test_whoever_stops_goes_on_with_the_same_trials(tmp_path, line, stop):
    asked = plan(tmp_path)
    torn = tune(PANEL, asked, watch=lambda progress: progress.done < stop)
    assert sum(one.state in {"complete", "pruned"} for one in torn.tried) == stop
    again = tune(PANEL, asked, watch=go_on)
    assert facts(again, whole=False) == facts(line)


@pytest.mark.usefixtures("near")
def test_a_trial_over_which_processes_die_is_made_again_and_given_up_after_four(tmp_path):
    Done.deaths = 3
    found = tune(PANEL, plan(tmp_path, trials=2), watch=go_on)
    assert [one.state for one in found.tried] == ["complete", "complete"]
    (tmp_path / "more").mkdir()
    Done.deaths = 4
    found = tune(PANEL, plan(tmp_path / "more", trials=2), watch=go_on)
    assert [one.state for one in found.tried] == ["failed", "complete"]
    assert found.tried[0].words == "its process died 4 times: the process was killed"


@pytest.mark.usefixtures("near")
def test_after_its_time_none_is_begun_and_two_goals_are_told(tmp_path):
    found = tune(PANEL, plan(tmp_path, seconds=1e-9, goals=("crps", "latency")), watch=go_on)
    assert [one.state for one in found.tried] == ["complete", "complete"]  # both were begun before the first had ended
    assert all(one.latency > 0 for one in found.tried)


def test_the_bounds_are_those_of_the_pruner(tmp_path):
    """What a process is told beforehand stops it where the pruner would."""
    optuna, asked, first = library(), plan(tmp_path, trials=20), EwmaT()
    with database(optuna, asked.storage) as kept:
        study = _study(optuna, kept, OBJECTIVE, first, asked)
        for number in range(6):
            assert (bounds(ended(study), asked, of=4) == (float("inf"),) * 4) == (number < 5)
            trial, _ = ask(optuna, study, first, space(first), asked, number)
            ratios = tuple(1 + 0.01 * number * (block + 1) for block in range(4))
            for blocks in range(1, 5):
                trial.report(sum(ratios[:blocks]) / blocks, blocks - 1)
            settle(optuna, study, trial, asked, ratios=ratios, latency=None, seconds=0.0, of=4)
        limits = bounds(ended(study), asked, of=4)
        trial, _ = ask(optuna, study, first, space(first), asked, 6)
        assert not hopeless(trial, (limits[0],), asked)
        assert hopeless(trial, (limits[0] + 9, limits[0] + 9), asked) == (limits[0] > limits[1])
        other, _ = ask(optuna, study, first, space(first), asked, 7)
        assert hopeless(other, (limits[0] + 1e-9,), asked)
        assert bounds(ended(study), replace(asked, goals=("crps", "latency")), of=4) == (float("inf"),) * 4
        assert count(study) == 6


def test_a_process_ends_what_is_hopeless_and_says_what_fails():
    heard: list[int] = []

    def watch(progress):  # type: ignore[no-untyped-def]
        heard.append(progress.done)
        return True

    never = (float("inf"),) * 4
    whole = judge(OBJECTIVE, "ewma_t", {"decay": 0.94}, never, latency=False, watch=watch)
    assert heard == [1, 2, 3, 4]
    assert whole.ratios == OBJECTIVE.ratios(EwmaT())
    assert whole.latency is None
    stopped = judge(OBJECTIVE, "ewma_t", {"decay": 0.94}, (9.0, 0.5, 9.0, 9.0), latency=False, watch=go_on)
    assert stopped.ratios == whole.ratios[:2]
    failed = judge(OBJECTIVE, "ewma_t", {"decay": 7.0}, never, latency=False, watch=go_on)
    assert "7" in failed.words
    assert failed.ratios == ()


@pytest.mark.usefixtures("near")
def test_trials_that_fail_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(Objective, "ratios", _fails)
    with pytest.raises(Exception, match="no trial of ewma_t could be judged: 1 is no number"):
        tune(PANEL, plan(tmp_path, trials=3), watch=go_on)
    assert [one.state for one in history(plan(tmp_path).storage, "ewma_t").tried] == ["failed"] * 3


def _fails(self, model, *, each=None):  # type: ignore[no-untyped-def]
    raise ArithmeticError("1 is no number")


@pytest.mark.parametrize(
    ("asked", "words"), [({"processes": 0}, "by 0 processes"), ({"on": "ray"}, "by 2 processes on Ray")]
)
def test_odd_numbers_are_refused(tmp_path, asked, words):
    with pytest.raises(ValidationError, match=words):
        tune(PANEL, plan(tmp_path, **asked), watch=go_on)
