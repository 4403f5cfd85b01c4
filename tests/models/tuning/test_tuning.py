import os
import platform
import subprocess
import sys
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import optuna
import pytest

from ara import plugins
from ara.errors import CancelledError, ModelError, StoreError, ValidationError
from ara.models.checks import toy_panel
from ara.models.ensemble import Fast
from ara.models.families.drift import Drift
from ara.models.families.ewma_t import EwmaT
from ara.models.families.garch import GarchT
from ara.models.model import described, parameters
from ara.models.networks import Gru
from ara.models.space import Choice, Range, Space, space
from ara.models.tuning import Blocks, Objective, Plan, history, studies, tune
from ara.models.tuning.storage import database

PANEL = toy_panel(bars=900)
CUT = int(PANEL.known_at[750])


def plan(tmp_path, **asked):
    told = {"family": "ewma_t", "cut": CUT, "trials": 6, "storage": f"sqlite:///{tmp_path}/studies.db", **asked}
    return Plan(**told)


def go_on(_):
    return True


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return tune(PANEL, plan(tmp_path_factory.mktemp("found")), watch=go_on)


def test_a_study_begins_with_the_family_as_it_comes_and_finds_something_no_worse(found):
    assert len(found.tried) == 6
    assert found.tried[0].params == {"decay": 0.94}
    assert found.tried[0].ratio == pytest.approx(1.0)
    assert found.winner is not None
    assert found.winner.ratio <= found.tried[0].ratio
    assert 0.85 <= found.winner.params["decay"] <= 0.99
    assert found.facts["symbols"] == ["ONE", "THREE", "TWO"]
    assert found.study.startswith("ewma_t-")


def test_the_same_seed_tries_the_same(tmp_path, found):
    again = tune(PANEL, plan(tmp_path), watch=go_on)
    assert [trial.params for trial in again.tried] == [trial.params for trial in found.tried]
    assert [trial.ratio for trial in again.tried] == [trial.ratio for trial in found.tried]


def test_nothing_behind_the_cut_is_seen(tmp_path):
    later = PANEL.known_at > CUT
    poisoned = replace(PANEL, bars=np.where(later[:, None], PANEL.bars * 9 + 1, PANEL.bars))
    poisoned = replace(poisoned, y=np.where(PANEL.y_known > CUT, 77.0, PANEL.y))
    (tmp_path / "two").mkdir()
    one = tune(PANEL, plan(tmp_path, trials=3), watch=go_on)
    two = tune(poisoned, plan(tmp_path / "two", trials=3), watch=go_on)
    assert one.study == two.study
    assert [trial.ratio for trial in one.tried] == [trial.ratio for trial in two.tried]


def test_a_study_goes_on_where_it_was_left_and_a_longer_one_adds_to_it(tmp_path):
    tune(PANEL, plan(tmp_path, trials=3), watch=go_on)
    found = tune(PANEL, plan(tmp_path, trials=5), watch=go_on)
    assert [trial.number for trial in found.tried] == list(range(5))
    whole = tune(PANEL, plan(tmp_path, trials=5), watch=go_on)
    assert whole == found


def test_whoever_stops_keeps_what_was_tried(tmp_path):
    seen = []

    def watch(progress):
        seen.append(progress)
        return len(seen) < 10

    found = tune(PANEL, plan(tmp_path, trials=50), watch=watch)
    assert 1 <= len([trial for trial in found.tried if trial.state == "complete"]) < 50
    assert "of the baseline" in seen[-1].words
    after = tune(PANEL, plan(tmp_path, trials=4), watch=go_on)
    assert len([trial for trial in after.tried if trial.state in {"complete", "pruned"}]) == 4


def test_stopped_at_once_there_is_nothing_to_keep(tmp_path):
    with pytest.raises(CancelledError, match="before its first trial ended"):
        tune(PANEL, plan(tmp_path), watch=lambda _: False)
    found = tune(PANEL, plan(tmp_path, trials=1), watch=go_on)
    assert found.winner is not None
    assert found.winner.params == {"decay": 0.94}


