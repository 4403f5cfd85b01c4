"""Two processes that answer half of the refits each say what one would have said."""

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import ara.data
from ara.data.files import read_bars
from ara.errors import CancelledError
from ara.models.panel import Panel
from ara.prediction import halves
from ara.prediction.bulk import series
from ara.prediction.compute import Recipe, compute
from ara.workers import Progress
from ara.workers.beside import Beside, Errand

SAMPLE = Path(ara.data.__file__).parent / "sample" / "sample.parquet"
RECIPE = Recipe(model="fast")


class Doomed(Beside):
    """A second process that dies of whatever it is asked."""

    def submit(self, *_: object, **__: object) -> Errand:
        return super().submit(os._exit, 3)


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Panel:
    """Give 320 daily bars of one instrument."""
    place = tmp_path_factory.mktemp("halves") / "bars.parquet"
    pl.read_parquet(SAMPLE).filter(pl.col("symbol") == "BTC-USD").tail(320).write_parquet(place)
    return Panel.build(series(read_bars(place)), (1, 5))


@pytest.fixture
def worth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let two refits of a few bars be worth a second process."""
    monkeypatch.setattr(halves, "_WORTH", 1)
    monkeypatch.setattr(halves, "_FEWEST", 2)
    monkeypatch.setattr(halves, "_cores", lambda: 2)


def rows(panel: Panel) -> np.ndarray:
    """Give some of the last rows, in no order of time."""
    return np.array([len(panel) - 1, len(panel) - 40, len(panel) - 2, len(panel) - 75])


def test_both_halves_are_what_one_process_says(panel: Panel, worth: None) -> None:
    heard: list[Progress] = []

    def hear(one: Progress) -> bool:
        heard.append(one)
        return True

    told = halves.computed(panel, rows(panel), RECIPE, watch=hear)
    alone = compute(panel, rows(panel), RECIPE)
    assert told.values.tobytes() == alone.quantiles.values.tobytes()
    assert told.above(0.0).tobytes() == alone.p_up.tobytes()
    done = [one.done for one in heard]
    assert done == sorted(done)
    assert heard[-1] == Progress(done=4, total=4, words="forecasting")


def test_what_a_process_that_died_would_have_said_is_said_here(
    panel: Panel, worth: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(halves, "Beside", Doomed)
    told = halves.computed(panel, rows(panel), RECIPE)
    assert told.values.tobytes() == compute(panel, rows(panel), RECIPE).quantiles.values.tobytes()


def test_it_ends_where_nobody_waits(panel: Panel, worth: None) -> None:
    with pytest.raises(CancelledError):
        halves.computed(panel, rows(panel), RECIPE, watch=lambda _: False)


@pytest.mark.parametrize(
    ("recipe", "cores"),
    [(Recipe(model="ewma_t"), 2), (Recipe(model="default"), 2), (RECIPE, 1), (Recipe(model="fast", refit="year"), 2)],
    ids=("light", "has one", "one core", "one refit"),
)
def test_a_second_process_has_to_be_worth_its_start(
    panel: Panel, worth: None, monkeypatch: pytest.MonkeyPatch, recipe: Recipe, cores: int
) -> None:
    monkeypatch.setattr(halves, "_cores", lambda: cores)
    last = np.arange(len(panel) - 3, len(panel))
    assert not len(halves._later(panel, last if recipe.refit == "year" else rows(panel), recipe))
    assert len(halves._later(panel, rows(panel), RECIPE)) == (0 if cores == 1 else 2)


def test_who_leaves_at_the_very_end_is_given_nothing(panel: Panel, worth: None) -> None:
    with pytest.raises(CancelledError, match="were cancelled"):
        halves.computed(panel, rows(panel), RECIPE, watch=lambda said: said.done < len(rows(panel)))
