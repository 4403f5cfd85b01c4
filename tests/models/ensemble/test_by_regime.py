"""Stacking and blending: weights that follow the regime smoothly, drawn to those of `fast` by how little is known."""

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from ara import plugins
from ara.models import LEVELS
from ara.models.checks import check_model
from ara.models.ensemble import ALL, BASE, Fast, FittedEnsemble
from ara.models.ensemble.blending import Blended
from ara.models.ensemble.by_regime import REGIMES, RegimeClass, RegimeState, belonging, parted
from ara.models.ensemble.learning import Month
from ara.models.ensemble.mixing import mixed
from ara.models.ensemble.stacking import Stacked
from ara.models.ensemble.stages import LOW, MIDDLE, THIN, TOP, Outcomes, Stage
from ara.models.ensemble.state import ClassState
from ara.models.families.pooled.seen import KINDS
from ara.models.fits import fit_until
from tests.models.ensemble.test_fast import MOMENT, PANEL, asked

MEMBERS = ("ewma_t", "drift", "har_fhs", "pooled_har")
BOTH = pytest.mark.parametrize("family", [Blended, Stacked], ids=["blended", "stacked"])
KIND = KINDS.index("equity")


@pytest.fixture(scope="module", params=[Blended, Stacked], ids=["blended", "stacked"])
def fitted(request) -> FittedEnsemble:
    return fit_until(request.param(members=MEMBERS), PANEL, MOMENT, seed=0)


@BOTH
def test_it_keeps_every_rule_of_models(family, elsewhere) -> None:
    assert [one.words for one in check_model(family(members=MEMBERS), elsewhere=elsewhere) if not one.ok] == []
    assert plugins.load("models", family.family) is family
    assert family().members == Fast().members


def test_rows_belong_to_regimes_by_how_near_they_are_and_never_jump() -> None:
    at = np.linspace(-0.5, 0.5, 1001)
    parts = belonging(at)
    np.testing.assert_allclose(parts.sum(axis=1), 1.0)
    assert (parts >= 0).all()
    assert np.abs(np.diff(parts, axis=0)).max() < 0.0031
    places = np.array([-0.5, -1 / 3, -1 / 6, 0.0, 0.25, 0.5, np.nan])
    told = [[1, 0, 0], [1, 0, 0], [0.5, 0.5, 0], [0, 1, 0], [0, 0.25, 0.75], [0, 0, 1], [0, 1, 0]]
    np.testing.assert_allclose(belonging(places), told, atol=1e-12)


def state(weights: list[list[float]]) -> ClassState:
    many = tuple(map(tuple, weights))
    none = tuple((0.0,) * len(one) for one in many)
    return ClassState(
        weights=many, skill=none, error=none, months=(24.0,) * len(many), stretches=((0.0,) * 3,) * len(many),
        centre=(0.0,) * len(many),
    )  # fmt: skip


def test_a_row_between_regimes_gets_what_lies_between_their_answers() -> None:
    random = np.random.default_rng(1)
    said = [np.sort(random.normal(size=(3, 2, len(LEVELS))), axis=2) for _ in range(2)]
    middle = LEVELS.index(0.5)
    own = parted(state([[0.5, 0.5]] * 2), [[[1.0, 0.0]] * 2, [[0.0, 1.0]] * 2, [[0.0, 1.0]] * 2])
    told = own.mixed(said, np.array([-0.4, -1 / 6, 0.3]), range(2), middle=middle)
    first, second = (mixed(said, [one] * 2, middle=middle) for one in ([1.0, 0.0], [0.0, 1.0]))
    np.testing.assert_allclose(told, np.stack([first[0], (first[1] + second[1]) / 2, second[2]]))
    assert own.counted([0]).tolist() == [True, True]
    one = parted(state([[0.5, 0.5]] * 2), [[[1.0, 0.0], [0.0, 1.0]]] * 3)
    assert one.counted([0]).tolist() == [True, False]
    assert one.counted([1]).tolist() == [False, True]