KILLED = """
import os, sys
from ara.models.checks import toy_panel
from ara.models.ensemble import Fast
from ara.models.tuning import Plan, tune
panel = toy_panel(bars=900)
told = []
def watch(progress):
    told.append(progress)
    if len(told) > 9:
        os.kill(os.getpid(), 9)
    return True
plan = Plan(family="ewma_t", cut=int(panel.known_at[750]), trials=20, storage=sys.argv[1])
tune(panel, plan, watch=watch)
"""


def test_what_a_killed_process_was_trying_is_tried_again(tmp_path):
    asked = plan(tmp_path, trials=6)
    dead = subprocess.run([sys.executable, "-c", KILLED, asked.storage], check=False, capture_output=True)
    assert dead.returncode == -9
    (left,) = studies(asked.storage)
    running = next(trial for trial in left.tried if trial.state == "running")
    found = tune(PANEL, asked, watch=go_on)
    states = [trial.state for trial in found.tried]
    assert states.count("failed") == 1
    assert len(states) == 7
    again = next(trial for trial in found.tried if trial.number > running.number and trial.params == running.params)
    assert again.state in {"complete", "pruned"}
    assert "ended" in found.tried[running.number].words


def test_two_goals_have_a_front_and_the_winner_is_best_by_the_first(tmp_path):
    found = tune(PANEL, plan(tmp_path, goals=("crps", "latency"), trials=4), watch=go_on)
    assert all(trial.latency is not None and trial.latency > 0 for trial in found.tried)
    assert found.winner is not None
    assert found.winner.ratio == min(trial.ratio for trial in found.tried)
    assert found.winner.number in found.front


def test_a_trial_that_does_worse_than_most_is_stopped_early(tmp_path):
    found = tune(PANEL, plan(tmp_path, trials=14), watch=go_on)
    pruned = [trial for trial in found.tried if trial.state == "pruned"]
    assert pruned
    assert all(len(trial.blocks) < 4 for trial in pruned)
    assert found.winner is not None
    assert found.winner.state == "complete"


def test_importance_and_sensitivity_are_told(tmp_path):
    found = tune(PANEL, plan(tmp_path, family="drift", trials=12, sensitivity=True), watch=go_on)
    assert set(found.sensitivity) == {"decay", "bars", "doubt"}
    if found.importance:
        assert sum(found.importance.values()) == pytest.approx(1.0)
    low, high = found.sensitivity["decay"]
    assert low > 0.9
    assert high > 0.9


def test_a_gaussian_process_chooses_too(tmp_path):
    found = tune(PANEL, plan(tmp_path, sampler="gp", trials=12), watch=go_on)
    assert found.winner is not None
    assert len(found.tried) == 12


def test_a_bound_on_time_ends_it_after_a_trial(tmp_path):
    found = tune(PANEL, plan(tmp_path, trials=500, seconds=1e-9), watch=go_on)
    assert len(found.tried) == 1


@dataclass(frozen=True)
class Moody(EwmaT):
    family: ClassVar[str] = "moody"

    def fit(self, *args, **kwargs):
        if self.decay != 0.94:
            raise ModelError("not today")
        return super().fit(*args, **kwargs)


@dataclass(frozen=True)
class Broken(EwmaT):
    family: ClassVar[str] = "broken"

    def fit(self, *_, **__):
        raise ModelError("not today")


@dataclass(frozen=True)
class Bare:
    family: ClassVar[str] = "bare"


@dataclass(frozen=True)
class Odd(EwmaT):
    family: ClassVar[str] = "odd"
    tunable: ClassVar = {"size": Range(low=0.0, high=1.0)}


