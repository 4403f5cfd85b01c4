"""The package's names: each there, and none of those about returns loaded by forecasts."""

import subprocess
import sys

import pytest

import ara.performance


@pytest.mark.parametrize("name", ara.performance.__all__)
def test_every_name_is_there(name):
    assert getattr(ara.performance, name).__name__ == name
    assert name in dir(ara.performance)


def test_another_name_is_none():
    with pytest.raises(AttributeError, match="'profit'"):
        _ = ara.performance.profit


def test_forecasts_load_no_measure_of_returns():
    code = "import sys, ara.performance.forecasts; print(*sorted(one for one in sys.modules if 'performance.' in one))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    own = ("forecasts", "inference", "significance")
    assert done.stdout.split() == [f"ara.performance.{one}" for one in own]
