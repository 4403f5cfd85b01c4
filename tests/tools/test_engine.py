"""Figures of features change only with the number that kept ones are known by."""

import json
from pathlib import Path

import pytest

from ara.errors import ValidationError
from ara.features.sets import ENGINE
from tools import engine

ROOT = Path(__file__).parents[2]
FILE = Path("tests/features/engine.json")


@pytest.fixture(scope="module")
def today():
    return engine.figures()


def test_no_feature_gives_other_figures_under_the_same_engine(today, monkeypatch):
    monkeypatch.setattr(engine, "figures", lambda: today)
    found = [one.words for one in engine.check(ROOT)]
    assert not found, "raise ENGINE in ara/features/sets/feature_set.py, then: python -m tools.engine --write"


def test_every_feature_is_looked_at(today):
    from ara.features import catalogue, cross

    seen = {name.split(".")[0].split(" ")[0] for name in today}
    assert {*catalogue.names(), *cross.names()} <= seen


def test_other_figures_need_another_engine(tmp_path, monkeypatch):
    file = tmp_path / FILE
    file.parent.mkdir(parents=True)
    figures = {"rsi.rsi sample": [120, 50.0, 120, 51.0], "ema.ema odd": [120, 10.0, 118, 11.0]}
    monkeypatch.setattr(engine, "figures", lambda: figures)
    engine.write(tmp_path)
    assert json.loads(file.read_text()) == {"engine": ENGINE, "figures": figures}
    assert not list(engine.check(tmp_path))
    for other in ([120, 50.001, 120, 51.0], [119, 50.0, 120, 51.0]):
        monkeypatch.setattr(engine, "figures", lambda other=other: figures | {"rsi.rsi sample": other})
        (finding,) = engine.check(tmp_path)
        assert "rsi.rsi sample gives other figures" in finding.words
        assert "raise ENGINE" in finding.words
        with pytest.raises(ValidationError, match="1 features give other figures under the same ENGINE"):
            engine.write(tmp_path)
    rounded = {
        name: [one * (1 + 1e-9) if n % 2 else one for n, one in enumerate(told)] for name, told in figures.items()
    }
    monkeypatch.setattr(engine, "figures", lambda: rounded | {"new.new odd": [1, 1.0]})
    (finding,) = engine.check(tmp_path)
    assert "new.new odd is new or gone" in finding.words
    engine.write(tmp_path)
    monkeypatch.setattr(engine, "figures", lambda: figures | {"rsi.rsi sample": [120, 49.0, 120, 51.0]})
    monkeypatch.setattr(engine, "ENGINE", "raised")
    (finding,) = engine.check(tmp_path)
    assert "ENGINE is raised" in finding.words
    engine.write(tmp_path)
    assert json.loads(file.read_text())["engine"] == "raised"