def test_weights_of_all_regimes_are_shares_and_the_losers_have_none(fitted: FittedEnsemble) -> None:
    assert isinstance(fitted.state, RegimeState)
    assert set(fitted.state.classes) == {ALL, "crypto", "equity", "forex"}
    for own in fitted.state.classes.values():
        weights = np.array(own.regimes)
        assert weights.shape == (REGIMES, len(fitted.state.horizons), len(MEMBERS))
        assert (weights >= 0).all()
        np.testing.assert_allclose(weights.sum(axis=2), 1.0)
    plain = fit_until(Fast(members=MEMBERS), PANEL, MOMENT, seed=0)
    rows = asked(PANEL)
    apart = np.abs(fitted.predict(PANEL, rows).values - plain.predict(PANEL, rows).values)
    width = np.subtract(*plain.predict(PANEL, rows).band(0.8)[::-1])
    assert apart.max() < 0.3 * width.max()
    if fitted.family == "stacked":
        assert fitted.state.classes == plain.state.classes, "fast weighs so too"
        for own in fitted.state.classes.values():
            np.testing.assert_allclose(own.weights, np.mean(own.regimes, axis=0))
    else:
        assert apart.max() > 0


def test_it_is_kept_and_read_with_its_regimes(fitted: FittedEnsemble, tmp_path: Path) -> None:
    fitted.save(tmp_path)
    family = plugins.load("models", fitted.family)
    again = family.load(tmp_path)
    assert again.state == fitted.state
    assert again.state.id == fitted.state.id
    rows = asked(PANEL)
    assert again.predict(PANEL, rows).values.tobytes() == fitted.predict(PANEL, rows).values.tobytes()


MANY = 400


def months(*, halves: dict[int, list[float]], count: int = 12, seed: int = 2) -> list[Month]:
    """Give months of one class of which calm and wild rows are foretold best by members of different widths."""
    random = np.random.default_rng(seed)
    made = []
    for number in range(count):
        regime = random.integers(0, REGIMES, MANY)
        half = np.array([halves[one] for one in regime])
        thin = np.zeros((MANY, 1, len(THIN), half.shape[1]), np.float32)
        thin[:, 0, TOP], thin[:, 0, LOW], thin[:, 0, MIDDLE] = half, -half, 0
        truth = half[:, 1]
        y = truth / 1.2816 * random.standard_normal(MANY)
        loss = np.abs(np.abs(y)[:, None] - half / 1.9)[:, None].astype(float)
        became = Outcomes(rows=np.arange(MANY), y=y[:, None], known_at=np.zeros((MANY, 1), np.int64))
        stage = Stage(
            month=number, code=np.zeros(MANY, np.int64), place=np.arange(MANY), kind=np.full(MANY, KIND),
            said=thin, loss=loss.astype(np.float32),
        )  # fmt: skip
        standing = np.array([-0.4, 0.0, 0.4])[regime]
        made.append(Month(stage=stage, loss=loss, became=became, weight=1.0, standing=standing))
    return made


def weighed(family: type, made: list[Month], prior: list[float], horizon: int = 1) -> np.ndarray:
    classes = {ALL: state([prior]), "equity": state([prior])}
    out = family.weigh(made, classes, horizons=(horizon,), base=0)
    assert isinstance(out["equity"], RegimeClass)
    assert set(out) == set(classes)
    np.testing.assert_allclose(np.array(out[ALL].regimes), np.tile(prior, (REGIMES, 1, 1)))
    return np.array(out["equity"].regimes)[:, 0]


APART = {0: [1.0, 1.0, 1.6], 1: [1.0, 1.0, 1.6], 2: [1.0, 1.0, 0.6]}


def test_the_ridge_moves_weight_to_the_member_whose_width_is_right() -> None:
    told = weighed(Stacked, months(halves={0: [1, 1.0, 1.6], 1: [2, 1.0, 0.5], 2: [0.5, 1.0, 1.3]}), [0.0, 0.5, 0.5])
    assert (told[:, 1] > 0.6).all()
    np.testing.assert_array_equal(told[:, 0], 0.0)