def test_trials_that_fail_are_told_and_none_of_them_wins(tmp_path, monkeypatch):
    kinds = {"moody": Moody, "broken": Broken}
    monkeypatch.setattr(plugins, "load", lambda group, name: kinds[name])
    found = tune(PANEL, plan(tmp_path, family="moody", trials=3), watch=go_on)
    assert [trial.state for trial in found.tried] == ["complete", "failed", "failed"]
    assert found.tried[1].words == "not today"
    with pytest.raises(ModelError, match="no trial of broken could be judged: not today"):
        tune(PANEL, plan(tmp_path, family="broken", trials=2), watch=go_on)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"trials": 0}, "0 trials can't be made"),
        ({"goals": ("latency",)}, "the goals are latency"),
        ({"goals": ("crps", "crps")}, "the goals are crps, crps"),
        ({"family": "pooled_har"}, "pooled_har has nothing to tune: its penalties and shares were chosen once"),
    ],
)
def test_odd_plans_are_refused(tmp_path, asked, words):
    with pytest.raises(ValidationError, match=words):
        tune(PANEL, plan(tmp_path, **asked), watch=go_on)


def test_too_little_history_is_refused(tmp_path):
    with pytest.raises(ModelError, match="too few to tune on"):
        tune(PANEL, plan(tmp_path, cut=int(PANEL.known_at[300])), watch=go_on)


@pytest.mark.parametrize("place", ["sqlite:////nowhere/at/all.db", "postgresql+nodriver://x@localhost/a", "what"])
def test_a_storage_that_is_not_there_is_said(tmp_path, place):
    with pytest.raises(StoreError, match="can't be read or written"):
        tune(PANEL, plan(tmp_path, storage=place), watch=go_on)


def test_studies_are_found_by_the_beginning_of_their_names(tmp_path):
    asked = plan(tmp_path, trials=1)
    one = tune(PANEL, asked, watch=go_on)
    other = tune(PANEL, replace(asked, family="drift"), watch=go_on)
    assert [found.study for found in studies(asked.storage)] == [one.study, other.study]
    assert history(asked.storage, "drift") == other
    assert history(asked.storage, one.study) == one
    with pytest.raises(ValidationError, match="no study"):
        history(asked.storage, "gjr")
    with pytest.raises(ValidationError, match="2 studies are kept: name one"):
        history(asked.storage, "")


def test_a_study_is_kept_by_postgresql_as_well(tmp_path, postgres_url):
    asked = plan(tmp_path, trials=2, storage=postgres_url.replace("postgresql://", "postgresql+psycopg://"))
    found = tune(PANEL, asked, watch=go_on)
    assert history(asked.storage, "ewma_t") == found
    assert len(tune(PANEL, replace(asked, trials=3), watch=go_on).tried) == 3


def test_what_another_process_tries_is_left_to_it(tmp_path):
    asked = plan(tmp_path, trials=1)
    tune(PANEL, asked, watch=go_on)
    (name,) = [one.study for one in studies(asked.storage)]
    with database(optuna, asked.storage) as kept:
        study = optuna.load_study(study_name=name, storage=kept)
        for owner in (f"{platform.node()}:{os.getppid()}", "elsewhere:1"):
            study.ask().set_user_attr("owner", owner)
        study.ask()  # nobody's: left by a process that was ended before it signed
    found = tune(PANEL, replace(asked, trials=2), watch=go_on)
    assert [trial.state for trial in found.tried] == ["complete", "running", "running", "failed", "complete"]


def test_what_may_be_tuned_is_said_by_the_family():
    assert space(Drift())["bars"].whole
    with pytest.raises(ValidationError, match="no parameter of it"):
        space(Odd())
    with pytest.raises(ValidationError, match=r"nothing to tune$") as refused:
        space(Bare())
    assert "drift" in str(refused.value.hint)


def test_every_family_has_a_space_or_says_why_not():
    for name in plugins.names("models"):
        kind = plugins.load("models", name)
        assert bool(getattr(kind, "tunable", None)) != bool(getattr(kind, "untuned", "")), name
    assert [name for name in plugins.names("models") if hasattr(plugins.load("models", name), "untuned")] == [
        "pooled_har"
    ]


def test_a_parameter_that_came_later_names_nothing_anew_until_it_is_changed():
    assert described(GarchT()) == {"family": "garch_t", "params": {}}
    assert described(GarchT(bars=800)) == {"family": "garch_t", "params": {"bars": 800}}
    assert parameters(GarchT()) == {"bars": 1501}
    assert described(Fast())["params"].keys() == {"members"}
    assert described(Fast(half_life=6.0))["params"]["half_life"] == 6.0


