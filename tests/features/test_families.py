"""Packages of indicators: each name once, and nothing but indicators."""

import importlib
import sys

import pytest

from ara.errors import FeatureEngineeringError
from ara.features import cross
from ara.features.families import Family

PART = """import numpy as np
from ara.features import Scale, indicator
__all__ = ["LIMIT", "{name}"]
LIMIT = 3
@indicator(inputs=["close"], warmup=0, memory=1, scale=Scale.PRICE, bounds=(-np.inf, np.inf), formula="C",
           reference="me", words="w", name="{called}")
def {name}(close): return close * 1
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Write a package of modules, one indicator in each, and give its family."""

    def write(title, **modules):
        folder = tmp_path / title
        folder.mkdir()
        folder.joinpath("__init__.py").write_text("")
        for name, called in modules.items():
            folder.joinpath(f"{name}.py").write_text(PART.format(name=name, called=called))
        importlib.invalidate_caches()
        return Family(name=title, package=title, words="w")

    monkeypatch.syspath_prepend(str(tmp_path))
    yield write
    for name in [one for one in sys.modules if one.startswith("family_of_")]:
        del sys.modules[name]


def test_what_is_no_indicator_is_left_out(package):
    found = package("family_of_two", second="two", first="one").indicators()
    assert list(found) == ["one", "two"]


def test_a_name_may_not_stand_twice(package):
    with pytest.raises(FeatureEngineeringError, match=r"The indicator 'same' stands twice in family_of_twins\."):
        package("family_of_twins", one="same", other="same").indicators()


def test_a_feature_of_many_instruments_may_not_stand_twice(tmp_path, monkeypatch):
    tmp_path.joinpath("stray.py").write_text(
        "from ara.features.cross.market import market_beta\n__all__ = ['market_beta']\n"
    )
    monkeypatch.setattr(cross, "__path__", [*cross.__path__, str(tmp_path)])
    importlib.invalidate_caches()
    try:
        with pytest.raises(FeatureEngineeringError, match=r"'market_beta' stands twice in ara\.features\.cross\."):
            cross._found.__wrapped__()
    finally:
        del sys.modules["ara.features.cross.stray"], cross.stray
