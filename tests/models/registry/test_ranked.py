"""Models are ranked by what they saved day by day, the baseline among them."""

from datetime import UTC, datetime

import msgspec
import numpy as np
import pytest

from ara.models.registry.card import Kept, ModelCard, Score
from ara.models.registry.comparing import compared
from ara.models.registry.ranked import ranked
from ara.performance.snooping import model_confidence_set
from tests.models.registry.conftest import trained

DAYS = 200
NOISE = np.random.default_rng(5).standard_normal((3, DAYS))
NOW = datetime(2024, 1, 2, tzinfo=UTC)


def kept(name, saved, **changed):
    family, _, version = name.partition("@")
    score = Score(
        horizon=1, forecasts=DAYS, days=len(saved), crps=0.5, baseline=0.6, skill=0.0, low=None, high=None, p=1.0,
        inside_80=0.8, saved=tuple(saved),
    )  # fmt: skip
    card = ModelCard(
        id=name, family=family, version=int(version), data="", first=NOW, trained_to=NOW, symbols=("AAPL",), groups={},
        pooled=False, timeframe="1d", horizons=(1,), seed=0, files={}, made_at=NOW,
        scores=(msgspec.structs.replace(score, **changed),),
    )  # fmt: skip
    return Kept(id=name, family=family, version=int(version), card=card, changed_at=NOW)


GOOD, ALIKE, POOR = (
    kept("good@1", 0.1 + 0.1 * NOISE[0]),
    kept("alike@1", 0.095 + 0.1 * NOISE[1]),
    kept("poor@1", -0.1 + 0.1 * NOISE[2]),
)
PLAIN = kept("ewma_t@1", np.zeros(DAYS))


@pytest.mark.parametrize(
    ("models", "words", "recommended"),
    [
        ([POOR, GOOD], "Take good@1: it is told from all others, and from ewma_t.", "good@1"),
        (
            [POOR, GOOD, ALIKE],
            "but can't be told from alike@1; all of these are told from ewma_t. Take the simplest or quickest of them.",
            None,
        ),
        ([POOR], "None is as good as ewma_t: stay with it.", None),
        ([PLAIN, kept("one@1", 0.1 * NOISE[0])], "none is worth taking by these days alone.", None),
    ],
)
def test_it_says_which_to_take_and_when_none(models, words, recommended):
    found = ranked(models)
    assert found.words.endswith(words)
    assert found.recommended == recommended
    assert set(found.names) >= {one.name for one in models}
    assert sum(name.startswith("ewma_t") for name in found.names) == 1


def test_it_is_the_set_of_the_losses():
    found = ranked([POOR, GOOD, ALIKE])
    table = np.stack([*(-np.array(one.card.scores[0].saved) for one in (POOR, GOOD, ALIKE)), np.zeros(DAYS)], axis=1)
    told = model_confidence_set(table)
    assert [found.p[name] for name in ("poor@1", "good@1", "alike@1", "ewma_t")] == list(told.p)
    assert found.names == ("good@1", "alike@1", "ewma_t", "poor@1")
    assert found.kept == ("good@1", "alike@1")


@pytest.mark.parametrize(
    ("models", "why"),
    [
        ([GOOD, kept("old@1", ())], "not all of them say what they saved on each day"),
        ([GOOD, kept("other@1", np.zeros(DAYS), baseline=0.7)], "not judged by the same forecasts"),
        ([kept("short@1", np.zeros(30))], "30 days are too few"),
        ([], "not all of them were judged"),
    ],
)
def test_it_says_why_it_can_not_rank(models, why):
    assert why in ranked(models)


async def test_what_a_training_saved_on_each_day_is_on_its_card(registry, panel):
    found = [await trained(registry, panel, family, judged=True) for family in ("drift", "har_t")]
    for one in found:
        first, *rest = one.card.scores
        assert len(first.saved) == first.days
        assert np.mean(first.saved) == pytest.approx(first.baseline - first.crps, rel=0.05, abs=1e-4)
        assert not any(score.saved for score in rest)
    told = await compared(registry, [one.name for one in found])
    assert [one.name for one in told.models] == [name for name in told.ranked.names if name != "ewma_t"]
    assert told.as_dict()["ranking"]["entries"][0]["p"] == 1.0
    assert "saved" not in told.as_dict()["models"][0]["scores"][0]
