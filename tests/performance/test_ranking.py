"""Returns ranked by the confidence set: planted skill is found, equals stay together, luck is told as luck."""

import numpy as np
import pytest

from ara.errors import ValidationError
from ara.performance.ranking import Choice, ranking
from ara.performance.snooping import model_confidence_set


def noise(width, bars=600, seed=0):
    return np.random.default_rng(seed).normal(0, 0.01, (bars, width))


def test_one_with_skill_is_told_from_the_others_and_recommended():
    returns = noise(4)
    returns[:, 2] += 0.004
    found = ranking(("a", "b", "c", "d"), returns, per_year=252)
    assert [one.name for one in found.entries if one.stays] == ["c"]
    assert (found.recommended, found.entries[0].p, found.luck.trials) == ("c", 1.0, 4)
    assert found.words.startswith("Take c: it is told from all others")
    assert found.as_dict()["entries"][0]["measures"]["sharpe"] > 1


def test_equals_can_not_be_told_apart_and_nothing_is_recommended():
    returns = noise(3, seed=5)
    found = ranking(("a", "b", "c"), returns, per_year=252)
    assert all(one.stays for one in found.entries)
    assert found.recommended is None
    assert "can't be told from" in found.words
    assert "none of it is proven to be more than luck" in found.words
    many = ranking([f"n{one}" for one in range(9)], noise(9, seed=2), per_year=252)
    assert " and 5 more" in many.words


def test_the_less_bad_of_two_bad_ones_is_no_find():
    returns = noise(2, seed=3) - np.array([0.0, 0.004])
    found = ranking(("less", "more"), returns, per_year=252)
    assert found.recommended is None
    assert found.words.startswith("less is told from all others, but may still owe that to luck")


def test_boldness_counts_for_the_mean_and_not_for_the_ratio():
    returns = noise(2, seed=4)
    returns[:, 0] += 0.0015
    returns[:, 1] = returns[:, 0] * 3
    assert ranking(("calm", "bold"), returns, per_year=252, metric="return").entries[0].name == "bold"
    alike = ranking(("calm", "bold"), returns, per_year=252)
    assert all(one.stays for one in alike.entries)
    still = np.column_stack([returns[:, 0], np.zeros(600)])
    assert ranking(("moves", "cash"), still, per_year=252).entries[0].name == "moves"


def test_it_is_the_confidence_set_of_the_losses():
    returns = noise(5, seed=6) + np.linspace(0, 0.001, 5)
    found = ranking("abcde", returns, per_year=252, metric="return", seed=3)
    theirs = model_confidence_set(-returns, seed=3)
    assert {one.name for one in found.entries if one.stays} == {"abcde"[place] for place in theirs.members}
    assert [one.p for one in sorted(found.entries, key=lambda one: one.name)] == list(theirs.p)


def test_a_choice_is_of_a_set_in_any_order():
    assert Choice.id_of(("a", "b"), "sharpe") == Choice.id_of(("b", "a"), "sharpe")
    assert (
        len({Choice.id_of(("a", "b"), "return"), Choice.id_of(("a", "b"), "sharpe"), Choice.id_of(("a",), "sharpe")})
        == 3
    )


@pytest.mark.parametrize(
    ("names", "width", "metric", "words"),
    [("a", 1, "sharpe", "Two at the least"), ("aa", 2, "sharpe", "2 names"), ("ab", 3, "sharpe", "2 names"),
     ("ab", 2, "luck", "What ranks is 'luck'")],
)  # fmt: skip
def test_what_is_wrong(names, width, metric, words):
    with pytest.raises(ValidationError) as caught:
        ranking(tuple(names), noise(width), per_year=252, metric=metric)
    assert words in f"{caught.value.message} {caught.value.hint}"


def test_what_does_not_beat_the_benchmark_is_not_recommended():
    returns = noise(3, seed=8)
    returns[:, 1] += 0.004
    good = returns[:, 1] + noise(1, seed=9)[:, 0] / 10
    poor = noise(1, seed=10)[:, 0]
    alone = ranking(("a", "b", "c"), returns, per_year=252)
    against = ranking(("a", "b", "c"), returns, per_year=252, beside=("bench", good))
    ahead = ranking(("a", "b", "c"), returns, per_year=252, beside=("bench", poor))
    assert (alone.recommended, against.recommended, ahead.recommended) == ("b", None, "b")
    assert against.words.startswith("b is told from all others, and it is also more than")
    assert "None is shown to be better than bench" in against.words
    assert "The best is better than bench, though picked among 3" in ahead.words
    assert ahead.as_dict()["benchmark"]["p"] < 0.05 < against.as_dict()["benchmark"]["p"]
    assert alone.as_dict()["benchmark"] is None
