import numpy as np
import pytest

from ara.features import Scale, indicator
from ara.features.arrays import logs
from ara.features.guest import Guest
from ara.features.shared import apart, recalled, shared, together


def counted(decorator):
    calls = []

    @decorator
    def doubled(*columns):
        calls.append(len(columns))
        return columns[0] * 2.0, "told"

    return doubled, calls


def test_nobody_can_write_to_what_is_shared():
    doubled, _ = counted(shared)
    doubled(np.ones(3))[0][0] = 5.0
    with together(), pytest.raises(ValueError, match="read-only"):
        doubled(np.ones(3))[0][0] = 5.0


def test_a_strangers_code_shares_nothing():
    doubled, calls = counted(shared)
    values = np.ones(3)
    with together():
        kept = doubled(values)
        with apart():
            own = doubled(values)
            own[0][0] = 5.0
        assert doubled(values) is kept
    assert kept[0].tolist() == [2.0, 2.0, 2.0]
    assert len(calls) == 2


def test_what_was_given_last_is_recalled_for_equal_numbers():
    doubled, calls = counted(recalled)
    values, other = np.array([1.0, np.nan, -0.0]), np.arange(3.0)
    first = doubled(values, other)
    assert doubled(values.copy(), other[::-1][::-1]) is first
    assert len(calls) == 1
    with pytest.raises(ValueError, match="read-only"):
        first[0][0] = 5.0
    values[0] = 7.0
    assert doubled(values, other)[0][0] == 14.0
    assert len(calls) == 2
    assert doubled(np.array([7.0, np.nan, 0.0]), other)[0].tobytes() == np.array([14.0, np.nan, 0.0]).tobytes()
    assert doubled(values, values) is not first
    assert doubled(values)[0].tolist()[0] == 14.0
    assert len(calls) == 5


def test_long_columns_are_not_recalled():
    doubled, calls = counted(recalled)
    doubled(np.ones(8193))[0][0] = 5.0
    assert doubled(np.ones(8193))[0][0] == 2.0
    assert len(calls) == 2


def test_a_strangers_indicator_may_write_to_what_it_computed():
    says = {"formula": "f", "reference": "r", "words": "w", "scale": Scale.FREE, "bounds": (-9.0, 9.0)}

    @indicator(inputs=["close"], warmup=0, memory=1, name="own", **says)
    def own(close):
        found = logs(close)
        found[0] = 5.0
        return found

    close = np.ones(4)
    with together():
        kept = logs(close)
        assert Guest(own, "").compute({"close": close})[0].tolist() == [5.0, 0.0, 0.0, 0.0]
        assert kept.tolist() == [0.0] * 4
