"""Small changes move a sound forecast in proportion; one that hangs on a hair is found and said."""

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from ara.cli.app import main
from ara.data.feed import MarketData
from ara.market.symbols import resolve
from ara.models.families.ewma_t import EwmaT
from ara.models.quantiles import Quantiles
from ara.prediction import nudge
from ara.prediction.chosen import choose
from ara.prediction.compute import Recipe
from ara.prediction.nudge import LIMIT, _changed, fragile, nudged
from ara.testing import desk

THEN = datetime(2019, 8, 7, 23, tzinfo=UTC)


@pytest.fixture
async def bars():
    async with desk() as one, MarketData(one) as market:
        return await market.bars(resolve("AAPL"), as_of=THEN)


@pytest.mark.parametrize("name", ["fast", "ewma_t"])
async def test_a_sound_forecast_moves_in_proportion(name, bars):
    async with desk() as one:
        recipe = (await choose(one, name, bars, days=5)).recipe
    found = nudged(bars, 5, recipe)
    assert len(found) == 4
    assert not any(one.odd for one in found)
    assert any(one.width for one in found)
    assert found[0].size == pytest.approx(-found[1].size, rel=0.01)
    assert fragile(bars, 5, recipe) == ()


@dataclass(frozen=True)
class Digits:
    """A model whose band hangs on the last digit of the last close, or whose price does."""

    width: float
    shift: float
    family = "digits"

    def fit(self, panel, train, valid, **rest):
        return _Fitted(EwmaT().fit(panel, train, valid, **rest), self.width, self.shift)


class _Fitted:
    def __init__(self, inner, width, shift):
        self.inner, self.width, self.shift = inner, width, shift

    def predict(self, panel, rows):
        values = self.inner.predict(panel, rows).values
        odd = (np.round(panel.bars[rows, 3] * 1e7).astype(np.int64) % 2)[:, None, None]
        move = self.shift * (values[..., -1:] - values[..., :1])
        return Quantiles(horizons=panel.horizons, values=np.where(odd, values * self.width + move, values))


@pytest.mark.parametrize(
    ("width", "shift", "said"),
    [(1.2, 0.0, r"the 80 % band of day \d (20|17) % (wider|narrower)"), (1.0, 0.1, "moves the price")],
)
async def test_who_hangs_on_the_last_digit_is_found(bars, width, shift, said):
    recipe = Recipe(model="digits", made=Digits(width, shift))
    for last in range(12):
        shaken = _changed(bars, 0, "close", 3e-7 * last)
        words = fragile(shaken, 2, recipe)
        if words:
            break
    (line,) = words
    assert line.startswith("this forecast hangs on a hair: the last close changed by ")
    assert re.search(said, line)
    assert max(max(abs(one.width), abs(one.shift)) for one in nudged(shaken, 2, recipe)) > LIMIT


async def test_a_changed_bar_stays_a_bar(bars):
    for back, name, share in ((0, "close", 0.2), (5, "close", -0.2), (0, "volume", 0.01)):
        frame = _changed(bars, back, name, share).frame
        assert (frame["high"] >= frame["close"]).all()
        assert (frame["low"] <= frame["close"]).all()
        row = frame.height - 1 - back
        assert frame[name][row] == pytest.approx(bars.frame[name][row] * (1 + share))
        assert frame.drop(["close", "high", "low", "volume"]).equals(
            bars.frame.drop(["close", "high", "low", "volume"])
        )


def test_full_analysis_says_whether_it_hangs_on_a_hair(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("ARA_HOME", str(tmp_path))
    words = ["predict", "AAPL", "--days", "2", "--analysis", "full", "--as-of", "2019-08-07"]
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["fragile"] == []
    monkeypatch.setattr(nudge, "LIMIT", 1e-9)
    assert main(words) == 0
    told = capsys.readouterr()
    assert "AAPL: this forecast hangs on a hair:" in " ".join(told.err.split())


async def test_a_price_that_never_moved_is_not_nudged(bars):
    flat = bars.frame.with_columns(*(pl.lit(100.0).alias(name) for name in ("open", "high", "low", "close")))
    assert nudged(replace(bars, frame=flat), 5, Recipe(model="ewma_t")) == []


async def test_a_nudge_as_json(bars):
    (one, *_) = nudged(bars, 2, Recipe(model="ewma_t"))
    told = one.as_dict()
    assert set(told) == {"what", "size", "width", "shift", "day"}
    assert (told["what"], told["size"]) == ("the last close", one.size)
