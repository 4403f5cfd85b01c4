"""Reasons in words: their shares sum to the whole, and what they say follows from the bars."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.models.checks import toy_panel
from ara.models.panel import Panel
from ara.models.reasons import Told
from ara.prediction.explain import FACTORS, REST, whys
from tests.models.panels import last_rows, ranged

NAMES = ("last", "week", "month", "half_year", "years", "falls", "gaps", "market", "reports", "lightgbm")
SHARE = st.floats(-2, 2).map(lambda one: round(one, 6))


@pytest.fixture(scope="module")
def panel() -> Panel:
    return ranged(toy_panel(bars=400))


def told(panel: Panel, parts: dict[str, float], **rest: dict[str, float]) -> Told:
    count = len(panel.horizons)

    def over(values: dict[str, float]) -> dict[str, np.ndarray]:
        return {name: np.full(count, value) for name, value in values.items()}

    return Told(
        width=np.full(count, -3.0),
        parts=over(parts),
        centre=over(rest.get("centre", {})),
        values=over(rest.get("values", {})),
    )


@given(st.dictionaries(st.sampled_from(NAMES), SHARE, max_size=len(NAMES)))
def test_shares_sum_to_the_whole(parts: dict[str, float]) -> None:
    panel = ranged(toy_panel(bars=60))
    for why in whys(told(panel, parts), panel, int(last_rows(panel)[0])):
        assert why is not None
        assert why.wider == pytest.approx(math.expm1(math.fsum(parts.values())), rel=1e-9, abs=1e-9)
        assert math.fsum(one.contribution for one in why.factors) == pytest.approx(why.wider, rel=1e-9, abs=1e-9)
        assert len(why.factors) == min(len(parts), FACTORS) + (len(parts) > FACTORS)


def test_a_share_has_the_sign_of_what_it_moves(panel: Panel) -> None:
    (why, *_) = whys(told(panel, {"last": 0.3, "week": -0.1}), panel, int(last_rows(panel)[0]))
    assert why is not None
    assert [(one.name, one.contribution > 0) for one in why.factors] == [("last", True), ("week", False)]


def test_the_rest_comes_last_and_says_how_many_it_is(panel: Panel) -> None:
    parts = {name: 0.1 + place / 100 for place, name in enumerate(NAMES)}
    (why, *_) = whys(told(panel, parts), panel, int(last_rows(panel)[0]))
    assert why is not None
    assert why.factors[-1].name == REST
    assert why.factors[-1].description == "5 smaller reasons together"
    assert {one.name for one in why.factors[:-1]} == set(NAMES[-FACTORS:])


def test_what_did_nothing_is_not_named(panel: Panel) -> None:
    (why, *_) = whys(told(panel, {"last": 0.3}), panel, int(last_rows(panel)[0]))
    assert why is not None
    assert [one.name for one in why.factors] == ["last"]
    assert why.leans == ()


def test_the_same_five_are_named_for_all_days(panel: Panel) -> None:
    row, count = int(last_rows(panel)[0]), len(panel.horizons)
    parts = {name: np.linspace(1, 0, count) * 0.01 * place for place, name in enumerate(NAMES)}
    parts["jobs"] = np.linspace(0, 1, count)
    found = whys(Told(width=np.zeros(count), parts=parts), panel, row)
    assert len({frozenset(one.name for one in why.factors) for why in found if why}) == 1


def test_a_band_without_width_has_no_reasons(panel: Panel) -> None:
    still = Told(width=np.full(len(panel.horizons), -np.inf), parts={})
    assert whys(still, panel, int(last_rows(panel)[0])) == [None] * len(panel.horizons)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("weekday", None, "the last bar was a "),
        ("jobs", 1.0, "the US jobs report comes on the next working day"),
        ("jobs", 0.0, "no US jobs report on the next working day"),
        ("reports", 0.0, "what is ahead lies outside the season in which companies report"),
        ("reports", 1.0, "what is ahead lies in the season in which companies report"),
        ("reports", 0.4, "40 % of what is ahead lies in the season in which companies report"),
        ("bands", 1.02, "its last bands held less often than they should"),
        ("bands", 0.98, "its last bands held more often than they should"),
        ("surprise", 1.1, "its market’s last moves were larger than was foretold"),
        ("surprise", 0.9, "its market’s last moves were smaller than was foretold"),
        ("market", 1.5, "its market's last 5 bars were 1.50x as volatile as usual"),
        ("years", 0.9, "its long-run volatility is 0.90x its mean of the last 250 bars"),
        ("lightgbm", None, "what lightgbm sees, all together"),
        ("rsi_14", 61.25, "rsi_14 is 61.2"),
    ],
)
def test_the_words_say_what_was_seen(panel: Panel, name: str, value: float | None, words: str) -> None:
    values = {} if value is None else {name: value}
    (why, *_) = whys(told(panel, {name: 0.1}, values=values), panel, int(last_rows(panel)[0]))
    assert why is not None
    assert why.factors[0].description.startswith(words)


def test_the_last_bar_is_measured_by_its_own_range(panel: Panel) -> None:
    row = int(last_rows(panel)[0])
    bars = panel.bars.copy()
    bars[row] = (0.0, 0.05, -0.05, 0.02)
    one = whys(told(panel, {"last": 0.1}), replace(panel, bars=bars), row)[0]
    bars = bars.copy()
    bars[row] = (0.0, 0.10, -0.10, 0.02)
    two = whys(told(panel, {"last": 0.1}), replace(panel, bars=bars), row)[0]
    assert one is not None
    assert two is not None
    assert two.factors[0].value > 1.8 * one.factors[0].value
    assert "(+2.0 %)" in one.factors[0].description


def test_the_medians_parts_are_named_largest_first(panel: Panel) -> None:
    centre = {"drift": 0.001, "belief": -0.002, "turn": 0.0}
    (why, *_) = whys(told(panel, {}, centre=centre), panel, int(last_rows(panel)[0]))
    assert why is not None
    assert [(one.name, one.contribution) for one in why.leans] == [("belief", -0.002), ("drift", 0.001)]
