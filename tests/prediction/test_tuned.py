"""A network that learned from many is trained further on one, and judged by what neither of the two has seen."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ara.desk import Desk
from ara.errors import ModelError, ValidationError
from ara.models.panel import instant
from ara.models.registry import Registry, load_artefact
from ara.models.registry.serving import unfit
from ara.performance.trials import Trials
from ara.prediction.training import Lesson, train_model
from ara.settings import Settings
from ara.testing import FakeClock
from tests.prediction.test_triggers import NAMES, bars_of

DAYS = 480
SMALL = {"epochs": 1, "window": 3}


def world(days=DAYS):
    random = np.random.default_rng(4)
    return [bars_of(0.01 * random.standard_normal(DAYS)[:days], name) for name in NAMES]


def opened(home, workers):
    settings = Settings.load({"home": str(home), "log.level": "error"}, environ={})
    clock = FakeClock(datetime(2015, 1, 1, tzinfo=UTC) + timedelta(days=DAYS))
    return Desk.open(settings, clock=clock, workers=workers)


async def learned(desk, bars, family="gru", **more):
    asked = {"params": SMALL if family == "gru" else {}, "days": 2, "validate": False, **more}
    return (await train_model(desk, bars, Lesson(family=family, **asked))).kept


def spoiled(bars, since):
    """Give bars whose prices are others from a moment on."""
    late = pl.col("known_at") > since
    prices = {name: pl.when(late).then(pl.col(name) * 3).otherwise(pl.col(name)) for name in ("open", "high", "low")}
    close = pl.when(late).then(pl.col("close") * 3).otherwise(pl.col("close"))
    return replace(bars, frame=bars.frame.with_columns(close=close, **prices))


async def test_it_goes_on_from_what_others_taught_and_is_judged_behind_all_of_it(tmp_path, workers):
    async with opened(tmp_path, workers) as desk:
        parent = await learned(desk, world(), validate=True, tested=True)
        mine = world()[:1]
        done = await train_model(
            desk, mine, Lesson(family="gru", params=SMALL, days=2, share=0.5, start=parent, tuned=True)
        )
        card = done.kept.card
        assert (done.start, card.lineage["start"], card.symbols) == (parent.name, parent.id, ("AAPL",))
        assert parent.card.trained_to <= card.holdout.cut < card.holdout.first < card.trained_to
        assert card.holdout.cut == parent.card.holdout.cut, "half of the days would reach into what the first knew"
        assert [one.horizon for one in card.scores] == [1]
        anew = await learned(desk, mine)
        assert len({one.card.files["graph.onnx"] for one in (parent, done.kept, anew)}) == 3


async def test_what_is_judged_does_not_change_with_what_came_later(tmp_path, workers):
    async with opened(tmp_path, workers) as desk:
        parent = await learned(desk, world(300))
        lesson = Lesson(family="gru", params=SMALL, days=2, start=parent, tuned=True, tested=True)
        one = (await train_model(desk, world()[:1], lesson)).kept
        other = [spoiled(world()[0], one.card.holdout.cut)]
        two = (await train_model(desk, other, lesson)).kept
        assert other[0].frame["close"][-1] != world()[0].frame["close"][-1]
        assert one.id == two.id, "the same files, of the same bars up to the cut"
        assert one.card.trained_to <= one.card.holdout.cut
        anew = await learned(desk, world()[:1], validate=True, tested=True)
        assert anew.card.holdout.cut == one.card.holdout.cut
        assert anew.card.files["graph.onnx"] != one.card.files["graph.onnx"], "what is judged goes on from it too"


async def test_one_that_knows_the_hold_out_is_not_judged_by_it_and_no_look_is_taken(tmp_path, workers):
    async with opened(tmp_path, workers) as desk:
        parent, mine = await learned(desk, world()), world(460)[:1]
        tuned = {"family": "gru", "params": SMALL, "days": 2, "start": parent, "tuned": True}
        with pytest.raises(ModelError, match="leaves 0 days to judge by") as told:
            await train_model(desk, mine, Lesson(**tuned))
        assert "--keep-tested" in told.value.hint
        first, last = (one.frame["known_at"][place] for one, place in ((mine[0], 300), (mine[0], -1)))
        assert (await Trials(desk).looked(("AAPL",), first, last)).used == 0
        kept = (await train_model(desk, mine, Lesson(**tuned, validate=False))).kept
        assert kept.card.trained_to == parent.card.trained_to > mine[0].frame["known_at"][-1]
        fitted = load_artefact(await Registry(desk).artefact(kept))
        assert fitted.head.trained_to == instant(parent.card.trained_to)
        early = parent.card.trained_to - timedelta(days=1)
        reason = unfit(kept, mine[0].instrument, timeframe="1d", days=1, origin=early)
        assert "after the moment of the forecast" in reason


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"family": "cnn_lstm"}, "gru@1 is no cnn_lstm"),
        ({"family": "har_t", "params": {}}, "har_t can't go on from a model that was trained before"),
        ({"params": {"window": 4}}, "has window 3"),
        ({"days": 3}, "answers for 1 to 2 bars ahead, not for 3"),
        ({"start": None}, "no model to tune"),
    ],
)
async def test_what_can_not_be_tuned_is_refused(tmp_path, workers, change, said):
    async with opened(tmp_path, workers) as desk:
        parent = await learned(desk, world(300)[:1])
        asked = {"family": "gru", "params": SMALL, "days": 2, "start": parent, "tuned": True, **change}
        with pytest.raises(ValidationError, match=said):
            await train_model(desk, world()[:1], Lesson(**asked))
