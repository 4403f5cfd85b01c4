"""Learners and networks as members: fitted twice a year, in a second process where there is one."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ara.errors import CancelledError, WorkerError
from ara.models import Panel
from ara.models.ensemble import Default, FittedEnsemble, fitting
from ara.models.ensemble.members import COSTLY, anchor, member
from ara.models.fits import fit_until, fits_until, kept
from ara.models.inputs import attached
from ara.workers import Progress
from ara.workers.beside import Errand
from tests.models.panels import go_on
from tests.models.pooled.worlds import forget as forget_pooled
from tests.models.pooled.worlds import small, start_of_month

TREES = Default(members=("ewma_t", "lightgbm"))
BOTH = Default(members=("ewma_t", "lightgbm", "gru"))
PANEL = attached(small(540, horizons=(1,), skip=("BBB", "DDD")), TREES)
MOMENT = start_of_month(2019, 9)


@pytest.fixture(autouse=True)
def _fresh() -> None:
    forget()


def forget() -> None:
    forget_pooled()
    fitting._stages.clear()


def saved(fitted: FittedEnsemble, folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    fitted.save(folder)
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def count_fits(monkeypatch: pytest.MonkeyPatch, name: str) -> list[int]:
    seen: list[int] = []
    kind = type(member(name))
    whole = kind.fit

    def counted(self, panel: Panel, *args, **kwargs):
        seen.append(int(panel.known_at.max(initial=0)))
        return whole(self, panel, *args, **kwargs)

    monkeypatch.setattr(kind, "fit", counted)
    return seen


@pytest.mark.parametrize(("month", "expected"), [(1, 1), (2, 1), (6, 1), (7, 7), (12, 7)])
def test_half_years_begin_in_january_and_july(month: int, expected: int) -> None:
    assert anchor(start_of_month(2019, month)) == start_of_month(2019, expected)


def test_the_fit_that_answers_is_one_of_those_that_were_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    made = count_fits(monkeypatch, "lightgbm")
    monkeypatch.setattr(fitting, "_cores", lambda: 1)
    fitted = fit_until(TREES, PANEL, MOMENT, seed=0)
    begin = start_of_month(2019, 7)
    moments = [start_of_month(2018, 1), start_of_month(2018, 7), start_of_month(2019, 1), begin]
    wanted = [int(PANEL.until(moment).known_at.max(initial=0)) for moment in moments]
    assert sorted(made) == wanted
    assert kept(member("lightgbm"), PANEL.until(begin), seed=0) is fitted.fitted["lightgbm"]
    later = fit_until(TREES, PANEL, start_of_month(2020, 1), seed=0)
    assert len(made) == len(wanted) + 1
    assert later.fitted["lightgbm"].head.trained_to > fitted.fitted["lightgbm"].head.trained_to


def test_in_which_order_the_members_are_named_changes_nothing_but_that_order() -> None:
    names = ("lightgbm", "ewma_t", "drift")
    one = fit_until(Default(members=("ewma_t", "drift", "lightgbm")), PANEL, MOMENT, seed=0).state
    other = fit_until(Default(members=names), PANEL, MOMENT, seed=0).state
    assert other.members == names
    places = [one.members.index(name) for name in names]
    assert len(set(next(iter(one.classes.values())).skill[0])) == len(names)
    for name, told in one.classes.items():
        for mine, moved in zip(told.weights, other.classes[name].weights, strict=True):
            assert moved == pytest.approx([mine[place] for place in places], abs=1e-9)
        assert other.classes[name].skill[0] == tuple(told.skill[0][place] for place in places)


def test_light_members_are_asked_before_this_process_helps_with_costly_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    ask, fetch = fitting.asked, fitting.Fitting._fetched

    def asking(*args, **kwargs):
        begun.append("asks")
        return ask(*args, **kwargs)

    def fetching(self, task, *args):
        begun.append(task[0])
        return fetch(self, task, *args)

    monkeypatch.setattr(fitting, "asked", asking)
    monkeypatch.setattr(fitting.Fitting, "_fetched", fetching)
    monkeypatch.setattr(fitting, "_cores", lambda: 1)
    fit_until(TREES, PANEL, MOMENT, seed=0)
    assert begun == ["asks", *["lightgbm"] * 4, "asks"]


def test_a_refit_that_goes_on_is_the_one_that_begins_anew() -> None:
    fit_until(TREES, PANEL, start_of_month(2019, 7), seed=0)
    going_on = fit_until(TREES, PANEL, MOMENT, seed=0).state
    forget()
    assert fit_until(TREES, PANEL, MOMENT, seed=0).state == going_on


@pytest.mark.parametrize("model", [TREES, pytest.param(BOTH, marks=pytest.mark.slow)], ids=["trees", "both"])
def test_one_process_or_two_give_the_same_bytes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model: Default
) -> None:
    monkeypatch.setattr(fitting, "_WORTH", 0)
    monkeypatch.setattr(Errand, "taken_back", lambda _: False)
    rows = np.flatnonzero(PANEL.known_at > MOMENT)[:40]
    made = count_fits(monkeypatch, "lightgbm")
    told = []
    for cores in (2, 1):
        forget()
        monkeypatch.setattr(fitting, "_cores", lambda cores=cores: cores)
        fitted = fit_until(model, PANEL, MOMENT, seed=0)
        told.append((saved(fitted, tmp_path / str(cores)), fitted.predict(PANEL, rows).values.tobytes()))
        assert len(made) == (0 if cores == 2 else 4)
    assert told[0] == told[1]
    assert {f"members/{name}/graph.onnx" for name in model.members if name != "ewma_t"} <= set(told[0][0])


def test_where_the_second_process_fails_the_fit_is_made_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self, going):
        raise WorkerError("it crashed")

    monkeypatch.setattr(fitting, "_WORTH", 0)
    monkeypatch.setattr(fitting, "_cores", lambda: 2)
    monkeypatch.setattr(Errand, "taken_back", lambda _: False)
    monkeypatch.setattr(Errand, "result", fail)
    made = count_fits(monkeypatch, "lightgbm")
    fit_until(TREES, PANEL, MOMENT, seed=0)
    assert len(made) == 4


def test_where_the_second_process_can_be_given_nothing_all_fits_are_made_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(panel: Panel, folder: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fitting, "_WORTH", 0)
    monkeypatch.setattr(fitting, "_cores", lambda: 2)
    monkeypatch.setattr(fitting, "lay_out", full)
    made = count_fits(monkeypatch, "lightgbm")
    fit_until(TREES, PANEL, MOMENT, seed=0)
    assert len(made) == 4


@pytest.mark.parametrize("cores", [1, 2])
def test_it_says_what_is_fitted_and_ends_when_asked_to(monkeypatch: pytest.MonkeyPatch, cores: int) -> None:
    monkeypatch.setattr(fitting, "_WORTH", 0)
    monkeypatch.setattr(fitting, "_cores", lambda: cores)
    told: list[Progress] = []
    rows = np.arange(len(PANEL))

    def until_trees(progress: Progress) -> bool:
        told.append(progress)
        return not progress.words.startswith("lightgbm")

    with pytest.raises(CancelledError):
        TREES.fit(PANEL, rows, rows[:0], seed=0, watch=until_trees)
    assert told[-1].words.startswith("lightgbm as of 20")
    assert "s left for all" in told[-1].words
    assert 0 < told[-1].done < told[-1].total
    assert all(kept(member("lightgbm"), PANEL.until(start_of_month(2019, month)), seed=0) is None for month in (1, 7))


def test_a_fit_that_was_stopped_is_not_kept() -> None:
    past = PANEL.until(MOMENT)
    rows = np.arange(len(past))
    with pytest.raises(CancelledError):
        TREES.fit(past, rows, rows[:0], seed=0, watch=lambda _: False)
    assert all(kept(member(name), past, seed=0) is None for name in TREES.members)


@pytest.mark.parametrize("name", ["ewma_t", "har_t"])
def test_what_a_family_gives_that_was_stopped_half_way_is_not_kept(name: str) -> None:
    with pytest.raises(CancelledError, match=f"{name} was stopped"):
        fits_until((member(name),), PANEL, MOMENT, seed=0, watch=lambda _: False)
    assert kept(member(name), PANEL.until(MOMENT), seed=0) is None


def test_before_the_first_half_year_the_baseline_answers_for_them() -> None:
    young = PANEL.until(start_of_month(2018, 6))
    fitted = fit_until(TREES, young, start_of_month(2018, 6), seed=0)
    rows = np.arange(len(young) - 5, len(young))
    assert np.isfinite(fitted.predict(young, rows).values).all()
    assert fitted.state.of("equity").weights[0][fitted.state.members.index("lightgbm")] == 0


def test_rows_that_may_not_be_learned_from_do_not_count_for_costly_members(monkeypatch: pytest.MonkeyPatch) -> None:
    made = count_fits(monkeypatch, "lightgbm")
    rows = np.arange(len(PANEL))
    hidden = np.flatnonzero((PANEL.known_at > start_of_month(2019, 3)) & (PANEL.known_at < start_of_month(2019, 6)))
    train = np.setdiff1d(rows, hidden)
    y = PANEL.y.copy()
    y[hidden] = 40.0
    one, two = (TREES.fit(panel, train, rows[:0], seed=0, watch=go_on).state for panel in (PANEL, replace(PANEL, y=y)))
    assert one == two
    assert len(made) == 2 * len(set(made))


def test_costly_members_need_what_is_not_numpy() -> None:
    assert {"lightgbm", "gru"} <= COSTLY
    assert not COSTLY & set(Default().members[:10])


def through(folder: Path | None, *, stop_at: str = "") -> FittedEnsemble:
    """Train on all that was known at the moment, up to where progress says a word."""
    past = PANEL.until(MOMENT)
    rows = np.arange(len(past))
    return TREES.trained(
        past, rows, rows[:0], seed=0, folder=folder,
        watch=lambda progress: not (stop_at and stop_at in progress.words),
    )  # fmt: skip


def test_a_training_that_was_stopped_goes_on_from_the_fits_that_were_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fitting, "_cores", lambda: 1)
    whole = saved(through(None), tmp_path / "whole")
    forget()
    made = count_fits(monkeypatch, "lightgbm")
    with pytest.raises(CancelledError):
        through(tmp_path / "room", stop_at="fit 3 of 4")
    assert len(made) == 2
    forget()
    heard: list[str] = []
    past = PANEL.until(MOMENT)
    rows = np.arange(len(past))
    again = TREES.trained(
        past, rows, rows[:0], seed=0, folder=tmp_path / "room", watch=lambda one: heard.append(one.words) is None
    )
    assert len(made) == 4
    assert any("fit 1 of 2" in words for words in heard)
    assert saved(again, tmp_path / "again") == whole
    forget()
    assert saved(through(tmp_path / "room"), tmp_path / "third") == whole
    assert len(made) == 4
    assert not list((tmp_path / "room").glob("*.part"))


def test_a_fit_that_lies_there_damaged_is_made_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fitting, "_cores", lambda: 1)
    whole = saved(through(tmp_path / "room"), tmp_path / "whole")
    laid = sorted((tmp_path / "room").iterdir())
    assert len(laid) == 4
    (laid[0] / "head.json").write_bytes(b"{")
    (laid[1] / "graph.onnx").unlink()
    forget()
    made = count_fits(monkeypatch, "lightgbm")
    assert saved(through(tmp_path / "room"), tmp_path / "again") == whole
    assert len(made) == 2


def test_where_no_fit_can_be_laid_down_the_work_goes_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fitting, "_cores", lambda: 1)
    (tmp_path / "file").write_text("")
    assert through(tmp_path / "file" / "room").fitted.keys() == {"ewma_t", "lightgbm"}
