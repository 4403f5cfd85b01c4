"""TA-Lib is loaded as if pandas were not there, and pandas is left as it was."""

import subprocess
import sys
from types import ModuleType

import pytest

from ara.features.library import talib


@pytest.mark.parametrize("there", [False, True])
def test_pandas_is_as_it_was(monkeypatch, there):
    monkeypatch.delitem(sys.modules, "pandas", raising=False)
    if there:
        monkeypatch.setitem(sys.modules, "pandas", kept := ModuleType("pandas"))
    assert talib.__wrapped__().SMA
    assert sys.modules.get("pandas") is (kept if there else None)
    assert ("pandas" in sys.modules) == there


def test_it_is_not_loaded_for_an_indicator():
    code = (
        "import sys; from ara.features import catalogue; import numpy as np; "
        "catalogue.compute('sma', {'close': np.ones(30)}, window=3); "
        "assert 'talib' in sys.modules and 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
