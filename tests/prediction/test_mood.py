"""The state of a market at an origin: by its own past alone, and as the states of volatility elsewhere."""

import numpy as np
import pytest

from ara.data.feed import MarketData
from ara.market import symbols
from ara.models.panel import Panel
from ara.models.regimes import WILDNESS, measured, volatility_states
from ara.prediction.mood import MOODS, _states, mood
from ara.testing import desk


@pytest.fixture
async def bars():
    async with desk() as one:
        return await MarketData(one).bars(symbols.resolve("SPY"))


async def test_it_is_the_state_that_the_market_command_tells(bars):
    panel, states = Panel.build([bars], [1]), volatility_states(measured(bars))
    assert MOODS == WILDNESS
    for row in range(1300, len(panel), 97):
        assert mood(panel, row)["state"] == MOODS[states[row]]


async def test_age_and_stability_by_hand(bars):
    panel, states = Panel.build([bars], [1]), volatility_states(measured(bars))
    row = 2500
    got, now = mood(panel, row), states[row]
    age = 1
    while states[row - age] == now:
        age += 1
    last = states[row - 999 : row + 1]
    left = last[:-1] == now
    stability = ((left & (last[1:] == now)).sum() + 1) / (left.sum() + 2)
    assert (got["age"], got["stability"]) == (age, pytest.approx(stability, abs=1e-6))
    assert got["expected"] == round(1 / (1 - stability))
    assert got["words"].startswith(f"{got['state']}: volatility in the ")
    assert f"third of its last 1,000 bars, for {age} bar" in got["words"]


async def test_what_comes_later_changes_nothing(bars):
    whole = Panel.build([bars], [1])
    row = 2000
    cut = whole.until(int(whole.known_at[row]))
    assert mood(whole, row) == mood(cut, row)


@pytest.mark.parametrize(("count", "digits"), [(260, 9), (999, 1), (1000, 2), (1400, 1), (2300, 9), (2300, 2)])
def test_each_state_is_by_its_own_past_whether_values_repeat_or_not(count, digits):
    volatility = np.round(np.abs(np.random.default_rng(count).standard_normal(count)), digits)
    states, rank = _states(volatility)
    expected = []
    for place in range(max(count - 1000, 0), count):
        past = volatility[max(place - 999, 0) : place + 1]
        expected.append(((past < past[-1]).sum() + (past == past[-1]).sum() / 2) / len(past))
    assert states.tolist() == [min(2, int(3 * one)) for one in expected]
    assert rank == expected[-1]


async def test_too_few_bars_have_none(bars):
    panel = Panel.build([bars], [1])
    assert mood(panel, 10) is None
    assert mood(panel, 268) is None
    assert mood(panel, 269)["rank"] > 0
    assert "last 250 bars" in mood(panel, 269)["words"]


async def test_a_market_that_never_moves_is_in_the_middle(bars):
    panel = Panel.build([bars], [1])
    panel.bars[:, 3] = 0.0
    got = mood(panel, 2000)
    assert (got["state"], got["rank"]) == ("mid", pytest.approx(0.5, abs=0.01))
    assert np.isfinite(got["expected"])