def test_the_ridge_stays_where_it_was_where_little_is_known() -> None:
    made = months(halves={0: [1, 1.0, 1.6], 1: [2, 1.0, 0.5], 2: [0.5, 1.0, 1.3]})
    near, far = (weighed(Stacked, made, [0.0, 0.5, 0.5], horizon)[:, 1] for horizon in (1, 30))
    assert (np.abs(far - 0.5) < np.abs(near - 0.5)).all()
    few = [one._replace(became=replace(one.became, y=np.full_like(one.became.y, np.nan))) for one in made]
    np.testing.assert_array_equal(weighed(Stacked, few, [0.0, 0.5, 0.5]), [[0.0, 0.5, 0.5]] * REGIMES)
    np.testing.assert_array_equal(weighed(Stacked, [], [0.0, 0.5, 0.5]), [[0.0, 0.5, 0.5]] * REGIMES)
    np.testing.assert_array_equal(weighed(Stacked, made, [1.0, 0.0, 0.0]), [[1.0, 0.0, 0.0]] * REGIMES)


def test_a_member_that_was_not_always_asked_keeps_its_weight() -> None:
    made = months(halves={0: [1, 1.0, 1.6, 1], 1: [2, 1.0, 0.5, 1], 2: [0.5, 1.0, 1.3, 1]})
    for one in made:
        one.stage.said[::2, :, :, 3] = np.nan
    told = weighed(Stacked, made, [0.0, 0.4, 0.4, 0.2])
    np.testing.assert_allclose(told[:, 3], 0.2)
    assert (told[:, 1] > 0.45).all()


def losses(calm: tuple[float, float], wild: tuple[float, float], *, noise: float, count: int = 24) -> list[Month]:
    """Give months in which two members save these shares of the baseline's loss in calm and in wild times."""
    random = np.random.default_rng(3)
    made = []
    for one in months(halves=APART, count=count):
        share = np.array([calm, np.mean([calm, wild], axis=0), wild])[np.digitize(one.standing, (-0.2, 0.2))]
        plain = 0.5 + 0.1 * random.random(MANY)
        saved = share + noise * random.standard_normal((1, 2))
        loss = np.concatenate((plain[:, None], plain[:, None] * (1 - saved)), axis=1)
        made.append(one._replace(loss=loss[:, None]))
    return made


def test_blending_weighs_by_what_members_were_worth_in_such_times() -> None:
    told = weighed(Blended, losses((0.03, 0.01), (0.01, 0.03), noise=0.001), [0.0, 0.5, 0.5])
    assert told[0, 1] > 0.8
    assert told[2, 2] > 0.8
    assert 0.2 < told[1, 1] < 0.8


def test_blending_is_drawn_to_the_class_where_months_tell_little() -> None:
    sure, unsure = (
        weighed(Blended, losses((0.03, 0.01), (0.01, 0.03), noise=noise), [0.0, 0.5, 0.5]) for noise in (0.001, 0.03)
    )
    apart = [float(np.ptp(one[:, 1])) for one in (sure, unsure)]
    assert apart[1] < 0.5 * apart[0]


def test_blending_gives_nothing_to_who_is_no_better_in_such_times() -> None:
    told = weighed(Blended, losses((0.03, -0.03), (0.03, 0.03), noise=0.0005), [0.0, 0.5, 0.5])
    assert told[0].tolist() == pytest.approx([0.0, 1.0, 0.0])
    assert told[2, 2] > 0.3
    worse = weighed(Blended, losses((-0.03, -0.03), (-0.03, -0.03), noise=0.0005), [1.0, 0.0, 0.0])
    np.testing.assert_array_equal(worse, [[1.0, 0.0, 0.0]] * REGIMES)


@BOTH
def test_where_there_is_no_class_yet_all_answer_as_before(family) -> None:
    out = family.weigh([], {ALL: state([[1.0, 0.0]])}, horizons=(1,), base=0)
    assert out[ALL].regimes == (((1.0, 0.0),),) * REGIMES
    assert msgspec.json.encode(out[ALL])
    assert BASE in family().members
