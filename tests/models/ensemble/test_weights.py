import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.models.ensemble.weights import Evidence, beaten, believed, evidence, judges, shares

MONTHS, BASE = 24, 0
FADING = 0.5 ** (np.arange(MONTHS)[::-1] / 12)


def sums(skills: tuple[float, ...], noise: float, count: float = 600.0, seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    plain = np.tile(count * (1 + 0.2 * random.random((MONTHS, 1))), (1, len(skills)))
    differ = np.array(skills) + noise * random.standard_normal((MONTHS, len(skills)))
    differ[:, BASE] = 0
    return plain * (1 - differ), plain


def weigh(skills: tuple[float, ...], noise: float, horizon: int = 1) -> np.ndarray:
    seen = evidence(*sums(skills, noise), FADING)
    own, _ = believed([[seen]], [seen])
    return shares(*own[0][0], *lost(seen), horizon, BASE)


def lost(seen: Evidence) -> tuple[np.ndarray, float]:
    return beaten([seen], [1])[0], seen.months


def test_skill_and_its_error_are_measured_by_how_months_differ() -> None:
    found = evidence(*sums((0.0, 0.01, -0.02), 0.004), FADING)
    assert found.skill == pytest.approx([0, 0.01, -0.02], abs=0.003)
    assert found.error[1:] == pytest.approx([0.004 / np.sqrt(17)] * 2, rel=0.5)
    assert found.months == pytest.approx(FADING.sum())


def test_what_is_no_better_than_the_baseline_gets_nothing_and_the_baseline_too() -> None:
    weights = weigh((0.0, 0.01, 0.006, -0.002, 0.0), 1e-4)
    assert weights.sum() == pytest.approx(1)
    assert weights[[0, 3, 4]].tolist() == [0, 0, 0]
    assert weights[1] > weights[2] > 0


def test_where_nobody_is_better_the_baseline_answers_alone() -> None:
    assert weigh((0.0, -0.01, -0.003), 1e-4).tolist() == [1, 0, 0]


def test_the_less_is_known_the_nearer_shares_are_to_equal_ones() -> None:
    near = [weigh((0.0, 0.012, 0.006), 0.002, horizon)[1] for horizon in (1, 5, 21)]
    assert near[0] > near[1] > near[2] > 0.5


def test_too_few_months_are_no_evidence() -> None:
    losses, plain = sums((0.0, 0.01), 0.001)
    losses[2:], plain[2:] = 0, 0
    found = evidence(losses, plain, FADING)
    assert np.isinf(found.error).all()
    assert found.skill.tolist() == [0, 0]
    assert found.months == 0


def test_a_member_asked_seldom_is_compared_where_it_was_asked() -> None:
    losses, plain = sums((0.0, 0.01), 1e-4)
    losses[:, 1] /= 5
    plain[:, 1] /= 5
    assert evidence(losses, plain, FADING).skill[1] == pytest.approx(0.01, abs=1e-3)


def none(members: int) -> Evidence:
    return Evidence(np.zeros(members), np.full(members, np.inf), 0.0)


def test_a_class_without_evidence_believes_what_all_classes_say() -> None:
    whole = evidence(*sums((0.0, 0.01), 0.001), FADING)
    own, general = believed([[none(2)]], [whole])
    assert own[0][0][0] == pytest.approx(general[0][0])
    assert own[0][0][1, 1] > general[0][1, 1]


def test_what_loses_in_its_own_class_gets_nothing_whatever_other_classes_say() -> None:
    losing, winning = (Evidence(np.array([0.0, skill, 0.01]), np.full(3, 0.004), 15.0) for skill in (-0.001, 0.012))
    whole = evidence(*sums((0.0, 0.012, 0.01), 1e-4), FADING)
    own, _ = believed([[losing], [winning], [none(3)]], [whole])
    assert (own[0][0][0, 1:] > own[0][0][1, 1:]).all(), "what is believed of it is good, by what other classes say"
    assert shares(*own[0][0], *lost(losing), 1, BASE)[:2].tolist() == [0, 0]
    for seen, beliefs in ((winning, own[1]), (none(3), own[2])):
        assert (shares(*beliefs[0], *lost(seen), 1, BASE)[1:] > 0).all()


def test_a_horizon_judges_by_itself_where_enough_forecasts_do_not_overlap() -> None:
    assert judges([13.4] * 4, [1, 5, 11, 21]) == [0, 1, 2, 2]
    assert judges([3.0, 3.0, 3.0], [1, 5, 21]) == [0, 0, 0]
    assert judges([0.0], [5]) == [0]
    assert judges([30.0] * 2, [1, 21]) == [0, 1]


def test_over_a_long_horizon_the_longest_that_can_tell_says_who_was_beaten() -> None:
    found = [Evidence(np.array([0.0, one]), np.full(2, 0.004), 13.4) for one in (0.01, -0.001, 0.02)]
    assert [one.tolist() for one in beaten(found, (1, 5, 21))] == [[True, False], [True, True], [True, True]]
    unknown = [none(2), none(2)]
    assert [one.tolist() for one in beaten(unknown, (1, 5))] == [[False, False], [False, False]]


def test_a_longer_horizon_believes_the_shorter_one_where_it_knows_little() -> None:
    clear, vague = (evidence(*sums((0.0, 0.012), noise), FADING) for noise in (0.001, 0.2))
    own, _ = believed([[clear, vague]], [none(2), none(2)])
    assert own[0][1][0][1] == pytest.approx(own[0][0][0][1], abs=0.003)
    assert own[0][1][1][1] > own[0][0][1][1]


@settings(max_examples=60, deadline=None)
@given(
    skill=st.lists(st.floats(-0.05, 0.05), min_size=2, max_size=12),
    own=st.lists(st.floats(-0.05, 0.05), min_size=12, max_size=12),
    error=st.sampled_from([0.001, np.inf]),
    deviation=st.floats(1e-6, 0.05),
    months=st.floats(0, 20),
    horizon=st.integers(1, 30),
)
def test_weights_are_shares_whatever_is_believed(
    skill: list[float], own: list[float], error: float, deviation: float, months: float, horizon: int
) -> None:
    seen = Evidence(np.array(own[: len(skill)]), np.full(len(skill), error), months)
    weights = shares(np.array(skill), np.full(len(skill), deviation), *lost(seen), horizon, BASE)
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()
    assert weights[BASE] in {0, 1}
    assert (weights[1:][np.array(skill[1:]) <= 0] == 0).all()
    if np.isfinite(error):
        assert (weights[1:][seen.skill[1:] <= 0] == 0).all()
