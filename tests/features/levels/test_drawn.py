"""Lines that a chart draws backwards from its last bar."""

import numpy as np
import pytest

from ara.errors import FeatureEngineeringError
from ara.features.levels.drawn import channels, zigzag

CLOSE = np.array([100.0, 103, 110, 108, 100, 99, 104, 112, 111, 107])


def test_channels_end_at_the_last_bar_and_follow_straight_prices():
    found = channels(np.concatenate(([50.0], np.arange(8.0))), window=4)
    np.testing.assert_allclose(found.middle, [np.nan, *np.arange(8.0)], atol=1e-12)
    np.testing.assert_allclose((found.upper - found.middle)[1:], 2 * np.std(np.arange(4.0)))
    np.testing.assert_allclose(found.upper + found.lower, 2 * found.middle)
    assert found.begins.tolist() == [0, 1, 0, 0, 0, 1, 0, 0, 0]
    assert not np.isfinite(channels(np.arange(3.0), window=4).middle).any()


def test_the_zigzag_goes_from_turn_to_turn_and_on_to_the_last_bar():
    found = zigzag(CLOSE, CLOSE, percent=5.0)
    assert found.turn.tolist() == [0, 0, 1, 0, 0, -1, 0, 0, 0, 0]
    np.testing.assert_allclose(found.line[2:6], np.linspace(110, 99, 4))
    np.testing.assert_allclose(found.line[5:], np.linspace(99, 107, 5))
    assert np.isnan(found.line[:2]).all()
    np.testing.assert_allclose(found.highs, [np.nan, np.nan, *np.linspace(110, 107, 8)])
    assert np.isnan(found.lows).all()


def test_a_fall_comes_first_where_it_is_the_first_move_and_lows_are_joined():
    found = zigzag(200 - CLOSE, 200 - CLOSE, percent=4.0)
    assert found.turn.tolist() == [0, 0, -1, 0, 0, 1, 0, -1, 0, 0]
    np.testing.assert_allclose(found.lows[2:8], np.linspace(90, 88, 6))
    np.testing.assert_allclose(found.highs[5:], np.linspace(101, 93, 5))


def test_highs_and_lows_are_taken_where_both_are_given():
    found = zigzag(CLOSE + 1, CLOSE - 1, percent=5.0)
    assert (found.line[2], found.line[5]) == (111.0, 98.0)


@pytest.mark.parametrize("close", [CLOSE[:0], CLOSE[:1], np.full(9, 5.0), np.full(4, np.nan)])
def test_without_a_move_nothing_is_drawn(close):
    found = zigzag(close, close, percent=5.0)
    assert not found.turn.any()
    for line in (found.line, found.highs, found.lows):
        assert len(line) == len(close)
        assert np.isnan(line).all()


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(FeatureEngineeringError, match="channel of 1 bars"):
        channels(CLOSE, window=1)
    with pytest.raises(FeatureEngineeringError, match="Moves of 0 percent"):
        zigzag(CLOSE, CLOSE, percent=0.0)