@pytest.mark.parametrize(
    ("family", "names"),
    [("garch_t", {"bars"}), ("har_t", {"bars", "shaped"}), ("har_fhs", {"bars", "shaped"})],
)
def test_families_of_volatility_are_tuned(tmp_path, family, names):
    asked = plan(tmp_path, family=family, trials=2, blocks=1)
    found = tune(PANEL, asked, watch=go_on)
    assert [trial.state for trial in found.tried] == ["complete", "complete"]
    assert set(found.tried[1].params) == names
    assert tune(PANEL, asked, watch=go_on).tried == found.tried
    past = Objective.of(PANEL.until(CUT), count=1)
    kind = plugins.load("models", family)
    told = {name: past.ratios(kind(**{name: 260})) for name in names}
    assert all(one != past.ratios(kind()) for one in told.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Small(Gru):
    epochs: int = 1
    window: int = 5
    family: ClassVar[str] = "small_gru"
    tunable: ClassVar[Space] = {
        "size": Choice(among=("tiny", "small")), "window": Range(low=4, high=6), "rate": Gru.tunable["rate"]
    }  # fmt: skip


def test_a_network_is_tuned_and_goes_on_where_it_was_left(tmp_path, monkeypatch):
    monkeypatch.setattr(plugins, "load", lambda group, name: Small)
    panel = toy_panel(bars=700)
    asked = plan(tmp_path, family="small_gru", cut=int(panel.known_at[600]), trials=1, blocks=1, sensitivity=True)
    first = tune(panel, asked, watch=go_on)
    assert first.tried[0].params == {"size": "tiny", "window": 5, "rate": 0.003}
    assert set(first.sensitivity) == {"window", "rate"}
    found = tune(panel, replace(asked, trials=3, sensitivity=False), watch=go_on)
    assert found.study == first.study
    assert found.tried[0] == first.tried[0]
    assert [trial.state for trial in found.tried] == ["complete"] * 3
    assert len({trial.ratio for trial in found.tried}) == 3
    assert {trial.params["size"] for trial in found.tried} == {"tiny", "small"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Two(Fast):
    members: tuple[str, ...] = ("ewma_t", "hist", "drift")
    family: ClassVar[str] = "two"


def test_an_ensemble_is_tuned_by_how_long_it_remembers(tmp_path, monkeypatch):
    load = plugins.load
    monkeypatch.setattr(plugins, "load", lambda group, name: Two if name == "two" else load(group, name))
    found = tune(PANEL, plan(tmp_path, family="two", trials=2, blocks=1), watch=go_on)
    assert found.tried[0].params == {"half_life": 12.0}
    assert found.tried[0].blocks != found.tried[1].blocks


@pytest.mark.parametrize(
    ("one", "value", "share", "moved"),
    [
        (Range(low=0.0, high=10.0), 5.0, 0.1, 6.0),
        (Range(low=0.0, high=10.0), 9.5, 0.1, 10.0),
        (Range(low=1.0, high=100.0, log=True), 10.0, 0.5, 100.0),
        (Range(low=1, high=100), 50, -0.1, 40),
    ],
)
def test_a_value_moves_within_its_range(one, value, share, moved):
    assert one.moved(value, share) == pytest.approx(moved)


def test_blocks_follow_each_other_and_their_fits_end_before_them():
    past = PANEL.until(CUT)
    blocks = Blocks.of(past)
    assert len(blocks.starts) == 4
    every = np.concatenate(blocks.rows)
    assert len(np.unique(every)) == len(every)
    for start, rows in zip(blocks.starts, blocks.rows, strict=True):
        assert (past.known_at[rows] > start).all()
    assert Objective.of(past).ratios(EwmaT()) == pytest.approx((1.0,) * 4)


def test_every_family_that_may_be_tuned_can_be_had_at_its_bounds():
    for name in plugins.names("models"):
        made = plugins.load("models", name)()
        for param, one in getattr(made, "tunable", {}).items():
            for value in one.among if isinstance(one, Choice) else (one.low, one.high):
                assert getattr(replace(made, **{param: value}), param) == value
